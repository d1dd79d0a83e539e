"""Gives feeds their final names only after all of their rows are committed in the archive."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import FeedExporter

from newsbot.archive import Archive, Feed
from newsbot.errors import ArchiveError
from newsbot.signals import feed_sealed, feed_stored, feed_turn

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""How long a complete feed waits for another feed of its run that makes no progress."""


def finish_renames(archive: Archive) -> None:
    """Rename the complete files of runs that died before they could. Raises ArchiveError."""
    for path in archive.outbox.finish_renames():
        logger.info("%s got its name now: the run that wrote it died before the rename", path)


class FeedCommit:
    """Holds the complete feeds of a run until all are complete, so that all feeds get their final names, or none
    does."""

    def __init__(self, crawler: Crawler, archive: Archive) -> None:
        self._crawler = crawler
        self._archive = archive
        self._waiting: list[Feed] = []
        self._sealed: list[Feed] = []
        self._stored = 0
        self._refused = False
        self._opened = False
        self._spider_closed = asyncio.Event()

    def connect(self) -> None:
        connect = self._crawler.signals.connect
        connect(self.spider_opened, signals.spider_opened)
        connect(self.spider_closed, signals.spider_closed)
        connect(self.feed_turn, feed_turn)
        connect(self.feed_sealed, feed_sealed)
        connect(self.feed_stored, feed_stored)
        connect(self.feeds_closed, signals.feed_exporter_closed)

    def spider_opened(self) -> None:
        self._opened = True

    def spider_closed(self) -> None:
        self._spider_closed.set()

    def refuse(self) -> None:
        """Allow no feed of this run to get its final name."""
        self._refused = True

    def feed_turn(self) -> None:
        """Rename the files of runs that died during this one: their rows come before the rows of this run."""
        try:
            finish_renames(self._archive)
        except ArchiveError as error:
            self._discard_feeds(error)

    async def feed_sealed(self, part: Path, target: Path) -> None:
        if not part.exists():
            return
        self._waiting.append(Feed(part, target))
        if not self._spider_closed.is_set():
            # This batch became full during the crawl: some of its rows are not committed yet, and other batches will
            # follow. With its final name the run would count as delivered, so the batch waits for the end of the crawl.
            # When this wait ends, Scrapy closes the last batches in the same turn of the event loop.
            await self._spider_closed.wait()
            await asyncio.sleep(0.05)
        await self._until_all_complete()
        if self._waiting and not self._refused:
            self._seal()
        if self._refused:
            # The part file is removed. The storage then finds no file to rename, and reports the feed as failed.
            part.unlink(missing_ok=True)

    def _seal(self) -> None:
        complete, self._waiting = self._waiting, []
        try:
            self._archive.outbox.sealing([*self._sealed, *complete])
        except ArchiveError as error:
            self._discard_feeds(error)
        else:
            self._sealed += complete

    def _discard_feeds(self, error: ArchiveError) -> None:
        logger.error("%s. The feeds of this run are discarded; the next run delivers their rows", error)
        self._refused = True

    async def _until_all_complete(self) -> None:
        """Wait until every feed that is being closed is complete or has failed."""
        exporter = self._crawler.get_extension(FeedExporter)
        if exporter is None or sum(not slot.feed_options.get("overwrite") for slot in exporter.slots) > 1:
            # Feeds that append to files of one folder wait for each other: each waits until the feed before it is
            # stored.
            return
        patience, before = PATIENCE_SECONDS, 0
        while self._waiting and patience > 0 and len(self._waiting) < len(exporter._pending_close_tasks):
            await asyncio.sleep(0.01)
            patience = patience - 0.01 if len(self._waiting) == before else PATIENCE_SECONDS
            before = len(self._waiting)

    def feed_stored(self) -> None:
        self._stored += 1

    def feeds_closed(self) -> None:
        assert self._crawler.stats is not None
        failed = self._count_closed("failed") > 0
        if never_created := self._never_created():
            failed = True
            self._crawler.stats.inc_value("newsbot/feeds/failed", never_created)
            if self._opened:
                # A crawl that never began has its own error: a component of the user failed when it started.
                logger.error("Feeds that could not be created: %d. A traceback in the log shows why", never_created)
        try:
            self._conclude(failed)
        except ArchiveError as error:
            logger.error("%s. The next run finds out from the files on the disk what this run delivered", error)

    def _conclude(self, failed: bool) -> None:
        """Store in the archive whether this run has delivered its rows. Raises ArchiveError."""
        assert self._crawler.stats is not None
        if self._refused and self._crawler.stats.get_value("newsbot/archive/failed"):
            return  # the failure is logged already; the next run notices that the process of this run has ended
        if self._refused or (failed and not self._sealed):
            self._archive.outbox.failed()
            return
        if self._stored != len(self._sealed):
            return
        if not self._sealed:
            # The run has only standard output, a storage of another project, or no feed at all, so nothing has to be
            # renamed.
            self._archive.outbox.sealing([])
        self._archive.outbox.delivered()

    def _never_created(self) -> int:
        """The number of feeds that the user asked for, and that Scrapy neither stored nor reported as failed."""
        exporter = self._crawler.get_extension(FeedExporter)
        if exporter is None:
            return 0
        due = sum(bool(slot.itemcount) or (slot.store_empty and slot.batch_id == 1) for slot in exporter.slots)
        closed = self._count_closed("success") + self._count_closed("failed")
        return max(0, due - closed) + len(exporter.feeds) - len(exporter.slots)

    def _count_closed(self, result: str) -> int:
        assert self._crawler.stats is not None
        stats = self._crawler.stats.get_stats()
        return sum(stats[name] for name in stats if name.startswith(f"feedexport/{result}_count/"))
