"""Counts the rows that reach the feeds, and compares them with the rows that the crawl of each site sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from scrapy.statscollectors import StatsCollector

from newsbot.compact import IdSet
from newsbot.items import Record
from newsbot.wordpress.receipt import SiteFacts


class RowCounts:
    """The delivered rows of a run, by site, kind and type. ``stats`` hold the rows that the pipelines dropped and
    counted. ``with_ids``: whether the ids of the rows are stored too."""

    def __init__(self, stats: StatsCollector, *, with_ids: bool) -> None:
        self.stats = stats
        self.with_ids = with_ids
        self.delivered: Counter[tuple[str, str, str]] = Counter()
        self.changes: Counter[tuple[str, str, str, str]] = Counter()
        self.ids: defaultdict[tuple[str, str, str], IdSet] = defaultdict(IdSet)
        self.ended: dict[str | None, SiteFacts] = {}
        """Key of a site -> the last crawl of it, or of a part of it, that ended."""
        self.counted: set[int] = set()

    def add(self, row: Record) -> None:
        self.delivered[row.site, row.collection, row.type] += 1
        self.changes[row.site, row.collection, row.type, row.change] += 1
        if self.with_ids and row.id is not None:
            ids = self.ids[row.site, row.collection, row.type]
            (ids.discard if row.change == "deleted" else ids.add)(row.id)

    def begin_part(self, facts: SiteFacts) -> None:
        """Count the rows of the part that ended before. From now on the rows of the site belong to ``facts``."""
        earlier = self.ended.pop(facts.site, None)
        if earlier is not None:
            self.compare(earlier)
            self._forget(earlier)

    def end_part(self, facts: SiteFacts) -> None:
        if facts.collections:
            self.ended[facts.site] = facts

    def compare(self, site: SiteFacts) -> None:
        """Compare the rows that the crawl of a site, or of a part of it, sent with those that reached the feeds or were
        dropped and counted. Each part is compared once."""
        if id(site) in self.counted:
            return
        self.counted.add(id(site))
        drops = self.stats.get_value("newsbot/counted_drops", {})
        recovered = self.stats.get_value("newsbot/recovered_rows", {})
        for facts in site.collections.values():
            key = (site.site or "", facts.kind, facts.type)
            facts.recovered = recovered.get(key, 0)
            facts.delivered = self.delivered[key]
            facts.new, facts.edited, facts.deleted = (
                self.changes[*key, change] for change in ("new", "edited", "deleted")
            )
            reasons = drops.get(key, {})
            dropped = sum(reasons.values())
            facts.touched = reasons.get("touched", 0)
            facts.unchanged = reasons.get("unchanged", 0) + facts.touched
            facts.filtered = reasons.get("filtered", 0)
            facts.duplicates += dropped - facts.unchanged - facts.filtered
            lost = facts.sent - (facts.delivered - facts.recovered) - dropped
            if lost > 0 and facts.verdict == "complete":
                facts.end("incomplete", f"rows that were lost between the site and the feed: {lost}")
        if site.verdict == "complete" and site.collections:
            site.conclude()

    def _forget(self, site: SiteFacts) -> None:
        """Reset the counts for the next part of a site."""
        for facts in site.collections.values():
            key = (site.site or "", facts.kind, facts.type)
            self.delivered.pop(key, None)
            for change in ("new", "edited", "deleted"):
                self.changes.pop((*key, change), None)
            for stat in ("newsbot/counted_drops", "newsbot/recovered_rows"):
                self.stats.get_value(stat, {}).pop(key, None)


def rows_of(ids: Mapping[tuple[str, str, str], IdSet]) -> list[dict[str, str]]:
    """The ids of rows, without those of deleted objects."""
    return [
        {"site": site, "kind": kind, "type": type_, "ids": numbers.ranges()}
        for (site, kind, type_), numbers in sorted(ids.items())
        if numbers
    ]
