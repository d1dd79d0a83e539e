"""The rows of one collection since the last commit: how they are counted, and how one transaction writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.compare import Comparison, CurrentRow
from newsbot.archive.current_rows import LoadedRange
from newsbot.archive.parts import text_hash
from newsbot.archive.schema import collections, outbox, revisions, rows
from newsbot.errors import ArchiveError
from newsbot.items import Change, Checkpoint
from newsbot.wordpress.questions import AskKnown


class MissingRows(ArchiveError):
    """Rows got lost between the walk and the archive. The cursor is not moved; the received rows are kept."""


@dataclass(slots=True, kw_only=True)
class PendingRow:
    """A received row that is not committed yet: the archive's row before and after it.

    ``payload`` is None where the stored payload stays as it is.
    """

    before: CurrentRow | None
    after: CurrentRow
    kind: str
    judgement: Comparison
    change: str
    deliver: bool
    payload: bytes | None = None
    shape: int | None = None

    @classmethod
    def without_payload(cls, before: CurrentRow | None, after: CurrentRow, kind: str, change: Change) -> PendingRow:
        """A row whose stored payload stays. Only a deleted one is delivered."""
        judgement = Comparison(change=change, revision=after.revision)
        return cls(
            before=before, after=after, kind=kind, judgement=judgement, change=change, deliver=change == "deleted"
        )

    @property
    def is_event(self) -> bool:
        """Whether the row gets a revision of its own."""
        return self.change != "unchanged"

    @property
    def begins_collision(self) -> bool:
        """Whether the row shares its guid with earlier rows of its site, which are not marked yet."""
        had_collision = self.before is not None and self.before.collision
        return self.after.collision and self.after.guid is not None and not had_collision


@dataclass(slots=True)
class Batch:
    """The pending rows of one collection of one site.

    ``received`` counts all rows of this pass, rows that another pipeline dropped and counted included.
    ``committed_sequence`` is the sequence of the last checkpoint of an unfinished walk. The first checkpoint of this
    pass shows whether the walk continues from there or starts again at 0; ``first_sequence`` stores the answer.
    """

    collection: int
    committed_sequence: int = 0
    first_sequence: int | None = None
    received: int = 0
    rows_missing: bool = False
    pending: dict[int, PendingRow] = field(default_factory=dict)
    loaded: LoadedRange = field(default_factory=LoadedRange)

    def check(self, checkpoint: Checkpoint) -> None:
        """Raise MissingRows unless this batch received every row that the walk sent."""
        if self.first_sequence is None and checkpoint.sequence - self.received in (0, self.committed_sequence):
            self.first_sequence = checkpoint.sequence - self.received
        sent = checkpoint.sequence - (self.first_sequence or 0)
        if self.rows_missing or sent != self.received:
            self.rows_missing = True
            raise MissingRows(
                f"{checkpoint.site} {checkpoint.type}: the walk sent {sent} rows and the archive received "
                f"{self.received}; the cursor is not moved"
            )

    def overlay(self, live: dict[int, str | None], question: AskKnown) -> None:
        """Apply the pending rows to ``live``, the live ids that were read from the database."""
        for row_id, pending in self.pending.items():
            if pending.after.deleted_at is not None:
                live.pop(row_id, None)
            elif _is_selected(pending.after, question):
                live[row_id] = pending.after.modified

    def overlay_published(self, live: dict[int, str | None], ids: Sequence[int]) -> None:
        """Apply the pending rows of ``ids`` to ``live``, the dates that were read from the database."""
        for row_id in self.pending.keys() & set(ids):
            after = self.pending[row_id].after
            live[row_id] = after.published
            if after.deleted_at is not None:
                del live[row_id]

    def committed(self) -> None:
        """The pending rows are in the database now."""
        if any(pending.begins_collision for pending in self.pending.values()):
            # The transaction has set ``collision`` on other rows, which the loaded range holds without it.
            self.loaded.clear()
        self.loaded.update({row_id: pending.after for row_id, pending in self.pending.items()})
        self.pending = {}


def _is_selected(row: CurrentRow, question: AskKnown) -> bool:
    if question.ids is not None and row.id not in question.ids:
        return False
    if question.lowest is not None and row.id < question.lowest:
        return False
    if question.since is not None and (row.published or "") < question.since:
        return False
    return question.until is None or (row.published or "~") < question.until


_ROW_FIELDS = [name for name in CurrentRow.__dataclass_fields__ if name != "id"]
_UPDATE_ROW = (
    sa.update(rows)
    .where(rows.c.collection == sa.bindparam("of"), rows.c.id == sa.bindparam("at"))
    .values({name: sa.bindparam(f"new_{name}") for name in _ROW_FIELDS})
)
_MARK_COLLISION = (
    sa.update(rows)
    .where(
        rows.c.collection == sa.bindparam("of"),
        rows.c.guid == sa.bindparam("key"),
    )
    .values(collision=True)
)
_REPLACE_PAYLOAD = (
    sa.update(revisions)
    .where(
        revisions.c.collection == sa.bindparam("of"),
        revisions.c.id == sa.bindparam("at"),
        revisions.c.revision == sa.bindparam("number"),
    )
    .values(payload=sa.bindparam("new_payload"), shape=sa.bindparam("new_shape"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    """What all rows of one transaction share."""

    collection: int
    run: str
    now: str


def write_rows(connection: Connection, collection: int, pending: Iterable[PendingRow], *, run: str, now: str) -> None:
    """Write the rows, revisions and outbox entries of a batch: one statement for each kind of change."""
    commit = _Commit(collection=collection, run=run, now=now)
    every = list(pending)
    for statement, applies_to, parameters in _WRITES:
        if values := [parameters(row, commit) for row in every if applies_to(row)]:
            connection.execute(statement, values)


def _new_row(row: PendingRow, commit: _Commit) -> dict[str, Any]:
    values = {name: getattr(row.after, name) for name in _ROW_FIELDS}
    return values | {"collection": commit.collection, "id": row.after.id, "kind": row.kind}


def _updated_row(row: PendingRow, commit: _Commit) -> dict[str, Any]:
    values = {f"new_{name}": getattr(row.after, name) for name in _ROW_FIELDS}
    return values | {"of": commit.collection, "at": row.after.id}


def _revision(row: PendingRow, commit: _Commit) -> dict[str, Any]:
    return {
        "collection": commit.collection,
        "id": row.after.id,
        "revision": row.after.revision,
        "change": row.change,
        "changed": ",".join(row.judgement.changed) or None,
        "text_hash": text_hash(row.kind, row.after.fingerprint),
        "seen": commit.now,
        "run": commit.run,
        "shape": row.shape,
        "payload": row.payload,
    }


def _refreshed_payload(row: PendingRow, commit: _Commit) -> dict[str, Any]:
    return {
        "of": commit.collection,
        "at": row.after.id,
        "number": row.after.content,
        "new_payload": row.payload,
        "new_shape": row.shape,
    }


def _outbox_entry(row: PendingRow, commit: _Commit) -> dict[str, Any]:
    return {
        "run": commit.run,
        "collection": commit.collection,
        "id": row.after.id,
        "revision": row.after.revision,
        "change": row.change,
    }


def _collision(row: PendingRow, commit: _Commit) -> dict[str, Any]:
    return {"of": commit.collection, "key": row.after.guid}


_WRITES: tuple[
    tuple[sa.Executable, Callable[[PendingRow], bool], Callable[[PendingRow, _Commit], dict[str, Any]]], ...
] = (
    (sa.insert(rows), lambda row: row.before is None, _new_row),
    (_UPDATE_ROW, lambda row: row.before is not None, _updated_row),
    (sa.insert(revisions), lambda row: row.is_event, _revision),
    (_REPLACE_PAYLOAD, lambda row: row.payload is not None and not row.is_event, _refreshed_payload),
    (sa.insert(outbox), lambda row: row.deliver, _outbox_entry),
    (_MARK_COLLISION, lambda row: row.begins_collision, _collision),
)
"""Statement, the rows that it applies to, and its parameters for such a row; in the order of execution."""


def write_progress(connection: Connection, collection: int, checkpoint: Checkpoint) -> None:
    """Store the walk's cursor; at the end of a walk, store what its last checkpoint says about the collection."""
    values = _end_of_walk(checkpoint.cursor or {}) if checkpoint.done else _in_walk(checkpoint)
    if values:
        connection.execute(sa.update(collections).where(collections.c.collection == collection).values(values))


def _in_walk(checkpoint: Checkpoint) -> dict[str, Any]:
    if checkpoint.cursor is None:
        return {}
    return {"cursor": orjson.dumps(dict(checkpoint.cursor)), "sequence": checkpoint.sequence}


KEPT = ("owed", "unlisted", "shifted", "rotation")
"""What the archive keeps of a whole collection in the place of its cursor."""


def _end_of_walk(end: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of ``collections`` after a last checkpoint, whose ``cursor`` is ``end``.

    ``end`` may hold ``whole``, ``watermark``, ``hidden``, ``swept`` and the names in KEPT. A column that it leaves out
    is not changed. A checkpoint without ``whole`` (``limit=``, ``since=``) leaves the cursor of an unfinished walk as
    it is.
    """
    values = {name: end[name] for name in ("whole", "watermark", "hidden", "swept") if name in end}
    if "whole" not in values:
        return values
    # The walk is over. A complete collection needs no cursor; the next run walks an incomplete collection from its
    # beginning. The column of the cursor now holds the rows that the collection still owes, and the other facts that
    # later runs need.
    kept = {name: end[name] for name in KEPT if end.get(name)} if values["whole"] else {}
    return values | {"cursor": orjson.dumps(kept) if kept else None, "sequence": 0}
