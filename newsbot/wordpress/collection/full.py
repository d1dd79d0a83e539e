"""Walking a collection from end to end, and the reckoning: what was seen held against what the site counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from newsbot.wordpress.collection.changes import is_held_back
from newsbot.wordpress.collection.crawl import OWED_MOST, Collecting, Steps
from newsbot.wordpress.collection.cursor import Params, Walk
from newsbot.wordpress.collection.ids import every_id
from newsbot.wordpress.joins.learner import learn_first
from newsbot.wordpress.messages import AskKnown, AskTombstones
from newsbot.wordpress.replies import answer, total_of

TOMBSTONES = 500
"""Last known rows that are brought back at once, to be told as deleted."""


def walk_whole(one: Collecting) -> Steps:
    """Walk the collection, from where an earlier run left off, and reckon."""
    resumed = _carry_on(one)
    yield from learn_first(one, browse=one.options.limit is None)
    yield from one.walk_on()
    yield from one.flush(final=True)
    one.facts.seen = len(one.walk.seen)
    if one.options.limit is not None:
        conclude(one, f"all {one.facts.seen} listed came")
    elif resumed:
        yield from _compare_all(one)
    else:
        yield from _reckon(one)


def _carry_on(one: Collecting) -> bool:
    """Take up an unfinished walk at its cursor. Not where nothing tells what changed behind it since then."""
    cursor = one.state.cursor
    ours = not one.windowed and not one.options.full and one.options.kind in ("posts", "media")
    if cursor is None or not ours or not cursor.get("began") or not one.walk.resume(cursor):
        return False
    one.began, one.sequence = str(cursor["began"]), one.state.sequence
    one.facts.resumed = one.state.live
    return True


def _reckon(one: Collecting) -> Steps:
    facts = one.facts
    reply = yield one.query(dict(one.walk.base) | {"per_page": 1, "_fields": "id"}, "count")
    answer(reply)
    facts.expected_after = total_of(reply)
    met = set(one.walk.seen)
    if facts.expected_after != len(met) or one.walk.unproven:
        met |= yield from _second_listing(one)
    facts.seen = len(met)
    if one.windowed:
        conclude(one, f"all {facts.seen} listed came")
        return
    # Without rows of an earlier run nothing can be gone.
    held = (yield AskKnown(site=one.site.key, type=one.collection.name)) if one.state.live else {}
    yield from bury(one, sorted(held.keys() - met), live=len(held), listed=next(iter(one.walk.seen), None))
    yield from _close(one)


def _compare_all(one: Collecting) -> Steps:
    """Reckon a walk that was taken up in the middle: behind its cursor anything may have happened since, and equal
    totals prove nothing."""
    found = yield from one.changes.sweep()
    one.facts.broke_off = found.partial
    one.facts.expected_after, one.facts.seen = found.total, found.shown
    # The cut-off run's own: a row that left it without a link is known, and shows no change.
    yield from one.fetch(sorted({*found.wanted, *one.state.owed}))
    yield from one.flush(final=True)
    one.facts.unexplained = max(0, (found.total or 0) - found.shown)
    live = len((yield AskKnown(site=one.site.key, type=one.collection.name)))
    yield from bury(one, found.missing, live=live, listed=found.listed)
    yield from _close(one)


def _close(one: Collecting) -> Steps:
    """Tell the archive that the collection is whole, or why it is not."""
    facts = one.facts
    if one.state.live:
        facts.live = len((yield AskKnown(site=one.site.key, type=one.collection.name)))
    else:
        facts.live = facts.seen - len(facts.unreadable) - len(facts.missing)
    doubted = one.walk.repeating or facts.broke_off or facts.faults["row-without-id"]
    if not doubted:
        one.outcome = standing(one, swept=True)
    unexplained = f"; {facts.unexplained} counted by the site but shown by no listing" if facts.unexplained else ""
    conclude(one, f"all {facts.seen} listed came{unexplained}")


def _second_listing(one: Collecting) -> Steps:
    """Every id by another order. What it shows and the walk did not is asked for. Returns the ids shown."""

    def ask(params: Params) -> Any:
        return one.query(params | {"_fields": "id"}, "recount")

    walk = one.walk
    # From the other end: where one listing comes to no end, the two may meet.
    again = Walk(base=walk.base, dated=False, newest_first=True, per_page=walk.per_page)
    shown = yield from every_id(again, ask, _nothing)
    walk.repeating = walk.repeating and again.repeating
    one.facts.gone = len(walk.seen - shown.keys())
    more = sorted(shown.keys() - walk.seen)
    yield from one.fetch(more)
    yield from one.flush(final=True)
    counted = one.facts.expected_after
    met = shown.keys() | walk.seen if again.unproven else shown.keys()
    one.facts.unexplained = max(0, counted - len(met)) if counted is not None else 0
    # What stands between two listings that broke off, nobody has looked for. Where the second one, from the other end,
    # shows rows and none that the first did not, the two have met, and it is the total that is wrong.
    apart = bool(more) or not shown
    one.facts.broke_off = again.unproven and not again.repeating and one.facts.unexplained > 0 and apart
    return frozenset(shown)


def _nothing(_raw: object) -> None:
    return None


def bury(one: Collecting, missing: list[int], *, live: int, listed: int | None) -> Steps:
    """Tell as deleted what is truly gone: of the archived ids ``missing`` from the listings, and of those that were
    listed and not given. ``listed`` is an id that the site showed in this run, ``live`` what the archive holds.

    Returns how many live rows fewer the archive holds.
    """
    facts, options = one.facts, one.options
    confirmed = options.confirm_deletions
    if not missing and not facts.missing:
        return 0
    suspects = sorted({*missing, *facts.missing})
    held = yield AskKnown(site=one.site.key, type=one.collection.name, ids=tuple(suspects))
    if is_held_back(gone=len(held), live=live, percent=options.max_tombstones, confirmed=confirmed):
        facts.held_back, suspects = len(held), [row_id for row_id in suspects if row_id not in held]
    if listed is None:
        known = yield AskKnown(site=one.site.key, type=one.collection.name)
        listed = next((row_id for row_id in known if row_id not in suspects), None)
    asked = AskKnown(site=one.site.key, type=one.collection.name, ids=tuple(suspects))
    before = len((yield asked))
    gone, unsure = yield from one.changes.confirm(suspects, neighbour=listed)
    facts.missing = [row_id for row_id in facts.missing if row_id not in gone]
    facts.unsure = [row_id for row_id in unsure if row_id not in facts.missing]
    when = one.began or ""
    for start in range(0, len(gone), TOMBSTONES):
        ids = tuple(gone[start : start + TOMBSTONES])
        for row in (yield AskTombstones(site=one.site.key, type=one.collection.name, ids=ids, when=when)):
            one.sequence += 1
            facts.sent += 1
            yield row
    yield one.checkpoint()
    return before - len((yield asked))


def standing(one: Collecting, *, swept: bool) -> dict[str, Any]:
    """What the archive is to keep of a collection that came through: it is whole, but for what it owes.

    With more than OWED_MOST it is not: only a walk from its beginning can bring all of that.
    """
    facts, owed = one.facts, one.owed()
    if len(owed) > OWED_MOST:
        return {"whole": False}
    told: dict[str, Any] = {"whole": True, "watermark": one.began, "owed": owed}
    if swept:
        told["swept"] = one.began
    if facts.live is not None and (facts.expected_after or (facts.expected_after == 0 and not facts.live)):
        # What is held back or unsure must show as a difference in the next run too.
        told["hidden"] = facts.expected_after - (facts.live - facts.held_back - len(facts.unsure))
    return told


def conclude(one: Collecting, well: str) -> None:
    """Close the facts: ``well`` is what to say where nothing is amiss."""
    facts = one.facts
    reasons = [*_named(facts.unreadable, "unreadable"), *_named(facts.missing, "missing")]
    if facts.faults["row-without-id"]:
        reasons.append(f"{facts.faults['row-without-id']} rows without an id")
    if one.walk.repeating and (facts.expected_after is None or facts.unexplained):
        # A cache that knows no query, say: one page is all that was ever shown.
        counted = "" if facts.expected_after is None else f", and counts {facts.expected_after}"
        reasons.append(f"the site gives the same page whatever is asked for{counted}")
    if facts.broke_off:
        reasons.append("the site breaks its listing of ids off")
    if unfetched := one.joiner.unresolved + len(one.gatherer.failed):
        reasons.append(f"{unfetched} links could not be fetched")
    reasons += _named(facts.unsure, "gone from the listings, and nobody can say whether deleted")
    if facts.held_back:
        reasons.append(
            f"{facts.held_back} seem deleted, too many at once to believe: -a confirm_deletions=1 lets them through"
        )
    facts.verdict, facts.why = ("incomplete", "; ".join(reasons)) if reasons else ("complete", well)


def _named(ids: Iterable[int], what: str) -> list[str]:
    listed = list(ids)
    more = " ..." if len(listed) > 10 else ""
    return [f"{len(listed)} {what}: {', '.join(map(str, listed[:10]))}{more}"] if listed else []
