"""Gives pipelines of the user nothing but rows, wherever they stand in the order.

Newsbot's own pipelines also pass checkpoints, and rows of a run that died. A pipeline that reads ``item.title`` would
fail on these items. A pipeline that drops unknown items would drop the checkpoints, which the receipt needs.
"""

from __future__ import annotations

from typing import Any

from scrapy.exceptions import DropItem
from scrapy.extensions.corestats import CoreStats
from scrapy.pipelines import ItemPipelineManager
from scrapy.utils.defer import ensure_awaitable

from newsbot.archive import archive_of
from newsbot.items import Record
from newsbot.pipelines.accounts import count_drop
from newsbot.pipelines.archive import ArchivePipeline


class NotARow(TypeError):
    """A pipeline of the user did not return the row."""


class ItemsOnly(ItemPipelineManager):
    """Scrapy's manager of pipelines (``ITEM_PROCESSOR``). A row that a user's pipeline drops counts as filtered."""

    async def open_spider_async(self) -> None:
        is_open = False
        try:
            await super().open_spider_async()
            is_open = True
        finally:
            if not is_open:
                self._start_stats()

    def _start_stats(self) -> None:
        """Set the start time for Scrapy's statistics of a crawl that never began. Without a start time they would fail
        at the end, and this error would follow the error of the user's pipeline.
        """
        assert self.crawler is not None
        stats = self.crawler.get_extension(CoreStats)
        if stats is not None and self.crawler.spider is not None:
            stats.spider_opened(self.crawler.spider)

    def _add_middleware(self, mw: Any) -> None:
        super()._add_middleware(mw)
        if isinstance(mw, ArchivePipeline):
            self._archived = True
        if type(mw).__module__.startswith("newsbot.") or not hasattr(mw, "process_item"):
            return
        method: Any = self.methods["process_item"].pop()
        is_before = not getattr(self, "_archived", False)
        name = f"{type(mw).__module__}.{type(mw).__qualname__}"

        async def process_item(item: Any, *spider: Any) -> Any:
            if not isinstance(item, Record):
                return item
            try:
                row = await ensure_awaitable(method(item, *spider))
            except DropItem:
                self._count(item, is_before=is_before)
                raise
            if not isinstance(row, Record):
                raise NotARow(f"{name} returned {type(row).__name__} and not the row: it must end with `return item`")
            return row

        self.methods["process_item"].append(process_item)
        if method in self._mw_methods_requiring_spider:
            self._mw_methods_requiring_spider.add(process_item)

    def _count(self, item: Record, *, is_before: bool) -> None:
        """Count a row that a user's pipeline dropped. ``is_before``: the archive has not received the row."""
        assert self.crawler is not None
        assert self.crawler.stats is not None
        count_drop(self.crawler.stats, item, "filtered")
        settings = self.crawler.settings
        archive = archive_of(
            self.crawler,
            settings["NEWSBOT_ARCHIVE"],
            run=settings["NEWSBOT_RUN"],
            full=settings.getbool("NEWSBOT_FULL"),
        )
        if archive is not None and is_before:
            archive.count_dropped(item)
        elif archive is not None:
            self.crawler.stats.inc_value("newsbot/archive/then_dropped")
