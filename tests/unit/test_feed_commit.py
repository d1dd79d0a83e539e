"""Runs that write to one file: the rows of a run that died come first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy.utils.test import get_crawler

from newsbot.archive import Archive, Feed
from newsbot.feeds import FileStorage
from newsbot.pipelines.feed_commit import FeedCommit
from newsbot.signals import feed_turn

URL = "sqlite:///{}/newsbot.db"


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive.open(URL.format(tmp_path), run="ours", alive=lambda _: False)
    yield archive
    archive.close()


def die_sealing(folder: Path, target: Path) -> None:
    """A run that appends to the file, and dies after its seal is written."""
    dead = Archive.open(URL.format(folder), run="dead")
    dead.runs.start("wp_posts")
    part = folder / ".out.part"
    part.write_text(target.read_text() + "theirs\n")
    dead.outbox.sealing([Feed(part, target)])
    dead.close()


def store(archive: Archive, target: Path, *, overwrite: bool) -> None:
    """The steps of a run for its feed at its end."""
    crawler = get_crawler(settings_dict={"NEWSBOT_RUN": "20261123T101500Z-ab12"})
    feed_commit = FeedCommit(crawler, archive)
    crawler.signals.connect(feed_commit.feed_turn, feed_turn)
    storage = FileStorage.from_crawler(crawler, str(target), feed_options={"overwrite": overwrite, "format": "jsonl"})
    file = storage.open(None)  # type: ignore[arg-type]
    file.write(b"ours\n")
    asyncio.run(storage._store(file))  # type: ignore[arg-type]


@pytest.mark.parametrize(("overwrite", "stands"), [(False, "old\ntheirs\nours\n"), (True, "ours\n")])
def test_files_of_a_run_that_died_while_sealing_do_not_replace_later_files(
    ours: Archive, tmp_path: Path, overwrite: bool, stands: str
) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("old\n")
    # The other run dies during this run. When this run began, there was no dead run.
    ours.outbox.finish_renames()
    die_sealing(tmp_path, target)
    store(ours, target, overwrite=overwrite)
    assert ours.outbox.finish_renames() == []
    assert target.read_text() == stands
