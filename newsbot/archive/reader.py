"""Reads the archive row by row, as it is at one moment. Memory does not grow with the number of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from newsbot.archive.compare import FORGOTTEN
from newsbot.archive.database import Database
from newsbot.archive.diff import word_diff
from newsbot.archive.payloads import BrokenPayload, RowState, columns_in, json_line, json_of, record_of, with_site
from newsbot.archive.schema import collections, revisions, rows, sites
from newsbot.items import Record
from newsbot.urls import as_url, ascii_host
from newsbot.wordpress.scope import Scope, SiteScopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows to read: of a kind, a site, some types, published in [since, until) (ISO, UTC).

    No type means all. ``deleted``: deleted rows are read too. ``scope``: only rows of this part of a site.
    """

    kind: str = "posts"
    site: str | None = None
    types: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    deleted: bool = False
    scope: Scope | SiteScopes | None = None


@dataclass(frozen=True, slots=True)
class ArchivedRow:
    """A row as it is stored; ``text`` is its JSON. ``line`` is faster than ``record``, which builds the item."""

    text: bytes
    shape: int | None
    kind: str
    state: RowState

    def line(self) -> bytes:
        return json_line(self.text, self.state, kind=self.kind, shape=self.shape)

    def record(self) -> Record:
        return record_of(self.text, self.state, kind=self.kind)

    def fields(self) -> dict[str, Any]:
        """The columns of the stored row as plain JSON values, with empty state fields."""
        return columns_in(self.text)


_of_row = (revisions.c.collection == rows.c.collection) & (revisions.c.id == rows.c.id)


_CURRENT = sa.select(
    *(rows.c.id, rows.c.collection, rows.c.revision, rows.c.first_seen, rows.c.last_seen, rows.c.deleted_at),
    *(rows.c.collision, revisions.c.payload, revisions.c.shape),
).outerjoin(revisions, _of_row & (revisions.c.revision == rows.c.content))
_CURRENT = _CURRENT.where(rows.c.content != FORGOTTEN)


def read_current(database: Database, selection: Filter, broken: list[str] | None = None) -> Iterator[ArchivedRow]:
    """The current rows, ordered by site, type and id. ``broken`` gets the names of those whose content is damaged."""
    for row, collection in _rows_by_collection(database, _CURRENT, selection, (rows.c.id,)):
        archived = _archived(row, collection, selection.kind, broken)
        if archived is not None and (selection.scope is None or selection.scope.has_row(archived.fields())):
            yield archived


def read_rows(
    database: Database, collection: int, ids: Sequence[int], *, kind: str, broken: list[str]
) -> Iterator[ArchivedRow]:
    """The current rows with ``ids``, a few hundred at most, in the order of ``ids``."""
    of_ids = _CURRENT.where(rows.c.collection == collection, rows.c.id.in_(ids))
    named = sa.select(collections.c.site, collections.c.type).where(collections.c.collection == collection)
    with database.reading() as connection:
        of_collection = connection.execute(named).first()
        by_id = {row.id: row for row in connection.execute(of_ids)}
    for row_id in ids:
        if row_id in by_id and (archived := _archived(by_id[row_id], of_collection, kind, broken)) is not None:
            yield archived


def _archived(row: Any, collection: Any, kind: str, broken: list[str] | None) -> ArchivedRow | None:
    change = "deleted" if row.deleted_at else "edited" if row.revision > 1 else "new"
    state = RowState(row.revision, change, row.first_seen, row.last_seen, row.deleted_at, row.collision)
    text = _text(row, collection, broken)
    return None if text is None else ArchivedRow(text, row.shape, kind, state)


def _text(row: Any, collection: Any, broken: list[str] | None) -> bytes | None:
    """The JSON of a row. If its content is damaged: None, and the name of the row is added to ``broken``."""
    try:
        return with_site(json_of(row.payload), collection.site)
    except BrokenPayload:
        if broken is not None:
            broken.append(f"{collection.site} {collection.type} {row.id}")
        return None


def read_history(database: Database, selection: Filter, broken: list[str] | None = None) -> Iterator[bytes]:
    """Every revision of every row as a JSON line: the row at that revision, ``changed``, and ``word_diff`` of its text.

    A revision without a payload (a deletion) shows the content of the revision before it. ``broken`` gets the names of
    rows with a revision whose content is damaged; such a revision is left out.
    """
    columns = (
        *(rows.c.id, rows.c.first_seen, rows.c.collision, revisions.c.revision, revisions.c.change),
        *(revisions.c.changed, revisions.c.seen, revisions.c.payload, revisions.c.shape),
    )
    statement = sa.select(*columns).join(revisions, _of_row)
    last_content: _Content | None = None
    for row, collection in _rows_by_collection(database, statement, selection, (rows.c.id, revisions.c.revision)):
        before = last_content if last_content is not None and last_content.id == row.id else None
        content = before
        if row.payload is not None:
            text = _text(row, collection, broken)
            content = _Content(row.id, text, row.shape) if text is not None else None
        if content is not None and (selection.scope is None or selection.scope.has_row(columns_in(content.text))):
            yield _revision_line(row, content, before, selection.kind)
            last_content = content


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A revision of a row: what happened (``change``), the parts that were ``changed``, and when it was ``seen``."""

    site: str
    type: str
    id: int
    revision: int
    change: str
    changed: tuple[str, ...]
    seen: str


def read_changes(database: Database, selection: Filter) -> Iterator[Change]:
    """Every revision of every row without its content, ordered by site, type, id and revision."""
    statement = sa.select(rows.c.id, *_CHANGE).join(revisions, _of_row)
    for row, collection in _rows_by_collection(database, statement, selection, (rows.c.id, revisions.c.revision)):
        yield _change(row, collection)


_CHANGE = (revisions.c.revision, revisions.c.change, revisions.c.changed, revisions.c.seen)


def _change(row: Any, collection: Any) -> Change:
    return Change(
        site=collection.site,
        type=collection.type,
        id=row.id,
        revision=row.revision,
        change=row.change,
        changed=tuple(row.changed.split(",")) if row.changed else (),
        seen=row.seen,
    )


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """The latest revision of a row, or an earlier one. ``word_diff`` shows what an edit changed in a text."""

    change: Change
    archived: ArchivedRow
    row: dict[str, Any]
    word_diff: str | None


def read_latest(database: Database, selection: Filter, most: int, broken: list[str]) -> list[ChangedRow]:
    """The ``most`` latest revisions with their content, the latest first; deleted rows have their last content."""
    every = sa.select(collections).where(collections.c.kind == selection.kind)
    with database.streaming() as connection:
        chosen = {
            row.collection: row
            for row in connection.execute(every)
            if (not selection.types or row.type in selection.types)
            and (selection.site is None or is_same_site(row.site, selection.site))
        }
        latest: sa.Select[Any] = sa.select(revisions.c.revision_id, revisions.c.collection, rows.c.id, *_CHANGE)
        latest = _filtered(latest.join(revisions, _of_row), selection).where(revisions.c.collection.in_(chosen))
        latest = latest.order_by(revisions.c.revision_id.desc()).limit(most)
        found: list[ChangedRow] = []
        batch = connection.execute(latest).all()
        while batch:
            for row in batch:
                change = _changed_row(connection, row, chosen[row.collection], selection.kind, broken)
                if change is not None and (selection.scope is None or selection.scope.has_row(change.row)):
                    found.append(change)
            if selection.scope is None or len(found) >= most:
                break
            # Whether a row belongs to the part of the site shows only in its content.
            batch = connection.execute(latest.where(revisions.c.revision_id < batch[-1].revision_id)).all()
        return found[:most]


def _changed_row(connection: Any, row: Any, collection: Any, kind: str, broken: list[str]) -> ChangedRow | None:
    """A revision with its content, and with the difference between the texts if it edits the text. A revision without
    content gets the content of the revision before it."""
    contents = sa.select(revisions.c.payload, revisions.c.shape).where(
        revisions.c.collection == row.collection,
        revisions.c.id == row.id,
        revisions.c.revision <= row.revision,
        revisions.c.payload.is_not(None),
    )
    versions = connection.execute(contents.order_by(revisions.c.revision.desc()).limit(2)).all()
    texts = []
    for version in versions:
        try:
            texts.append(with_site(json_of(version.payload), collection.site))
        except BrokenPayload:
            broken.append(f"{collection.site} {collection.type} {row.id}")
    if not texts:
        return None
    change = _change(row, collection)
    diff = _text_diff(texts[1], texts[0]) if "text" in change.changed and len(texts) == 2 else None
    archived = ArchivedRow(texts[0], None, kind, RowState(row.revision, row.change, row.seen, row.seen))
    return ChangedRow(change, archived, archived.fields(), diff)


@dataclass(frozen=True, slots=True)
class _Content:
    """The content of a revision, as JSON."""

    id: int
    text: bytes
    shape: int | None


def _revision_line(row: Any, content: _Content, before: _Content | None, kind: str) -> bytes:
    deleted_at = row.seen if row.change == "deleted" else None
    state = RowState(row.revision, row.change, row.first_seen, row.seen, deleted_at, row.collision)
    line = json_line(content.text, state, kind=kind, shape=content.shape)
    changed = row.changed.split(",") if row.changed else []
    diff = _text_diff(before.text, content.text) if before is not None and "text" in changed else None
    return line[:-1] + b"," + orjson.dumps({"changed": changed, "word_diff": diff})[1:]


def _text_diff(before: bytes, after: bytes) -> str:
    return word_diff(columns_in(before).get("content_text") or "", columns_in(after).get("content_text") or "")


def archived_collections(database: Database) -> list[tuple[str, str, str]]:
    """The site, type and kind of each collection of which the archive has rows, in this order."""
    has_rows = sa.exists().where(rows.c.collection == collections.c.collection)
    columns = (collections.c.site, collections.c.type, collections.c.kind)
    with database.reading() as connection:
        found = connection.execute(sa.select(*columns).where(has_rows).order_by(*columns))
        return [(row.site, row.type, row.kind) for row in found]


def site_name(database: Database, site: str) -> str | None:
    """The name of a site, as the site or the user's list gave it."""
    with database.reading() as connection:
        name: str | None = connection.execute(sa.select(sites.c.name).where(sites.c.site == site)).scalar()
    return name


def _rows_by_collection(
    database: Database, statement: sa.Select[Any], selection: Filter, order: tuple[Any, ...]
) -> Iterator[tuple[Any, Any]]:
    """The rows of ``statement``, each with its collection, in the order of the key, so that no database has to sort."""
    statement = _filtered(statement, selection)
    every = sa.select(collections.c.collection, collections.c.site, collections.c.type)
    every = every.where(collections.c.kind == selection.kind)
    with database.streaming() as connection:
        found = connection.execute(every.order_by(collections.c.site, collections.c.type)).all()
        for row in found:
            if (not selection.types or row.type in selection.types) and (
                selection.site is None or is_same_site(row.site, selection.site)
            ):
                of_collection = statement.where(rows.c.collection == row.collection)
                yield from ((found_row, row) for found_row in connection.execute(of_collection.order_by(*order)))


def _filtered(statement: sa.Select[Any], selection: Filter) -> sa.Select[Any]:
    if not selection.deleted:
        statement = statement.where(rows.c.deleted_at.is_(None))
    if selection.since is not None:
        statement = statement.where(rows.c.published >= selection.since)
    if selection.until is not None:
        statement = statement.where(rows.c.published < selection.until)
    return statement


def is_same_site(site: str, given: str) -> bool:
    """Whether a user means the site with this key, with or without its scheme and last slash."""
    return site == given or _without_scheme(site) == _without_scheme(given)


def _without_scheme(site: str) -> str:
    host, slash, path = as_url(site).partition("://")[2].strip("/").lower().partition("/")
    return f"{ascii_host(host)}{slash}{path}"
