"""``scrapy crawl wp_media``: the media library of WordPress sites."""

from __future__ import annotations

from newsbot.arguments.models import MediaArguments
from newsbot.items import Media
from newsbot.spiders.base import NewsbotSpider


class WpMediaSpider(NewsbotSpider):
    name = "wp_media"
    kind = "media"
    item_class = Media
    arguments_model = MediaArguments
