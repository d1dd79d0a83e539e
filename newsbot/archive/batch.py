"""What came since the last commit of one collection, counted, and how it is written in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.compare import Judgement, Known, text_hash
from newsbot.archive.current_rows import Window
from newsbot.archive.schema import collections, outbox, revisions, rows
from newsbot.errors import ArchiveError
from newsbot.items import Checkpoint


class Hole(ArchiveError):
    """Rows are missing between the walk and the archive: the cursor stays where it was. The rows that came are kept."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """A row that came: what it was, what it is now, and its payload where that is to be written."""

    before: Known | None
    after: Known
    kind: str
    judgement: Judgement
    change: str
    deliver: bool
    payload: bytes | None = None
    shape: int | None = None


@dataclass(slots=True)
class Page:
    """One collection of one site in one pass. ``met`` counts every row of the pass, delivered or told as dropped.

    ``kept`` is the sequence an unfinished walk stands at; by its first checkpoint the walk shows whether it goes on
    from there or starts again, and ``base`` remembers which.
    """

    collection: int
    kept: int = 0
    base: int | None = None
    met: int = 0
    broken: bool = False
    entries: dict[int, Entry] = field(default_factory=dict)
    window: Window = field(default_factory=Window)

    def count(self, checkpoint: Checkpoint) -> None:
        """Raise Hole unless every row that left the walk was met here."""
        if self.base is None and checkpoint.sequence in (self.met, self.kept + self.met):
            self.base = checkpoint.sequence - self.met
        expected = checkpoint.sequence - (self.base or 0)
        if self.broken or expected != self.met:
            self.broken = True
            raise Hole(
                f"hole in {checkpoint.site} {checkpoint.type}: {expected} rows left the walk, {self.met} came; "
                "its cursor stays where it was"
            )

    def committed(self) -> None:
        if any(_flags_first(entry) for entry in self.entries.values()):
            # The database has flagged rows that the window holds without the flag.
            self.window.forget()
        self.window.put({row_id: entry.after for row_id, entry in self.entries.items()})
        self.entries = {}


_ROW_FIELDS = [name for name in Known.__dataclass_fields__ if name != "id"]
_UPDATE_ROW = (
    sa.update(rows)
    .where(rows.c.collection == sa.bindparam("of"), rows.c.id == sa.bindparam("at"))
    .values({name: sa.bindparam(f"new_{name}") for name in _ROW_FIELDS})
)
_FLAG_FIRST = (
    sa.update(rows)
    .where(rows.c.collection == sa.bindparam("of"), rows.c.guid == sa.bindparam("key"), rows.c.twin.is_(False))
    .values(collision=True)
)
_REFRESH = (
    sa.update(revisions)
    .where(
        revisions.c.collection == sa.bindparam("of"),
        revisions.c.id == sa.bindparam("at"),
        revisions.c.revision == sa.bindparam("number"),
    )
    .values(payload=sa.bindparam("new_payload"), shape=sa.bindparam("new_shape"))
)


def write_entries(connection: Connection, collection: int, entries: Iterable[Entry], *, run: str, now: str) -> None:
    """Rows, revisions and outbox of a page, each table in one batch."""
    held = list(entries)
    _many(connection, sa.insert(rows), (_row(collection, one) for one in held if one.before is None))
    _many(connection, _UPDATE_ROW, (_row_update(collection, one) for one in held if one.before is not None))
    _many(connection, sa.insert(revisions), (_revision(collection, one, run, now) for one in held if _is_event(one)))
    _many(
        connection,
        _REFRESH,
        (
            {"of": collection, "at": one.after.id, "number": one.after.content}
            | {"new_payload": one.payload, "new_shape": one.shape}
            for one in held
            if one.payload is not None and not _is_event(one)
        ),
    )
    _many(
        connection,
        sa.insert(outbox),
        (
            {"run": run, "collection": collection, "id": one.after.id, "revision": one.after.revision}
            | {"change": one.change}
            for one in held
            if one.deliver
        ),
    )
    _many(connection, _FLAG_FIRST, ({"of": collection, "key": one.after.guid} for one in held if _flags_first(one)))


def _many(connection: Connection, statement: Any, values: Iterable[dict[str, Any]]) -> None:
    listed = list(values)
    if listed:
        connection.execute(statement, listed)


def _is_event(entry: Entry) -> bool:
    return entry.change != "unchanged" and not entry.after.twin


def _flags_first(entry: Entry) -> bool:
    return entry.after.collision and entry.after.guid is not None and not (entry.before and entry.before.collision)


def _row(collection: int, entry: Entry) -> dict[str, Any]:
    values = {name: getattr(entry.after, name) for name in _ROW_FIELDS}
    return values | {"collection": collection, "id": entry.after.id, "kind": entry.kind}


def _row_update(collection: int, entry: Entry) -> dict[str, Any]:
    values = {f"new_{name}": getattr(entry.after, name) for name in _ROW_FIELDS}
    return values | {"of": collection, "at": entry.after.id}


def _revision(collection: int, entry: Entry, run: str, now: str) -> dict[str, Any]:
    return {
        "collection": collection,
        "id": entry.after.id,
        "revision": entry.after.revision,
        "change": entry.change,
        "changed": ",".join(entry.judgement.changed) or None,
        "text_hash": text_hash(entry.kind, entry.after.fingerprint),
        "seen": now,
        "run": run,
        "shape": entry.shape,
        "payload": entry.payload,
    }


def write_progress(connection: Connection, collection: int, checkpoint: Checkpoint) -> None:
    """Keep a walk's cursor; at its end, what its last checkpoint says of the collection.

    A last checkpoint's ``cursor`` may hold ``whole``, ``watermark``, ``hidden``, ``swept`` and ``owed``; what it leaves
    out stays as it was. A last checkpoint without any (``limit=``, ``since=``) leaves an unfinished walk's cursor as it
    is.
    """
    values: dict[str, Any] = {}
    if checkpoint.done:
        told: Mapping[str, Any] = checkpoint.cursor or {}
        values = {name: told[name] for name in ("whole", "watermark", "hidden", "swept") if name in told}
        if values.get("whole"):
            # A whole collection has no cursor: what could not be had is kept in its place.
            owed = {"owed": list(told["owed"])} if told.get("owed") else None
            values |= {"cursor": None if owed is None else orjson.dumps(owed), "sequence": 0}
        elif "whole" in values:
            # It is to be walked again, from its beginning.
            values |= {"cursor": None, "sequence": 0}
    elif checkpoint.cursor is not None:
        values = {"cursor": orjson.dumps(dict(checkpoint.cursor)), "sequence": checkpoint.sequence}
    if values:
        connection.execute(sa.update(collections).where(collections.c.collection == collection).values(values))
