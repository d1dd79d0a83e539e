"""Asks the witnesses of one site: its sitemaps, its feed, and the feeds of the languages that its home page names."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsbot.wordpress.collection.crawl import CollectionCrawl
from newsbot.wordpress.collection.verdict import accept_unexplained
from newsbot.wordpress.fallback.verdict import forgive_bodiless, some
from newsbot.wordpress.messages import Reply, Steps
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.questions import KeepWitness
from newsbot.wordpress.replies import Unanswered
from newsbot.wordpress.witness.account import Account, Witnesses
from newsbot.wordpress.witness.feeds import hear_feed, hear_languages
from newsbot.wordpress.witness.matching import Lacking
from newsbot.wordpress.witness.sitemap_lists import hear_sitemaps

AT_MOST_EVERY = timedelta(days=1)
"""The least time between two hearings of a witness, unless the user asks for a whole listing."""

DOUBTED_EVERY = timedelta(days=7)
"""The least time between two discoveries of a site whose feed shows rows that its API hides. Some sites always hide a
section from their API, and each new row of the section is in the feed.
"""

FEW_HIDDEN = 0.1
"""The share of the live rows that a site may count without showing them, if its sitemap agrees. If there are more, the
sitemap may hide the same rows as the API."""

MOST_MISSING = 1_000
"""The most missing articles that are stored for later runs."""


def hear(witnesses: Witnesses, crawled: CollectionCrawl) -> Steps[None]:
    """Hear the due witnesses of a type, after the listing of the type has reached its end. Raises PayloadError if the
    crawl is stopping."""
    intake, listing = crawled.intake, crawled.listing
    if intake is None or listing is None or crawled.fault is not None or witnesses.options.is_windowed:
        return
    whole = bool(listing.outcome and "swept" in listing.outcome) or crawled.facts.mode == "walk"
    account = Account(
        witnesses=witnesses,
        intake=intake,
        at=listing.began,
        state=dict(crawled.state.witness),
        shown=listing.seen,
    )
    try:
        yield from _run(account, whole=whole)
    except Halt as halt:
        if halt.fault == "stopped":
            raise Unanswered(Reply(status=0, url=witnesses.site.home, error="stopped")) from None
        crawled.facts.witnesses.setdefault("sitemap", {})["why"] = str(halt)
        yield from _keep(account)


def _run(account: Account, *, whole: bool) -> Steps[None]:
    """``whole``: the run listed all ids. Otherwise only the feed is heard, and only if something changed."""
    options = account.witnesses.options
    account.beside = {number for number in account.state.get("beside", ()) if number not in account.shown}
    asked = options.full or options.sweep
    state = account.state
    if (whole or "heard" not in state or state.get("moving")) and (asked or _is_time(account, "heard")):
        state["heard"], state["moving"] = account.at, False
        account.state["hidden"], account.state["unheard"], account.state["counted"] = [], None, 0
        yield from _ask_missing(account)
        if not (yield from hear_sitemaps(account)) and account.type == "post":
            yield from hear_feed(account, "feed", f"{account.witnesses.site.home}/feed/")
            yield from hear_languages(account)
    elif not (yield from _go_on(account)):
        _conclude(account)
        return
    yield from _keep(account)


def _keep(account: Account) -> Steps[None]:
    """Conclude, and store the facts for later runs. An unfinished hearing is not repeated in each run."""
    _conclude(account)
    account.state["beside"] = sorted(account.beside)
    account.state["missing"] = dict(list(account.facts.missing_urls.items())[:MOST_MISSING])
    queries = account.intake.queries
    yield KeepWitness(site=queries.site.key, type=account.type, facts=account.state)


def _go_on(account: Account) -> Steps[bool]:
    """Ask again for the missing articles, or read the feed if something changed. Returns whether any request was made.

    An article that is known to be missing stays in the receipt until it comes.
    """
    asked = bool(account.state.get("missing")) and _is_time(account, "asked")
    if asked:
        yield from _ask_missing(account)
    else:
        account.facts.missing_urls |= account.state.get("missing") or {}
    if account.type == "post" and account.facts.sent and _is_time(account, "fed"):
        asked, beside = True, set(account.beside)
        yield from hear_feed(account, "feed", f"{account.witnesses.site.home}/feed/")
        if not account.beside <= beside and _is_time(account, "doubted", every=DOUBTED_EVERY):
            # The site may have installed a plugin after its discovery, for example a language plugin, that hides these
            # rows.
            account.witnesses.site.doubted, account.state["doubted"] = True, account.at
        if account.readdressed:
            # The addresses of older rows may have changed too, which the sitemaps show.
            account.state["heard"] = account.at
            yield from hear_sitemaps(account)
    return asked


def _ask_missing(account: Account) -> Steps[None]:
    """Request again the articles that an earlier run missed. An article that is not requested stays missing."""
    missing: dict[str, str] = account.state.get("missing") or {}
    if not missing:
        return
    account.state["asked"] = account.at
    differences = account.differences((yield from account.witnesses.held()), typed=True)
    differences.proven = True
    entry = account.facts.witnesses.setdefault("missing", {"listed": len(missing)})
    yield from account.resolve(differences, [Lacking(url) for url in missing])
    account.take(differences, entry)


def _is_time(account: Account, name: str, *, every: timedelta = AT_MOST_EVERY) -> bool:
    last = account.state.get(name)
    if last is None or account.at is None:
        return True
    return datetime.fromisoformat(account.at) - datetime.fromisoformat(last) >= every


def _conclude(account: Account) -> None:
    """Correct the receipt, and the verdict if an article is known to be missing."""
    facts = account.facts
    if facts.live is not None and account.brought:
        before, facts.live = facts.live, facts.live + account.brought
        facts.why = facts.why.replace(f" {before} live", f" {facts.live} live")
    if account.came:
        facts.why += f"; {account.came} more came, since the sitemap or the feed lists them"
    if account.readdressed:
        facts.why += f"; {account.readdressed} came again with a new address"
    if hidden := account.state.get("hidden"):
        facts.verdict = "incomplete" if facts.verdict == "complete" else facts.verdict
        facts.why += f"; the API lists no posts in {', '.join(hidden)}: only the newest came, by the feed"
    if unheard := account.state.get("unheard"):
        facts.verdict = "incomplete" if facts.verdict == "complete" else facts.verdict
        facts.why += f"; {unheard}"
    if _may_be_empty(account) and (empty := forgive_bodiless(facts)) is not None:
        facts.why += f"; {empty}"
    if not facts.missing_urls:
        if account.agrees:
            # The sitemap lists no row that the API does not show.
            account.state["counted"] = min(facts.unexplained, int(FEW_HIDDEN * (facts.live or 0)))
        if 0 < facts.unexplained <= account.state.get("counted", 0):
            # The site counts some rows that no listing shows. Its sitemap listed none of them when it was last heard.
            accept_unexplained(facts)
        return
    why = f"{len(facts.missing_urls)} listed by the site and not shown by its API: {some(facts.missing_urls)}"
    if facts.verdict == "complete":
        facts.end("incomplete", why, "rows")
    else:
        facts.why = f"{facts.why}; {why}"


def _may_be_empty(account: Account) -> bool:
    """Whether the user asked for all types, and no row of this type ever came. A news site always has posts: if it
    shows none, they are hidden."""
    options, facts = account.intake.queries.options, account.facts
    asked = options.names(account.type) or account.type == "post" or options.render == "never"
    return not asked and not (facts.seen or facts.expected or account.intake.state.live or account.beside)
