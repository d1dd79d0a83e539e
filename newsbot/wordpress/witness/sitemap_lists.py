"""Compares the sitemaps of a site with one type."""

from __future__ import annotations

from typing import Any

from newsbot.errors import NotXml, PayloadError
from newsbot.wordpress.fallback.listed import MOST_LISTS
from newsbot.wordpress.fallback.sitemaps import Sitemaps
from newsbot.wordpress.fallback.worth import spread
from newsbot.wordpress.languages.spoken import in_languages
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.pages.urls import canonical
from newsbot.wordpress.witness.account import Account
from newsbot.wordpress.witness.choice import budget, choose, next_first
from newsbot.wordpress.witness.differences import Differences
from newsbot.wordpress.witness.matching import Lacking, lacking

MOST_URLS = 500_000
"""The most URLs of one type that one hearing compares."""

MOST_LACKING = 5_000
"""The most URLs that one hearing requests."""


def hear_sitemaps(account: Account) -> Steps[bool]:
    """Read the sitemaps. Returns whether they list the type."""
    entry = account.facts.witnesses.setdefault("sitemap", {})
    most = budget(account.facts.live or account.facts.seen)
    sitemaps = yield from account.witnesses.find(most=most, known=list(account.state.get("roots", ())))
    account.state["roots"] = sitemaps.roots
    urls = sitemaps.of(account.type)
    if not urls:
        entry["why"] = f"no sitemap lists {account.type}" if sitemaps.by_type else "the site has no sitemap"
        return False
    typed = bool(sitemaps.own(account.type))
    held = yield from account.witnesses.held()
    differences = account.differences(held, typed=typed)
    yield from account.revisit.load(sorted(account.beside), when=account.at)
    entry |= {"lists": len(urls), "read": 0, "listed": 0, "lacking": 0}
    yield from _compare_in_turn(account, urls, sitemaps, differences, entry, most=most)
    account.take(differences, entry)
    whole = typed and entry["read"] == len(urls) and "why" not in entry
    yield from _revisit(account, differences, whole=whole, entry=entry)
    if typed and entry["read"] == len(urls) and "why" not in entry and not entry.get("unasked"):
        account.agrees = entry["listed"] >= (account.facts.live or 0) + account.brought
    return True


def _compare_in_turn(
    account: Account, urls: list[str], sitemaps: Sitemaps, differences: Differences, entry: dict[str, Any], *, most: int
) -> Steps[None]:
    """Compare as many sitemaps as this hearing may read, and continue at the next hearing with the sitemaps after
    them."""
    first = int(account.state.get("next", 0))
    # Lists that were already read in the search need no further request.
    ready = [url for url in urls if url in sitemaps.read and url not in sitemaps.emptied]
    others = [url for url in urls if url not in sitemaps.read or url in sitemaps.emptied]
    share = max(1, most - len(sitemaps.read))
    chosen = [*ready, *(choose(others, sitemaps.changed, first=first, most=share) if others else [])]
    visited = yield from _compare(account, chosen, sitemaps, differences, entry)
    account.state["next"] = next_first(others, first=first, read=max(0, visited - len(ready)), most=share)
    if differences.is_proven:
        # The API hides articles, so the other lists are needed now.
        done = set(chosen[:visited])
        rest = [url for url in urls if url not in done][:MOST_LISTS]
        yield from _compare(account, [*spread(rest)], sitemaps, differences, entry)
        if entry["read"] < len(urls):
            account.state["unheard"] = f"the API hides articles, and {entry['read']} of {len(urls)} sitemaps were read"


def _compare(
    account: Account, urls: list[str], sitemaps: Sitemaps, differences: Differences, entry: dict[str, Any]
) -> Steps[int]:
    """Read sitemaps, and request the articles that they list and newsbot does not have. Returns how many of ``urls``
    were read."""
    site, visited = account.witnesses.site.key, 0
    found: dict[str, Lacking] = {}
    for url in urls:
        if entry["listed"] >= MOST_URLS or len(found) >= MOST_LACKING:
            entry["why"] = f"newsbot compares no more than {MOST_URLS} URLs, and asks for {MOST_LACKING}"
            break
        visited += 1
        try:
            sitemap = yield from sitemaps.fetch(url, account.type)
        except NotXml as fault:
            account.facts.faults[fault.name] += 1
            entry["why"] = f"{url}: {fault}"
            continue
        sitemaps.release(url)
        entry["read"] += 1
        entry["listed"] += len(sitemap.urls)
        for url, changed in sitemap.urls.items():
            account.revisit.note(url, changed)
        for listed in lacking(sitemap.urls, differences.held, site=site, type_=account.type, typed=differences.typed):
            if listed.url not in account.facts.missing_urls:
                found.setdefault(canonical(listed.url), listed)
    entry["lacking"] += len(found)
    if entry["read"] and not entry["listed"]:
        entry["why"] = f"no URL of {site} is listed"
    wanted = list(found.values())
    yield from account.resolve(differences, wanted[:MOST_LACKING])
    differences.leave(wanted[MOST_LACKING:])
    return visited


def _revisit(account: Account, differences: Differences, *, whole: bool, entry: dict[str, Any]) -> Steps[None]:
    """Request again the rows that only a witness showed."""
    if not account.revisit.rows:
        return
    site, route = account.witnesses.site, account.intake.queries.collection.route
    steps = account.revisit.run(differences.reader, whole=whole)
    try:
        yield from in_languages(steps, site=site, route=route, counts=account.facts.languages)
    except PayloadError as fault:
        if getattr(fault, "error", None) == "stopped":
            raise
        entry["why"] = str(fault)
    account.beside -= account.revisit.gone
    account.brought -= len(account.revisit.gone)
