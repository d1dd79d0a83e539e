"""``scrapy parse``: Scrapy's own command, which is not a run."""

from __future__ import annotations

import argparse

from scrapy import Request, Spider
from scrapy.commands.parse import Command as ScrapyParse

from newsbot.commands.one_page import OnePage
from newsbot.errors import BadArgument


class Command(OnePage, ScrapyParse):
    __doc__ = ScrapyParse.__doc__

    def _check(self, args: list[str], opts: argparse.Namespace) -> None:
        super()._check(args, opts)
        if opts.spider and not opts.rules:
            _check_callback(self.spiders.load(opts.spider), opts.callback or "parse")
        elif not opts.spider and not self.spiders.find_by_request(Request(args[0])):
            raise BadArgument("names no spider: add --spider NAME. scrapy article URL reads a page without a spider")


def _check_callback(spider: type[Spider], callback: str) -> None:
    """Raise BadArgument where the spider has no such callback, or has only the callback that newsbot's spiders inherit:
    those spiders crawl sites."""
    from newsbot.spiders.base import NewsbotSpider

    own = getattr(spider, callback, None)
    if callable(own) and own is not getattr(NewsbotSpider, callback, None):
        return
    line = f"the spider {spider.name} has no callback {callback} for a page"
    if issubclass(spider, NewsbotSpider):
        line += ", since it crawls whole sites. scrapy article URL reads a page"
    raise BadArgument(line)
