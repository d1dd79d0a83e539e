"""Counts that the pipelines keep in the stats for the receipt."""

from __future__ import annotations

from scrapy.statscollectors import StatsCollector

from newsbot.items import Record


def tell_recovered(stats: StatsCollector, record: Record) -> None:
    """Count a row of a dead run for the receipt, which else would take it for one of this run's walk."""
    told = stats.get_value("newsbot/recovered_rows")
    if told is None:
        stats.set_value("newsbot/recovered_rows", told := {})
    key = (record.site, record.type)
    told[key] = told.get(key, 0) + 1


def tell_drop(stats: StatsCollector, item: Record, reason: str) -> None:
    """Count a drop where the receipt looks for it: ``newsbot/told_drops``, (site, type) -> reason -> rows."""
    told = stats.get_value("newsbot/told_drops")
    if told is None:
        stats.set_value("newsbot/told_drops", told := {})
    reasons = told.setdefault((item.site, item.type), {})
    reasons[reason] = reasons.get(reason, 0) + 1
