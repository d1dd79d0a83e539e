"""The archive as a pipeline: it counts what it drops, and a run counts as delivered once all its files are complete."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.utils.test import get_crawler

from newsbot.archive import Archive, Recovered
from newsbot.errors import ArchiveError
from newsbot.feeds import files
from newsbot.items import Checkpoint, Post
from newsbot.pipelines.archive import ArchivePipeline, PageEnd, Unchanged
from newsbot.pipelines.feed_commit import FeedCommit

SITE = "https://news.example"


def post(number: int, **fields: Any) -> Post:
    return Post(site=SITE, type="post", id=number, **({"title": f"Title {number}"} | fields))


def checkpoint(sequence: int) -> Checkpoint:
    return Checkpoint(site=SITE, type="post", sequence=sequence, cursor={"date": "x"})


@pytest.fixture
def crawler() -> Crawler:
    return get_crawler()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}", run="ours", alive=lambda _: False)
    yield archive
    archive.close()


def stats(crawler: Crawler) -> dict[str, Any]:
    assert crawler.stats is not None
    return dict(crawler.stats.get_stats())


def test_unchanged_row_is_dropped_and_counted(crawler: Crawler, archive: Archive) -> None:
    pipeline = ArchivePipeline(crawler, archive)
    new = post(1)
    assert pipeline.process_item(new) is new
    with pytest.raises(PageEnd):
        pipeline.process_item(checkpoint(1))
    with pytest.raises(Unchanged):
        pipeline.process_item(post(1))
    assert stats(crawler) == {
        "newsbot/archive/new": 1,
        "newsbot/archive/unchanged": 1,
        "newsbot/counted_drops": {(SITE, "posts", "post"): {"unchanged": 1}},
    }


def test_recovered_row_is_delivered_and_counted_separately(crawler: Crawler, archive: Archive) -> None:
    pipeline = ArchivePipeline(crawler, archive)
    row = post(1)
    assert pipeline.process_item(Recovered(record=row)) is row
    counted = {"newsbot/archive/recovered": 1, "newsbot/recovered_rows": {(SITE, "posts", "post"): 1}}
    assert stats(crawler) == counted
    assert archive.state(SITE, "posts", "post").live == 0, "the run that died has archived it"


def test_missing_rows_are_counted_once_and_do_not_end_the_crawl(crawler: Crawler, archive: Archive) -> None:
    pipeline = ArchivePipeline(crawler, archive)
    pipeline.process_item(post(1))
    for sequence in (2, 3):
        with pytest.raises(PageEnd):
            pipeline.process_item(checkpoint(sequence))
    assert stats(crawler)["newsbot/archive/holes"] == 1
    assert "newsbot/archive/failed" not in stats(crawler)
    assert pipeline.process_item(post(2)).id == 2


class Engine:
    """Records the reason with which the spider is closed."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    async def close_spider_async(self, *, reason: str) -> None:
        self.reasons.append(reason)


def test_failing_archive_ends_the_crawl_and_stores_no_later_row(
    crawler: Crawler, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = crawler.engine = Engine()  # type: ignore[assignment]
    committed: list[Checkpoint] = []

    def fail(_: object) -> None:
        raise ArchiveError("no more room")

    async def crawl() -> None:
        pipeline = ArchivePipeline(crawler, archive)
        pipeline.process_item(post(1))
        with monkeypatch.context() as patched:
            patched.setattr(archive, "commit", fail)
            with pytest.raises(PageEnd):
                pipeline.process_item(checkpoint(1))
        with pytest.raises(DropItem, match="the archive failed"):
            pipeline.process_item(post(2))
        with monkeypatch.context() as patched:
            patched.setattr(archive, "commit", committed.append)
            with pytest.raises(PageEnd):
                pipeline.process_item(checkpoint(1))
        await asyncio.sleep(0)

    asyncio.run(crawl())
    assert (engine.reasons, committed) == (["archive"], [])
    assert stats(crawler) == {"newsbot/archive/new": 1, "newsbot/archive/failed": 1}
    assert archive.state(SITE, "posts", "post").cursor is None


class Delivery:
    """A run with one archived row and two complete feeds."""

    def __init__(self, crawler: Crawler, archive: Archive, folder: Path) -> None:
        self.archive, self.folder = archive, folder
        archive.runs.start("wp_posts")
        archive.outbox.enter()
        archive.add(post(1))
        archive.flush()
        self.feed_commit = FeedCommit(crawler, archive)
        self.feed_commit.spider_closed()
        self.parts = [files.PartFile(folder / name, run="20261123T101500Z-ab12") for name in ("a.jsonl", "b.csv")]

    def seal(self) -> None:
        for part, name in zip(self.parts, ("a.jsonl", "b.csv"), strict=True):
            part.seal()
            asyncio.run(self.feed_commit.feed_sealed(part.path, self.folder / name))

    def state(self) -> str:
        with self.archive.database.reading() as connection:
            return str(connection.exec_driver_sql("SELECT state FROM runs WHERE run = 'ours'").scalar_one())

    def next_run(self) -> tuple[list[Path], list[int]]:
        """The files that the next run renames, and the rows that the next run delivers for this run."""
        url = f"sqlite:///{self.folder / 'newsbot.db'}"
        heir = Archive.open(url, run="next", alive=lambda _: False)
        named = heir.outbox.finish_renames()
        rows = [row.record.id for row in heir.outbox.recover(SITE, "posts")]
        heir.close()
        return named, rows


def test_run_is_delivered_once_every_feed_is_stored(crawler: Crawler, archive: Archive, tmp_path: Path) -> None:
    run = Delivery(crawler, archive, tmp_path)
    run.seal()
    assert run.state() == "sealing"
    for part in run.parts:
        part.rename(part.path.with_name(part.path.name.split(".2026")[0].lstrip(".")))
        run.feed_commit.feed_stored()
    run.feed_commit.feeds_closed()
    assert run.state() == "delivered"
    assert run.next_run() == ([], [])


def test_next_run_renames_a_feed_that_could_not_be_renamed(crawler: Crawler, archive: Archive, tmp_path: Path) -> None:
    run = Delivery(crawler, archive, tmp_path)
    run.seal()
    run.parts[0].rename(tmp_path / "a.jsonl")
    run.feed_commit.feed_stored()
    run.feed_commit.feeds_closed()
    assert run.state() == "sealing", "one of two feeds is stored"
    assert run.next_run() == ([tmp_path / "b.csv"], [])


def test_next_run_delivers_the_rows_of_a_run_whose_feeds_were_refused(
    crawler: Crawler, archive: Archive, tmp_path: Path
) -> None:
    run = Delivery(crawler, archive, tmp_path)
    run.feed_commit.refuse()
    run.seal()
    assert not any(part.path.exists() for part in run.parts)
    run.feed_commit.feeds_closed()
    assert run.state() == "dead"
    assert run.next_run() == ([], [1])


def test_next_run_delivers_the_rows_of_a_run_whose_feed_failed(
    crawler: Crawler, archive: Archive, tmp_path: Path
) -> None:
    run = Delivery(crawler, archive, tmp_path)
    assert crawler.stats is not None
    crawler.stats.inc_value("feedexport/failed_count/FileStorage")
    run.feed_commit.feeds_closed()
    assert run.state() == "dead"
    assert run.next_run() == ([], [1])


def test_run_without_a_feed_is_delivered(crawler: Crawler, archive: Archive, tmp_path: Path) -> None:
    run = Delivery(crawler, archive, tmp_path)
    run.feed_commit.feeds_closed()
    assert run.state() == "delivered"
    assert run.next_run() == ([], [])
