"""``scrapy crawl wp_comments``: approved comments of WordPress sites."""

from __future__ import annotations

from newsbot.arguments.models import CommentArguments
from newsbot.items import Comment
from newsbot.spiders.base import NewsbotSpider


class WpCommentSpider(NewsbotSpider):
    name = "wp_comments"
    kind = "comments"
    item_class = Comment
    arguments_model = CommentArguments
