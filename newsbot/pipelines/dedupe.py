"""Drops rows that came before, in this run or from another site. Each drop is counted, so that no row seems missing."""

from __future__ import annotations

from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from newsbot import signals
from newsbot.archive import Archive, archive_of
from newsbot.archive.guids import guid_key
from newsbot.compact import IdSet, KeyOwners
from newsbot.errors import ArchiveError
from newsbot.items import Checkpoint, Record
from newsbot.pipelines.accounts import count_drop


class MetBefore(DropItem):
    """A row that came before: with the same identity, or from another site with the same guid.

    The name of this class stands in Scrapy's stats (``item_dropped_reasons_count/MetBefore``).
    """


class DedupePipeline:
    """Drops rows that came before in this run or from another site. Marks rows of one site that share a guid.

    Stats: ``newsbot/dedupe/again``, ``newsbot/dedupe/other_site``, ``newsbot/dedupe/guid_collision``.
    """

    def __init__(self, crawler: Crawler, archive: Archive | None) -> None:
        assert crawler.stats is not None
        self._stats = crawler.stats
        self._crawler = crawler
        self._archive = archive
        self._ids: dict[tuple[str, str, str], IdSet] = {}
        self._guids = KeyOwners()  # guid key -> the site of its first row in this run

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
        if isinstance(item, Checkpoint):
            if item.done:
                # A long-lived process may list this collection again, and then meets every id again.
                self._ids.pop((item.site, item.type, item.kind), None)
            return item
        if not isinstance(item, Record) or item.change == "deleted":
            return item
        try:
            self._check_identity(item)
            self._check_guid(item)
        except ArchiveError as error:
            self._crawler.signals.send_catch_log(signals.archive_failed, error=error)
            raise DropItem(str(error), log_level="DEBUG") from None
        return item

    def _check_identity(self, item: Record) -> None:
        """Raise MetBefore for a row that came before in this run."""
        collection = item.site, item.type, item.collection
        if self._ids.setdefault(collection, IdSet()).insert(item.id):
            return
        if self._archive is not None:
            self._archive.count_dropped(item)
        raise self._drop(item, "again", "it came before in this run")

    def _check_guid(self, item: Record) -> None:
        """Raise MetBefore if another site gave the guid; mark the row if another row of its site has the guid."""
        key = guid_key(getattr(item, "guid", None))
        if key is None:
            return
        owner = self._archive.guid_owner(item, key) if self._archive is not None else None
        first_site = self._guids.get(key)
        if owner == "own" or (owner is None and first_site is None):
            self._guids.setdefault(key, item.site)
            return
        if owner == "other" or (owner is None and first_site != item.site):
            if self._archive is not None:
                self._archive.add_guid_duplicate(item)
            raise self._drop(item, "other_site", f"its guid came from {first_site or 'another site'}")
        item.guid_collision = True  # type: ignore[attr-defined]
        self._stats.inc_value("newsbot/dedupe/guid_collision")

    def _drop(self, item: Record, event: str, why: str) -> DropItem:
        self._stats.inc_value(f"newsbot/dedupe/{event}")
        count_drop(self._stats, item, event)
        return MetBefore(f"{item.site} {item.type} {item.id}: {why}", log_level="DEBUG")
