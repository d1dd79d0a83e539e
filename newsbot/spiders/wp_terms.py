"""``scrapy crawl wp_terms``: categories, tags and custom taxonomies of WordPress sites."""

from __future__ import annotations

from newsbot.arguments.models import TermArguments
from newsbot.items import Term
from newsbot.spiders.base import NewsbotSpider


class WpTermSpider(NewsbotSpider):
    name = "wp_terms"
    kind = "terms"
    item_class = Term
    arguments_model = TermArguments
