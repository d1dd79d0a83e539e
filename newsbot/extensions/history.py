"""Stores the receipt in the archive, where ``due=1`` and the report read it."""

from __future__ import annotations

import logging
from typing import Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from newsbot.archive import Crawled, archive_of
from newsbot.errors import ArchiveError
from newsbot.extensions.receipt import ReceiptExtension, site_receipt
from newsbot.wordpress.receipt import SiteFacts

logger = logging.getLogger(__name__)


class HistoryExtension:
    """Stores the result of each site in the archive at the end of the run.

    A site counts as whole only if no argument narrowed the run and nothing failed. A failed feed counts too: the next
    run delivers its rows, so it must be due.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.narrowed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings["NEWSBOT_ARCHIVE"] or not crawler.settings["NEWSBOT_DATA"]:
            raise NotConfigured
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        # The archive pipeline closes the archive on the same signal. It connects later, so this handler runs first.
        crawler.signals.connect(extension.engine_stopped, signals.engine_stopped)
        return extension

    def spider_opened(self, spider: Spider) -> None:
        self.narrowed = getattr(spider, "arguments", None) is None or spider.arguments.narrowed  # type: ignore[attr-defined]

    def engine_stopped(self) -> None:
        receipt = self.crawler.get_extension(ReceiptExtension)
        if receipt is None:
            return  # the archive is off, or the command crawls no site
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
            logger.error("%s. The receipt of this run is only in its file", error)


def crawled(sites: list[SiteFacts], *, whole: bool) -> list[Crawled]:
    """One result for each site, also if the user gave several URLs of it. The key of a site not found is its URL."""
    found: dict[str, list[SiteFacts]] = {}
    for facts in sites:
        found.setdefault(facts.site or facts.asked, []).append(facts)
    return [_result(key, same_site, whole=whole) for key, same_site in found.items()]


def _result(site: str, same_site: list[SiteFacts], *, whole: bool) -> Crawled:
    # If two addresses lead to the same part, the second one is not crawled, and its facts have no collections.
    met = [facts for facts in same_site if facts.collections] or same_site[:1]
    # The result of the whole site is preferred to that of a part, and the result of a failed part to that of a complete
    # part.
    chosen = min(met, key=lambda facts: (facts.part is not None, facts.verdict == "complete"))
    worst = next((facts for facts in met if facts.verdict != "complete"), chosen)
    return Crawled(
        site=site,
        name=chosen.name,
        asked=tuple(facts.asked for facts in same_site),
        verdict=worst.verdict,
        whole=whole and worst.verdict == "complete" and chosen.part is None,
        facts=site_receipt(chosen),
    )
