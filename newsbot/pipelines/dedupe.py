"""Dedupe: within the run and through the archive. Every drop is told to the archive's count."""

from __future__ import annotations

from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from newsbot import signals
from newsbot.archive import Archive, archive_of
from newsbot.archive.guids import guid_key
from newsbot.errors import ArchiveError
from newsbot.items import Checkpoint, Record
from newsbot.pipelines.accounts import tell_drop
from newsbot.pipelines.id_set import IdSet


class MetBefore(DropItem):
    """A row that came before, by its identity or by the guid of another site's."""


class DedupePipeline:
    """Drops what was met in this run, and what another site already gave; flags a guid that two rows of a site share.

    Stats: ``newsbot/dedupe/again``, ``newsbot/dedupe/other_site``, ``newsbot/dedupe/guid_collision``.
    """

    def __init__(self, crawler: Crawler, archive: Archive | None) -> None:
        assert crawler.stats is not None
        self._stats = crawler.stats
        self._crawler = crawler
        self._archive = archive
        self._ids: dict[tuple[str, str], IdSet] = {}
        self._guids: dict[int, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        archive = archive_of(
            crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"], full=settings.getbool("NEWSBOT_FULL")
        )
        return cls(crawler, archive)

    def process_item(self, item: Any) -> Any:
        if self._stats.get_value("newsbot/archive/failed"):
            raise DropItem("the archive failed", log_level="DEBUG")
        try:
            return self._first(item)
        except ArchiveError as error:
            self._crawler.signals.send_catch_log(signals.archive_failed, error=error)
            raise DropItem(str(error), log_level="DEBUG") from None

    def _first(self, item: Any) -> Any:
        if isinstance(item, Checkpoint):
            if item.done:
                # The next pass over this collection, in a long-lived process, meets every id again.
                self._ids.pop((item.site, item.type), None)
            return item
        if not isinstance(item, Record) or item.change == "deleted":
            return item
        if not self._ids.setdefault((item.site, item.type), IdSet()).add(item.id):
            if self._archive is not None:
                self._archive.count_dropped(item.site, item.type)
            raise self._drop(item, "again", "it came before in this run")
        key = guid_key(getattr(item, "guid", None))
        if key is not None:
            self._judge(item, key)
        return item

    def _judge(self, item: Record, key: int) -> None:
        """Drop a row whose guid another site gave; flag it where another row of its own site has it."""
        whose = self._archive.guid_owner(item, key) if self._archive is not None else None
        met = self._guids.get(key)
        if whose == "own" or (whose is None and met is None):
            self._guids.setdefault(key, item.site)
            return
        if whose == "other" or (whose is None and met != item.site):
            if self._archive is not None:
                self._archive.add_guid_duplicate(item)
            raise self._drop(item, "other_site", f"its guid came from {met or 'another site'}")
        item.guid_collision = True  # type: ignore[attr-defined]
        self._stats.inc_value("newsbot/dedupe/guid_collision")

    def _drop(self, item: Record, event: str, why: str) -> DropItem:
        self._stats.inc_value(f"newsbot/dedupe/{event}")
        tell_drop(self._stats, item, event)
        return MetBefore(f"{item.site} {item.type} {item.id}: {why}", log_level="DEBUG")
