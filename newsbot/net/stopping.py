"""Tells whether the crawl is being stopped, also to code that waits, and whether a stopped crawl is repeated without
the user."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from scrapy.core.engine import ExecutionEngine
from scrapy.crawler import Crawler

from newsbot.net.refusals import CrawlStopping

POLL_SECONDS = 0.2


def is_stopping(crawler: Crawler) -> bool:
    """Whether the crawl is being stopped, or has not begun."""
    engine = crawler.engine
    if engine is None or not engine.running or _is_closing(engine):
        return True
    # The archive pipeline stops the crawl in the next turn of the event loop.
    return crawler.stats is not None and bool(crawler.stats.get_value("newsbot/archive/failed"))


def resumes(crawler: Crawler) -> bool:
    """Whether a stopped crawl of a site is repeated without the user, as in a worker of a fleet."""
    return bool(getattr(crawler.spider, "resumes", False))


def _is_closing(engine: ExecutionEngine) -> bool:
    # engine.running stays True when CLOSESPIDER_* ends the crawl. The private slot shows every way in which a crawl
    # ends.
    return engine._slot is None or engine._slot.closing is not None


class Stopping:
    """Watches the engine while requests wait, since Scrapy sends the signal of a stop only after every request has
    ended.

    ``on_stop`` is called once the crawl is being stopped.
    """

    def __init__(self, crawler: Crawler, on_stop: Callable[[], None]) -> None:
        self._crawler = crawler
        self._on_stop = on_stop
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        assert self._crawler.engine is not None
        return _is_closing(self._crawler.engine)

    def check(self) -> None:
        """Raise CrawlStopping if the crawl is being stopped."""
        if self:
            raise CrawlStopping("the crawl is stopping")

    async def sleep(self, seconds: float) -> None:
        """Sleep. Raises CrawlStopping as soon as the crawl is being stopped."""
        ends = asyncio.get_running_loop().time() + seconds
        while (left := ends - asyncio.get_running_loop().time()) > 0:
            self.check()
            await asyncio.sleep(min(left, POLL_SECONDS))
        self.check()

    def watch(self) -> None:
        """Note that a request begins to wait. ``unwatch`` must follow."""
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
            self._on_stop()
        if self._waiting:
            self._poll_later()
