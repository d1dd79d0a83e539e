"""An update run: what changed since a collection was last seen whole, for the fewest and cheapest requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsbot.errors import PayloadError
from newsbot.wordpress.collection.changes import Found
from newsbot.wordpress.collection.crawl import DATED, Collecting, Steps
from newsbot.wordpress.collection.full import bury, conclude, standing, walk_whole
from newsbot.wordpress.joins.learner import learn_first
from newsbot.wordpress.messages import AskKnown
from newsbot.wordpress.replies import is_final


def can_update(one: Collecting) -> bool:
    """Whether asking for changes is enough. Terms and users have no dates: listing them is all that can be done."""
    return one.state.whole and one.options.kind in DATED and not one.windowed and not one.options.full


@dataclass(slots=True)
class _Round:
    """What one update run has asked for. ``fetched`` rows the archive did not hold before, ``settled`` of them owed
    ones, which the site was known to count; ``missing`` ids were not listed."""

    missing: list[int] = field(default_factory=list)
    total: int | None = None
    fetched: int = 0
    settled: int = 0
    listed: int | None = None
    asked: set[int] = field(default_factory=set)
    learnt: bool = False


def update(one: Collecting) -> Steps:
    """New, edited and deleted rows since the watermark; a full comparison of ids where one is due or needed."""
    found = Found(sweep=True) if one.options.sweep else (yield from one.changes.changed())
    swept = found.sweep or _sweep_is_due(one, found.watermark)
    if swept and one.options.kind == "comments":
        # A comment has no date of change: only its own row tells that it was edited.
        yield from walk_whole(one)
        return
    one.facts.mode, one.facts.since, one.began = "update", one.state.watermark, found.watermark
    done = _Round()
    if swept:
        found = yield from one.changes.sweep()
        done.missing = found.missing
    one.began = one.began or found.watermark
    yield from _bring(one, done, found)
    yield from _bring_owed(one, done)
    if not swept:
        swept = yield from _look_for_gone(one, done)
    live = one.state.live + done.fetched
    one.facts.seen = one.sequence
    gone = yield from bury(one, done.missing, live=live, listed=done.listed)
    _close(one, done, swept=swept, live=live, gone=gone)


def _sweep_is_due(one: Collecting, now: str | None) -> bool:
    """By the site's clock, as all else."""
    if now is None or one.state.swept is None or now < max(one.state.swept, one.state.watermark or ""):
        # A clock that went back: what happened in between stands behind the watermark.
        return True
    return datetime.fromisoformat(now) - datetime.fromisoformat(one.state.swept) >= timedelta(
        days=one.options.sweep_days
    )


def _look_for_gone(one: Collecting, done: _Round) -> Steps:
    """Hold the site's count against the archive's; returns whether it came to a sweep."""
    found = yield from one.changes.gone(fetched=done.fetched - done.settled)
    swept, total = found.sweep, found.total
    if swept:
        found = yield from one.changes.sweep()
    done.missing = found.missing
    yield from _bring(one, done, found)
    # The count was asked for by itself; a listing's own is only taken where there is no other.
    done.total = total if total is not None else found.total
    return swept


def _bring(one: Collecting, done: _Round, found: Found) -> Steps:
    """Fetch what a search found and no other search of this run did before."""
    wanted = sorted(set(found.wanted) - done.asked)
    one.facts.broke_off = one.facts.broke_off or (found.partial and not found.sweep)
    done.total = found.total if found.total is not None else done.total
    done.listed = done.listed if done.listed is not None else found.listed
    yield from _fetch(one, done, wanted)


def _bring_owed(one: Collecting, done: _Round) -> Steps:
    """Ask again for what could not be had; the site's other rows do not wait for it."""
    owed = sorted(set(one.state.owed) - done.asked)
    before = done.fetched
    try:
        yield from _fetch(one, done, owed)
    except PayloadError as fault:
        if is_final(fault):
            raise
        named = {*one.facts.unreadable, *one.facts.missing}
        one.facts.unreadable += [row_id for row_id in owed if row_id not in named]
    done.settled = done.fetched - before


def _fetch(one: Collecting, done: _Round, wanted: list[int]) -> Steps:
    if not wanted:
        return
    done.asked.update(wanted)
    before = len((yield _held(one, wanted)))
    if not done.learnt:
        yield from learn_first(one, browse=False)
        done.learnt = True
    yield from one.fetch(wanted)
    yield from one.flush(final=True)
    done.fetched += len((yield _held(one, wanted))) - before


def _held(one: Collecting, ids: list[int]) -> AskKnown:
    return AskKnown(site=one.site.key, type=one.collection.name, ids=tuple(ids))


def _close(one: Collecting, done: _Round, *, swept: bool, live: int, gone: int) -> None:
    facts = one.facts
    facts.expected_after, facts.live = done.total, live - gone
    if not facts.broke_off and not facts.faults["row-without-id"]:
        one.outcome = standing(one, swept=swept)
    conclude(one, f"{facts.seen} new or changed since {facts.since} came, {gone} gone, {facts.live} live")
