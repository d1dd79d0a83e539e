"""The whole answer to what a run was asked for: the rows that the archive holds beside those that the run delivered."""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from newsbot.archive.database import Database
from newsbot.archive.reader import read_rows
from newsbot.archive.schema import addresses, collections, rows
from newsbot.items import Record

BATCH = 200
"""Rows that are read at once, and URLs in one query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run was asked for. ``types`` has the types by URL as the user gave it; None for a URL: every type of the
    ``kind``. ``since`` and ``until`` (ISO, UTC) bound the time of publication; ``limit`` is the number of rows of each
    type, the newest first."""

    kind: str
    types: Mapping[str, tuple[str, ...] | None]
    since: str | None = None
    until: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one collection that belong to an answer. ``held`` are the ids of its live rows."""

    collection: int
    site: str
    type: str
    kind: str
    held: array[int] = field(repr=False)

    def read(self, database: Database, *, without: Container[int], broken: list[str]) -> Iterator[Record]:
        """The rows but those ``without``. ``broken`` gets the names of rows whose content is damaged."""
        ids = [row_id for row_id in self.held if row_id not in without]
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            for row in read_rows(database, self.collection, batch, kind=self.kind, broken=broken):
                yield row.record()


def parts_of_answer(database: Database, asked: Asked, found: Mapping[str, str]) -> Iterator[Part]:
    """The collections that belong to an answer, with their live rows. ``found``: URL as given -> key of the site, for
    the sites that this run met; for the others the archive knows what an earlier run found. Raises ArchiveError."""
    with database.reading() as connection:
        keys = _earlier(connection, asked.types.keys() - found.keys()) | dict(found)
    wanted: dict[str, set[str] | None] = {}
    for url, key in keys.items():
        of_url, of_key = asked.types.get(url), wanted.get(key, set())
        wanted[key] = None if of_url is None or of_key is None else of_key | set(of_url)
    for site, types in sorted(wanted.items()):
        of_site = sa.select(collections.c.collection, collections.c.type).where(
            collections.c.site == site, collections.c.kind == asked.kind
        )
        with database.reading() as connection:
            for row in connection.execute(of_site.order_by(collections.c.type)).all():
                if types is None or row.type in types:
                    held = array("q", connection.execute(_live(row.collection, asked)).scalars())
                    yield Part(row.collection, site, row.type, asked.kind, held)


def _live(collection: int, asked: Asked) -> sa.Select[Any]:
    """The live rows of a collection within the window, oldest first; with a limit the newest, newest first."""
    chosen = sa.select(rows.c.id).where(rows.c.collection == collection, rows.c.deleted_at.is_(None))
    for bound, compare in ((asked.since, rows.c.published.__ge__), (asked.until, rows.c.published.__lt__)):
        if bound is not None:
            # A row without a date is inside, as in the crawl.
            chosen = chosen.where(rows.c.published.is_(None) | compare(bound))
    if asked.limit is None:
        return chosen.order_by(rows.c.published, rows.c.id)
    return chosen.order_by(rows.c.published.desc(), rows.c.id.desc()).limit(asked.limit)


def _earlier(connection: sa.Connection, urls: Iterable[str]) -> dict[str, str]:
    given = sorted(urls)
    found: dict[str, str] = {}
    for start in range(0, len(given), BATCH):
        of_urls = sa.select(addresses.c.url, addresses.c.site).where(addresses.c.url.in_(given[start : start + BATCH]))
        found |= {row.url: row.site for row in connection.execute(of_urls)}
    return found
