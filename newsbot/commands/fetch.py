"""``scrapy fetch``: Scrapy's own command, which is no run."""

from __future__ import annotations

from scrapy.commands.fetch import Command as ScrapyFetch

from newsbot.commands.one_page import OnePage


class Command(OnePage, ScrapyFetch):
    __doc__ = ScrapyFetch.__doc__
