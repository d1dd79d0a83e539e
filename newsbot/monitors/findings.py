"""The facts in the receipt of a run that need a person: one line for each site. Pure decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from newsbot.schedule.silence import silence
from newsbot.terminal import in_one_line
from newsbot.timestamps import iso_utc
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts

REFUSALS = ("bad-status", "challenge", "given-up", "login", "refused", "robots-unreachable")
"""Faults by which a site or its host refuses a visitor."""

BLOCKED = ("blocked", "closed", "payment")
"""Verdicts of sites that newsbot may not or cannot read."""

FEW_REFUSALS, REFUSED_SHARE = 5, 0.1
"""A site counts as refusing newsbot if it refuses at least this many requests, and at least this share of all its
requests."""

FEW_DELETIONS, DELETED_SHARE = 20, 0.05
"""A collection lost many rows at once if it lost at least this many rows, and at least this share of its rows."""

LINES = 20
"""The most sites that a message names."""


def incomplete(sites: Iterable[SiteFacts]) -> list[str]:
    """The sites with missing rows."""
    return [line(site, site.why) for site in sites if site.verdict == "incomplete"]


def goes_on_by_itself(*, resumes: bool, reason: str, away: bool) -> bool:
    """Whether incomplete sites need no person, because a worker crawls them again: the worker was stopped for the
    ``reason`` "shutdown", or its database was ``away``. A full disk needs a person."""
    return resumes and (reason == "shutdown" or away)


def blocked(sites: Iterable[SiteFacts]) -> list[str]:
    """The sites that newsbot may not or cannot read."""
    return [line(site, f"{site.verdict}: {site.why}") for site in sites if site.verdict in BLOCKED]


def refusing(sites: Iterable[SiteFacts]) -> list[str]:
    """The sites that refused many of the requests, whatever the verdict is."""
    return [line(site, problem) for site in sites if (problem := _refusals(site)) is not None]


def _refusals(site: SiteFacts) -> str | None:
    parts: list[SiteFacts | CollectionFacts] = [site, *site.collections.values()]
    faults = sum((part.faults for part in parts), Counter[str]())
    refused = {fault: faults[fault] for fault in REFUSALS if faults[fault]}
    requests, count = sum(part.requests for part in parts), sum(refused.values())
    if count < FEW_REFUSALS or count < REFUSED_SHARE * requests:
        return None
    named = ", ".join(f"{number} {fault}" for fault, number in refused.items())
    return f"{count} of {requests} requests were refused ({named})"


def shrunk(sites: Iterable[SiteFacts]) -> list[str]:
    """The collections that lost many rows at once, or seemed to lose them."""
    return [
        line(site, f"{facts.type}: {problem}")
        for site in sites
        for facts in site.collections.values()
        if (problem := _deletions(facts)) is not None
    ]


def _deletions(facts: CollectionFacts) -> str | None:
    if facts.held_back:
        return f"{facts.held_back} rows seem deleted, too many at once to accept"
    before = (facts.live or 0) + facts.deleted
    if facts.deleted >= FEW_DELETIONS and facts.deleted >= DELETED_SHARE * before:
        return f"{facts.deleted} of {before} rows were deleted"
    return None


def silent(sites: Iterable[SiteFacts], published: Callable[[str], Sequence[datetime]], now: datetime) -> list[str]:
    """The sites that published far less than usual, although their updates were complete.

    ``published(site)`` gives the publication times of the posts of a site of the last year, sorted.
    """
    return [line(site, problem) for site in _updated(sites) if (problem := _silence(site, published, now)) is not None]


def _updated(sites: Iterable[SiteFacts]) -> Iterator[SiteFacts]:
    for site in sites:
        modes = {facts.mode for facts in site.collections.values()}
        if site.site is not None and site.verdict == "complete" and modes == {"update"}:
            yield site


def _silence(site: SiteFacts, published: Callable[[str], Sequence[datetime]], now: datetime) -> str | None:
    assert site.site is not None
    found = silence(published(site.site), now)
    if found is None:
        return None
    return f"{found.posts} posts after {iso_utc(found.since)}, where {found.expected:.0f} are usual"


def line(site: SiteFacts, what: str) -> str:
    return in_one_line(f"{site.site or site.asked}: {what}")


def message(lines: Sequence[str]) -> str:
    """The lines as the text of an alert, which names the first sites and counts the others."""
    more = len(lines) - LINES
    return "\n".join([*lines[:LINES], *([f"and {more} more"] if more > 0 else [])])
