"""Reading the archive out: one row after the other, in constant memory, as of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from newsbot.archive.database import Database
from newsbot.archive.diff import word_diff
from newsbot.archive.payloads import Standing, line_of, text_of, thaw
from newsbot.archive.schema import collections, revisions, rows
from newsbot.items import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows: of a site, a type, published in [since, until) (ISO, UTC); ``deleted`` lets tombstones in."""

    kind: str = "posts"
    site: str | None = None
    type: str | None = None
    since: str | None = None
    until: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A row as it is kept: ``line`` is the quick way out, ``record`` the whole item."""

    payload: bytes
    shape: int | None
    kind: str
    standing: Standing

    def line(self) -> bytes:
        return line_of(self.payload, self.standing, kind=self.kind, shape=self.shape)

    def record(self) -> Record:
        return thaw(self.payload, self.standing, kind=self.kind)


_of_row = (revisions.c.collection == rows.c.collection) & (revisions.c.id == rows.c.id)


def current(database: Database, asked: Filter) -> Iterator[Kept]:
    """The current rows, by site, type and id."""
    columns = (
        *(rows.c.revision, rows.c.first_seen, rows.c.last_seen, rows.c.deleted_at, rows.c.collision),
        *(revisions.c.payload, revisions.c.shape),
    )
    statement = sa.select(*columns).join(revisions, _of_row & (revisions.c.revision == rows.c.content))
    for row in _of_each_collection(database, statement, asked, (rows.c.id,)):
        change = "deleted" if row.deleted_at else "edited" if row.revision > 1 else "new"
        standing = Standing(row.revision, change, row.first_seen, row.last_seen, row.deleted_at, row.collision)
        yield Kept(row.payload, row.shape, asked.kind, standing)


def history(database: Database, asked: Filter) -> Iterator[bytes]:
    """Every revision of every row as a JSON line: the row as it was, ``changed`` and, of its text, ``word_diff``."""
    columns = (
        *(rows.c.id, rows.c.first_seen, rows.c.collision, revisions.c.revision, revisions.c.change),
        *(revisions.c.changed, revisions.c.seen, revisions.c.payload, revisions.c.shape),
    )
    statement = sa.select(*columns).join(revisions, _of_row)
    before: Any = None
    for row in _of_each_collection(database, statement, asked, (rows.c.id, revisions.c.revision)):
        same = before is not None and before.id == row.id and before.payload is not None
        content = row if row.payload is not None else before if same else None
        if content is None:
            continue
        gone = row.seen if row.change == "deleted" else None
        standing = Standing(row.revision, row.change, row.first_seen, row.seen, gone, row.collision)
        line = line_of(content.payload, standing, kind=asked.kind, shape=content.shape)
        told: dict[str, Any] = {"changed": (row.changed or "").split(",") if row.changed else []}
        told["word_diff"] = _diff(before.payload, row.payload) if same and "text" in told["changed"] else None
        yield line[:-1] + b"," + orjson.dumps(told)[1:]
        before = row if row.payload is not None else before


def kind_of(database: Database, type_: str | None) -> str:
    """The kind of rows a type has; posts where nothing is known of it."""
    if type_ is None:
        return "posts"
    asked = sa.select(rows.c.kind).join(collections, collections.c.collection == rows.c.collection)
    with database.reading() as connection:
        return connection.execute(asked.where(collections.c.type == type_).limit(1)).scalar() or "posts"


def _diff(before: bytes, after: bytes) -> str:
    return word_diff(text_of(before).get("content_text") or "", text_of(after).get("content_text") or "")


def _of_each_collection(
    database: Database, statement: sa.Select[Any], asked: Filter, order: tuple[Any, ...]
) -> Iterator[sa.Row[Any]]:
    """The statement's rows, a collection at a time: in the order of the key, so that no database has to sort."""
    statement = statement.where(rows.c.kind == asked.kind, rows.c.twin.is_(False))
    if not asked.deleted:
        statement = statement.where(rows.c.deleted_at.is_(None))
    if asked.since is not None:
        statement = statement.where(rows.c.published >= asked.since)
    if asked.until is not None:
        statement = statement.where(rows.c.published < asked.until)
    listed = sa.select(collections.c.collection, collections.c.site, collections.c.type)
    with database.streaming() as connection:
        chosen = [
            one.collection
            for one in connection.execute(listed.order_by(collections.c.site, collections.c.type)).all()
            if (asked.type is None or one.type == asked.type) and (asked.site is None or _same(one.site, asked.site))
        ]
        for collection in chosen:
            yield from connection.execute(statement.where(rows.c.collection == collection).order_by(*order))


def _same(site: str, asked: str) -> bool:
    """Whether a site's key is the one a user wrote, with or without its scheme and last slash."""
    return site == asked or _bare(site) == _bare(asked)


def _bare(site: str) -> str:
    return site.partition("://")[2].strip("/").lower() if "://" in site else site.strip("/").lower()
