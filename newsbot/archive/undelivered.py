"""The rows that an outbox promises, as items: each at the revision that is to be delivered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from newsbot.archive.database import Database
from newsbot.archive.payloads import BrokenPayload, RowState, bare_record, unpack
from newsbot.archive.schema import collections, outbox, revisions, rows
from newsbot.items import Record

_content, event = revisions.alias("content"), revisions.alias("event")
"""``event`` is the revision that is to be delivered, for statements that join ``is_of_entry(event)``."""


def is_of_entry(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """The condition that a row of ``table`` belongs to the row that an entry of the outbox promises."""
    return (table.c.collection == outbox.c.collection) & (table.c.id == outbox.c.id)


# The revision of a deletion has no payload. A deleted row is delivered with the newest payload before its deletion.
_newest_content = (
    sa.select(sa.func.max(revisions.c.revision))
    .where(is_of_entry(revisions), revisions.c.revision <= outbox.c.revision, revisions.c.payload.is_not(None))
    .scalar_subquery()
)
_UNDELIVERED = (
    sa.select(
        outbox,
        collections.c.site,
        collections.c.type,
        rows.c.kind,
        rows.c.first_seen,
        rows.c.collision,
        _content.c.payload,
        event.c.seen,
    )
    .join(rows, is_of_entry(rows))
    .join(collections, collections.c.collection == outbox.c.collection)
    .outerjoin(_content, is_of_entry(_content) & (_content.c.revision == _newest_content))
    .outerjoin(event, is_of_entry(event) & (event.c.revision == outbox.c.revision))
    .where(outbox.c.place.in_(sa.bindparam("places", expanding=True)))
    .order_by(outbox.c.place)
)


def undelivered(database: Database, places: Iterable[int]) -> list[sa.Row[Any]]:
    """The rows at these places of the outbox, in order."""
    with database.reading() as connection:
        return list(connection.execute(_UNDELIVERED, {"places": list(places)}))


def record_of(row: sa.Row[Any]) -> Record:
    """The item of a row of ``undelivered``. Raises BrokenPayload where the content is damaged."""
    state = RowState(
        revision=row.revision,
        change=row.change,
        first_seen=row.first_seen,
        last_seen=row.seen,
        deleted_at=row.seen if row.change == "deleted" else None,
        collision=row.collision,
    )
    try:
        return unpack(row.payload, state, kind=row.kind, site=row.site)
    except BrokenPayload:
        if row.change != "deleted":
            raise
        return bare_record(row.site, row.type, row.id, state, kind=row.kind)
