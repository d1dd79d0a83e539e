"""``scrapy crawl wp_users``: authors of WordPress sites, as the sites show them."""

from __future__ import annotations

from newsbot.arguments.models import SiteArguments
from newsbot.items import User
from newsbot.spiders.base import NewsbotSpider


class WpUserSpider(NewsbotSpider):
    name = "wp_users"
    kind = "users"
    item_class = User
    arguments_model = SiteArguments
