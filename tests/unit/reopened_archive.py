"""An archive on SQLite that tests open again and again, with a clock of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsbot.archive import Archive
from newsbot.items import Author, Checkpoint, FeaturedImage, Post, TermRef

SITE = "https://news.example"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def post(number: int, **fields: Any) -> Post:
    values: dict[str, Any] = {
        "title": f"Title {number}",
        "content_text": f"Text of {number}",
        "content_html": f"<p>Text of {number}</p>",
        "guid": f"{SITE}/?p={number}",
        "published": f"2026-01-01T00:00:{number % 60:02d}Z",
        "modified": "2026-02-01T00:00:00Z",
        "author": Author(id=1, name="Ann"),
        "terms": [TermRef(taxonomy="category", id=3, name="News")],
        "image": FeaturedImage(id=9, url="https://news.example/9.jpg"),
    }
    return Post(site=SITE, type="post", id=number, **(values | fields))


def checkpoint(sequence: int, **fields: Any) -> Checkpoint:
    return Checkpoint(site=SITE, type="post", sequence=sequence, **({"cursor": {"date": "x"}} | fields))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "empty.db"
    Archive.open(f"sqlite:///{path}").close()
    return path


Open = Callable[..., Archive]


@pytest.fixture
def reopen(tmp_path: Path, empty_archive: Path, clock: Clock) -> Iterator[Open]:
    path = tmp_path / "newsbot.db"
    shutil.copy(empty_archive, path)
    opened: list[Archive] = []

    def open_(run: str = "run-1", **options: Any) -> Archive:
        archive = Archive.open(f"sqlite:///{path}", run=run, clock=clock, **options)
        opened.append(archive)
        return archive

    yield open_
    for archive in opened:
        archive.close()
