"""Reads the feeds of a site: its main feed, and the feeds of the languages that its home page names."""

from __future__ import annotations

from collections.abc import Mapping

from newsbot.errors import NotXml
from newsbot.wordpress.fallback.seen import FeedState
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.pages.asking import ask
from newsbot.wordpress.pages.feed import read_feed
from newsbot.wordpress.pages.hreflang import PageLanguage, read_languages
from newsbot.wordpress.pages.urls import canonical
from newsbot.wordpress.witness.account import Account
from newsbot.wordpress.witness.matching import is_within, lacking

MOST_FEEDS = 10
"""The most feeds of other languages that one hearing requests."""


def hear_feed(account: Account, name: str, url: str) -> Steps[int]:
    """Read a feed's newest entries. Returns how many of them newsbot did not have."""
    entry = account.facts.witnesses.setdefault(name, {})
    state = FeedState(site=account.witnesses.site.key, url=url)
    yield from state.recall()
    reply = yield from ask(url, "feed", account.type, headers=state.headers())
    account.state["fed"] = account.at
    if reply.error is None and reply.status == 304:
        entry["unchanged"] = 1
        return 0
    try:
        page = read_feed(reply, site=account.witnesses.site.key) if reply.is_ok else None
    except NotXml as fault:
        entry["why"] = str(fault)
        return 0
    if page is None:
        entry["why"] = reply.reason if reply.error is not None else f"HTTP {reply.status}"
        return 0
    held = yield from account.witnesses.held()
    known = yield account.intake.queries.known([entry.id for entry in page.entries if entry.id is not None])
    listed: Mapping[str, str | None] = {
        entry.url: None for entry in page.entries if entry.id is None or entry.id not in known
    }
    key = account.witnesses.site.key
    wanted = list(lacking(listed, held, site=key, type_=account.type))
    elsewhere = {entry.url: None for entry in page.entries if entry.url not in listed}
    entry |= {"listed": len(page.entries), "lacking": len(wanted)}
    differences = account.differences(held, typed=True)
    yield from account.resolve(differences, wanted)
    yield from differences.readdress(list(lacking(elsewhere, held, site=key, type_=account.type)))
    account.take(differences, entry)
    if not account.facts.missing_urls:
        state.take(reply, home=page.home, name=page.name)
        yield from state.keep()
    return len(wanted)


def hear_languages(account: Account) -> Steps[None]:
    """Read the feeds of the other languages that the home page names, if nothing else lists the posts."""
    site = account.witnesses.site
    reply = yield from ask(f"{site.home}/", "languages", account.type)
    languages = read_languages(reply) if reply.is_ok else []
    home = canonical(site.home)
    others = [language for language in languages if is_within(language.url, home)]
    hidden: list[PageLanguage] = []
    for language in others[:MOST_FEEDS]:
        before = len(account.beside)
        url = language.url.rstrip("/") + "/feed/"
        yield from hear_feed(account, f"feed {language.tag}", url)
        hidden += [language] * (len(account.beside) > before)
    account.state["hidden"] = [language.tag for language in hidden]
