"""The facts that the feeds and sitemaps of a run add to the rows of pages."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from newsbot.errors import NotXml
from newsbot.export.warc_answers import WarcAnswers
from newsbot.wordpress.pages.feed import FeedEntry, read_feed
from newsbot.wordpress.pages.sitemap import read_sitemap
from newsbot.wordpress.pages.urls import canonical


@dataclass(kw_only=True)
class ListedPages:
    """The entries of feeds and sitemaps of the site with this key, by the URLs of pages."""

    answers: WarcAnswers
    key: str

    def of(self, url: str) -> tuple[FeedEntry | None, str | None]:
        """The partial entry of a page in a feed, and its date of change in a sitemap."""
        name, known_before = canonical(url), self.answers.known_before
        return known_before(self._feeds.get(name, ())), known_before(self._changed.get(name, ()))

    @cached_property
    def _feeds(self) -> dict[str, list[tuple[int, FeedEntry]]]:
        found: dict[str, list[tuple[int, FeedEntry]]] = defaultdict(list)
        for order, reply in self.answers.ordered([url for url in self.answers.urls if "feed" in url]):
            try:
                entries = read_feed(reply, site=self.key).entries
            except NotXml:
                continue
            for entry in entries:
                if not entry.whole:
                    found[canonical(entry.url)].append((order, entry))
        return found

    @cached_property
    def _changed(self) -> dict[str, list[tuple[int, str | None]]]:
        found: dict[str, list[tuple[int, str | None]]] = defaultdict(list)
        for order, reply in self.answers.ordered([url for url in self.answers.urls if "sitemap" in url]):
            try:
                listed = read_sitemap(reply)
            except NotXml:
                continue
            for url, changed in listed.urls.items():
                found[canonical(url)].append((order, changed))
        return found
