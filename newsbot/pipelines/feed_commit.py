"""Feeds take their names only after all of their rows are committed in the archive."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import FeedExporter

from newsbot.archive import Archive, Feed
from newsbot.errors import ArchiveError


def finish_renames(archive: Archive) -> None:
    """Give the files of runs that died while they did so their names. Raises ArchiveError."""
    for path in archive.outbox.finish_renames():
        logger.info("%s: given its name for a run that died while it did so", path)


logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""How long a whole feed waits for another of its run that does not come to an end."""


class Seals:
    """Holds a run's whole feeds back until all of them are, so that they take their names together or not at all."""

    def __init__(self, crawler: Crawler, archive: Archive) -> None:
        self._crawler = crawler
        self._archive = archive
        self._waiting: list[Feed] = []
        self._sealed: list[Feed] = []
        self._stored = 0
        self._refused = False
        self._ended = asyncio.Event()

    def spider_closed(self) -> None:
        self._ended.set()

    def refuse(self) -> None:
        """No feed of this run may take its name."""
        self._refused = True

    def feed_turn(self) -> None:
        """A run that died since this one began may owe the same file a rename; its rows come before ours."""
        try:
            finish_renames(self._archive)
        except ArchiveError as error:
            logger.error("%s; the feeds of this run are thrown away, the next run delivers their rows", error)
            self._refused = True

    async def feed_sealed(self, part: Path, target: Path) -> None:
        if not part.exists():
            return
        self._waiting.append(Feed(part, target))
        if not self._ended.is_set():
            # A batch that is full in mid-crawl holds rows that are not committed yet, and lacks those to come: with its
            # name alone the run would count as delivered. The last batches are closed in the turn that ends the wait.
            await self._ended.wait()
            await asyncio.sleep(0.05)
        await self._all_whole()
        if self._waiting and not self._refused:
            batch, self._waiting = self._waiting, []
            try:
                self._archive.outbox.sealing([*self._sealed, *batch])
            except ArchiveError as error:
                logger.error("%s; the feeds of this run are thrown away, the next run delivers their rows", error)
                self._refused = True
            else:
                self._sealed += batch
        if self._refused:
            # A part that is gone cannot be renamed: its storage tells that the feed failed.
            part.unlink(missing_ok=True)

    async def _all_whole(self) -> None:
        """Wait until every feed that is being closed is whole, or has failed."""
        exporter = self._crawler.get_extension(FeedExporter)
        if exporter is None or sum(not slot.feed_options.get("overwrite") for slot in exporter.slots) > 1:
            # Appending feeds may stand in one folder, where each waits for the one before to be stored.
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
        failed = bool(self._closed("failed"))
        if unmade := self._unmade():
            failed = True
            self._crawler.stats.inc_value("newsbot/feeds/failed", unmade)
            logger.error("%d feeds could not be made; the traceback above says why", unmade)
        try:
            if self._refused and self._crawler.stats.get_value("newsbot/archive/failed"):
                return  # the line is written; once this process is gone, its run is known for dead
            if self._refused or (failed and not self._sealed):
                self._archive.outbox.failed()
            elif self._stored == len(self._sealed):
                if not self._sealed:
                    # Standard output, another storage, or no feed at all: there is no name to take.
                    self._archive.outbox.sealing([])
                self._archive.outbox.delivered()
        except ArchiveError as error:
            logger.error("%s; what this run delivered will be told by its files", error)

    def _unmade(self) -> int:
        """Feeds that were asked for and neither stored nor told as failed: what they would hold is in no file."""
        exporter = self._crawler.get_extension(FeedExporter)
        if exporter is None:
            return 0
        due = sum(bool(slot.itemcount) or (slot.store_empty and slot.batch_id == 1) for slot in exporter.slots)
        closed = self._closed("success") + self._closed("failed")
        return max(0, due - closed) + len(exporter.feeds) - len(exporter.slots)

    def _closed(self, how: str) -> int:
        assert self._crawler.stats is not None
        stats = self._crawler.stats.get_stats()
        return sum(stats[name] for name in stats if name.startswith(f"feedexport/{how}_count/"))
