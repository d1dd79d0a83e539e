"""The keys of the URLs of a site's live rows, for the second witness."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database
from newsbot.archive.link_key import NO_URL, link_key
from newsbot.archive.payloads import BrokenPayload, fields_of
from newsbot.archive.schema import collections, revisions, rows
from newsbot.compact import SortedKeys
from newsbot.wordpress.same_site import moved_url

BATCH = 500
"""Rows whose key is computed in one transaction."""

_LIVE = sa.select(rows.c.link).join(collections, collections.c.collection == rows.c.collection)
_LIVE = _LIVE.where(collections.c.site == sa.bindparam("site"), rows.c.deleted_at.is_(None))
_WITHOUT_KEY = (
    sa.select(rows.c.collection, rows.c.id, revisions.c.payload)
    .join(collections, collections.c.collection == rows.c.collection)
    .join(revisions, (revisions.c.collection == rows.c.collection) & (revisions.c.id == rows.c.id))
    .where(revisions.c.revision == rows.c.content, collections.c.site == sa.bindparam("site"))
    .where(rows.c.link.is_(None), rows.c.deleted_at.is_(None))
    .limit(BATCH)
)
_SET_KEY = (
    sa.update(rows)
    .where(rows.c.collection == sa.bindparam("of"), rows.c.id == sa.bindparam("at"))
    .values(link=sa.bindparam("key"))
)


def live_links(database: Database, site: str) -> SortedKeys:
    """The keys of the URLs of all live rows. Rows without a key get one first: those that an older version wrote, and
    those of a site that has moved."""
    while _add_keys(database, site):
        pass
    with database.reading() as connection:
        return SortedKeys(connection.execute(_LIVE, {"site": site}).scalars())


def _add_keys(database: Database, site: str) -> bool:
    """Compute the keys of a batch of rows. Returns whether there may be more rows without a key."""
    with database.reading() as connection:
        found = connection.execute(_WITHOUT_KEY, {"site": site}).all()
    if not found:
        return False
    keys = [{"of": row.collection, "at": row.id, "key": _key_in(row.payload, site)} for row in found]
    with database.writing() as connection:
        _write(connection, keys)
    return len(found) == BATCH


def _write(connection: Connection, keys: list[dict[str, int]]) -> None:
    connection.execute(_SET_KEY, keys)


def _key_in(payload: bytes | None, site: str) -> int:
    if payload is None:
        return NO_URL
    try:
        fields = fields_of(payload)
    except BrokenPayload:
        return NO_URL
    url, stored = fields.get("url"), fields.get("site")
    if isinstance(url, str) and isinstance(stored, str) and stored != site:
        # The row was stored before its site moved.
        url = moved_url(url, old=stored, new=site)
    return link_key(url if isinstance(url, str) else None)
