"""Reading rows from the archive: the current rows, in today's columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
import zstandard

from newsbot.archive import Archive
from newsbot.archive.reader import Filter, read_current
from newsbot.archive.schema import revisions
from newsbot.items import Checkpoint, Post, columns

SITE = "https://news.example"


def post(number: int, **fields: Any) -> Post:
    values: dict[str, Any] = {"title": f"Title {number}", "published": f"2026-01-{number:02d}T00:00:00Z"}
    return Post(site=SITE, type="post", id=number, **(values | fields))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Posts 1 to 5: the first two share a guid, 3 is deleted, 4 is a copy of another site's post."""
    archive = Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}", run="run-1")
    archive.add(post(1, guid="x"))
    archive.add(post(2, guid="x", guid_collision=True))
    archive.add(post(3))
    archive.add(post(4, duplicate_of="https://other.example post 4"))
    archive.add(post(5))
    archive.commit(Checkpoint(site=SITE, type="post", sequence=5, cursor={"date": "x"}))
    gone = archive.tombstone(SITE, "post", 3, "2026-11-23T10:00:00Z")
    assert gone is not None
    archive.add(gone)
    archive.flush()
    yield archive
    archive.close()


def lines(archive: Archive, **asked: Any) -> list[dict[str, Any]]:
    return [orjson.loads(kept.line()) for kept in read_current(archive.database, Filter(**asked))]


def test_live_rows_are_read_in_the_columns_of_a_crawl(archive: Archive) -> None:
    rows = lines(archive)
    assert [row["id"] for row in rows] == [1, 2, 4, 5]
    assert all(tuple(row) == columns(Post) for row in rows)
    assert [row["guid_collision"] for row in rows] == [True, True, False, False]
    assert [orjson.loads(orjson.dumps(kept.record())) for kept in read_current(archive.database, Filter())] == rows


def test_deleted_rows_are_read_on_request(archive: Archive) -> None:
    rows = lines(archive, deleted=True)
    assert [(row["id"], row["change"], row["deleted_at"]) for row in rows] == [
        (1, "new", None),
        (2, "new", None),
        (3, "deleted", "2026-11-23T10:00:00Z"),
        (4, "new", None),
        (5, "new", None),
    ]


def test_window_includes_its_start_and_excludes_its_end(archive: Archive) -> None:
    window = {"since": "2026-01-02T00:00:00Z", "until": "2026-01-05T00:00:00Z"}
    assert [row["id"] for row in lines(archive, **window)] == [2, 4]


def test_row_of_an_older_version_gets_the_current_columns(archive: Archive) -> None:
    older = {"site": SITE, "type": "post", "id": 1, "title": "Old", "column_of_that_version": 1}
    payload = zstandard.ZstdCompressor().compress(orjson.dumps(older))
    with archive.database.writing() as connection:
        connection.execute(sa.update(revisions).where(revisions.c.id == 1).values(shape=1, payload=payload))
    row = lines(archive)[0]
    assert tuple(row) == columns(Post)
    assert (row["title"], row["change"], row["truncated"]) == ("Old", "new", None)
