"""Where feeds go when nobody asked, and what is a row."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import ItemFilter
from scrapy.settings import BaseSettings

from newsbot.items import Checkpoint
from newsbot.timestamps import compact_utc


def run_id(now: datetime, token: str) -> str:
    """A run's name: ``20261123T101500Z-ab12``. It sorts by time; ``token`` (four hex digits) parts two of a second."""
    return f"{compact_utc(now)}-{token}"


DEFAULT_FORMATS = ("jsonl", "csv")

_taken: set[Path] = set()


def _free(stem: Path) -> Path:
    """The name itself, or numbered where two crawls of a process, or of a user's making, share a run's name."""
    number, name = 1, stem
    while name in _taken or any(Path(f"{name}.{form}").exists() for form in DEFAULT_FORMATS):
        number += 1
        name = stem.with_name(f"{stem.name}-{number}")
    _taken.add(name)
    return name


class FeedDefaults:
    """Add-on. Names the run (NEWSBOT_RUN) and gives a crawl without ``-o``, ``-O`` or FEEDS its dated files.

    The project's FEEDS cannot do it: Scrapy adds those to what ``-o`` asks for. ``NEWSBOT_DATA`` empty: no files.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def update_settings(self, settings: BaseSettings) -> None:
        if not settings.get("NEWSBOT_RUN"):
            run = run_id(datetime.now(UTC), secrets.token_hex(2))
            # As of the command line: settings.py may well name NEWSBOT_RUN, empty.
            settings.set("NEWSBOT_RUN", run, priority="cmdline")
        feeds = settings.getdict("FEEDS")
        if not feeds and not settings.get("FEED_URI"):
            feeds = self._dated(settings)
        if feeds:
            filtered = {uri: {"item_filter": RowFilter, **options} for uri, options in feeds.items()}
            settings.set("FEEDS", filtered, priority="cmdline")

    def _dated(self, settings: BaseSettings) -> dict[str, dict[str, Any]]:
        spidercls, data = self.crawler.spidercls, settings.get("NEWSBOT_DATA")
        # `scrapy shell` and `fetch` run a spider as well; it has no item class.
        if not data or getattr(spidercls, "item_class", None) is None:
            return {}
        stem = _free(Path(data).expanduser().resolve() / spidercls.name / str(settings.get("NEWSBOT_RUN")))
        # Nothing stands there to append to, and only appending waits for its turn in the folder: so both feeds may be
        # held until both are whole.
        return {f"{stem}.{form}": {"format": form, "overwrite": True} for form in DEFAULT_FORMATS}


class RowFilter(ItemFilter):
    """Feeds hold rows: a checkpoint that a pipeline lets by is none."""

    def accepts(self, item: Any) -> bool:
        return not isinstance(item, Checkpoint) and super().accepts(item)


def uri_params(params: dict[str, Any], spider: Spider) -> dict[str, Any]:
    """For feed names: ``%(run)s`` beside Scrapy's own ``%(name)s``, ``%(time)s``."""
    return {**params, "run": spider.crawler.settings.get("NEWSBOT_RUN")}
