"""Drives the examinations through the downloader of a crawl, so that every rule of a crawl applies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler, CrawlerProcessBase
from scrapy.http import Response

from newsbot import signals
from newsbot.arguments.site_list import Target
from newsbot.browser import Browser
from newsbot.doctor.budget import Budget, current
from newsbot.doctor.examination import Evidence, examine
from newsbot.doctor.findings import Findings, findings_of
from newsbot.net.stopping import is_stopping
from newsbot.politeness.pace import CRAWL_DELAY_CAP
from newsbot.spiders.fetcher import Fetcher
from newsbot.urls import ascii_host
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.receipt import SiteFacts

TRIES = 2
"""How often a query may be sent. A crawl has more patience."""


class DoctorSpider(Spider):
    """Examines the sites of ``targets``. ``found`` gets the findings by the URL of the target."""

    name = "doctor"

    def __init__(self, *, targets: Sequence[Target], found: dict[str, Findings], sites_at_once: int = 16) -> None:
        super().__init__()
        self.targets = targets
        self.found = found
        self.open_sites = asyncio.Semaphore(max(1, sites_at_once))
        self.robots: dict[str, Reply] = {}
        self.crawl_delays: dict[str, float] = {}
        self.delay = 0.0
        self.fetcher: Fetcher

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        settings = crawler.settings
        spider = cls(*args, sites_at_once=settings.getint("NEWSBOT_SITES_AT_ONCE"), **kwargs)
        spider._set_crawler(crawler)
        spider.delay = settings.getfloat("NEWSBOT_DELAY")
        browser = Browser(crawler, allowed=False, stopping=partial(is_stopping, crawler))
        spider.fetcher = Fetcher(crawler, browser, delay=spider.delay)
        crawler.signals.connect(spider.robots_read, signals.robots_read)
        return spider

    def robots_read(self, origin: str, status: int, body: bytes, crawl_delay: float | None) -> None:
        self.robots[origin] = Reply(status=status, url=f"{origin}/robots.txt", body=body)
        if crawl_delay is not None:
            self.crawl_delays[origin] = crawl_delay

    async def start(self) -> AsyncIterator[Any]:
        yield Request("data:,", self.parse_sites, dont_filter=True, meta={"newsbot_seed": True})

    async def parse_sites(self, _response: Response) -> None:
        """Examine all sites. Each site has its own task, since the budget of a site belongs to its task."""
        await asyncio.gather(*(asyncio.create_task(self._site(target)) for target in self.targets))

    async def _site(self, target: Target) -> None:
        async with self.open_sites:
            budget = Budget()
            current.set(budget)
            evidence = await self._drive(target)
            origin = _origin(
                evidence.site.home if evidence.site else evidence.home.url if evidence.home else target.url
            )
            crawl_delay = self.crawl_delays.get(origin)
            wanted = self.delay if target.delay is None else target.delay
            self.found[target.url] = findings_of(
                evidence,
                delay=max(wanted, min(crawl_delay or 0.0, CRAWL_DELAY_CAP)),
                crawl_delay=crawl_delay,
                requests=budget.used,
                spent=budget.spent,
            )

    async def _drive(self, target: Target) -> Evidence:
        steps, answer, facts = examine(target.url), None, SiteFacts(asked=target.url)
        while True:
            try:
                query = steps.send(answer)
            except StopIteration as end:
                evidence: Evidence = end.value
                return evidence
            answer = await self._answer(query, target, facts)

    async def _answer(self, query: Query, target: Target, facts: SiteFacts) -> Reply:
        known = self.robots.get(_origin(query.url))
        if known is not None and query.purpose == "robots":
            return known  # the downloader requested robots.txt before the first query
        asked = Query(**{name: getattr(query, name) for name in Query.__slots__} | {"tries": min(query.tries, TRIES)})
        return await self.fetcher.fetch(asked, target, facts)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{ascii_host(parts.netloc.lower())}"


def examine_sites(process: CrawlerProcessBase, targets: Sequence[Target]) -> list[Findings]:
    """The findings of each target, in their order; a site whose examination was interrupted is missing."""
    found: dict[str, Findings] = {}
    process.crawl(DoctorSpider, targets=targets, found=found)
    process.start()
    return [found[target.url] for target in targets if target.url in found]
