"""The cost of the archive: ``python -m bench.archive [rows]`` (default 20,000), as ratios to a floor in the same run.

The floor is the least work that stores the same rows: one JSON text a row in one SQLite table, a commit each 100 rows.
"""

from __future__ import annotations

import argparse
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import sqlalchemy as sa

from newsbot.archive import Archive
from newsbot.archive.current_rows import has_guid
from newsbot.archive.reader import Filter, read_current
from newsbot.archive.schema import collections
from newsbot.items import Author, Checkpoint, Post, TermRef
from newsbot.wordpress.guids import guid_key
from newsbot.wordpress.questions import AskKnown

SITE = "https://news.example"
PAGE = 100
WORDS = [f"word{n}" for n in range(4_000)]


def posts(count: int, *, size: int) -> Iterator[Post]:
    """Articles of about ``size`` bytes of HTML."""
    pick = random.Random(7)
    for number in range(1, count + 1):
        text = " ".join(pick.choices(WORDS, k=size // 8))
        yield Post(
            site=SITE,
            type="post",
            id=number,
            guid=f"{SITE}/?p={number}",
            title=f"Title {number}",
            content_text=text,
            content_html="<p>" + text.replace(" word1", "</p><p>word1") + "</p>",
            published="2026-01-01T00:00:00Z",
            modified="2026-01-01T00:00:00Z",
            author=Author(id=1, name="Ann"),
            terms=[TermRef(taxonomy="category", id=3, name="News")],
        )


def timed(name: str, rows: int, work: Callable[[], object]) -> float:
    """CPU microseconds a row."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:<44}{cpu / rows * 1e6:10.1f} us CPU a row {rows / wall:12,.0f} rows/s")
    return cpu / rows * 1e6


def floor(path: Path, items: list[Post]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)")
    for start in range(0, len(items), PAGE):
        connection.execute("BEGIN")
        page = items[start : start + PAGE]
        connection.executemany("INSERT INTO rows VALUES (?, ?)", ((one.id, orjson.dumps(one)) for one in page))
        connection.execute("COMMIT")
    connection.close()


def take_in(archive: Archive, items: list[Post]) -> None:
    archive.state(SITE, "post")
    for number, one in enumerate(items, 1):
        archive.add(one)
        if number % PAGE == 0:
            archive.commit(Checkpoint(site=SITE, type="post", sequence=number, cursor={"id": number}))
    archive.flush()


def export(archive: Archive, path: Path) -> None:
    with path.open("wb", buffering=1 << 18) as file:
        for kept in read_current(archive.database, Filter()):
            file.write(kept.line())
            file.write(b"\n")


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def recognise(folder: Path, rows: int) -> None:
    """How fast the archive recognises known guids and ids among many rows. The rows are inserted by SQL, without
    articles."""
    archive = Archive.open(f"sqlite:///{folder / 'many.db'}", run="bench")
    archive.state(SITE, "post")
    with archive.database.writing() as connection:
        number = connection.execute(sa.select(collections.c.collection)).scalar_one()
        raw = connection.connection.driver_connection
        assert raw is not None
        insert = (
            "INSERT INTO rows (collection, id, kind, revision, content, fingerprint, guid, collision, twin, published,"
            " modified, first_seen, last_seen) VALUES (?, ?, 'posts', 1, 1, ?, ?, 0, 0, ?, ?, ?, ?)"
        )
        at = "2026-01-01T00:00:00Z"
        raw.executemany(
            insert,
            ((number, n, b"x" * 40, guid_key(f"{SITE}/?p={n}"), at, at, at, at) for n in range(1, rows + 1)),
        )
    pick = random.Random(3)
    pages = [pick.sample(range(1, rows + 1), PAGE) for _ in range(200)]
    keys = [[guid_key(f"{SITE}/?p={n}") or 0 for n in page] for page in pages]
    before = memory()

    def guids() -> None:
        for page in keys:
            assert all(has_guid(archive.database.reader, site=SITE, key=key) for key in page)

    def ids() -> None:
        for page in pages:
            assert len(archive.live.ids(AskKnown(site=SITE, type="post", ids=tuple(page)))) == PAGE

    timed(f"known guid among {rows:,}, by pages", PAGE * len(pages), guids)
    timed(f"known id among {rows:,}, by pages", PAGE * len(pages), ids)
    print(f"{'memory grown by it':<44}{memory() - before:10.1f} MiB")
    archive.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=20_000)
    parser.add_argument("--known", type=int, default=1_000_000, help="rows among which known ones are recognised")
    parser.add_argument("--size", type=int, default=11_000, help="bytes of HTML of an article")
    told = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, {datetime.now(UTC):%Y-%m-%d}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        items = list(posts(told.rows, size=told.size))
        base = timed("floor: JSON into one table", told.rows, lambda: floor(folder / "floor.db", items))
        archive = Archive.open(f"sqlite:///{folder / 'newsbot.db'}", run="bench")
        new = timed("archive, first sight", told.rows, lambda: take_in(archive, items))
        again = timed("archive, all unchanged", told.rows, lambda: take_in(archive, items))
        out = timed("export to JSON lines", told.rows, lambda: export(archive, folder / "out.jsonl"))
        archive.close()
        sizes = {path.name: path.stat().st_size / 2**20 for path in folder.iterdir()}
        print(f"first sight {new / base:.2f}x the floor, unchanged {again / base:.2f}x, export {out / base:.2f}x")
        print(", ".join(f"{name} {size:.0f} MiB" for name, size in sorted(sizes.items())))
        items.clear()
        recognise(folder, told.known)


if __name__ == "__main__":
    main()
