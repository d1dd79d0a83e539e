"""The verdict on one collection, from its counts, and the values that the archive stores for the collection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress.collection.intake import MAX_OWED
from newsbot.wordpress.collection.reconciler import Reconciler
from newsbot.wordpress.receipt import Cause, CollectionFacts, Verdict, cause_of
from newsbot.wordpress.replies import Unanswered

MOST_CACHED = 3_600
"""The most seconds for which a cache may have kept the site's count; the next run asks for changes since then."""

NAMED = 10
"""The most ids that a verdict names; the receipt lists all of them."""


def conclude(
    facts: CollectionFacts, success: str, *, unfetched_links: int = 0, repeating: bool = False, in_turns: bool = False
) -> None:
    """Set the verdict: ``complete`` with ``success`` as its reason, or ``incomplete`` with every known reason.

    ``repeating``: the listing gave the same page for every query. ``in_turns``: the site's answers come from two states
    of the site.
    """
    reasons = [*_named(facts.unreadable, "unreadable"), *_named(facts.missing, "missing")]
    if facts.faults["row-without-id"]:
        reasons.append(f"{facts.faults['row-without-id']} rows without an id")
    if repeating and (facts.expected_after is None or facts.unexplained):
        # A cache that ignores the query shows one page only.
        counted = "" if facts.expected_after is None else f", and counts {facts.expected_after}"
        reasons.append(f"the site gives the same page for every query{counted}")
    if in_turns:
        reasons.append("the site counts two numbers of rows in turns: its servers or caches hold different rows")
    if facts.broke_off:
        ignored = f", since the site ignores {', '.join(facts.disorder)}" if facts.disorder else ""
        reasons.append(f"the listing of ids broke off{ignored}")
    elif facts.unexplained and not repeating:
        reasons.append(_doubt(facts))
    if facts.cached_for > MOST_CACHED:
        reasons.append(f"a cache has kept the site's count for {facts.cached_for} s")
    if unfetched_links:
        reasons.append(f"{unfetched_links} links could not be fetched")
    reasons += _named(facts.unsure, "no longer listed, and not known to be deleted")
    reasons += _named(facts.members, "kept, since only the login that earlier runs had may show them")
    if facts.held_back:
        reasons.append(
            f"{facts.held_back} seem deleted, which is too many at once: -a confirm_deletions=1 accepts them"
        )
    if not reasons:
        facts.end("complete", success)
    else:
        facts.end("incomplete", "; ".join(reasons), _cause(facts))


def _cause(facts: CollectionFacts) -> Cause | None:
    if facts.held_back:
        return "deletions"
    if facts.members:
        return "login"
    return "rows" if facts.unreadable or facts.missing else None


def _named(ids: Iterable[int], what: str) -> list[str]:
    listed = list(ids)
    more = " ..." if len(listed) > NAMED else ""
    return [f"{len(listed)} {what}: {', '.join(map(str, listed[:NAMED]))}{more}"] if listed else []


def _doubt(facts: CollectionFacts) -> str:
    return f"{facts.unexplained} counted by the site but shown by no listing"


def gone_type(live: int) -> str:
    """The reason if the site no longer names the type of ``live`` held rows."""
    return f"the site no longer names this type: -a confirm_deletions=1 takes its {live} rows as deleted"


def accept_unexplained(facts: CollectionFacts) -> None:
    """Remove the doubt about rows that the site counts and nothing shows, since another witness knows no such row.

    Called after ``conclude``. The rows are reported as ``hidden``.
    """
    reasons = [reason for reason in facts.why.split("; ") if reason != _doubt(facts)]
    facts.hidden, facts.unexplained = facts.hidden + facts.unexplained, 0
    if facts.verdict == "incomplete" and not reasons:
        came = f"all {facts.seen} listed came"
        if facts.mode == "update":
            came = f"{facts.seen} new or changed since {facts.since} came, {facts.live} live"
        reasons = [came, f"{facts.hidden} counted by the site and shown to nobody"]
        facts.end("complete", "; ".join(reasons))
    else:
        facts.why = "; ".join(reasons)


def is_blocked(fault: PayloadError) -> bool:
    """Whether the site refuses newsbot, or robots.txt or newsbot's own rules forbid the requests."""
    return fault.name in ("challenge", "robots", "private-address")


def is_closed(fault: PayloadError) -> bool:
    """Whether the site answered that visitors may not read the collection."""
    return not is_blocked(fault) and getattr(fault, "status", None) in (401, 403)


def has_no_route(fault: PayloadError) -> bool:
    """Whether WordPress answered that it has no route for the collection: a plugin is only partly removed."""
    return getattr(fault, "code", None) == "rest_no_route"


def conclude_by(facts: CollectionFacts, fault: PayloadError) -> None:
    """Set the verdict of a collection whose crawl ``fault`` ended."""
    verdict: Verdict = "incomplete"
    if fault.name == "payment":
        verdict = "payment"
    elif is_blocked(fault):
        verdict = "blocked"
    elif is_closed(fault):
        verdict = "blocked" if facts.seen else "closed"
    if not (isinstance(fault, Unanswered) and fault.error == "stopped"):
        facts.faults[fault.name] += 1
    where = f" after {facts.seen} rows" if facts.seen else ""
    facts.end(verdict, f"{fault}{where}", cause_of(fault))


def unexplained(kind: str, account: Reconciler) -> int:
    """The measured hidden rows that still leave a doubt.

    WordPress itself counts media and comments of drafts and does not show them. It shows every post that it counts, so
    a post that is only counted is hidden by something else, and is missing here.
    """
    return max(0, account.hidden - len(account.unlisted)) if kind == "posts" else 0


def outcome(account: Reconciler, *, owed: Sequence[int], began: str | None, swept: bool) -> dict[str, Any]:
    """The values that the last checkpoint stores for a collection that was brought completely, except for the ids
    ``owed``.

    ``began`` is the site's time (UTC, ISO) of the first answer, ``swept`` whether all ids were compared. With more than
    ``MAX_OWED`` owed ids the collection does not count as whole: only a walk from its beginning can bring them all.
    """
    if len(owed) > MAX_OWED:
        return {"whole": False}
    kept: dict[str, Any] = {"whole": True, "watermark": began, "owed": list(owed), "hidden": account.hidden}
    kept["unlisted"] = sorted(account.unlisted)
    if swept:
        kept["swept"] = began
    return kept
