"""A crawl without a network, for the feeds' tests: ``python -m tests.crawl.feeds_spider JSON`` in any folder.

JSON: ``settings``, ``posts`` (how many), ``pause`` (seconds between them), ``kill_at`` (at this post the process dies
by kill -9).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess

from newsbot.items import Checkpoint, Post
from newsbot.signals import feed_sealed, feed_stored
from tests.crawl.shipped import shipped

OURS: dict[str, Any] = {
    "NEWSBOT_DATA": "data",
    "NEWSBOT_ARCHIVE": "",
    "ITEM_PIPELINES_BASE": {},
    "EXTENSIONS": {
        "newsbot.extensions.receipt.ReceiptExtension": None,
        "newsbot.extensions.history.HistoryExtension": None,
    },
}
"""Feeds only: no row is cleaned or archived, and no receipt is written."""


class FeedsSpider(Spider):
    name = "feeds"
    item_class = Post

    def __init__(self, *, posts: int = 3, pause: float = 0.0, kill_at: int = -1) -> None:
        super().__init__()
        self.posts, self.pause, self.kill_at = posts, pause, kill_at

    async def start(self) -> AsyncIterator[Any]:
        yield Request("data:,", meta={"newsbot_seed": True})

    async def parse(self, response: Any) -> AsyncIterator[Any]:
        for number in range(self.posts):
            if number == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            assert self.crawler.engine is not None
            assert self.crawler.engine._slot is not None
            if self.crawler.engine._slot.closing:
                return
            yield Post(site="https://a.example", type="post", id=number, title=f"={number}")
            await asyncio.sleep(self.pause)
        yield Checkpoint(site="https://a.example", type="post", sequence=self.posts)


def main() -> None:
    options = json.loads(sys.argv[1])
    process = CrawlerProcess(shipped(OURS | options.pop("settings", {})))
    crawler = process.create_crawler(FeedsSpider)
    log: list[Any] = []

    def on_sealed(target: Path) -> None:
        log.append(["sealed", target.name, target.exists()])

    def on_stored(target: Path) -> None:
        log.append(["stored", target.name, target.exists()])

    crawler.signals.connect(on_sealed, feed_sealed)
    crawler.signals.connect(on_stored, feed_stored)
    process.crawl(crawler, **options)
    process.start()
    assert crawler.stats is not None
    stats = {key: value for key, value in crawler.stats.get_stats().items() if "feed" in key}
    print(json.dumps({"signals": log, "stats": stats}), file=sys.stderr)


if __name__ == "__main__":
    main()
