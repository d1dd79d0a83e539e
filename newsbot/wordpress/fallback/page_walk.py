"""Read articles from their pages, if the feed gave only an excerpt, or did not show the article."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import NoReturn

from newsbot.items import Post
from newsbot.wordpress.fallback.delivery import Delivery
from newsbot.wordpress.fallback.worth import Folders, PageWorth
from newsbot.wordpress.messages import Asking, Steps
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.pages.feed import FeedEntry
from newsbot.wordpress.pages.reader import Gone, NoArticle, OtherType, PageReader
from newsbot.wordpress.pages.times import iso_to_utc
from newsbot.wordpress.pages.urls import canonical

MOST_WAITED = timedelta(days=60)
"""The longest time that newsbot assumes a scheduled post to have waited for its publication."""

BATCH = 10
"""The number of pages between two checkpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWalk:
    """Reads the pages of the feed's ``partial`` entries, then the pages that a sitemap lists and that are missing."""

    delivery: Delivery
    reader: PageReader
    partial: Mapping[str, FeedEntry]
    worth: PageWorth
    folders: Folders = field(default_factory=Folders)

    def run(self) -> Steps[None]:
        """Send the articles. Raises Halt."""
        wanted = list(self._wanted())
        put_off: list[tuple[str, str | None]] = []
        for number, (url, lastmod) in enumerate(chain(wanted, put_off), 1):
            if self.delivery.is_full:
                return
            if self.worth.is_spent:
                self._leave(len(wanted) + len(put_off) - number + 1)
            entry = self.partial.get(canonical(url))
            if self._is_before_window(entry, lastmod):
                self.delivery.account_for(canonical(url))
                self.delivery.facts.outside_window += 1
                continue
            if number <= len(wanted) and self.folders.is_put_off(url):
                put_off.append((url, lastmod))
                continue
            yield from self._bring(url, entry)
            if number % BATCH == 0:
                yield from self.delivery.close_page()

    def _wanted(self) -> Iterator[tuple[str, str | None]]:
        """URLs of articles with their ``lastmod``: partial posts, then articles that only a sitemap lists, the latest
        change first."""
        yield from ((entry.url, None) for entry in self.partial.values())
        listed = self.delivery.listed
        missing = listed.remaining - self.partial.keys()
        articles = (article for url, article in listed.articles.items() if url in missing)
        yield from sorted(articles, key=lambda article: article.lastmod or "", reverse=True)

    def _is_before_window(self, entry: FeedEntry | None, lastmod: str | None) -> bool:
        """Whether an article is older than ``since``, by its date or its last change, so that it is not requested."""
        since = self.delivery.options.since
        if since is None:
            return False
        if entry is not None and entry.post.published is not None:
            return entry.post.published[:19] < since
        # The last change of a post that waited for its publication is the day on which it was written.
        changed = iso_to_utc(lastmod)
        return changed is not None and changed[:19] < (datetime.fromisoformat(since) - MOST_WAITED).isoformat()

    def _bring(self, url: str, entry: FeedEntry | None) -> Steps[None]:
        """Read one article and send it."""
        post = yield from self._read(url)
        self.worth.note(brought=post is not None)
        self.folders.note(url, brought=post is not None)
        self.delivery.account_for(canonical(url))
        if post is None:
            return
        row_id: int | None = post.id or None
        if entry is not None:
            complete(post, entry)
            row_id = row_id or (entry.id if self.delivery.identities.is_believed(entry) else None)
        post.modified = post.modified or iso_to_utc(self.delivery.listed.lastmod(url))
        yield from self.delivery.send(post, row_id)

    def _leave(self, left: int) -> NoReturn:
        """Request no more pages."""
        pages = self.worth
        why = f"{pages.asked - pages.brought} of {pages.asked} pages show no article; newsbot leaves the other {left}"
        raise Halt(why, verdict="incomplete", fault="no-article")

    def _read(self, url: str) -> Asking[Post | None]:
        """The article at a URL. None where there is no article, which is counted."""
        facts, listed = self.delivery.facts, self.delivery.listed
        try:
            return (yield from self.reader.read(url))
        except Gone:
            facts.gone += 1
        except OtherType:
            listed.other_types += 1
            seen = self.delivery.seen
            seen.note(url, listed.lastmod(url), other_type=True, read=seen.when)
        except NoArticle as missing:
            facts.missing_urls[url] = str(missing)
            facts.faults["no-article"] += 1
        return None


def complete(post: Post, entry: FeedEntry) -> None:
    """Add the values of the feed to a post that was read from its page, if the page lacks them. The feed's date is
    exact."""
    feed_post = entry.post
    post.guid = feed_post.guid
    post.title, post.published = post.title or feed_post.title, feed_post.published or post.published
    post.author, post.excerpt = post.author or feed_post.author, feed_post.excerpt or post.excerpt
    if not post.categories and not post.tags:
        post.categories = feed_post.categories
