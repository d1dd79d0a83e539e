"""``scrapy crawl wp_posts``: posts, pages and custom types of WordPress sites."""

from __future__ import annotations

from newsbot.arguments.models import PostArguments
from newsbot.items import Post
from newsbot.spiders.base import NewsbotSpider


class WpPostSpider(NewsbotSpider):
    name = "wp_posts"
    kind = "posts"
    item_class = Post
    arguments_model = PostArguments
