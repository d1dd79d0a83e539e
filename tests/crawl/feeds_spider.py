"""A crawl without a network, for the feeds' tests: ``python -m tests.crawl.feeds_spider JSON`` in any folder.

JSON: ``settings``, ``posts`` (how many), ``pause`` (seconds between them), ``kill_at`` (at this post it dies as by
kill -9).
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

from newsbot.feeds import feed_failed, feed_sealed, feed_stored
from newsbot.items import Checkpoint, Post

SETTINGS = {
    "ADDONS": {"newsbot.feeds.FeedDefaults": 100},
    "FEED_EXPORTERS": {
        "jsonl": "newsbot.feeds.JsonLinesExporter",
        "jsonlines": "newsbot.feeds.JsonLinesExporter",
        "jl": "newsbot.feeds.JsonLinesExporter",
        "json": "newsbot.feeds.JsonExporter",
        "csv": "newsbot.feeds.CsvExporter",
        "xml": "newsbot.feeds.XmlExporter",
        "marshal": None,
        "pickle": None,
    },
    "FEED_STORAGES": {
        "": "newsbot.feeds.FileStorage",
        "file": "newsbot.feeds.FileStorage",
        "stdout": "newsbot.feeds.StdoutStorage",
        "s3": None,
        "gs": None,
        "ftp": None,
        "ftps": None,
    },
    "FEED_URI_PARAMS": "newsbot.feeds.uri_params",
    "NEWSBOT_DATA": "data",
    "TELNETCONSOLE_ENABLED": False,
    "LOG_LEVEL": "INFO",
}


class FeedsSpider(Spider):
    name = "feeds"
    item_class = Post

    def __init__(self, *, posts: int = 3, pause: float = 0.0, kill_at: int = -1) -> None:
        super().__init__()
        self.posts, self.pause, self.kill_at = posts, pause, kill_at

    async def start(self) -> AsyncIterator[Any]:
        yield Request("data:,")

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
    told = json.loads(sys.argv[1])
    process = CrawlerProcess({**SETTINGS, **told.pop("settings", {})})
    crawler = process.create_crawler(FeedsSpider)
    log: list[Any] = []

    def on_sealed(sealed: Any) -> None:
        log.append(["sealed", sealed.target.name, sealed.stored()])

    def on_stored(sealed: Any) -> None:
        log.append(["stored", sealed.target.name, sealed.stored()])

    def on_failed(uri: str, error: str) -> None:
        log.append(["failed", uri, error])

    crawler.signals.connect(on_sealed, feed_sealed)
    crawler.signals.connect(on_stored, feed_stored)
    crawler.signals.connect(on_failed, feed_failed)
    process.crawl(crawler, **told)
    process.start()
    assert crawler.stats is not None
    stats = {key: value for key, value in crawler.stats.get_stats().items() if "feed" in key}
    print(json.dumps({"signals": log, "stats": stats}), file=sys.stderr)


if __name__ == "__main__":
    main()
