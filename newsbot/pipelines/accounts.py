"""Counts that the pipelines keep in the stats for the receipt."""

from __future__ import annotations

from scrapy.statscollectors import StatsCollector

from newsbot.items import Record


def count_recovered(stats: StatsCollector, record: Record) -> None:
    """Count a row of a dead run. Otherwise the receipt would count the row as a row of this run's walk."""
    rows = stats.get_value("newsbot/recovered_rows")
    if rows is None:
        stats.set_value("newsbot/recovered_rows", rows := {})
    key = (record.site, record.collection, record.type)
    rows[key] = rows.get(key, 0) + 1


def count_drop(stats: StatsCollector, item: Record, reason: str) -> None:
    """Count a dropped row for the receipt in ``newsbot/counted_drops``: (site, kind, type) -> reason -> rows."""
    drops = stats.get_value("newsbot/counted_drops")
    if drops is None:
        stats.set_value("newsbot/counted_drops", drops := {})
    reasons = drops.setdefault((item.site, item.collection, item.type), {})
    reasons[reason] = reasons.get(reason, 0) + 1
