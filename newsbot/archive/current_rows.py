"""Reading the archive's current rows: one by one as a walk meets them, or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.compare import Known
from newsbot.archive.schema import rows

AROUND = 48
"""Rows read on either side of one that is asked for: a walk by date meets ids nearly in order."""

KEEP = 4_096
"""Rows a window may hold before it is forgotten: memory stays flat however long the walk."""

BATCH = 500

_COLUMNS = [rows.c[name] for name in Known.__dataclass_fields__]
_collection, _id = sa.bindparam("of", type_=sa.BigInteger), sa.bindparam("at", type_=sa.BigInteger)
_limit = sa.bindparam("up_to", type_=sa.Integer)
_UPWARDS = (
    sa.select(*_COLUMNS).where(rows.c.collection == _collection, rows.c.id >= _id).order_by(rows.c.id).limit(_limit)
)
_DOWNWARDS = (
    sa.select(*_COLUMNS).where(rows.c.collection == _collection, rows.c.id < _id).order_by(rows.c.id.desc())
).limit(_limit)
_OWNERS = sa.select(rows.c.guid, rows.c.collection, rows.c.id).where(
    rows.c.guid.in_(sa.bindparam("keys", expanding=True)), rows.c.twin.is_(False)
)


def _known(row: sa.Row[Any]) -> Known:
    return Known(**row._mapping)


@dataclass(slots=True)
class Window:
    """A stretch of ids of one collection, all of whose rows are at hand: most rows of a walk cost no query.

    Both ends are None where nothing lies beyond: above an archive's newest row, every row is known to be new.
    """

    rows: dict[int, Known] = field(default_factory=dict)
    low: int | None = 0
    high: int | None = -1

    def covers(self, row_id: int) -> bool:
        return (self.low is None or row_id >= self.low) and (self.high is None or row_id <= self.high)

    def forget(self) -> None:
        self.rows, self.low, self.high = {}, 0, -1

    def load(self, connection: Connection, collection: int, row_id: int) -> None:
        about = {"of": collection, "at": row_id, "up_to": AROUND}
        above = [_known(row) for row in connection.execute(_UPWARDS, about)]
        below = [_known(row) for row in connection.execute(_DOWNWARDS, about)]
        self.rows = {one.id: one for one in (*above, *below)}
        self.high = max(above[-1].id, row_id) if len(above) == AROUND else None
        self.low = min(below[-1].id, row_id) if len(below) == AROUND else None

    def put(self, known: Mapping[int, Known]) -> None:
        """Take in rows that were just committed."""
        if len(self.rows) + len(known) > KEEP:
            self.forget()
        self.rows.update((row_id, one) for row_id, one in known.items() if self.covers(row_id))


def owners(connection: Connection, keys: Iterable[int]) -> dict[int, list[tuple[int, int]]]:
    """Which rows carry these guid keys: key -> (collection, id) of each, deleted ones too, twins not."""
    found: dict[int, list[tuple[int, int]]] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), BATCH):
        for key, collection, row_id in connection.execute(_OWNERS, {"keys": wanted[start : start + BATCH]}):
            found.setdefault(key, []).append((collection, row_id))
    return found


def live_ids(
    connection: Connection, collection: int, *, ids: Iterable[int] | None, since: str | None, until: str | None
) -> dict[int, str | None]:
    """Live ids, twins too (the site has them), with their ``modified``; of ``ids``, or published in the window."""
    live = sa.select(rows.c.id, rows.c.modified).where(rows.c.collection == collection, rows.c.deleted_at.is_(None))
    if since is not None:
        live = live.where(rows.c.published >= since)
    if until is not None:
        live = live.where(rows.c.published < until)
    if ids is None:
        return {row.id: row.modified for row in connection.execute(live)}
    found: dict[int, str | None] = {}
    wanted = list(ids)
    asked = live.where(rows.c.id.in_(sa.bindparam("wanted", expanding=True)))
    for start in range(0, len(wanted), BATCH):
        answer = connection.execute(asked, {"wanted": wanted[start : start + BATCH]})
        found.update((row_id, modified) for row_id, modified in answer)
    return found
