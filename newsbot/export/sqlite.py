"""``.db``: a database of SQLite with plain columns, full-text search and views, ready for Datasette."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any, cast

import orjson
from sqlite_utils import Database

from newsbot.archive.reader import read_changes
from newsbot.export.datasette import metadata
from newsbot.export.reading import ExportTarget, Reading, Written
from newsbot.feeds.column_types import Misfit, type_of, typed
from newsbot.feeds.rows import table, value_of
from newsbot.items import CLASSES
from newsbot.safe_json import json_bytes, without_surrogates

SEARCHED = {
    "posts": ["title", "excerpt", "content_text"],
    "comments": ["content_text"],
    "media": ["title", "alt", "caption", "description"],
    "terms": ["name", "description"],
    "users": ["name", "description"],
}
"""Kind -> the columns that full-text search covers."""

LEFT_OUT = frozenset({"raw"})
"""Columns that are of no use beside plain columns."""

KEY = ("site", "type", "id")

_INDEXED = {
    "posts": ("published", "month", "modified", "author_name", "language", "url"),
    "comments": ("published", "month", "post"),
    "media": ("published", "month", "post", "mime"),
    "terms": ("slug", "name"),
    "users": ("slug", "name"),
}

_VIEWS = {
    "authors": (
        "posts",
        "SELECT site, author_id, author_name, author_slug, count(*) AS posts, min(published) AS first_published, "
        "max(published) AS last_published, sum(word_count) AS words FROM posts "
        "GROUP BY site, coalesce(author_id, author_name) ORDER BY posts DESC",
    ),
    "terms_of_posts": (
        "posts",
        "SELECT site, taxonomy, term_id, name, post_terms.slug, count(*) AS posts, max(published) AS last_published "
        "FROM post_terms JOIN posts USING (site, type, id) "
        "GROUP BY site, taxonomy, coalesce(term_id, name) ORDER BY posts DESC",
    ),
    "latest_changes": (
        "posts",
        "SELECT changes.seen, changes.change, changes.changed, changes.site, changes.type, changes.id, "
        "changes.revision, posts.title, posts.url FROM changes "
        "LEFT JOIN posts USING (site, type, id) WHERE changes.kind = 'posts' ORDER BY changes.seen DESC",
    ),
}
"""View -> the table that it needs, and its statement."""

_TYPES = {"whole": "INTEGER", "number": "REAL", "truth": "INTEGER"}


def write_sqlite(target: ExportTarget, reading: Reading) -> Written:
    """Write a table for each kind, the terms of posts, all changes, the indexes of the search, and the views.

    Raises OSError where SQLite cannot write the file, as on a full disk.
    """
    try:
        return _written(target, reading)
    except sqlite3.OperationalError as error:
        raise OSError(errno.EIO, str(error)) from None


def _written(target: ExportTarget, reading: Reading) -> Written:
    written = 0
    with closing(sqlite3.connect(target.part)) as connection:
        # The file does not have its final name yet. After a failure it is removed.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        database = Database(connection)
        counts = {kind: _write_kind(database, kind, reading) for kind in reading.kinds}
        written = sum(counts.values())
        _write_changes(database, reading)
        if reading.selection.scope is not None:
            _leave_out_changes(database, reading.selection.kind)
        for kind in reading.kinds if reading.keep is not None else ():
            _leave_out_changes(database, kind)
        for kind in reading.kinds:
            _index(database, kind)
        for name, (needed, statement) in _VIEWS.items():
            if needed in reading.kinds:
                database.create_view(name, statement)
        # SQLite counts the values of each index. Datasette's facets and filters choose their index by these counts.
        connection.execute("ANALYZE")
        connection.commit()
    name = target.name.removesuffix(".db")
    described = metadata(name, reading.kinds, reading.selection.site)
    content = json_bytes(described, option=orjson.OPT_INDENT_2)[0] + b"\n"
    return Written(rows=written, beside={f"{name}.metadata.json": content})


def _write_kind(database: Database, kind: str, reading: Reading) -> int:
    columns = [column for column in table(cast(Any, CLASSES[kind])) if column.field not in LEFT_OUT]
    types = {column.name: type_of(CLASSES[kind], column) for column in columns}
    declared = ", ".join(f'"{name}" {_TYPES.get(found.name, "TEXT")}' for name, found in types.items())
    connection = database.conn
    # A facet by day would have too many values.
    month = ", month TEXT GENERATED ALWAYS AS (substr(published, 1, 7)) VIRTUAL" if "published" in types else ""
    connection.execute(f'CREATE TABLE "{kind}" ({declared}{month}, PRIMARY KEY ({", ".join(KEY)}))')
    places = ", ".join("?" * len(columns))
    names = ", ".join(f'"{column.name}"' for column in columns)
    insert = f'INSERT INTO "{kind}" ({names}) VALUES ({places})'  # noqa: S608 (the names are those of a class)
    if kind == "posts":
        connection.execute(
            "CREATE TABLE post_terms (site TEXT, type TEXT, id INTEGER, taxonomy TEXT, term_id INTEGER, "
            "slug TEXT, name TEXT)"
        )
    written = 0
    for record in reading.records(kind):
        cells = [_cell(value_of(record, column), types[column.name]) for column in columns]
        connection.execute(insert, cells)
        if kind == "posts":
            connection.executemany("INSERT INTO post_terms VALUES (?, ?, ?, ?, ?, ?, ?)", _terms(record))
        written += 1
    return written


def _terms(post: Any) -> Iterator[tuple[Any, ...]]:
    for term in post.terms:
        cells = (post.site, post.type, post.id, term.taxonomy, term.id, term.slug, term.name)
        yield tuple(_plain(cell) for cell in cells)


def _write_changes(database: Database, reading: Reading) -> None:
    database.conn.execute(
        "CREATE TABLE changes (kind TEXT, site TEXT, type TEXT, id INTEGER, revision INTEGER, change TEXT, "
        "changed TEXT, seen TEXT, PRIMARY KEY (kind, site, type, id, revision))"
    )
    for kind in reading.kinds:
        # A deletion is a change, whether or not the file has deleted rows.
        found = read_changes(reading.database, replace(reading.of_kind(kind), deleted=True))
        database.conn.executemany(
            "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    kind,
                    event.site,
                    event.type,
                    event.id,
                    event.revision,
                    event.change,
                    ",".join(event.changed) or None,
                    event.seen,
                )
                for event in found
            ),
        )


def _leave_out_changes(database: Database, kind: str) -> None:
    """Delete the changes of rows that are not in the file. Whether a row is in the file depends on its content."""
    same_row = "(held.site, held.type, held.id) = (changes.site, changes.type, changes.id)"
    held = f'SELECT 1 FROM "{kind}" AS held WHERE {same_row}'  # noqa: S608 (the kind is one of KINDS)
    database.conn.execute(f"DELETE FROM changes WHERE kind = ? AND NOT EXISTS ({held})", (kind,))  # noqa: S608


def _index(database: Database, kind: str) -> None:
    rows = database.table(kind)
    rows.enable_fts(SEARCHED[kind], fts_version="FTS5", tokenize="unicode61 remove_diacritics 2")
    for column in _INDEXED[kind]:
        rows.create_index([column])
    if kind == "posts":
        database.table("post_terms").create_index(["site", "type", "id"])
        database.table("post_terms").create_index(["taxonomy", "name"])
        database.table("changes").create_index(["seen"])


def _cell(value: Any, wanted: Any) -> Any:
    """The value as SQLite keeps it: lists, structs and mappings are JSON, times are text as in all formats."""
    if wanted.name in ("time", "local", "text"):
        return _plain(value)
    try:
        found = typed(value, wanted)
    except Misfit:
        return None
    if found is None or isinstance(found, bool | int | float | str):
        return found
    return json_bytes(value)[0].decode()


def _plain(value: Any) -> Any:
    if value is None or (isinstance(value, int) and -(2**63) <= value < 2**63):
        return value
    return without_surrogates(str(value))
