"""``scrapy crawl wp_site``: a whole WordPress site: posts, pages, custom types, comments, media, terms and users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from newsbot.archive.answers import Asked
from newsbot.arguments.models import WholeSiteArguments
from newsbot.arguments.site_list import Target
from newsbot.items import CLASSES, DATED, Post
from newsbot.spiders.base import NewsbotSpider, all_as_none
from newsbot.wordpress.options import Options


class WpSiteSpider(NewsbotSpider):
    """A whole site. The index, robots.txt and the results of earlier runs are requested once for all kinds."""

    name = "wp_site"
    kind = "posts"
    item_class = Post
    item_classes = CLASSES
    arguments_model = WholeSiteArguments
    arguments: WholeSiteArguments

    @property
    def kinds(self) -> tuple[str, ...]:
        return self.arguments.chosen_kinds

    def options(self, target: Target) -> list[Options]:
        given = self.arguments.model_dump(exclude={"site", "sites", "due", "media", "warc", "kinds", "types", "follow"})
        every = Options(
            url=target.url,
            types=("all",),
            follow=frozenset({"author"}),
            quick=self.may_check_quickly(target),
            optional="all" in self.arguments.kinds,
            **self.given,
            **given,
        )
        posts = {
            "types": target.types or self.arguments.types,
            "follow": frozenset(self.arguments.follow),
            "optional": False,
        }
        undated = {"since": None, "until": None}
        return [
            replace(every, kind=kind, **(posts if kind == "posts" else {} if kind in DATED else undated))
            for kind in self.kinds
        ]

    def asked(self, targets: Sequence[Target]) -> list[Asked]:
        chosen = self.arguments
        types = {target.url: all_as_none(target.types or chosen.types) for target in targets}
        every = dict.fromkeys(types)
        return [
            Asked(
                kind=kind,
                types=types if kind == "posts" else every,
                limit=chosen.limit,
                since=chosen.since if kind in DATED else None,
                until=chosen.until if kind in DATED else None,
            )
            for kind in self.kinds
        ]
