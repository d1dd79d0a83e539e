"""What the archive knows about hosts, for the middlewares. A thread of its own reads and writes it.

The event loop never waits for the database. The thread executes one order after the other, so the facts from an answer
are written before the next request asks for permission.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from scrapy.crawler import Crawler

from newsbot.archive.database import is_absent
from newsbot.archive.hosts import Hosts
from newsbot.errors import ArchiveError
from newsbot.net.refusals import CrawlStopping
from newsbot.politeness.known import LONGEST_HOLD, KnownRobots, Turn
from newsbot.signals import archive_failed

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class HostMemory:
    """The memory of hosts in the archive. Without an archive nothing is known, and nothing is stored."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._url: str = crawler.settings.get("NEWSBOT_ARCHIVE") or ""
        self._hosts: Hosts | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._pauses: dict[str, float] = {}

    async def take_turn(self, host: str, *, delay: float, penalty: float) -> Turn:
        """See ``Hosts.take_turn``. Raises CrawlStopping if the archive fails, which ends the crawl."""
        nothing = Turn(wait=0.0, penalty=penalty)
        return await self._ask(lambda hosts: hosts.take_turn(host, delay=delay, penalty=penalty), nothing)

    def learn(
        self, host: str, *, penalty: float, hold: float = 0.0, failed_for: float | None = None, started: float = 0.0
    ) -> None:
        """See ``Hosts.learn``. Returns at once; the next turn is taken after this is written."""
        if pause := max(hold, failed_for or 0.0):
            now = time.time()
            self._pauses = {name: until for name, until in self._pauses.items() if until > now}
            self._pauses[host] = max(self._pauses.get(host, 0.0), now + min(pause, LONGEST_HOLD))
        elif failed_for is not None:
            self._pauses.pop(host, None)
        learnt = {"penalty": penalty, "hold": hold, "failed_for": failed_for, "started": started}
        self._order(lambda hosts: hosts.learn(host, **learnt), None)  # type: ignore[arg-type]

    def paused_until(self, host: str) -> float:
        """The time before which this run makes no request to ``host``, in seconds since 1970; 0.0 for no pause. The
        archive may not know it yet."""
        return self._pauses.get(host, 0.0)

    async def robots(self, origin: str) -> KnownRobots | None:
        """The last answer for a robots.txt. Raises CrawlStopping if the archive fails."""
        return await self._ask(lambda hosts: hosts.robots(origin), None)

    def learn_robots(self, origin: str, *, status: int, body: bytes = b"", failures: int = 0, why: str = "") -> None:
        known = KnownRobots(fetched=time.time(), status=status, body=body, failures=failures, why=why)
        self._order(lambda hosts: hosts.learn_robots(origin, known), None)

    async def close(self) -> None:
        """Wait until all orders are written, and end the thread."""
        thread, self._thread = self._thread, None
        self._url = ""
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._close)
            thread.shutdown()

    async def _ask(self, question: Callable[[Hosts], Answer], nothing: Answer) -> Answer:
        order = self._order(question, nothing)
        if order is None:
            return nothing
        try:
            return await asyncio.wrap_future(order)
        except ArchiveError as error:
            raise CrawlStopping(f"the crawl stops: {error}") from error

    def _order(self, question: Callable[[Hosts], Answer], nothing: Answer) -> Future[Answer] | None:
        """Give an order to the thread. None where there is no archive."""
        if not self._url:
            return None
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="hosts")
        # Each order contains the address of the archive: orders may still wait after close() was called.
        order = self._thread.submit(self._answer, self._url, question, nothing)
        loop = asyncio.get_running_loop()
        order.add_done_callback(lambda done: _in_loop(loop, self._report, done))
        return order

    def _answer(self, url: str, question: Callable[[Hosts], Answer], nothing: Answer) -> Answer:
        """Runs in the thread."""
        if self._hosts is None:
            if is_absent(url):
                # A command that only reads a page must not create an archive.
                return nothing
            self._hosts = Hosts.open(url, clock=time.time)
        return question(self._hosts)

    def _close(self) -> None:
        """Runs in the thread: SQLite's connections belong to it."""
        if self._hosts is not None:
            self._hosts.close()

    def _report(self, order: Future[Any]) -> None:
        error = order.exception()
        if isinstance(error, ArchiveError):
            self._crawler.signals.send_catch_log(archive_failed, error=error)
        elif error is not None:
            logger.error("newsbot could not use what it knows about hosts: %r", error)


def _in_loop(loop: asyncio.AbstractEventLoop, report: Callable[[Future[Any]], None], order: Future[Any]) -> None:
    if not order.cancelled() and order.exception() is not None and not loop.is_closed():
        loop.call_soon_threadsafe(report, order)
