"""Scrapy's commands that look at one page: ``fetch``, ``view``, ``shell`` and ``parse``. Such a command is not a run,
not even with a spider of newsbot. Not a command itself.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings
from scrapy.spiderloader import SpiderLoaderProtocol, get_spider_loader
from w3lib.url import is_url

from newsbot.errors import BadArgument
from newsbot.terminal import tell

OF_A_RUN = ("progress.Progress", "receipt.Receipt", "history.History", "followed.Followed", "metrics.Metrics")
"""The extensions that report or store a run."""


def look_only(settings: BaseSettings) -> None:
    """Change the settings so that a command writes no receipt, no folder, no WARC file and nothing to the archive.

    The pipelines stay, since ``scrapy parse --pipelines`` asks for them.
    """
    for name in ("NEWSBOT_ARCHIVE", "NEWSBOT_DATA", "NEWSBOT_WARC", "NEWSBOT_METRICS_FILE"):
        settings.set(name, "", priority="cmdline")
    for name in ("NEWSBOT_METRICS_PORT", "SPIDERMON_ENABLED", "NEWSBOT_LOG_JSON"):
        settings.set(name, "0", priority="cmdline")
    for extension in OF_A_RUN:
        settings["EXTENSIONS_BASE"].set(f"newsbot.extensions.{extension}Extension", None, priority="cmdline")


class OnePage:
    """A mixin for commands of Scrapy."""

    settings: Any
    crawler_process: Any
    spiders: SpiderLoaderProtocol
    needs_address = True

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        from newsbot.arguments.scrapy_settings import check_given

        try:
            check_given(self.settings, opts.set)
            super().process_options(args, opts)  # type: ignore[misc]
            self._check(args, opts)
        except (BadArgument, UsageError) as fault:
            self._end(str(fault))
        look_only(self.settings)

    def _check(self, args: list[str], opts: argparse.Namespace) -> None:
        """Raise BadArgument before anything starts, where Scrapy would end with a traceback."""
        from newsbot.arguments.settings import check_settings

        if self.needs_address and not (len(args) == 1 and is_url(args[0])):
            raise BadArgument("takes the address of one page, with http:// or https://")
        check_settings(self.settings, Spider)
        self.spiders = get_spider_loader(self.settings)
        names = sorted(self.spiders.list())
        if opts.spider and opts.spider not in names:
            raise BadArgument(f"there is no spider {opts.spider!r}; the spiders are {', '.join(names)}")

    def _end(self, line: str) -> NoReturn:
        tell(f"scrapy {type(self).__module__.rpartition('.')[2]}: {line}")
        sys.exit(2)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        self.crawler_process.spider_loader = OnePageLoader(self.crawler_process.spider_loader)
        super().run(args, opts)  # type: ignore[misc]


class OnePageLoader:
    """A spider loader for commands that read one page. newsbot's spiders need arguments and crawl a whole site. The
    spiders of this loader need no arguments and crawl no site."""

    def __init__(self, loader: SpiderLoaderProtocol) -> None:
        self._loader = loader

    def load(self, spider_name: str) -> type[Spider]:
        from newsbot.spiders.base import NewsbotSpider

        spider = self._loader.load(spider_name)
        return without_site(spider) if issubclass(spider, NewsbotSpider) else spider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def without_site(spider: type[Spider]) -> type[Spider]:
    """The spider as a plain spider of Scrapy: it has its name, its settings and its callbacks, but no site."""

    class OfOnePage(spider):  # type: ignore[misc, valid-type]
        archive = claims = None  # Scrapy reads every attribute for the names in a feed's URI

        def __init__(self, *_args: Any, **given: Any) -> None:
            Spider.__init__(self, **given)

        @classmethod
        def from_crawler(cls, crawler: Crawler, *args: Any, **given: Any) -> Self:
            made = cls(*args, **given)
            made._set_crawler(crawler)
            return made

    OfOnePage.__name__ = spider.__name__  # the shell prints it
    return OfOnePage
