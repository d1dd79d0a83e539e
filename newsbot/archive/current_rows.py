"""Reads the archive's current rows: one by one as a walk meets their ids, or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.compare import CurrentRow
from newsbot.archive.schema import collections, revisions, rows
from newsbot.timestamps import iso_utc

AROUND = 48
"""The largest number of rows that are read on either side of a wanted row. A walk by date meets ids nearly in order."""

LEAST_AROUND = 3
"""The number of rows that are read on either side while each range serves only one row. An update meets ids in no
order."""

MOST_LOADED = 4_096
"""Rows that a LoadedRange may hold before it is emptied: memory stays flat however long the walk is."""

MOST_ORIGINALS = 8
"""Rows of other sites with one guid whose texts are compared with that of a received row."""

BATCH = 500
"""Ids in one query."""

_FIELDS = tuple(CurrentRow.__dataclass_fields__)
_COLUMNS = [rows.c[name].label(name) for name in _FIELDS]
_collection, _id = sa.bindparam("of", type_=sa.BigInteger), sa.bindparam("at", type_=sa.BigInteger)
_limit = sa.bindparam("up_to", type_=sa.Integer)
_UPWARDS = (
    sa.select(*_COLUMNS).where(rows.c.collection == _collection, rows.c.id >= _id).order_by(rows.c.id).limit(_limit)
)
_DOWNWARDS = (
    sa.select(*_COLUMNS).where(rows.c.collection == _collection, rows.c.id < _id).order_by(rows.c.id.desc())
).limit(_limit)
_OF_SITE_WITH_GUID = (
    sa.select(rows.c.id)
    .join(collections, collections.c.collection == rows.c.collection)
    .where(rows.c.guid == sa.bindparam("key"), collections.c.site == sa.bindparam("site"))
    .limit(1)
)
_ORIGINALS = (
    sa.select(collections.c.site, revisions.c.payload, rows.c.first_seen)
    .join(revisions, (revisions.c.collection == rows.c.collection) & (revisions.c.id == rows.c.id))
    .join(collections, collections.c.collection == rows.c.collection)
    .where(revisions.c.revision == rows.c.content, rows.c.guid_duplicate.is_(False))
    .where(rows.c.guid == sa.bindparam("key"), collections.c.site != sa.bindparam("site"))
    .where(rows.c.kind == sa.bindparam("kind"))
    .order_by(rows.c.first_seen, rows.c.collection, rows.c.id)
    .limit(MOST_ORIGINALS)
)
_PAYLOAD = (
    sa.select(revisions.c.payload, rows.c.kind)
    .join(revisions, (revisions.c.collection == rows.c.collection) & (revisions.c.id == rows.c.id))
    .where(revisions.c.revision == rows.c.content, rows.c.collection == _collection, rows.c.id == _id)
)


def _current_row(row: sa.Row[Any]) -> CurrentRow:
    # ``row._mapping`` looks up each name. A walk that meets ids in no order would spend half of its time on that.
    return CurrentRow(**dict(zip(_FIELDS, row, strict=True)))


@dataclass(slots=True)
class LoadedRange:
    """The rows of one collection whose ids lie in a range. Most rows of a walk are in it and cost no query.

    ``low`` or ``high`` is None if the collection has no row beyond the range: an id above the newest archived row is
    known to be new. ``around`` is the number of rows that were read on either side. ``served`` counts the rows that
    callers requested from the range.
    """

    rows: dict[int, CurrentRow] = field(default_factory=dict)
    low: int | None = 0
    high: int | None = -1
    around: int = AROUND
    served: int = AROUND

    def covers(self, row_id: int) -> bool:
        return (self.low is None or row_id >= self.low) and (self.high is None or row_id <= self.high)

    def clear(self) -> None:
        self.rows, self.low, self.high = {}, 0, -1

    def get(self, row_id: int) -> CurrentRow | None:
        """A row of the range; None for an id in it that the archive does not hold."""
        self.served += 1
        return self.rows.get(row_id)

    def load(self, connection: Connection, collection: int, row_id: int) -> None:
        """Replace the range by the rows around ``row_id``. The new range is larger if callers requested many rows of
        the old one, and smaller if they requested few."""
        self.around = min(AROUND, max(LEAST_AROUND, 2 * self.served))
        self.served = 0
        parameters = {"of": collection, "at": row_id, "up_to": self.around}
        above = [_current_row(row) for row in connection.execute(_UPWARDS, parameters)]
        below = [_current_row(row) for row in connection.execute(_DOWNWARDS, parameters)]
        self.rows = {row.id: row for row in (*above, *below)}
        self.high = max(above[-1].id, row_id) if len(above) == self.around else None
        self.low = min(below[-1].id, row_id) if len(below) == self.around else None

    def update(self, committed: Mapping[int, CurrentRow]) -> None:
        """Take over rows that were just committed."""
        if len(self.rows) + len(committed) > MOST_LOADED:
            self.clear()
        self.rows.update((row_id, row) for row_id, row in committed.items() if self.covers(row_id))


def payload_of(connection: Connection, collection: int, row_id: int) -> Any:
    """The committed content of a row, as (``payload``, ``kind``); None for a row that the archive does not hold."""
    return connection.execute(_PAYLOAD, {"of": collection, "at": row_id}).first()


def has_guid(connection: Connection, *, site: str, key: int) -> bool:
    """Whether a row of the site, deleted ones included, has the guid with this key."""
    return connection.execute(_OF_SITE_WITH_GUID, {"key": key, "site": site}).first() is not None


def payloads_with_guid(connection: Connection, *, key: int, other_than: str, kind: str) -> list[tuple[str, bytes, str]]:
    """The content of the rows that have a guid and belong to other sites than ``other_than``, the oldest first.

    Rows that are copies of other rows are left out. Each entry: the site, the payload, and when the row was first seen.
    """
    found = connection.execute(_ORIGINALS, {"key": key, "site": other_than, "kind": kind})
    return [(row.site, row.payload, row.first_seen) for row in found]


def border(connection: Connection, collection: int, *, before: str, share: float, clear: timedelta) -> str | None:
    """The middle of the widest gap between the times of rows that were published before ``before``. The gap is near the
    row at the position ``share`` (0 to 1) among these rows.

    None if no gap there has ``clear`` on both sides of its middle.
    """
    published = rows.c.published
    live = sa.select(published).where(
        rows.c.collection == collection, rows.c.deleted_at.is_(None), published.is_not(None), published < before
    )
    count = connection.execute(sa.select(sa.func.count()).select_from(live.subquery())).scalar_one()
    first = max(0, int(count * share) - AROUND)
    near = connection.execute(live.order_by(published).offset(first).limit(2 * AROUND)).scalars().all()
    gaps = [(later - earlier, earlier) for earlier, later in pairwise(map(datetime.fromisoformat, near))]
    widest, start = max(gaps, default=(timedelta(0), datetime.min))
    return iso_utc(start + widest / 2) if widest >= 2 * clear else None


def edge(connection: Connection, collection: int, *, since: str | None, count: int) -> str | None:
    """The time of publication of the row that follows ``count`` live rows published at ``since`` or later."""
    published = rows.c.published
    live = sa.select(published).where(
        rows.c.collection == collection, rows.c.deleted_at.is_(None), published >= (since or "")
    )
    return connection.execute(live.order_by(published).offset(count).limit(1)).scalar_one_or_none()


def published(connection: Connection, collection: int, ids: Sequence[int]) -> dict[int, str | None]:
    """Live id of ``ids`` -> when the row was published."""
    live = sa.select(rows.c.id, rows.c.published).where(
        rows.c.collection == collection,
        rows.c.deleted_at.is_(None),
        rows.c.id.in_(sa.bindparam("wanted", expanding=True)),
    )
    found: dict[int, str | None] = {}
    for start in range(0, len(ids), BATCH):
        batch = connection.execute(live, {"wanted": ids[start : start + BATCH]})
        found.update((row.id, row.published) for row in batch)
    return found


def forget_modified(connection: Connection, collection: int, ids: Iterable[int]) -> None:
    """Set ``modified`` of these rows to NULL."""
    wanted = list(ids)
    among_ids = sa.update(rows).where(
        rows.c.collection == collection, rows.c.id.in_(sa.bindparam("at", expanding=True))
    )
    for start in range(0, len(wanted), BATCH):
        connection.execute(among_ids.values(modified=None), {"at": wanted[start : start + BATCH]})


_AMONG = rows.c.id.in_(sa.bindparam("wanted", expanding=True))
_LIVE = sa.select(rows.c.id, rows.c.modified).where(
    rows.c.collection == sa.bindparam("of"), rows.c.deleted_at.is_(None)
)
_LIVE_AMONG = _LIVE.where(_AMONG)


def live_ids(
    connection: Connection,
    collection: int,
    *,
    ids: Iterable[int] | None,
    since: str | None,
    until: str | None,
    lowest: int | None = None,
    latest: int | None = None,
) -> dict[int, str | None]:
    """Live id -> ``modified``.

    ``ids`` limits the answer to these ids, ``since`` and ``until`` to rows published in [since, until), ``lowest`` to
    rows with this id or a higher one, ``latest`` to this many rows that changed last.
    """
    live = _LIVE
    if since is not None:
        live = live.where(rows.c.published >= since)
    if until is not None:
        live = live.where(rows.c.published < until)
    if lowest is not None:
        live = live.where(rows.c.id >= lowest)
    if latest is not None:
        live = live.where(rows.c.modified.is_not(None)).order_by(rows.c.modified.desc()).limit(latest)
    if ids is None:
        return {row.id: row.modified for row in connection.execute(live, {"of": collection})}
    found: dict[int, str | None] = {}
    wanted = list(ids)
    among_ids = _LIVE_AMONG if live is _LIVE else live.where(_AMONG)
    for start in range(0, len(wanted), BATCH):
        batch = connection.execute(among_ids, {"of": collection, "wanted": wanted[start : start + BATCH]})
        found.update((row_id, modified) for row_id, modified in batch)
    return found
