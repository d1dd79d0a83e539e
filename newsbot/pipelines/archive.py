"""The archive as the last pipeline: a row that passes this pipeline is stored and goes to the feeds.

It must be the last pipeline: a row that a later one dropped would be archived as delivered. Rows reach the feeds before
their batch is committed. So a feed gets its final name only after all of its rows are committed (feed_commit).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem
from scrapy.utils.asyncio import create_looping_call

from newsbot import signals as newsbot_signals
from newsbot.archive import Archive, MissingRows, Recovered, archive_of
from newsbot.archive.processes import HEARTBEAT_SECONDS
from newsbot.errors import ArchiveAway, ArchiveError
from newsbot.items import Checkpoint, Record
from newsbot.pipelines.accounts import count_drop, count_recovered
from newsbot.pipelines.feed_commit import FeedCommit, finish_renames
from newsbot.pipelines.whole_files import WholeFiles

logger = logging.getLogger(__name__)


class PageEnd(DropItem):
    """A checkpoint has reached the archive. Scrapy counts it as a dropped item, although it is not a row.

    The name of this class and of the next class are in Scrapy's stats (``item_dropped_reasons_count/PageEnd``).
    """


class Unchanged(DropItem):
    """The archive holds the row already."""


class ArchivePipeline:
    """Stats: ``newsbot/archive/<change>``, ``newsbot/archive/holes``, ``.../failed``, ``.../away``,
    ``.../recovered``."""

    def __init__(self, crawler: Crawler, archive: Archive | None) -> None:
        assert crawler.stats is not None
        self._crawler = crawler
        self._stats = crawler.stats
        self._archive = archive
        self._feed_commit = FeedCommit(crawler, archive) if archive is not None else None
        self._whole_files = WholeFiles(crawler, archive) if archive is not None else None
        self._failed = False
        self._closing: asyncio.Task[None] | None = None
        self._heartbeat: Any = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        archive = archive_of(
            crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"], full=settings.getbool("NEWSBOT_FULL")
        )
        pipeline = cls(crawler, archive)
        if pipeline._feed_commit is not None:
            pipeline._feed_commit.connect()
        if pipeline._whole_files is not None:
            pipeline._whole_files.connect()
            crawler.signals.connect(pipeline.engine_stopped, signals.engine_stopped)
            crawler.signals.connect(pipeline._fail, newsbot_signals.archive_failed)
        return pipeline

    def open_spider(self) -> None:
        if self._archive is None:
            return
        try:
            # This is done before a feed is opened, since feeds remove the parts of dead runs from their folder.
            finish_renames(self._archive)
            self._archive.outbox.let_due()
            spider = self._crawler.spider
            self._archive.runs.start(spider.name if spider is not None else "")
        except ArchiveError as error:
            self._count_failure(error)
            self._refuse_feeds()
            logger.error("%s. The crawl ends before its first request", error)
            raise CloseSpider("archive") from None
        self._archive.outbox.enter()
        self._heartbeat = create_looping_call(self._beat)
        self._heartbeat.start(HEARTBEAT_SECONDS, now=False)

    def _beat(self) -> None:
        assert self._archive is not None
        try:
            self._archive.leases.beat()
        except ArchiveError as error:
            self._fail(error)

    def process_item(self, item: Any) -> Any:
        if isinstance(item, Recovered):
            self._stats.inc_value("newsbot/archive/recovered")
            count_recovered(self._stats, item.record)
            if self._whole_files is not None:
                self._whole_files.recovered(item.record)
            return item.record
        if isinstance(item, Checkpoint):
            self._commit(item)
            raise PageEnd("a checkpoint is not a row", log_level="DEBUG")
        if self._archive is None or not isinstance(item, Record):
            return item
        if self._failed:
            # Each further attempt would wait as long as the first attempt.
            raise DropItem("the archive failed", log_level="DEBUG")
        try:
            deliver = self._archive.add(item)
        except ArchiveError as error:
            self._fail(error)
            raise DropItem(str(error), log_level="DEBUG") from None
        self._stats.inc_value(f"newsbot/archive/{item.change}")
        if not deliver:
            if self._whole_files is not None:
                self._whole_files.unchanged(item)
            touched = self._archive.was_touched(item)
            count_drop(self._stats, item, "touched" if touched else item.change)
            raise Unchanged(f"{item.site} {item.type} {item.id}: {item.change}", log_level="DEBUG")
        return item

    def _commit(self, checkpoint: Checkpoint) -> None:
        if self._archive is None or self._failed:
            return
        try:
            self._archive.commit(checkpoint)
        except MissingRows as error:
            # The next run walks this collection again from its last checkpoint. Other collections are not affected.
            if self._stats.get_value("newsbot/archive/holes", 0) < len(self._archive.incomplete):
                self._stats.inc_value("newsbot/archive/holes")
                logger.error("%s", error)
        except ArchiveError as error:
            self._fail(error)

    def _fail(self, error: ArchiveError) -> None:
        """Stop the crawl, since the archive can store no further row."""
        if self._failed:
            return
        if self._archive is not None:
            self._archive.failed = True
        self._count_failure(error)
        logger.error("%s. The crawl stops; the next crawl continues from the last checkpoint", error)
        if self._crawler.engine is not None:
            # A CloseSpider that a pipeline raises does not close the spider: Scrapy logs it as an error of the item.
            closing = self._crawler.engine.close_spider_async(reason="archive")
            self._closing = asyncio.ensure_future(closing)

    def _count_failure(self, error: ArchiveError) -> None:
        self._failed = True
        if isinstance(error, ArchiveAway):
            self._stats.inc_value("newsbot/archive/away")
        self._stats.inc_value("newsbot/archive/failed")

    async def close_spider(self) -> None:
        if self._archive is None or self._whole_files is None:
            return
        try:
            self._archive.flush()
            # The heartbeat continues: writing the rows of a large archive takes longer than a lease lasts without a
            # heartbeat.
            await self._whole_files.write()
            self._stop_heartbeat()
            self._archive.leases.release_all()
        except ArchiveError as error:
            self._stats.inc_value("newsbot/archive/unsealed")
            logger.error("%s. The feeds of this run are discarded; the next run delivers their rows", error)
            self._refuse_feeds()
        finally:
            self._stop_heartbeat()

    def _stop_heartbeat(self) -> None:
        if self._heartbeat is not None and self._heartbeat.running:
            self._heartbeat.stop()

    def _refuse_feeds(self) -> None:
        assert self._feed_commit is not None
        self._feed_commit.refuse()

    def engine_stopped(self) -> None:
        assert self._archive is not None
        self._archive.close()
