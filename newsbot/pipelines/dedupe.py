"""Drops rows that came before in this run, and tells rows that are copies of another site's.

Each drop is counted, so that no row seems missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from newsbot import signals
from newsbot.archive import Archive, archive_of
from newsbot.article.facts.likeness import are_alike
from newsbot.compact import IdSet, KeyOwners
from newsbot.errors import ArchiveError
from newsbot.items import Checkpoint, Media, Record
from newsbot.pipelines.accounts import count_drop
from newsbot.wordpress.guids import guid_key, is_evidence, names_site


class MetBefore(DropItem):
    """A row that came before in this run.

    The name of this class is in Scrapy's stats (``item_dropped_reasons_count/MetBefore``).
    """


class DedupePipeline:
    """Drops rows that came before in this run. Marks rows of one site that share a guid, and copies of another site.

    Stats: ``newsbot/dedupe/again``, ``newsbot/dedupe/other_site``, ``newsbot/dedupe/guid_collision``.
    """

    def __init__(self, crawler: Crawler, archive: Archive | None) -> None:
        assert crawler.stats is not None
        self._stats = crawler.stats
        self._crawler = crawler
        self._archive = archive
        self._ids: dict[tuple[str, str, str], IdSet] = {}
        self._of_site = KeyOwners()  # the keys of guid and site in one number -> the site
        # guid key -> the site of its first row in this run. None while all rows are of one site: then no other site can
        # have the key, and a large site needs only one table.
        self._of_all: KeyOwners | None = None
        self._only_site: str | None = None

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
            if item.done and not item.of_part:
                # A long-lived process may list this collection again, and then every id comes again. Two parts of one
                # site may share rows, and a shared row is delivered only once, so a part does not clear the ids.
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
        """Raise MetBefore for a row that came before in this run and has not changed since."""
        collection = item.site, item.type, item.collection
        if self._ids.setdefault(collection, IdSet()).insert(item.id):
            return
        if self._archive is not None:
            if self._archive.is_newer(item):
                return
            self._archive.count_dropped(item)
        raise self._drop(item, "again", "it came before in this run")

    def _check_guid(self, item: Record) -> None:
        """Mark a row that shares its guid with another row of its site, or with the original of another site."""
        guid = getattr(item, "guid", None)
        key = guid_key(guid)
        if guid is None or key is None:
            return
        self._check_collision(item, key)
        if self._archive is None or not is_evidence(guid):
            return
        first_site = self._first_site(key, item.site)
        if names_site(guid, item.site):
            # The site that a guid names has the original, even if another site's row came first.
            return
        others = self._archive.others_with_guid(item, key, pending=first_site != item.site)
        if (original := original_of(item, guid, others)) is not None:
            item.duplicate_of = f"{original.site} {original.type} {original.id}"  # type: ignore[attr-defined]
            self._stats.inc_value("newsbot/dedupe/other_site")

    def _first_site(self, key: int, site: str) -> str:
        """The site whose row had a guid first in this run."""
        if self._of_all is None:
            if self._only_site in (None, site):
                self._only_site = site
                return site
            self._of_all = KeyOwners()
            for mixed, owner in self._of_site.items():
                if owner == self._only_site:
                    self._of_all.setdefault(mixed ^ _site_key(owner), owner)
        return self._of_all.setdefault(key, site)

    def _check_collision(self, item: Record, key: int) -> None:
        mixed = key ^ _site_key(item.site)
        came_before = self._of_site.get(mixed) is not None
        self._of_site.setdefault(mixed, item.site)
        if self._archive is not None:
            if self._archive.holds(item):
                return
            came_before = came_before or self._archive.shares_guid(item, key)
        if came_before:
            item.guid_collision = True  # type: ignore[attr-defined]
            self._stats.inc_value("newsbot/dedupe/guid_collision")

    def _drop(self, item: Record, event: str, why: str) -> DropItem:
        self._stats.inc_value(f"newsbot/dedupe/{event}")
        count_drop(self._stats, item, event)
        return MetBefore(f"{item.site} {item.type} {item.id}: {why}", log_level="DEBUG")


def _site_key(site: str) -> int:
    return guid_key(site) or 0


def original_of(item: Record, guid: str, others: Sequence[Record]) -> Record | None:
    """The row of another site of which ``item`` is a copy, with the same guid and the same text.

    The row of the site that the guid names comes first, then the row that was seen first.
    """
    copies = [other for other in others if _is_copy(item, other)]
    return next((other for other in copies if names_site(guid, other.site)), copies[0] if copies else None)


def _is_copy(item: Record, other: Record) -> bool:
    if isinstance(item, Media) and isinstance(other, Media):
        return _file(item) == _file(other)
    ours, theirs = ((getattr(row, "content_text", None) or "").strip() for row in (item, other))
    if not (ours and theirs):
        # A post without words, such as a gallery, is recognised by its title.
        return not (ours or theirs) and bool(_title(item)) and _title(item) == _title(other)
    return are_alike(ours, theirs)


def _title(item: Record) -> str:
    return (getattr(item, "title", None) or "").strip()


def _file(media: Media) -> tuple[object, ...]:
    """The values that identify a file: its name and its size."""
    name = (media.file_url or "").rpartition("/")[2]
    return name, media.mime, media.width, media.height, media.filesize
