"""Shows the progress of a crawl: a table on a terminal, else a line in the log every 30 seconds."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import Any, Self

from scrapy import Spider
from scrapy import signals as scrapy_signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from newsbot import json_logs, signals
from newsbot.extensions.progress_lines import Progress, Sums, Wait, cells, measure, sum_line
from newsbot.extensions.summary import requests_sent
from newsbot.items import Record
from newsbot.net.hosts import host_of_url
from newsbot.urls import as_url
from newsbot.wordpress.receipt import SiteFacts

logger = logging.getLogger(__name__)

FRAME_SECONDS = 0.5
"""Seconds between two updates of the table."""


class ProgressExtension:
    """Listens to the crawl, and shows its figures. ``NEWSBOT_PROGRESS``: the seconds between two lines; 0: no lines."""

    def __init__(self, crawler: Crawler, *, every: float) -> None:
        self.crawler = crawler
        self.every = every
        self.began = monotonic()
        self.listed = self.ended = self.rows = 0
        self.limit: int | None = None
        self.active: dict[int, tuple[SiteFacts, float]] = {}
        self.waits: dict[str, Wait] = {}
        self.screen: Any = None
        self.timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        every = crawler.settings.getfloat("NEWSBOT_PROGRESS")
        # `scrapy shell`, `fetch` and others run a spider of Scrapy's own.
        if not every or getattr(crawler.spidercls, "item_class", None) is None:
            raise NotConfigured
        extension = cls(crawler, every=every)
        crawler.signals.connect(extension.spider_opened, scrapy_signals.spider_opened)
        crawler.signals.connect(extension.item_scraped, scrapy_signals.item_scraped)
        crawler.signals.connect(extension.spider_closed, scrapy_signals.spider_closed)
        crawler.signals.connect(extension.site_started, signals.site_started)
        crawler.signals.connect(extension.site_ended, signals.site_ended)
        crawler.signals.connect(extension.host_waits, signals.host_waits)
        return extension

    def spider_opened(self, spider: Spider) -> None:
        self.listed = len(getattr(spider, "facts", []))
        self.limit = getattr(getattr(spider, "arguments", None), "limit", None)
        self.began = monotonic()
        if self.crawler.settings["NEWSBOT_LIVE"] and not json_logs.is_on():
            self.screen = _Screen()
            self.every = FRAME_SECONDS
        self._later()

    def item_scraped(self, item: Any) -> None:
        self.rows += isinstance(item, Record)

    def site_started(self, facts: SiteFacts) -> None:
        self.active[id(facts)] = facts, monotonic()

    def site_ended(self, facts: SiteFacts) -> None:
        self.active.pop(id(facts), None)
        self.ended += 1

    def host_waits(self, host: str, seconds: float, why: str) -> None:
        self.waits[host] = Wait(until=monotonic() + seconds, why=why)

    def spider_closed(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        if self.screen is not None:
            self.screen.close()

    def _later(self) -> None:
        self.timer = asyncio.get_event_loop().call_later(self.every, self._tell)

    def _tell(self) -> None:
        active = self.progress(monotonic())
        line = sum_line(self.sums(), active)
        if self.screen is None:
            logger.info("%s", line)
        else:
            self.screen.show(active, line)
        self._later()

    def progress(self, now: float) -> list[Progress]:
        """The active sites, in the order in which their crawls began."""
        return [
            measure(facts, seconds=now - began, now=now, wait=self._wait(facts), limit=self.limit)
            for facts, began in self.active.values()
        ]

    def _wait(self, facts: SiteFacts) -> Wait | None:
        url = facts.site or as_url(facts.asked)
        return self.waits.get(host_of_url(url))

    def sums(self) -> Sums:
        assert self.crawler.stats is not None
        return Sums(
            listed=self.listed,
            ended=self.ended,
            rows=self.rows,
            requests=requests_sent(self.crawler.stats.get_stats()),
            seconds=monotonic() - self.began,
        )


class _Screen:
    """The table on the terminal. rich is an extra, and is imported only here."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._live.start()

    def show(self, active: list[Progress], line: str) -> None:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, show_header=False, expand=False)
        room = max(1, self._console.size.height - 3)
        for progress in active[:room]:
            waits = "yellow" if progress.waits else "dim"
            rows, speed, left, doing = cells(progress)
            # Text and not markup, since a site's name may contain brackets.
            table.add_row(Text(progress.name, "bold"), Text(rows), Text(speed), Text(left), Text(doing, waits))
        self._live.update(Group(table, Text(line)), refresh=True)

    def close(self) -> None:
        self._live.stop()
