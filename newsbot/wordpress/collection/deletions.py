"""Deletions: which missing rows are truly gone, and their tombstones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from newsbot.wordpress.collection.confirm import confirm, is_held_back, shown_by_id
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.collection.members import lacks_login
from newsbot.wordpress.collection.site_ids import Dates, SiteIds
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import AskHeld, HeldRow

TOMBSTONES = 500
"""The most last known rows that one question to the archive returns."""

MOST_MISSING = 50
"""If the site listed at most this many rows and did not give them, each is requested alone, even if the collection has
few rows.
"""


@dataclass(slots=True, kw_only=True)
class Buried:
    """``gone``: the number of live rows that the archive lost. ``alive``: the rows that the site still shows: id ->
    ``modified`` if it is known. ``held_back``: rows that are too many deletions at once. ``unsure``: rows about which
    nothing is known. ``members``: rows that the site may show only to a login."""

    gone: int = 0
    alive: Dates = field(default_factory=dict)
    held_back: list[int] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=list)


def too_many(intake: Intake, gone: int, *, live: int) -> bool:
    """Whether this many deletions in one run are held back."""
    options = intake.queries.options
    return is_held_back(gone=gone, live=live, percent=options.max_tombstones, confirmed=options.confirm_deletions)


def bury(
    intake: Intake,
    site_ids: SiteIds,
    missing: Iterable[int],
    *,
    before: int,
    live: int,
    listed: int | None,
    when: str | None,
) -> Steps[Buried]:
    """Deliver tombstones of the rows that are truly gone.

    The archived ids that are ``missing`` from the listings are suspected, and so are the ids that the site listed
    without giving their rows. ``live`` is the number of rows that the archive holds, ``before`` the number that this
    run delivered as deleted earlier, ``listed`` an id that the site showed in this run, ``when`` the time of the
    deletion (UTC, ISO).
    """
    facts, queries = intake.facts, intake.queries
    suspects = _suspects(intake, missing, live=live)
    if not suspects:
        return Buried()
    buried = Buried(alive=(yield from shown_by_id(site_ids, suspects)))
    suspects = [row_id for row_id in suspects if row_id not in buried.alive]
    held, by_login = (yield queries.known(suspects)), lacks_login(queries, intake.state)
    if too_many(intake, len(held) + before, live=live + before):
        buried.held_back, suspects = sorted(held), [row_id for row_id in suspects if row_id not in held]
        if by_login:
            buried.members, buried.held_back = buried.held_back, []
    if listed is None and suspects:
        known = yield queries.known()
        listed = next((row_id for row_id in known if row_id not in suspects), None)
    held = yield queries.known(suspects)
    pages = (yield from _pages_of(queries, suspects)) if listed is None and suspects else {}
    confirmed = yield from confirm(
        site_ids,
        suspects,
        neighbour=listed,
        pages=pages,
        trusted=queries.options.confirm_deletions,
        by_login=by_login,
    )
    buried.members += confirmed.members
    facts.missing = [row_id for row_id in facts.missing if row_id not in confirmed.gone]
    named = {*facts.missing, *facts.unreadable}
    buried.alive |= dict.fromkeys(confirmed.alive)
    buried.alive = {row_id: at for row_id, at in buried.alive.items() if row_id not in named}
    buried.unsure = [row_id for row_id in confirmed.unsure if row_id not in named]
    yield from deliver_tombstones(intake, confirmed.gone, when=when or "")
    buried.gone = len(held) - len((yield queries.known(suspects)))
    return buried


def _suspects(intake: Intake, missing: Iterable[int], *, live: int) -> list[int]:
    """The rows that may be gone: the ``missing`` ones, and those that the site listed and did not give."""
    facts = intake.facts
    if len(facts.missing) <= max(MOST_MISSING, live * intake.queries.options.max_tombstones / 100):
        return sorted({*missing, *facts.missing})
    # If a site lists many rows and does not give them, it lists ids that are not rows. Such ids stay missing.
    return sorted(set(missing) - set(facts.missing))


def deliver_tombstones(intake: Intake, gone: Sequence[int], *, when: str) -> Steps[None]:
    """Deliver the last known rows of ``gone`` ids as deleted at ``when`` (UTC, ISO)."""
    queries = intake.queries
    for start in range(0, len(gone), TOMBSTONES):
        for row in (yield queries.tombstones(gone[start : start + TOMBSTONES], when=when)):
            yield from intake.deliver(row)
    yield queries.checkpoint(intake.sequence)


def _pages_of(queries: Queries, ids: Sequence[int]) -> Steps[dict[int, str]]:
    """The URLs of archived rows. The URL of a comment is a place on the page of its post."""
    name, kind = queries.collection.name, queries.options.kind
    held: dict[int, HeldRow] = yield AskHeld(site=queries.site.key, type=name, ids=tuple(ids), kind=kind)
    return {row_id: row.url for row_id, row in held.items() if row.url is not None}
