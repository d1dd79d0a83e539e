"""The storage of a feed: when the file is renamed, what waits for it, and how a failure is reported."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import FileFeedStorage
from scrapy.utils.test import get_crawler

from newsbot import signals
from newsbot.feeds.files import FeedError, FolderLock
from newsbot.feeds.storages import FileStorage
from newsbot.pipelines.whole_files import begin_anew

RUN = "20261123T101500Z-ab12"


@pytest.fixture
def crawler() -> Crawler:
    return get_crawler(settings_dict={"NEWSBOT_RUN": RUN})


class Stored:
    """A feed with ``rows``, before it is stored."""

    def __init__(self, crawler: Crawler, target: Path, rows: bytes, *, overwrite: bool = False) -> None:
        options = {"overwrite": overwrite, "format": target.suffix.lstrip(".")}
        self.storage = FileStorage.from_crawler(crawler, str(target), feed_options=options)
        self.file = self.storage.open(cast("Any", None))
        self.file.write(rows)

    async def store(self) -> None:
        await self.storage._store(cast("Any", self.file))


def stat(crawler: Crawler, name: str) -> Any:
    assert crawler.stats is not None
    return crawler.stats.get_value(f"newsbot/feeds/{name}")


def test_appender_waits_for_an_earlier_appender(crawler: Crawler, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_bytes(b"old\n")
    late = Stored(crawler, target, b"late\n")

    async def run() -> None:
        with FolderLock(tmp_path) as first:
            assert first.take()
            storing = asyncio.ensure_future(late.store())
            await asyncio.sleep(0.1)
            assert not storing.done()
            target.write_bytes(b"old\nfirst\n")
        await storing

    asyncio.run(run())
    assert target.read_bytes() == b"old\nfirst\nlate\n"


def test_appenders_of_one_file_keep_each_others_rows(crawler: Crawler, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    appenders = [Stored(crawler, target, b"%d\n" % number) for number in range(4)]

    async def run() -> None:
        await asyncio.gather(*(appender.store() for appender in appenders))

    asyncio.run(run())
    assert sorted(target.read_bytes().split()) == [b"0", b"1", b"2", b"3"]
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert stat(crawler, "stored") == 4


def test_removed_part_file_gives_one_line(crawler: Crawler, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    target = tmp_path / "out.jsonl"
    target.write_bytes(b"old\n")
    stored = Stored(crawler, target, b"new\n", overwrite=True)
    assert stored.storage.part is not None
    part = stored.storage.part.path

    def take_back(**_: Any) -> None:
        part.unlink()

    crawler.signals.connect(take_back, signals.feed_sealed)
    with pytest.raises(FeedError, match="the archive failed"):
        asyncio.run(stored.store())
    assert target.read_bytes() == b"old\n"
    assert [record.getMessage() for record in caplog.records] == [
        f"The feed {target} cannot be written: the archive failed. The next run delivers the rows"
    ]
    assert (stat(crawler, "failed"), stat(crawler, "stored")) == (1, None)


def test_traceback_of_a_failed_feed_becomes_one_line(caplog: pytest.LogCaptureFixture) -> None:
    scrapys = logging.getLogger("scrapy.extensions.feedexport")
    for failure in (FeedError("the disk is full"), ValueError("a fault of ours")):
        try:
            raise failure
        except (FeedError, ValueError):
            scrapys.exception("Error storing %s", "out.jsonl")
    foreseen, unforeseen = caplog.records
    assert (foreseen.getMessage(), foreseen.exc_info) == ("Error storing out.jsonl: the disk is full", None)
    assert unforeseen.exc_info is not None


def test_first_write_error_is_logged_once_and_ends_the_feed(
    crawler: Crawler, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target = tmp_path / "out.jsonl"
    stored = Stored(crawler, target, b"new\n")

    class Full:
        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            part.file.close()

    assert stored.storage.part is not None
    part, stored.file.file = stored.storage.part, Full()  # type: ignore[attr-defined]
    for _ in range(3):
        assert stored.file.write(b"row\n") == 4
    assert [record.getMessage() for record in caplog.records] == [
        f"The feed {target} cannot be written: No space left on device"
    ]
    with pytest.raises(FeedError, match="No space left on device"):
        asyncio.run(stored.store())
    assert (target.exists(), part.path.exists(), stat(crawler, "failed")) == (False, False, 1)


def test_feed_in_a_storage_of_the_user_is_not_restarted(tmp_path: Path) -> None:
    slots = {}
    for storage in (FileStorage(str(tmp_path / "rows.jsonl")), FileFeedStorage(str(tmp_path / "own"))):
        slot = SimpleNamespace(_fileloaded=True, storage=storage, itemcount=1, finish_exporting=lambda: None)
        if isinstance(storage, FileStorage):
            storage.open(cast(Any, None))
        slots[type(storage)] = begin_anew(cast(Any, slot)), slot.itemcount
    assert slots == {FileStorage: (True, 0), FileFeedStorage: (False, 1)}
