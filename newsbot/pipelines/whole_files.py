"""Files that a crawl overwrites hold the whole answer: rows that came in earlier runs are written from the archive."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import FeedExporter, FeedSlot

from newsbot import signals as newsbot_signals
from newsbot.archive import Archive
from newsbot.archive.answers import Asked, AskedPart, Sought, parts_of_answer
from newsbot.compact import IdSet
from newsbot.items import Record
from newsbot.wordpress.receipt import SiteFacts

logger = logging.getLogger(__name__)

AT_ONCE = 100
"""The number of rows that are written before other tasks of the event loop may run."""

NAMED = 10
"""The most damaged rows that the log names."""


Collection = tuple[str, str, str]
"""A site, a kind of rows and a type."""


class WholeFiles:
    """The feeds of one run that hold the whole answer. ``write`` adds the rows that this run did not deliver.

    A row in such a file may be out of date before the run ends: the run delivers a row of a dead run and then finds it
    edited or deleted, or a row changes while the run lists its collection. Then ``write`` begins the files anew, and
    takes all of their rows from the archive.
    """

    def __init__(self, crawler: Crawler, archive: Archive) -> None:
        self._crawler = crawler
        self._archive = archive
        self._delivered: dict[Collection, IdSet] = {}
        self._unchanged: dict[Collection, IdSet] = {}
        self._recovered: dict[Collection, IdSet] = {}
        self._recovering: Record | None = None
        self._outdated = False
        self._facts: list[SiteFacts] = []
        self._at_work: dict[str, SiteFacts] = {}
        """Key of a site -> the part of the site that is being crawled now, if the run crawls several parts."""
        self._announced: set[int] = set()
        self._unchanged_of: Counter[int] = Counter()

    def connect(self) -> None:
        # The option of a feed: newsbot.feeds.defaults.WHOLE.
        feeds = self._crawler.settings.getdict("FEEDS").values()
        if any(options.get("whole_answer") for options in feeds):
            self._crawler.signals.connect(self.item_scraped, signals.item_scraped)
            self._crawler.signals.connect(self.site_started, newsbot_signals.site_started)
            self._crawler.signals.connect(self.part_began, newsbot_signals.part_began)

    def site_started(self, facts: SiteFacts) -> None:
        self._facts.append(facts)

    def part_began(self, facts: SiteFacts) -> None:
        assert facts.site is not None
        self._at_work[facts.site] = facts
        self._announced.add(id(facts))

    def item_scraped(self, item: Any) -> None:
        if not isinstance(item, Record) or item is self._recovering:
            return
        collection = item.site, item.collection, item.type
        if item.change == "deleted":
            self._outdated = self._outdated or item.id in self._delivered.get(collection, ())
        elif not self._delivered.setdefault(collection, IdSet()).insert(item.id):
            self._outdated = True

    def recovered(self, item: Record) -> None:
        """Note a row of a dead run, which the feeds receive next. It may not belong to the answer of this run."""
        self._recovering, self._outdated = item, True
        if item.change != "deleted":
            self._recovered.setdefault((item.site, item.collection, item.type), IdSet()).add(item.id)

    def unchanged(self, item: Record) -> None:
        """Note a row that the site showed and that the archive holds already."""
        if item.change != "deleted":
            self._unchanged.setdefault((item.site, item.collection, item.type), IdSet()).add(item.id)
            part = self._at_work.get(item.site)
            if part is not None and (collection := part.find(item.type, item.collection)) is not None:
                self._unchanged_of[id(collection)] += 1

    def _sought(self) -> dict[str, list[Sought]]:
        """Key of a site -> the parts of the site that the addresses of this run select.

        If the site listed every row of a part, no other row belongs to it: the archive may hold rows that the site
        deleted, or that left the part, since only a crawl of the whole collection marks rows as deleted.
        """
        found: dict[str, list[Sought]] = {}
        for facts in self._facts:
            # If two addresses lead to the same part, the second one brings no rows.
            if facts.site is not None and (facts.collections or facts.verdict != "complete"):
                listed = frozenset(
                    (collection.kind, collection.type)
                    for collection in facts.collections.values()
                    if collection.mode == "window" and collection.verdict == "complete"
                )
                found.setdefault(facts.site, []).append(Sought(facts.part, listed))
        return found

    def _shown(self) -> dict[Collection, IdSet]:
        """The rows that the site showed in this run."""
        keys = self._unchanged.keys() | self._delivered.keys()
        return {key: _either(self._unchanged.get(key), self._delivered.get(key)) for key in keys}

    async def write(self) -> None:
        """Write the rows of the answer that this run did not deliver. All rows of this run are committed by now.

        Raises ArchiveError.
        """
        asked: list[Asked] | None = self._crawler.settings.get("NEWSBOT_ASKED")
        exporter = self._crawler.get_extension(FeedExporter)
        slots = [slot for slot in exporter.slots if slot.feed_options.get("whole_answer")] if exporter else []
        if asked is None or not slots:
            return
        renewed = {slot for slot in slots if self._outdated and begin_anew(slot)}
        broken: list[str] = []
        for part in self._parts(asked):
            earlier = await self._write_part(part, slots, renewed, broken)
            self._tell_earlier(part, earlier)
        assert self._crawler.stats is not None
        if dropped := self._crawler.stats.get_value("newsbot/archive/then_dropped", 0):
            logger.warning(
                "%d rows that a pipeline after 900 dropped are in the file of -O, which has them from the archive. "
                "To leave rows out of such a file, use item_filter in FEEDS",
                dropped,
            )
        if broken:
            self._crawler.stats.inc_value("newsbot/archive/damaged", len(broken))
            named = ", ".join(broken[:NAMED]) + (", ..." if len(broken) > NAMED else "")
            logger.error("%d rows of the archive are damaged and are not in the files: %s", len(broken), named)

    def _tell_earlier(self, part: AskedPart, earlier: int) -> None:
        """Store for the receipt how many rows of a collection came in earlier runs."""
        of_site = [facts for facts in self._facts if facts.site == part.site and facts.find(part.type, part.kind)]
        # The crawl of a whole site is not announced if it is the first crawl of the site.
        of_site.sort(key=lambda facts: id(facts) in self._announced)
        collections = [found for facts in of_site if (found := facts.find(part.type, part.kind)) is not None]
        for collection in collections[1:]:
            collection.earlier = min(earlier, self._unchanged_of[id(collection)])
            earlier -= collection.earlier
        if collections:
            collections[0].earlier = earlier

    def _parts(self, asked: Iterable[Asked]) -> Iterator[AskedPart]:
        """The collections that belong to the answer."""
        found = {facts.asked: facts.site for facts in self._facts if facts.site is not None}
        sought, shown = self._sought(), self._shown()
        for of_kind in asked:
            yield from parts_of_answer(self._archive.database, of_kind, found, sought, shown)

    async def _write_part(
        self, part: AskedPart, slots: Iterable[FeedSlot], renewed: set[FeedSlot], broken: list[str]
    ) -> int:
        """Write the rows of a collection that this run did not deliver. The ``renewed`` feeds get every row. Returns
        the number of rows that this run did not deliver."""
        key = part.site, part.kind, part.type
        written = _either(self._delivered.get(key), self._recovered.get(key))
        earlier = 0
        records = part.read(self._archive.database, without=() if renewed else written, broken=broken)
        for number, record in enumerate(records, start=1):
            is_earlier = record.id not in written
            earlier += is_earlier
            for slot in slots:
                if (is_earlier or slot in renewed) and slot.filter.accepts(record):
                    _export(slot, record)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        return earlier


def _either(first: IdSet | None, second: IdSet | None) -> IdSet:
    """The ids of both sets together."""
    if not first or not second:
        return first or second or IdSet()
    united = IdSet()
    for ids in (first, second):
        united |= ids
    return united


def _export(slot: FeedSlot, record: Record) -> None:
    slot.start_exporting()
    assert slot.exporter is not None
    slot.exporter.export_item(record)
    slot.itemcount += 1


def begin_anew(slot: FeedSlot) -> bool:
    """Discard what a feed holds. Returns False for a feed whose rows cannot be taken back."""
    if not slot._fileloaded:
        return True
    # A storage of the user has no such method.
    restart = getattr(slot.storage, "restart", None)
    if restart is None or not restart():
        return False
    slot.finish_exporting()
    slot._fileloaded = False
    slot.itemcount = 0
    return True
