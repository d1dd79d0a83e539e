"""Find the feed of a site."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from newsbot.article.cleaning.nesting import flatten
from newsbot.errors import NotXml
from newsbot.wordpress import payload
from newsbot.wordpress.fallback.seen import FEEDS, FeedState, time_of
from newsbot.wordpress.messages import Reply, Steps
from newsbot.wordpress.pages.asking import Halt, ask
from newsbot.wordpress.pages.feed import FeedPage, read_feed
from newsbot.wordpress.pages.nodes import value_of
from newsbot.wordpress.pages.urls import absolute, id_of_url, site_host
from newsbot.wordpress.questions import Recall, Remember

HELD = timedelta(days=7)
"""How long a search in vain holds: as long as a search for an API."""

_YEAR = re.compile(r"/\d{4}/").search


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed, its first page, and the ``state`` to store when every post of the feed has come. ``state`` is None if the
    URL was not requested as a feed, or if the feed has not changed since its state was stored."""

    url: str
    first_page: FeedPage
    state: FeedState | None = None


@dataclass(slots=True, kw_only=True)
class FeedSearch:
    """Looks for the feed of a site. ``key`` is the site's key, if it is known.

    ``incremental``: an earlier run may have brought what the feed shows, so that an unchanged feed need not be sent.
    ``when`` is the time of the last answer. ``failing``: a place failed, so that it may have a feed.
    """

    key: str
    incremental: bool
    tried: set[str] = field(default_factory=set)
    when: str = ""
    failing: bool = False

    def of_site(self) -> Steps[FoundFeed | None]:
        """The feed at its usual places, or else the one that the home page names. Raises Halt.

        A place that had a feed in an earlier run comes first. If an earlier run found no feed at all, only the first
        place is asked for, for ``HELD``.
        """
        home, usual = f"{self.key}/", [f"{self.key}/feed/", f"{self.key}/?feed=rss2"]
        kept: Mapping[int, Any] = {}
        if self.incremental:
            ids = tuple(map(id_of_url, (*usual, home)))
            kept = (yield Recall(site=self.key, relation=FEEDS, ids=ids)) or {}
            usual.sort(key=lambda url: id_of_url(url) not in kept)
        searched = time_of(kept.get(id_of_url(home), {}).get("searched"))
        for url in usual:
            feed = yield from self._at(url)
            if feed is not None:
                if url != usual[0]:
                    yield self._note(home, "")
                return feed
            now = time_of(self.when)
            if searched is not None and now is not None and timedelta(0) <= now - searched < HELD:
                return None
        feed = yield from self.named_by(home)
        if feed is not None:
            yield self._note(home, "")
        elif self.when and not self.failing:
            yield self._note(home, self.when)
        return feed

    def _note(self, home: str, when: str) -> Remember:
        """When the last search in vain was made. A feed that a search found makes an earlier search in vain untrue."""
        return Remember(site=self.key, relation=FEEDS, objects={id_of_url(home): {"searched": when}})

    def named_by(self, url: str) -> Steps[FoundFeed | None]:
        """The feed that a page names, or the feed at the URL itself. Raises Halt."""
        if url in self.tried:
            return None
        self.tried.add(url)
        reply = yield from ask(url, "page")
        self.when = reply.fetched_at
        feed = self._read(reply, url)
        for named in _feeds_named(reply) if feed is None else ():
            feed = yield from self._at(named)
            if feed is not None:
                break
        return feed

    def _at(self, url: str) -> Steps[FoundFeed | None]:
        """The feed at a URL, which the site does not send again if it has not changed."""
        if url in self.tried:
            return None
        self.tried.add(url)
        state = FeedState(site=self.key, url=url)
        if self.incremental:
            yield from state.recall()
        reply = yield from ask(url, "feed", headers=state.headers())
        self.when = reply.fetched_at
        if reply.error is None and reply.status == 304:
            # Every post of this feed came in an earlier run.
            return FoundFeed(url=url, first_page=FeedPage(entries=[], home=state.home, name=state.name))
        return self._read(reply, url, state)

    def _read(self, reply: Reply, url: str, state: FeedState | None = None) -> FoundFeed | None:
        """The feed in a reply, or None. Raises Halt for a login page."""
        if not reply.is_ok:
            self.failing = self.failing or not reply.is_gone
            return None
        if payload.is_login(reply):
            raise Halt("a login page came instead of a feed", verdict="closed", fault="login")
        try:
            page = read_feed(reply, site=self.key)
        except NotXml:
            return None
        if state is not None:
            state.take(reply, home=page.home, name=page.name)
        # A redirect on the same host (to https or www) need not be repeated for each page. A feed service on another
        # host does not have the feed's further pages.
        moved = site_host(reply.url) == site_host(url)
        return FoundFeed(url=reply.url if moved else url, first_page=page, state=state)


def _is_of_site(url: str) -> bool:
    """Whether a feed holds posts: it is neither a feed of comments, nor the feed of one post, whose URL has the post's
    date.
    """
    dated = _YEAR(url)
    return "comments" not in url and (dated is None or "/feed" not in url[dated.end() :])


def _feeds_named(reply: Reply) -> Iterator[str]:
    """The URLs of feeds of posts that a page names, in its order: the site's own feed comes first."""
    if reply.error is not None:
        return
    tree = LexborHTMLParser(flatten(reply.body.decode("utf-8", "replace")))
    for link in tree.css('link[rel~="alternate"][type="application/rss+xml"]'):
        url = absolute(value_of(link, "href"), reply.url)
        if url and site_host(url) == site_host(reply.url) and _is_of_site(url):
            yield url
