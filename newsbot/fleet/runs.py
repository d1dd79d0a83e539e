"""The runs of a worker: ordinary crawls, each of one spider, that are given one site after another.

A run ends when it is old or has no site left. Then its rows reach their files, its receipt is written, and its memory
is free. Its spider waits in ``start`` for the next site.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from scrapy.crawler import AsyncCrawlerProcess, Crawler

from newsbot.archive.followed import FollowedSite
from newsbot.arguments.site_list import Target
from newsbot.fleet.fence import JobKey
from newsbot.fleet.pulse import Pulse
from newsbot.net.stopping import is_stopping
from newsbot.wordpress.receipt import SiteFacts

logger = logging.getLogger(__name__)

LONGEST_RUN = 600.0
"""Seconds after which a run gets no further site."""

IDLE_SECONDS = 5.0
"""Seconds after which a run without a site ends."""


JUST_NOW = 1.0
"""Seconds for which a followed site is not read from the archive again. The lock of its job prevents crawls by other
workers. If a run outside of the fleet ends within this time, the site is checked once more than necessary."""


class Interrupted(Exception):
    """The crawl of a site was stopped before its end; its job must be done again."""


@dataclass(slots=True, kw_only=True, eq=False)
class Visit:
    """The crawl of one site by one job. ``followed`` is the site as the archive had it when the visit was made.
    ``done`` has the facts of the receipt, or raises Interrupted."""

    job: JobKey
    target: Target
    facts: SiteFacts
    followed: FollowedSite
    made: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    done: asyncio.Future[SiteFacts] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Run:
    """One crawler. ``pulse`` is the worker's heartbeat, ``failed`` is called with a line where the archive fails."""

    def __init__(self, crawler: Crawler, *, pulse: Pulse, failed: Callable[[str], None]) -> None:
        self.crawler = crawler
        self.pulse = pulse
        self.failed = failed
        self.cut = asyncio.Event()
        """Set when open requests must end at once."""
        self.began = asyncio.get_running_loop().time()
        self.idle_since = self.began
        self.open = True
        self.at_work: list[Visit] = []
        self._queue: asyncio.Queue[Visit | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        _runs[crawler] = self

    def start(self, process: AsyncCrawlerProcess) -> None:
        self._task = process.crawl(self.crawler, sites="archive", due="1")
        self._task.add_done_callback(self._ended)

    @property
    def ended(self) -> bool:
        return self._task is not None and self._task.done()

    def add(self, visit: Visit) -> None:
        self.at_work.append(visit)
        self._queue.put_nowait(visit)

    def has(self, url: str) -> bool:
        return any(visit.target.url == url for visit in self.at_work)

    def read_just_now(self, url: str) -> FollowedSite | None:
        """The followed site of a visit that was made in this second; else None."""
        since = asyncio.get_running_loop().time() - JUST_NOW
        return next(
            (visit.followed for visit in self.at_work if visit.followed.url == url and visit.made > since), None
        )

    async def next_visit(self) -> Visit | None:
        """The next site for the spider; None where the run gets no further site."""
        return await self._queue.get()

    def visit_ended(self, visit: Visit) -> None:
        """The crawl of a site has ended, and all its rows have passed the pipelines."""
        if visit in self.at_work:
            self.at_work.remove(visit)
        self.idle_since = asyncio.get_running_loop().time()
        if visit.done.done():
            return
        stopped = is_stopping(self.crawler) or not self.pulse.alive
        if stopped and visit.facts.verdict not in ("complete", "elsewhere"):
            visit.done.set_exception(Interrupted)
        else:
            visit.done.set_result(visit.facts)

    def jobs_of(self, site: str) -> Iterable[JobKey]:
        """The jobs whose site has this key."""
        return (visit.job for visit in self.at_work if visit.facts.site == site)

    def close(self) -> None:
        """Give the run no further site. It ends when the crawls of its sites have ended."""
        if self.open:
            self.open = False
            self._queue.put_nowait(None)

    async def stop(self) -> None:
        """End the crawls of all sites after their present page, and wait for the end of the run."""
        self.close()
        if self.ended or self._task is None:
            return
        stopping = asyncio.ensure_future(self._stop_crawler())
        await asyncio.wait([self._task])
        await asyncio.wait([stopping])

    async def _stop_crawler(self) -> None:
        # A crawler cannot be stopped while it is being built.
        while self.crawler._engine is None or not self.crawler.engine.running:
            if self.ended:
                return
            await asyncio.sleep(0.05)
        await self.crawler.stop_async()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.open = False
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed(str(error))
        elif self.crawler.stats.get_value("newsbot/archive/failed"):
            self.failed("the archive failed during a run")
        for visit in self.at_work:
            if not visit.done.done():
                visit.done.set_exception(Interrupted)
        self.at_work.clear()


_runs: WeakKeyDictionary[Crawler, Run] = WeakKeyDictionary()


def run_of(crawler: Crawler) -> Run:
    """The run whose crawler this is."""
    return _runs[crawler]


class Runs:
    """The runs of a worker. Updates and first crawls have runs of their own: a first crawl may take hours, and a run
    delivers its rows when it ends."""

    def __init__(self, make: Callable[[str], Run]) -> None:
        self._make = make
        self._open: dict[tuple[str, bool], Run] = {}
        self._all: list[Run] = []
        self.closed_rows = self.closed_requests = 0

    def give(self, spider: str, visit: Visit, *, first: bool) -> None:
        """Give a site to a run of ``spider``. ``first``: the site was never crawled."""
        run = self._open.get((spider, first))
        if run is None or not run.open or run.has(visit.target.url):
            if run is not None:
                run.close()
            run = self._open[spider, first] = self._make(spider)
            self._all.append(run)
        run.add(visit)

    def sweep(self, now: float) -> None:
        """Close the runs that are old or idle, and forget those that have ended."""
        for run in self._all:
            if run.open and (
                now - run.began > LONGEST_RUN or (not run.at_work and now - run.idle_since > IDLE_SECONDS)
            ):
                run.close()
        for run in [run for run in self._all if run.ended]:
            self._all.remove(run)
            self.closed_rows += rows_of(run.crawler)
            self.closed_requests += requests_of(run.crawler)

    @property
    def rows(self) -> int:
        """Rows that all runs delivered so far."""
        return self.closed_rows + sum(rows_of(run.crawler) for run in self._all)

    @property
    def requests(self) -> int:
        """Requests that all runs made so far."""
        return self.closed_requests + sum(requests_of(run.crawler) for run in self._all)

    @property
    def at_work(self) -> int:
        return sum(len(run.at_work) for run in self._all)

    def cut(self) -> None:
        """End the open requests at once."""
        for run in self._all:
            run.cut.set()

    async def stop(self) -> None:
        """Stop all runs, and wait for their ends."""
        if self._all:
            await asyncio.gather(*(run.stop() for run in self._all))
        self.sweep(asyncio.get_running_loop().time())


def rows_of(crawler: Crawler) -> int:
    return _stat(crawler, "item_scraped_count")


def requests_of(crawler: Crawler) -> int:
    return _stat(crawler, "downloader/request_count")


def _stat(crawler: Crawler, name: str) -> int:
    # The stats exist only once the crawl has started.
    return 0 if crawler._stats is None else int(crawler._stats.get_value(name, 0))
