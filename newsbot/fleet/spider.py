"""Spiders that are given one site after another, and the components that a worker adds to their crawls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

from scrapy import Request
from scrapy import signals as scrapy_signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from newsbot import signals
from newsbot.archive import archive_of
from newsbot.archive.followed import FollowedSite
from newsbot.arguments.site_list import Target
from newsbot.errors import ArchiveError
from newsbot.fleet.fence import Fence
from newsbot.fleet.runs import Run, Visit, run_of
from newsbot.net.refusals import CrawlStopping
from newsbot.spiders.base import NewsbotSpider
from newsbot.spiders.driver import MAX_WAITING
from newsbot.spiders.fetcher import Fetcher
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.receipt import SiteFacts


class SiteBySite(NewsbotSpider):
    """A mixin for spiders. ``start`` ends when the run gets no further site. ``resumes``: a stopped crawl of a site is
    repeated without the user."""

    resumes = True

    def choose_sites(self) -> None:
        self.run = run_of(self.crawler)
        self.visits: list[Visit] = []
        self.max_waiting = max(1, MAX_WAITING // max(1, self.sites_at_once))

    async def start(self) -> AsyncIterator[Any]:
        self.fetcher = CutFetcher(self.fetcher, self.run)  # type: ignore[assignment]
        while (visit := await self.run.next_visit()) is not None:
            index = len(self.visits)
            self.visits.append(visit)
            self.facts.append((visit.target, visit.facts))
            await self.open_sites.acquire()
            self._send(signals.site_started, visit.facts, target=visit.target)
            yield Request(
                "data:,", self.parse_site, cb_kwargs={"index": index}, dont_filter=True, meta={"newsbot_seed": True}
            )

    def followed_site(self, target: Target) -> FollowedSite | None:
        return self.run.read_just_now(target.url) or super().followed_site(target)

    async def parse_site(self, response: Response, index: int) -> AsyncIterator[Any]:
        visit = self.visits[index]
        async for item in super().parse_site(response, index):
            yield item
        await self.in_flight.delivered(index)
        try:
            self.claims.release(visit.target)
        except ArchiveError as error:
            self.crawler.signals.send_catch_log(signals.archive_failed, error=error)
        self.run.visit_ended(visit)


def spider_for_fleet(spider: type[NewsbotSpider]) -> type[NewsbotSpider]:
    """A spider class that crawls like ``spider`` and gets its sites from a run."""
    return type(f"Fleet{spider.__name__}", (SiteBySite, spider), {"__module__": spider.__module__})


class CutFetcher:
    """A fetcher whose requests end at once when ``cut`` is called: an ending worker must not wait for a slow server."""

    def __init__(self, fetcher: Fetcher, run: Run) -> None:
        self._fetcher = fetcher
        self._run = run

    async def fetch(self, query: Query, target: Target, facts: SiteFacts) -> Reply:
        if self._run.cut.is_set() or not self._run.pulse.alive:
            return Reply(status=0, url=query.url, error="stopped")
        asked = asyncio.ensure_future(self._fetcher.fetch(query, target, facts))
        cut = asyncio.ensure_future(self._run.cut.wait())
        try:
            await asyncio.wait({asked, cut}, return_when=asyncio.FIRST_COMPLETED)
            return asked.result() if asked.done() else Reply(status=0, url=query.url, error="stopped")
        finally:
            cut.cancel()
            if not asked.done():
                asked.cancel()
                await asyncio.wait({asked})


class HeartbeatMiddleware:
    """Refuses each request of a worker that wrote no heartbeat for too long: another worker may make the same request.

    Requests pass this middleware after they have waited in the queue of their host. The process may have been paused
    while a request waited there.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(run_of(crawler))

    def process_request(self, request: Request) -> None:
        if not request.meta.get("newsbot_seed") and not self._run.pulse.alive:
            raise CrawlStopping("this worker wrote no heartbeat for too long")


class FenceExtension:
    """Makes each transaction of a run check that the worker still has the job of its site."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._run = run_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, scrapy_signals.spider_opened)
        crawler.signals.connect(extension.archive_failed, signals.archive_failed)
        return extension

    def spider_opened(self) -> None:
        settings = self._crawler.settings
        archive = archive_of(self._crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"])
        assert archive is not None
        archive.leases.guards.append(Fence(self._run.jobs_of, lambda: self._run.pulse.alive))

    def archive_failed(self, error: ArchiveError) -> None:
        self._run.failed(str(error))


COMPONENTS = {
    "DOWNLOADER_MIDDLEWARES_BASE": {f"{__name__}.HeartbeatMiddleware": 955},
    "EXTENSIONS_BASE": {f"{__name__}.FenceExtension": 970},
}
"""Setting of Scrapy -> the components that a worker adds to it."""
