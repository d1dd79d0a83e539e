"""Finds the archived rows that answer a run's request, besides the rows that the run delivered itself."""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from newsbot.archive.database import Database
from newsbot.archive.payloads import stored_json
from newsbot.archive.reader import read_rows
from newsbot.archive.schema import addresses, collections, rows, sites
from newsbot.items import Record
from newsbot.wordpress.scope import Scope, scope_from_json, scope_key

BATCH = 200
"""Rows that are read at once, and URLs in one query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run was asked for. ``types``: URL as the user gave it -> requested types; None: every type of the
    ``kind``. ``since`` and ``until`` (ISO, UTC) bound the time of publication; ``limit`` is the number of rows of each
    type, the newest first. ``part``: the arguments that select a part of each site (``asked_part``)."""

    kind: str
    types: Mapping[str, tuple[str, ...] | None]
    part: str = ""
    since: str | None = None
    until: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """The part of a site that one address selects: a ``scope``, or None for the whole site. ``listed``: (kind, type) of
    the collections of which the site itself listed every wanted row.
    """

    scope: Scope | None
    listed: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class AskedPart:
    """The rows of one collection that belong to an answer. ``held`` are the ids of its live rows."""

    collection: int
    site: str
    type: str
    kind: str
    held: array[int] = field(repr=False)

    def read(self, database: Database, *, without: Container[int], broken: list[str]) -> Iterator[Record]:
        """The rows, except those ``without``. ``broken`` gets the names of rows whose content is damaged."""
        ids = [row_id for row_id in self.held if row_id not in without]
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            for row in read_rows(database, self.collection, batch, kind=self.kind, broken=broken):
                yield row.record()


def parts_of_answer(
    database: Database,
    asked: Asked,
    found: Mapping[str, str],
    sought: Mapping[str, Sequence[Sought]] | None = None,
    shown: Mapping[tuple[str, str, str], Container[int]] | None = None,
) -> Iterator[AskedPart]:
    """The collections that belong to an answer, with their live rows. ``found``: URL as given -> key of the site, for
    the sites that this run met; for other sites, the archive holds the result of an earlier run. ``sought``: key of a
    site -> the part of the site that each address of this run selects. ``shown``: (site, kind, type) -> the ids that
    the site itself listed: if the site listed all of them, no other row belongs to the answer. Raises ArchiveError."""
    with database.reading() as connection:
        earlier = _earlier(connection, asked.types.keys() - found.keys(), asked.part)
    keys = {url: site for url, (site, _) in earlier.items()} | dict(found)
    wanted: dict[str, list[Sought]] = {site: list(parts) for site, parts in (sought or {}).items()}
    for site, scope in earlier.values():
        wanted.setdefault(site, []).append(Sought(scope))
    for site, types in sorted(_types_by_site(asked, keys).items()):
        of_site = sa.select(collections.c.collection, collections.c.type).where(
            collections.c.site == site, collections.c.kind == asked.kind
        )
        with database.reading() as connection:
            for row in connection.execute(of_site.order_by(collections.c.type)).all():
                parts = [part for part in wanted.get(site, [Sought(None)]) if _belongs(row.type, types, part.scope)]
                if not parts:
                    continue
                listed = (shown or {}).get((site, asked.kind, row.type), ())
                each = [_held(database, connection, (row.collection, row.type), asked, part, listed) for part in parts]
                yield AskedPart(row.collection, site, row.type, asked.kind, _united(each))


def _held(
    database: Database,
    connection: sa.Connection,
    of: tuple[int, str],
    asked: Asked,
    part: Sought,
    listed: Container[int],
) -> array[int]:
    """The live rows of a collection that belong to one part of the site. ``of``: the number and the type of the
    collection."""
    collection, type_ = of
    if (asked.kind, type_) in part.listed:
        return array("q", (row_id for row_id in _every(connection, collection, asked) if row_id in listed))
    if part.scope is not None:
        return _within(database, collection, _every(connection, collection, asked), asked, part.scope)
    return array("q", connection.execute(_live(collection, asked)).scalars())


def _united(parts: Sequence[array[int]]) -> array[int]:
    """The ids of all parts, each once."""
    return parts[0] if len(parts) == 1 else array("q", dict.fromkeys(row_id for part in parts for row_id in part))


def _types_by_site(asked: Asked, keys: Mapping[str, str]) -> dict[str, set[str] | None]:
    """Key of a site -> the types that all of its URLs ask for; None: every type."""
    wanted: dict[str, set[str] | None] = {}
    for url, key in keys.items():
        of_url, of_key = asked.types.get(url), wanted.get(key, set())
        wanted[key] = None if of_url is None or of_key is None else of_key | set(of_url)
    return wanted


def _belongs(type_: str, types: set[str] | None, scope: Scope | None) -> bool:
    """Whether rows of a type belong to an answer. One article has its own type."""
    if scope is not None and scope.type is not None and type_ not in ("comment", "attachment"):
        return type_ == scope.type
    return types is None or type_ in types


def _every(connection: sa.Connection, collection: int, asked: Asked) -> Sequence[int]:
    """The ids of all live rows of a collection within the window, oldest first; with a limit newest first."""
    ids = connection.execute(_live(collection, replace(asked, limit=None))).scalars().all()
    return ids if asked.limit is None else ids[::-1]


def _within(database: Database, collection: int, ids: Sequence[int], asked: Asked, scope: Scope) -> array[int]:
    """The ids of ``ids`` whose rows belong to a part of the site; with a limit, only the first of them."""
    held = array("q")
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        for row in read_rows(database, collection, batch, kind=asked.kind, broken=[]):
            fields = row.fields()
            if scope.has_row(fields):
                held.append(fields["id"])
                if asked.limit is not None and len(held) == asked.limit:
                    return held
    return held


def _live(collection: int, asked: Asked) -> sa.Select[Any]:
    """The live rows of a collection within the window, oldest first; with a limit the newest, newest first."""
    chosen = sa.select(rows.c.id).where(rows.c.collection == collection, rows.c.deleted_at.is_(None))
    for bound, compare in ((asked.since, rows.c.published.__ge__), (asked.until, rows.c.published.__lt__)):
        if bound is not None:
            # A row without a date counts as inside the window, as in the crawl.
            chosen = chosen.where(rows.c.published.is_(None) | compare(bound))
    if asked.limit is None:
        return chosen.order_by(rows.c.published, rows.c.id)
    return chosen.order_by(rows.c.published.desc(), rows.c.id.desc()).limit(asked.limit)


def _earlier(connection: sa.Connection, urls: Iterable[str], part: str) -> dict[str, tuple[str, Scope | None]]:
    """URL as given -> key of the site that an earlier run found there, and the selected part of this site. A URL is
    left out if no earlier run found out its part of the site."""
    given = sorted(urls)
    found: dict[str, tuple[str, Scope | None]] = {}
    for start in range(0, len(given), BATCH):
        of_urls = sa.select(addresses.c.url, addresses.c.site, sites.c.facts).outerjoin(
            sites, sites.c.site == addresses.c.site
        )
        for row in connection.execute(of_urls.where(addresses.c.url.in_(given[start : start + BATCH]))):
            kept = stored_json(row.facts).get("found", {}).get("site", {})
            scope = kept.get("scopes", {}).get(scope_key(row.url, part))
            meant = kept.get("meanings", {}).get(row.url, {}).get("kind", "site")
            if scope is not None or (not part and meant == "site"):
                found[row.url] = row.site, None if scope is None else scope_from_json(scope)
    return found
