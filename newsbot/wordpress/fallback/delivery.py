"""Sends posts: decides their id, applies the window and the limit, and adds checkpoints."""

from __future__ import annotations

from collections.abc import Container, Set
from dataclasses import dataclass, field

from newsbot.items import Checkpoint, Post
from newsbot.wordpress.fallback.identity import Identities
from newsbot.wordpress.fallback.listed import ListedArticles
from newsbot.wordpress.fallback.seen import SeenArticles
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.urls import earlier_ids, id_of_url, place_key
from newsbot.wordpress.questions import AskKnown
from newsbot.wordpress.receipt import CollectionFacts


def given_id(url: str, *, site: str, type_: str) -> Steps[int]:
    """The id of an article whose post id is unknown. An article that an older version archived keeps its id."""
    if earlier := earlier_ids(url):
        held = yield AskKnown(site=site, type=type_, ids=earlier)
        return next((row_id for row_id in earlier if row_id in held), id_of_url(url))
    return id_of_url(url)


@dataclass(slots=True, kw_only=True)
class Delivery:
    """Sends the posts of one type, and counts them in ``facts``.

    ``api_ids`` are ids that the API gave before it was closed. ``sequence`` is the number of rows that were sent.
    ``by_api`` counts the listed articles that the API brought in this run.
    """

    options: Options
    facts: CollectionFacts
    listed: ListedArticles
    identities: Identities
    seen: SeenArticles
    api_ids: Set[int] = frozenset()
    sequence: int = 0
    by_api: int = field(default=0, init=False)

    @property
    def is_full(self) -> bool:
        """Whether the user's ``limit`` is reached."""
        return self.options.limit is not None and self.facts.sent >= self.options.limit

    def account_for(self, url: str) -> None:
        """Note that nothing is missing of the article of that canonical URL."""
        self.listed.account_for(url)
        self.facts.seen = len(self.listed.accounted) - self.by_api + len(self.api_ids)

    def leave_sent(self, sent: Container[int]) -> None:
        """Account for the listed articles whose URLs have ``sent`` keys: the API brought them in this run. Their pages
        would show the same articles again."""
        for url, article in self.listed.articles.items():
            if place_key(article.url) in sent:
                self.listed.account_for(url)
                self.seen.note(article.url, article.lastmod)
                self.by_api += 1

    def send(self, post: Post, row_id: int | None) -> Steps[None]:
        """Send a post under its id, or under the id that its URL gives it. No post is sent twice."""
        url = post.url or ""
        if self.options.is_outside_window(post.published):
            self.facts.outside_window += 1
            return
        if row_id is None:
            row_id = yield from given_id(url, site=self.seen.site, type_=self.seen.type)
            self.facts.faults["no-id"] += 1
        if row_id in self.api_ids:
            self.seen.note(url, self.listed.lastmod(url))
            return
        if not self.identities.give(row_id, url):
            self.facts.missing_urls[url] = f"another post has its id {row_id}"
            return
        post.id = row_id
        self._count(post)
        yield post
        self.seen.note(url, self.listed.lastmod(url), published=post.published, read=post.fetched_at)

    def _count(self, post: Post) -> None:
        self.sequence += 1
        self.facts.sent += 1
        self.facts.via[post.via] += 1
        self.facts.protected += bool(post.protected)

    def close_page(self, *, done: bool = False) -> Steps[None]:
        """Let the archive commit the sent posts. ``done`` closes the collection."""
        yield from self.seen.keep()
        yield Checkpoint(site=self.seen.site, type=self.seen.type, sequence=self.sequence, done=done)
