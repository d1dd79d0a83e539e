"""The archive as the last pipeline: what passes it has been taken in, and goes to the feeds.

It must be last: a row dropped behind it would be archived as delivered. Rows reach the feeds before their page is
committed; that is made good at the end, when a feed may only take its name after all of its rows were committed.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem
from scrapy.utils.asyncio import create_looping_call

from newsbot import signals as our_signals
from newsbot.archive import Archive, MissingRows, Recovered, archive_of
from newsbot.archive.processes import HEARTBEAT_SECONDS
from newsbot.errors import ArchiveError
from newsbot.items import Checkpoint, Record
from newsbot.pipelines.accounts import tell_drop, tell_recovered
from newsbot.pipelines.feed_commit import Seals, finish_renames
from newsbot.signals import feed_sealed, feed_stored, feed_turn

logger = logging.getLogger(__name__)


class PageEnd(DropItem):
    """A checkpoint that came where it was bound: no row is lost, though ``item_dropped_count`` counts it."""


class Unchanged(DropItem):
    """A row that the archive holds as it is."""


class ArchivePipeline:
    """Stats: ``newsbot/archive/<change>``, ``newsbot/archive/holes``, ``.../failed``, ``.../recovered``."""

    def __init__(self, crawler: Crawler, archive: Archive | None) -> None:
        assert crawler.stats is not None
        self._crawler = crawler
        self._stats = crawler.stats
        self._archive = archive
        self._failed = False
        self._closing: asyncio.Task[None] | None = None
        self._heart: Any = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        archive = archive_of(
            crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"], full=settings.getbool("NEWSBOT_FULL")
        )
        pipeline = cls(crawler, archive)
        if archive is not None:
            seals = Seals(crawler, archive)
            crawler.signals.connect(seals.spider_closed, signals.spider_closed)
            crawler.signals.connect(seals.feed_turn, feed_turn)
            crawler.signals.connect(seals.feed_sealed, feed_sealed)
            crawler.signals.connect(seals.feed_stored, feed_stored)
            crawler.signals.connect(seals.feeds_closed, signals.feed_exporter_closed)
            crawler.signals.connect(pipeline.engine_stopped, signals.engine_stopped)
            crawler.signals.connect(pipeline._fail, our_signals.archive_failed)
            # The signals keep no object alive by themselves.
            pipeline.seals = seals  # type: ignore[attr-defined]
        return pipeline

    def open_spider(self) -> None:
        if self._archive is None:
            return
        try:
            # Before any feed is opened: whoever opens one clears away what looks like a dead run's parts.
            finish_renames(self._archive)
            spider = self._crawler.spider
            self._archive.runs.start(spider.name if spider is not None else "")
        except ArchiveError as error:
            self._failed = True
            self._stats.inc_value("newsbot/archive/failed")
            self.seals.refuse()  # type: ignore[attr-defined]
            logger.error("%s; nothing was asked of any site", error)
            raise CloseSpider("archive") from None
        self._archive.outbox.enter()
        self._heart = create_looping_call(self._beat)
        self._heart.start(HEARTBEAT_SECONDS, now=False)

    def _beat(self) -> None:
        assert self._archive is not None
        try:
            self._archive.leases.beat()
        except ArchiveError as error:
            self._fail(error)

    def process_item(self, item: Any) -> Any:
        if isinstance(item, Recovered):
            self._stats.inc_value("newsbot/archive/recovered")
            tell_recovered(self._stats, item.record)
            return item.record
        if isinstance(item, Checkpoint):
            self._commit(item)
            raise PageEnd("a checkpoint is no row", log_level="DEBUG")
        if self._archive is None or not isinstance(item, Record):
            return item
        if self._failed:
            # Each try would wait as long as the first one did.
            raise DropItem("the archive failed", log_level="DEBUG")
        try:
            deliver = self._archive.add(item)
        except ArchiveError as error:
            self._fail(error)
            raise DropItem(str(error), log_level="DEBUG") from None
        change = item.change
        self._stats.inc_value(f"newsbot/archive/{change}")
        if not deliver:
            tell_drop(self._stats, item, change)
            raise Unchanged(f"{item.site} {item.type} {item.id}: {change}", log_level="DEBUG")
        return item

    def _commit(self, checkpoint: Checkpoint) -> None:
        if self._archive is None or self._failed:
            return
        try:
            self._archive.commit(checkpoint)
        except MissingRows as error:
            # Its site is walked again from the last whole page; the other sites of the run are well.
            if self._stats.get_value("newsbot/archive/holes", 0) < len(self._archive.incomplete):
                self._stats.inc_value("newsbot/archive/holes")
                logger.error("%s", error)
        except ArchiveError as error:
            self._fail(error)

    def _fail(self, error: ArchiveError) -> None:
        """The archive cannot be written: stop, since nothing that comes now could be kept."""
        if self._failed:
            return
        self._failed = True
        self._stats.inc_value("newsbot/archive/failed")
        logger.error("%s; the crawl stops, and the next one goes on from the last whole page", error)
        if self._crawler.engine is not None:
            # A CloseSpider raised in a pipeline is only an error of its item.
            closing = self._crawler.engine.close_spider_async(reason="archive")
            self._closing = asyncio.ensure_future(closing)

    def close_spider(self) -> None:
        if self._archive is None:
            return
        if self._heart is not None and self._heart.running:
            self._heart.stop()
        try:
            self._archive.flush()
            self._archive.leases.release_all()
        except ArchiveError as error:
            self._stats.inc_value("newsbot/archive/unsealed")
            logger.error("%s; the feeds of this run are thrown away, the next run delivers their rows", error)
            self.seals.refuse()  # type: ignore[attr-defined]

    def engine_stopped(self) -> None:
        assert self._archive is not None
        self._archive.close()
