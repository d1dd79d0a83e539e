"""``scrapy shell``: Scrapy's own command, which is not a run."""

from __future__ import annotations

from scrapy.commands.shell import Command as ScrapyShell

from newsbot.commands.one_page import OnePage


class Command(OnePage, ScrapyShell):
    __doc__ = ScrapyShell.__doc__
    needs_address = False  # a shell can also read a file, or start without a page
