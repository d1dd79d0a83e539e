"""The feeds of a crawl for which the user named none, and which items a feed takes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.extensions.feedexport import ItemFilter
from scrapy.settings import BaseSettings

from newsbot.feeds.left_out import noting, with_own_notes
from newsbot.feeds.names import label
from newsbot.items import Checkpoint
from newsbot.terminal import is_standard_output
from newsbot.timestamps import compact_utc


def run_id(now: datetime, token: str) -> str:
    """The name of a run: ``20261123T101500Z-ab12``. Names sort by time.

    ``token`` (four hex digits) distinguishes two runs that start in the same second.
    """
    return f"{compact_utc(now)}-{token}"


DEFAULT_FORMATS = ("jsonl", "csv")

_taken: set[Path] = set()


def _free(stem: Path, kinds: Iterable[str]) -> Path:
    """``stem``, with a number if the name is taken: by another crawl of this process, or by a file on the disk.

    ``kinds``: the name of a file may contain one of them.
    """
    endings = [f".{form}" for form in DEFAULT_FORMATS]
    endings += [f".{kind}.{form}" for kind in kinds for form in DEFAULT_FORMATS]
    number, name = 1, stem
    while name in _taken or any(Path(f"{name}{ending}").exists() for ending in endings):
        number += 1
        name = stem.with_name(f"{stem.name}-{number}")
    _taken.add(name)
    return name


class FeedDefaults:
    """Add-on. Names the run (NEWSBOT_RUN), and gives a crawl without ``-o``, ``-O`` or FEEDS its dated files.

    The FEEDS of settings.py cannot do that: Scrapy writes them besides the files of ``-o``. With an empty NEWSBOT_DATA
    there are no files.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def update_settings(self, settings: BaseSettings) -> None:
        if not settings.get("NEWSBOT_RUN"):
            run = run_id(datetime.now(UTC), secrets.token_hex(2))
            # With the priority of the command line, since settings.py sets an empty NEWSBOT_RUN.
            settings.set("NEWSBOT_RUN", run, priority="cmdline")
        feeds = settings.getdict("FEEDS")
        if not feeds and not settings.get("FEED_URI"):
            feeds = self._dated(settings)
            ours = {uri: {"item_filter": RowFilter, **options} for uri, options in feeds.items()}
        else:
            ours = {uri: _answering(settings, options) for uri, options in feeds.items()}
        spider = self.crawler.spider
        classes: Mapping[str, type] | None = getattr(self.crawler.spidercls, "item_classes", None)
        if ours and classes is not None and spider is not None:
            ours = a_feed_a_kind(ours, {kind: classes[kind] for kind in spider.kinds})  # type: ignore[attr-defined]
        if ours:
            own = {uri: with_own_notes(options) for uri, options in ours.items()}
            settings.set("FEEDS", own, priority="cmdline")

    def _dated(self, settings: BaseSettings) -> dict[str, dict[str, Any]]:
        spidercls, data = self.crawler.spidercls, settings.get("NEWSBOT_DATA")
        # `scrapy shell` and `fetch` run a spider without an item class.
        if not data or getattr(spidercls, "item_class", None) is None:
            return {}
        kinds = getattr(spidercls, "item_classes", ())
        name = "-".join(filter(None, (self._label(), str(settings.get("NEWSBOT_RUN")))))
        stem = _free(Path(data).expanduser().resolve() / spidercls.name / name, kinds)
        # The feeds overwrite, although no such file exists: feeds that append to files of one folder wait for each
        # other, but these two feeds must be complete before one of them gets its final name. A run without rows writes
        # no file; otherwise a timer would produce thousands of empty files.
        options = {"overwrite": True, "store_empty": False}
        # Scrapy fills names such as %(time)s into a URI.
        uri = str(stem).replace("%", "%%")
        return {f"{uri}.{form}": {"format": form, **options} for form in DEFAULT_FORMATS}

    def _label(self) -> str:
        """The label of the run in the names of its files; "" for a spider without newsbot's arguments."""
        arguments = getattr(self.crawler.spider, "arguments", None)
        if arguments is None or not hasattr(arguments, "sites"):
            return ""
        # With ``sites`` a job of a fleet names its own sites in ``site``: they do not belong to the label.
        named = () if arguments.sites else arguments.site
        return label(named, arguments.sites and str(arguments.sites), due=arguments.due)


def _answering(settings: BaseSettings, options: dict[str, Any]) -> dict[str, Any]:
    """The options of a feed of the user. A file that is overwritten holds the whole answer; any other file holds the
    news.

    A feed in batches has other files in each run, so its files hold the news. For a feed for which the user chose rows,
    newsbot notes the rows that it leaves out.
    """
    batches = options.get("batch_item_count", settings.getint("FEED_EXPORT_BATCH_ITEM_COUNT"))
    whole = options.get("overwrite") and not batches
    first = LiveFilter if whole else RowFilter
    marked = {**options, WHOLE: True} if whole else options
    chosen = options.keys() & {"item_filter", "item_classes"}
    return noting(marked, first) if chosen else {"item_filter": first, **marked}


def a_feed_a_kind(feeds: Mapping[str, Mapping[str, Any]], classes: Mapping[str, type]) -> dict[str, dict[str, Any]]:
    """Replace each feed by one feed for each kind of rows. ``classes``: kind -> class of the rows.

    ``%(kind)s`` in the name of a file is the kind; any other name gets the kind before its suffix. Standard output, and
    a feed for which the user chose classes, are not replaced.
    """
    by_kind: dict[str, dict[str, Any]] = {}
    for uri, options in feeds.items():
        if is_standard_output(uri) or "item_classes" in options:
            by_kind[uri] = dict(options)
            continue
        for kind, item_class in classes.items():
            kwargs = {**options.get("item_export_kwargs", {}), "item_class": item_class}
            own = {"item_classes": [item_class], "item_export_kwargs": kwargs}
            by_kind[_with_kind(str(uri), kind)] = {**options, **own}
    return by_kind


def _with_kind(uri: str, kind: str) -> str:
    if "%(kind)s" in uri:
        return uri.replace("%(kind)s", kind)
    folder, slash, name = uri.rpartition("/")
    suffixes = "".join(PurePosixPath(name).suffixes[-2 if name.endswith(PACKED) else -1 :])
    return f"{folder}{slash}{name.removesuffix(suffixes)}.{kind}{suffixes}"


PACKED = (".gz", ".bz2", ".xz", ".lzma")
"""Suffixes after which another suffix names the format."""

WHOLE = "whole_answer"
"""The feed option that marks a file which holds the whole answer."""


class RowFilter(ItemFilter):
    """Accepts rows only. A checkpoint that reaches a feed is left out."""

    def accepts(self, item: Any) -> bool:
        return not isinstance(item, Checkpoint) and super().accepts(item)


def uri_params(params: dict[str, Any], spider: Spider) -> dict[str, Any]:
    """The names that a feed's URI may use: ``%(run)s``, and Scrapy's own such as ``%(name)s`` and ``%(time)s``."""
    return {**params, "run": spider.crawler.settings.get("NEWSBOT_RUN")}


class LiveFilter(RowFilter):
    """A file that holds the whole answer has no deleted rows."""

    def accepts(self, item: Any) -> bool:
        return getattr(item, "change", None) != "deleted" and super().accepts(item)
