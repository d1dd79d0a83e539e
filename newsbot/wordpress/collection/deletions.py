"""Deletions: which missing rows are truly gone, and their tombstones."""

from __future__ import annotations

from collections.abc import Sequence

from newsbot.wordpress.collection.changes import Changes, is_held_back
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.messages import Steps

TOMBSTONES = 500
"""Last known rows that one question to the archive brings back."""


def bury(
    intake: Intake, changes: Changes, missing: Sequence[int], *, live: int, listed: int | None, when: str | None
) -> Steps[int]:
    """Deliver tombstones of the rows that are truly gone. Returns how many live rows fewer the archive holds.

    Suspected are the archived ids ``missing`` from the listings, and the ids that were listed and not given. ``live``
    is the number of rows that the archive holds, ``listed`` an id that the site showed in this run, ``when`` the time
    of the deletion (UTC, ISO).
    """
    facts, queries = intake.facts, intake.queries
    suspects = sorted({*missing, *facts.missing})
    if not suspects:
        return 0
    held = yield queries.known(suspects)
    options = queries.options
    if is_held_back(gone=len(held), live=live, percent=options.max_tombstones, confirmed=options.confirm_deletions):
        facts.held_back, suspects = len(held), [row_id for row_id in suspects if row_id not in held]
    if listed is None:
        known = yield queries.known()
        listed = next((row_id for row_id in known if row_id not in suspects), None)
    before = len((yield queries.known(suspects)))
    gone, unsure = yield from changes.confirm(suspects, neighbour=listed)
    facts.missing = [row_id for row_id in facts.missing if row_id not in gone]
    facts.unsure = [row_id for row_id in unsure if row_id not in facts.missing]
    for start in range(0, len(gone), TOMBSTONES):
        for row in (yield queries.tombstones(gone[start : start + TOMBSTONES], when=when or "")):
            yield from intake.deliver(row)
    yield queries.checkpoint(intake.sequence)
    return before - len((yield queries.known(suspects)))
