"""Site crawls whose API stops answering after it gave rows: other sources bring the rows that did not come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from newsbot.items import Post
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import SiteFacts
from tests.unit.model_site import HOME, ModelSite, Object, listen, site

PAGE = "<body class='single-post postid-{id}'><div class='entry-content'><p>Words of {id}.</p></div></body>"
BAN = b"<html>You are banned from the API.</html>"


@dataclass
class Banning(ModelSite):
    """The API refuses listings from the one on for which ``is_banned`` is true. The sitemap lists all posts."""

    is_banned: Callable[[dict[str, str]], bool] = lambda params: False
    banned: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        urls = "".join(f"<url><loc>{HOME}/p{n}/</loc><lastmod>2024-01-01</lastmod></url>" for n in self.objects)
        index = f"<sitemapindex><sitemap><loc>{HOME}/wp-sitemap-posts-post-1.xml</loc></sitemap></sitemapindex>"
        self.web = {"/wp-sitemap.xml": index, "/wp-sitemap-posts-post-1.xml": f"<urlset>{urls}</urlset>"}
        self.web |= {f"/p{n}/": PAGE.format(id=n) for n in self.objects}

    def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
        self.banned = self.banned or self.is_banned(params)
        return (403, None, "banned") if self.banned else super()._answer(route, params)

    def _row(self, one: Object, params: dict[str, str]) -> dict[str, Any]:
        return super()._row(one, params) | {"link": f"{HOME}/p{one.id}/", "slug": f"p{one.id}"}

    def reply(self, query: Query) -> Reply:
        reply = super().reply(query)
        return Reply(status=403, url=query.url, body=BAN) if reply.status == 403 else reply


def test_pages_of_posts_that_came_from_the_api_are_not_requested() -> None:
    third_page = Object(0, 199).date
    posts = {n: Object(n, n) for n in range(1, 251)}
    model = Banning(posts, is_banned=lambda params: params.get("after") == third_page)
    facts, here = SiteFacts(asked=HOME), site()
    here.accepts["/wp/v2/posts"] = here.accepted("/wp/v2/posts")
    options = Options(url=HOME, follow=frozenset())
    records, _ = listen(crawl_collections(here, options, facts), model)
    pages = [path for path in model.visited if path.startswith("/p")]
    assert sorted(record.id for record in records) == list(range(1, 251))
    assert model.banned
    came = sum(isinstance(record, Post) and record.via == "rest" for record in records)
    assert (came, len(pages)) == (200, 50)
    collection = facts.collections["post"]
    assert (collection.verdict, collection.seen) == ("complete", 250)
