"""Reads the archive row by row, as it is at one moment. Memory does not grow with the number of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from newsbot.archive.database import Database
from newsbot.archive.diff import word_diff
from newsbot.archive.payloads import RowState, fields_of, json_line, unpack
from newsbot.archive.schema import collections, revisions, rows
from newsbot.items import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows to read: of a kind, a site, a type, published in [since, until) (ISO, UTC).

    ``deleted``: deleted rows are read too.
    """

    kind: str = "posts"
    site: str | None = None
    type: str | None = None
    since: str | None = None
    until: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ArchivedRow:
    """A row as it is stored. ``line`` is faster than ``record``, which builds the item."""

    payload: bytes
    shape: int | None
    kind: str
    state: RowState

    def line(self) -> bytes:
        return json_line(self.payload, self.state, kind=self.kind, shape=self.shape)

    def record(self) -> Record:
        return unpack(self.payload, self.state, kind=self.kind)


_of_row = (revisions.c.collection == rows.c.collection) & (revisions.c.id == rows.c.id)


def read_current(database: Database, selection: Filter) -> Iterator[ArchivedRow]:
    """The current rows, ordered by site, type and id."""
    columns = (
        *(rows.c.revision, rows.c.first_seen, rows.c.last_seen, rows.c.deleted_at, rows.c.collision),
        *(revisions.c.payload, revisions.c.shape),
    )
    statement = sa.select(*columns).join(revisions, _of_row & (revisions.c.revision == rows.c.content))
    for row in _rows_by_collection(database, statement, selection, (rows.c.id,)):
        change = "deleted" if row.deleted_at else "edited" if row.revision > 1 else "new"
        state = RowState(row.revision, change, row.first_seen, row.last_seen, row.deleted_at, row.collision)
        yield ArchivedRow(row.payload, row.shape, selection.kind, state)


def read_history(database: Database, selection: Filter) -> Iterator[bytes]:
    """Every revision of every row as a JSON line: the row at that revision, ``changed``, and ``word_diff`` of its text.

    A revision without a payload (a deletion) shows the content of the revision before it.
    """
    columns = (
        *(rows.c.id, rows.c.first_seen, rows.c.collision, revisions.c.revision, revisions.c.change),
        *(revisions.c.changed, revisions.c.seen, revisions.c.payload, revisions.c.shape),
    )
    statement = sa.select(*columns).join(revisions, _of_row)
    last_content: Any = None
    for row in _rows_by_collection(database, statement, selection, (rows.c.id, revisions.c.revision)):
        before = last_content if last_content is not None and last_content.id == row.id else None
        content = row if row.payload is not None else before
        if content is not None:
            yield _revision_line(row, content, before, selection.kind)
        if row.payload is not None:
            last_content = row


def _revision_line(row: Any, content: Any, before: Any, kind: str) -> bytes:
    deleted_at = row.seen if row.change == "deleted" else None
    state = RowState(row.revision, row.change, row.first_seen, row.seen, deleted_at, row.collision)
    line = json_line(content.payload, state, kind=kind, shape=content.shape)
    changed = row.changed.split(",") if row.changed else []
    diff = _text_diff(before.payload, row.payload) if before is not None and "text" in changed else None
    return line[:-1] + b"," + orjson.dumps({"changed": changed, "word_diff": diff})[1:]


def _text_diff(before: bytes, after: bytes) -> str:
    return word_diff(fields_of(before).get("content_text") or "", fields_of(after).get("content_text") or "")


def kinds_of_type(database: Database, type_: str) -> list[str]:
    """The kinds of which the archive has rows of that type, "posts" first: a taxonomy may share a post type's name."""
    has_rows = sa.exists().where(rows.c.collection == collections.c.collection)
    kinds = sa.select(collections.c.kind).where(collections.c.type == type_, has_rows).distinct()
    with database.reading() as connection:
        return sorted(connection.execute(kinds).scalars(), key=lambda kind: (kind != "posts", kind))


def _rows_by_collection(
    database: Database, statement: sa.Select[Any], selection: Filter, order: tuple[Any, ...]
) -> Iterator[sa.Row[Any]]:
    """The rows of ``statement``, collection by collection: in the order of the key, so that no database has to sort."""
    statement = _filtered(statement, selection)
    every = sa.select(collections.c.collection, collections.c.site, collections.c.type)
    every = every.where(collections.c.kind == selection.kind)
    with database.streaming() as connection:
        found = connection.execute(every.order_by(collections.c.site, collections.c.type)).all()
        for row in found:
            if selection.type in (None, row.type) and (
                selection.site is None or _is_same_site(row.site, selection.site)
            ):
                of_collection = statement.where(rows.c.collection == row.collection)
                yield from connection.execute(of_collection.order_by(*order))


def _filtered(statement: sa.Select[Any], selection: Filter) -> sa.Select[Any]:
    if not selection.deleted:
        statement = statement.where(rows.c.deleted_at.is_(None))
    if selection.since is not None:
        statement = statement.where(rows.c.published >= selection.since)
    if selection.until is not None:
        statement = statement.where(rows.c.published < selection.until)
    return statement


def _is_same_site(site: str, given: str) -> bool:
    """Whether a user means the site with this key, with or without its scheme and last slash."""
    return site == given or _without_scheme(site) == _without_scheme(given)


def _without_scheme(site: str) -> str:
    return site.partition("://")[2].strip("/").lower() if "://" in site else site.strip("/").lower()
