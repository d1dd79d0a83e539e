"""Stores, for each followed site that a run crawled, the results of the check and the time when the site is next
due."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self

from scrapy import Spider
from scrapy import signals as scrapy_signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from newsbot import signals
from newsbot.archive import archive_of
from newsbot.archive.database import Database
from newsbot.archive.due_sites import DueSites
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.errors import ArchiveError
from newsbot.follow.checks import THRESHOLD_KEPT, as_habit, learnt_of, present_threshold, rhythm_of
from newsbot.middlewares.politeness import PolitenessMiddleware
from newsbot.net.hosts import host_of_url
from newsbot.net.stopping import is_stopping
from newsbot.urls import as_url
from newsbot.wordpress.receipt import SiteFacts

logger = logging.getLogger(__name__)


RECENT = timedelta(minutes=1)
"""The entry of a site that its crawl read at the start is used again if it is not older than this."""


class FollowedExtension:
    """Stores the results of a site as soon as its crawl ends, so that the run after a killed one begins with the other
    sites.

    A run that crawls only a part of a site stores nothing. ``now`` is the clock.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.now = _now
        self.rng = random.Random()  # noqa: S311 (it spreads checks over time)
        self.database: Database | None = None
        self.spider = ""
        self.began: dict[str, datetime] = {}
        self.kind = ""
        self.threshold: tuple[float, datetime] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings["NEWSBOT_ARCHIVE"]:
            raise NotConfigured
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, scrapy_signals.spider_opened)
        crawler.signals.connect(extension.site_started, signals.site_started)
        crawler.signals.connect(extension.site_ended, signals.site_ended)
        return extension

    def spider_opened(self, spider: Spider) -> None:
        arguments = getattr(spider, "arguments", None)
        if arguments is None or arguments.narrowed:
            return
        settings = self.crawler.settings
        try:
            archive = archive_of(self.crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"])
            assert archive is not None
            self.database, self.spider, self.kind = archive.database, spider.name, getattr(spider, "kind", "")
        except ArchiveError:
            # The archive pipeline reports the same error and ends the run.
            self.database = None

    def site_started(self, facts: SiteFacts) -> None:
        self.began[facts.asked] = self.now()

    def site_ended(self, facts: SiteFacts, followed: FollowedSite | None = None) -> None:
        began = self.began.pop(facts.asked, self.now())
        if self.database is None or facts.verdict == "elsewhere":
            return
        if facts.verdict != "complete" and is_stopping(self.crawler):
            # The site did not fail. It stays due, and the next run begins with this site.
            return
        try:
            table = Followed(self.database)
            # During a crawl of hours the user may change the entry, so the entry is read again.
            recent = followed is not None and timedelta() <= self.now() - began < RECENT
            site = followed if recent else table.site(facts.asked, self.spider)
            while site is not None and not table.keep(self._checked(table, site, facts, began)):
                # The user gave the site another interval while it was crawled, or removed it.
                site = table.site(facts.asked, self.spider)
        except ArchiveError as error:
            logger.error("%s: when the site is next due is not stored: %s", facts.asked, error)

    def _threshold(self) -> float:
        """The threshold at which the checks of all sites stay within the budget. Raises ArchiveError."""
        assert self.database is not None
        if self.threshold is None or self.now() - self.threshold[1] > THRESHOLD_KEPT:
            budget = self.crawler.settings.getfloat("NEWSBOT_BUDGET")
            now = self.now()
            threshold = present_threshold(DueSites(self.database), requests_per_hour=budget, now=now)
            self.threshold = threshold, now
        return self.threshold[0]

    def _checked(self, table: Followed, site: FollowedSite, facts: SiteFacts, checked: datetime) -> FollowedSite:
        learnt = learnt_of(site)
        if facts.verdict == "complete":
            published: Iterable[datetime] = ()
            if facts.site is not None and (learnt.until is None or any(c.sent for c in facts.collections.values())):
                published = table.published(facts.site, self.kind, since=learnt.since(checked), until=checked)
            learnt = learnt.succeed(checked=checked, published=published, requests=requests_of_update(facts))
        else:
            learnt = learnt.fail()
        host = host_of_url(facts.site or as_url(facts.asked))
        blocked = self._blocked_until(table, host, checked)
        curve = learnt.curve(site.weight)
        due = learnt.next_due(
            checked,
            rhythm=rhythm_of(site),
            curve=curve,
            threshold=self._threshold(),
            rng=self.rng,
            blocked_until=blocked,
        )
        return replace(
            site,
            site=facts.site,
            checked=checked,
            next_due=due,
            blocked_until=blocked,
            failures=learnt.failures,
            cost=learnt.cost,
            habit=as_habit(learnt),
            attention=curve.per_day,
            verdict=facts.verdict,
            run=self.crawler.settings["NEWSBOT_RUN"],
            pace_group=self._pace_group(host),
            full_check=checked if is_full(facts) else site.full_check,
        )

    def _blocked_until(self, table: Followed, host: str, checked: datetime) -> datetime | None:
        """Until when the host takes no request; None where that is not after ``checked``. Raises ArchiveError."""
        stored = table.held_until(host, now=checked)
        politeness = self.crawler.get_downloader_middleware(PolitenessMiddleware)
        # A thread stores the wait that the last answer asked for. This may happen after the end of the site's crawl.
        until = politeness.memory.paused_until(host) if politeness is not None else 0.0
        asked = datetime.fromtimestamp(until, UTC)
        return max((moment for moment in (stored, asked) if moment is not None and moment > checked), default=None)

    def _pace_group(self, host: str) -> str:
        politeness = self.crawler.get_downloader_middleware(PolitenessMiddleware)
        return (politeness.usage(host).address if politeness is not None else None) or host


def _now() -> datetime:
    return datetime.now(UTC)


def is_full(facts: SiteFacts) -> bool:
    """Whether the crawl was a full check that ended well, so that checks of one request may follow for a day."""
    return facts.verdict == "complete" and all(collection.check == "full" for collection in facts.collections.values())


def requests_of_update(facts: SiteFacts) -> int | None:
    """The requests of a check; None if a whole collection was listed, since the next check will not do this."""
    collections = facts.collections.values()
    if not collections or any(collection.mode != "update" for collection in collections):
        return None
    return facts.requests + sum(collection.requests for collection in collections)
