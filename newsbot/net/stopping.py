"""Notices that the crawl is being stopped, for those who sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from scrapy.crawler import Crawler

from newsbot.net.refusals import CrawlStopping

POLL_SECONDS = 0.2


class Stopping:
    """Scrapy tells nobody that it closes before every request has ended; so while someone waits, the engine is asked.

    ``engine.running`` misses CLOSESPIDER_*; the private ``engine._slot.closing`` covers every way to stop.
    """

    def __init__(self, crawler: Crawler, told: Callable[[], None]) -> None:
        self._crawler = crawler
        self._told = told
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        engine = self._crawler.engine
        return engine._slot is None or engine._slot.closing is not None

    def check(self) -> None:
        """Raise CrawlStopping if the crawl is stopping."""
        if self:
            raise CrawlStopping("the crawl is stopping")

    async def sleep(self, seconds: float) -> None:
        """Sleep, but not beyond the crawl's end: raises CrawlStopping then."""
        ends = asyncio.get_running_loop().time() + seconds
        while (left := ends - asyncio.get_running_loop().time()) > 0:
            self.check()
            await asyncio.sleep(min(left, POLL_SECONDS))
        self.check()

    def watch(self) -> None:
        """Someone waits: ``told`` is called once the crawl is stopping."""
        self._waiting += 1
        if self._timer is None:
            self._poll_later()

    def unwatch(self) -> None:
        self._waiting -= 1

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _poll_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        self._timer = None
        if self:
            self._told()
        if self._waiting:
            self._poll_later()
