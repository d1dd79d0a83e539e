"""A crawl without a network, for the archive's tests: ``python -m tests.crawl.archive_spider JSON`` in any folder.

JSON: ``settings``, ``posts`` (how many), ``sites``, ``kill_at`` (at this row the process dies as by kill -9), ``lose``
(a pipeline loses this id), ``stop_at`` (at this row the crawl is stopped as by SIGTERM), ``pause`` (seconds a page),
``patience`` (PATIENCE_SECONDS of feed_commit). The crawl starts at the archive's cursor.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess

from newsbot.archive import archive_of
from newsbot.items import Checkpoint, Post
from newsbot.pipelines import feed_commit
from newsbot.wordpress.questions import CollectionState
from tests.crawl.feeds_spider import OURS
from tests.crawl.shipped import shipped

PER_PAGE = 10


class LosePipeline:
    """Loses a row silently, like a defect in a pipeline."""

    def __init__(self, lose: int) -> None:
        self.lose = lose

    @classmethod
    def from_crawler(cls, crawler: Any) -> LosePipeline:
        return cls(crawler.settings.getint("TEST_LOSE"))

    def process_item(self, item: Any) -> Any:
        if isinstance(item, Post) and item.id == self.lose:
            raise RuntimeError("lost")
        return item


class ArchiveSpider(Spider):
    name = "archived"
    item_class = Post

    def __init__(
        self, *, posts: int, sites: int = 1, kill_at: int = 0, stop_at: int = 0, edited: str = "",
        pause: float = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.pause = pause
        self.posts, self.sites, self.kill_at, self.stop_at = posts, sites, kill_at, stop_at
        self.edited = edited
        self.rows = 0

    async def start(self) -> AsyncIterator[Any]:
        yield Request("data:,", meta={"newsbot_seed": True})

    async def parse(self, response: Any) -> AsyncIterator[Any]:
        settings = self.crawler.settings
        archive = archive_of(self.crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"])
        for site in (f"https://{number}.example" for number in range(self.sites)):
            state = CollectionState()
            if archive is not None:
                assert archive.leases.take(site) is None
                for row in archive.outbox.recover(site, "posts"):
                    yield row
                state = archive.state(site, "post")
            async for item in self.walk(site, state):
                yield item

    async def walk(self, site: str, state: CollectionState) -> AsyncIterator[Any]:
        begin = (state.cursor or {}).get("id", 0)
        sequence = state.sequence if state.cursor else 0
        for first in range(begin + 1, self.posts + 1, PER_PAGE):
            await asyncio.sleep(self.pause)
            assert self.crawler.engine is not None
            assert self.crawler.engine._slot is not None
            if self.crawler.engine._slot.closing:
                return
            last = min(first + PER_PAGE - 1, self.posts)
            for number in range(first, last + 1):
                self.rows += 1
                if self.rows == self.kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)
                if self.rows == self.stop_at:
                    self.stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="shutdown"))
                    await asyncio.sleep(0)
                    return
                guid = f"https://gazette.press/?p={number}"
                title = f"Title {number}{self.edited}"
                yield Post(site=site, type="post", id=number, guid=guid, title=title, content_text="text")
            sequence += last - first + 1
            yield Checkpoint(site=site, type="post", sequence=sequence, cursor={"id": last})
        yield Checkpoint(site=site, type="post", sequence=sequence, cursor={"whole": True}, done=True)


ARCHIVED = {
    "NEWSBOT_ARCHIVE": "sqlite:///newsbot.db",
    "ITEM_PIPELINES_BASE": {
        "tests.crawl.archive_spider.LosePipeline": 100,
        "newsbot.pipelines.dedupe.DedupePipeline": 200,
        "newsbot.pipelines.archive.ArchivePipeline": 900,
    },
}


def main() -> None:
    options = json.loads(sys.argv[1])
    feed_commit.PATIENCE_SECONDS = options.pop("patience", feed_commit.PATIENCE_SECONDS)
    process = CrawlerProcess(shipped(OURS | ARCHIVED | options.pop("settings", {})))
    crawler = process.create_crawler(ArchiveSpider)
    process.crawl(crawler, **options)
    process.start()
    assert crawler.stats is not None
    stats = {key: value for key, value in crawler.stats.get_stats().items() if key.startswith("newsbot/")}
    stats.pop("newsbot/counted_drops", None)
    stats["reason"] = crawler.stats.get_value("finish_reason")
    print(json.dumps(stats), file=sys.stderr)


if __name__ == "__main__":
    main()
