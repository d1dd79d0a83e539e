"""Bring the posts of one type without the API: from the feed, then from the pages that the sitemaps list."""

from __future__ import annotations

from collections.abc import Container, Set
from dataclasses import dataclass, field

from newsbot.wordpress.fallback.delivery import Delivery
from newsbot.wordpress.fallback.feed_walk import FeedWalk
from newsbot.wordpress.fallback.identity import Identities
from newsbot.wordpress.fallback.listed import ListedArticles, read_listed
from newsbot.wordpress.fallback.page_walk import PageWalk
from newsbot.wordpress.fallback.seen import SeenArticles
from newsbot.wordpress.fallback.sources import Sources
from newsbot.wordpress.fallback.verdict import conclude
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.pages.reader import PageReader
from newsbot.wordpress.pages.urls import site_host
from newsbot.wordpress.receipt import CollectionFacts


@dataclass(slots=True, kw_only=True)
class FallbackCollection:
    """One type of one site. ``reason`` says why the API cannot be used.

    ``api_ids`` are ids that the API gave before it was closed, ``sequence`` the number of rows that were sent before,
    ``sent`` the keys of their URLs. ``may_be_empty``: the user asked for all types, and no row of this type ever came.
    """

    type: str
    sources: Sources
    options: Options
    facts: CollectionFacts
    reason: str
    api_ids: Set[int] = frozenset()
    sequence: int = 0
    sent: Container[int] = frozenset()
    may_be_empty: bool = False
    listed: ListedArticles = field(default_factory=ListedArticles)
    delivery: Delivery = field(init=False)
    feed: FeedWalk = field(init=False)
    reader: PageReader = field(init=False)

    def __post_init__(self) -> None:
        key = self.sources.key
        self.reader = PageReader(type=self.type, site=key, render=self.options.render)
        self.delivery = Delivery(
            options=self.options,
            facts=self.facts,
            listed=self.listed,
            identities=Identities(own_host=site_host(key)),
            seen=SeenArticles(site=key, type=self.type),
            api_ids=self.api_ids,
            sequence=self.sequence,
        )
        # A feed shows posts, and no other type.
        feed = self.sources.feed if self.type == "post" else None
        self.feed = FeedWalk(feed=feed, delivery=self.delivery, reader=self.reader)

    def run(self) -> Steps[None]:
        """Yields queries, posts, questions to the archive and checkpoints. Closes ``facts``."""
        self.facts.why = "not finished"
        halt: Halt | None = None
        try:
            yield from self._bring()
        except Halt as error:
            halt = error
            if error.fault != "stopped":
                self.facts.faults[error.fault] += 1
            yield from self.feed.rescue()
        yield from self.delivery.close_page()
        if halt is None:
            yield from self._keep_feed_state()
            yield from self.delivery.close_page(done=True)
        self.facts.expected_before = self.listed.expected
        empty = self.may_be_empty and self.options.render != "never"
        conclude(self.facts, reason=self.reason, gap=self._gap(), full=self._full(), halt=halt, may_be_empty=empty)

    def _bring(self) -> Steps[None]:
        self.listed = yield from read_listed(self.sources.key, self.sources.sitemaps, self.type, self.facts.faults)
        self.delivery.listed, self.delivery.seen.when = self.listed, self.sources.sitemaps.when
        self.facts.expected_before = self.listed.expected
        self.delivery.leave_sent(self.sent)
        if self.sources.incremental:
            yield from self._skip_unchanged()
        yield from self.feed.run()
        partial, worth = self.feed.partial, self.sources.worth
        yield from PageWalk(delivery=self.delivery, reader=self.reader, partial=partial, worth=worth).run()

    def _skip_unchanged(self) -> Steps[None]:
        """Account for articles that an earlier run brought and whose ``lastmod`` has not changed."""
        left = {url: self.listed.articles[url] for url in self.listed.remaining}
        unchanged = yield from self.delivery.seen.unchanged(left)
        for url, is_other_type in unchanged.items():
            self.delivery.account_for(url)
            self.listed.other_types += is_other_type
            self.facts.kept += not is_other_type

    def _keep_feed_state(self) -> Steps[None]:
        """Keep the state of a feed whose posts all came, so that the site need not send the unchanged feed again."""
        state = self.feed.feed.state if self.feed.feed is not None else None
        if state is not None and self.sources.incremental and not self.feed.broke_off and not self.facts.missing_urls:
            yield from state.keep()

    def _gap(self) -> str | None:
        """Why the sitemaps may not list all posts, or None. If there is no sitemap: why the feed is not complete."""
        if self.listed.gap is None and self.feed.broke_off is not None:
            if self.facts.expected_before is None:
                return self.feed.broke_off
            if self.feed.unlisted:
                return f"{self.feed.broke_off}, and shows {self.feed.unlisted} posts that no sitemap lists"
        if self.listed.gap is None and self.feed.unseen is not None:
            return self.feed.unseen
        return self.listed.gap

    def _full(self) -> str | None:
        """If the user's ``limit`` was reached, the posts that came, in words; else None."""
        order = "newest" if self.sources.feed is not None else "last changed"
        return f"the {order} {self.facts.sent} posts, as asked for" if self.delivery.is_full else None
