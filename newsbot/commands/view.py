"""``scrapy view``: Scrapy's own command, which is not a run."""

from __future__ import annotations

from scrapy.commands.view import Command as ScrapyView

from newsbot.commands.one_page import OnePage


class Command(OnePage, ScrapyView):
    __doc__ = ScrapyView.__doc__
