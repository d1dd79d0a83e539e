"""The receipt, kept in the archive: what ``due=1`` and the report ask later."""

from __future__ import annotations

import logging
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from newsbot.archive import Crawled, archive_of
from newsbot.errors import ArchiveError
from newsbot.extensions.receipt import ReceiptExtension, described
from newsbot.wordpress.receipt import SiteFacts

logger = logging.getLogger(__name__)


class HistoryExtension:
    """Tells the archive at the end how each site came out. A site counts as whole where nothing narrowed the run and
    nothing failed, feeds included: what a failed feed holds is delivered by the next run, which must not be put off."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.narrowed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings["NEWSBOT_ARCHIVE"] or not crawler.settings["NEWSBOT_DATA"]:
            raise NotConfigured
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        # Before the archive pipeline, which connects later, closes the archive on the same signal.
        crawler.signals.connect(extension.engine_stopped, signals.engine_stopped)
        return extension

    def spider_opened(self, spider: Spider) -> None:
        self.narrowed = getattr(spider, "arguments", None) is None or spider.arguments.narrowed  # type: ignore[attr-defined]

    def engine_stopped(self) -> None:
        receipt = self.crawler.get_extension(ReceiptExtension)
        assert receipt is not None
        assert self.crawler.stats is not None
        if self.crawler.spider is None or self.crawler.stats.get_value("newsbot/archive/failed"):
            return
        settings = self.crawler.settings
        try:
            archive = archive_of(self.crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"])
            assert archive is not None
            whole = not self.narrowed and not receipt.failures
            archive.runs.conclude(self.crawler.spider.name, crawled(receipt.sites, whole=whole))
        except ArchiveError as error:
            logger.error("%s; the receipt of this run is only in its file", error)


def crawled(sites: list[SiteFacts], *, whole: bool) -> list[Crawled]:
    """One entry a site, however many URLs of it were asked for; a site that was not found stands under its URL."""
    found: dict[str, list[SiteFacts]] = {}
    for one in sites:
        found.setdefault(one.site or one.asked, []).append(one)
    return [_entry(key, same, whole=whole) for key, same in found.items()]


def _entry(site: str, same: list[SiteFacts], *, whole: bool) -> Crawled:
    # Of several URLs of one site the first is crawled, the others are told to be the same.
    first = max(same, key=lambda one: bool(one.collections))
    facts: dict[str, Any] = described(first)
    return Crawled(
        site=site,
        name=first.name,
        asked=tuple(one.asked for one in same),
        verdict=first.verdict,
        whole=whole and first.verdict == "complete",
        facts=facts,
    )
