"""Walk a feed page by page, from the newest post to the oldest."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from newsbot.errors import NotXml
from newsbot.wordpress.fallback.delivery import Delivery
from newsbot.wordpress.fallback.feed_end import FAR, LOOKS, LOOKS_BEHIND_404, Answer, FeedEnd, is_endless
from newsbot.wordpress.fallback.feeds import FoundFeed
from newsbot.wordpress.messages import Reply, Steps
from newsbot.wordpress.pages.asking import ask
from newsbot.wordpress.pages.feed import FeedEntry, FeedPage, page_url, read_feed, urls_of
from newsbot.wordpress.pages.reader import PageReader
from newsbot.wordpress.pages.urls import canonical

HOLD = 300
"""The number of entries that wait before they are sent. Entries with equal guids are close together in a feed: both are
seen before one is sent."""

STALE_PAGES = 30
"""Pages in a row without a new entry, after which the feed is taken to repeat itself. Posts of the same second bring a
few such pages."""

_NO_PAGE = FeedPage(entries=[])


@dataclass(slots=True, kw_only=True)
class FeedWalk:
    """Sends the whole articles of a feed, and collects the entries whose articles must be read from their pages.

    ``partial``: canonical URL -> an entry with only an excerpt. ``held`` entries wait to be sent. ``in_window`` is the
    number of entries that count towards ``limit``, ``unlisted`` the number of those that no sitemap lists.
    ``broke_off``: why the feed is not complete, or None. ``sitemap_is_partial``: after as many posts as the sitemap
    lists, the feed shows posts that the sitemap lacks. ``unseen``: why it is unknown whether the feed has such posts.
    """

    feed: FoundFeed | None
    delivery: Delivery
    reader: PageReader
    partial: dict[str, FeedEntry] = field(default_factory=dict)
    held: deque[FeedEntry] = field(default_factory=deque)
    stale_pages: int = 0
    in_window: int = 0
    unlisted: int = 0
    broke_off: str | None = None
    sitemap_is_partial: bool = False
    unseen: str | None = None
    end: FeedEnd = field(default_factory=FeedEnd)

    def run(self) -> Steps[None]:
        """Send the articles of the feed. Raises Halt; ``held`` entries are then not sent."""
        if self.feed is None:
            return
        yield from self._walk(self.feed)
        yield from self._release(0)
        yield from self.delivery.close_page()

    def rescue(self) -> Steps[None]:
        """Send the held entries whose id is known without a request, after a Halt."""
        for entry in self.held:
            if self.delivery.identities.is_believed(entry) and not self.delivery.is_full:
                yield from self.delivery.send(entry.post, entry.id)

    def _walk(self, feed: FoundFeed) -> Steps[None]:
        page, first_urls = feed.first_page, urls_of(feed.first_page)
        self._count_faults(page)
        empty = 0
        for number in count(2):
            if page.entries:
                empty = 0
                goes_on = yield from self._take_page(page)
                if not goes_on and self._is_replaced(page.entries):
                    goes_on = yield from self._goes_behind_sitemap(feed, len(page.entries), first_urls)
                if not goes_on or (yield from self._has_no_end(feed, number - 1, first_urls)):
                    return
            elif self.broke_off is not None or number == 2 or empty >= _looks_behind(page):
                return
            else:
                empty += 1
            page = yield from self._fetch(feed, number)
            if urls_of(page) == first_urls:
                page = _NO_PAGE  # some sites show their first page after the last one

    def _has_no_end(self, feed: FoundFeed, number: int, first: list[str]) -> Steps[bool]:
        """Whether the feed, whose page ``number`` came, has no end. Then the walk ends early."""
        endless = self.end.is_passed(number)
        if not endless and self.end.is_due(number):
            if not self.end.is_far_known:
                far = yield from self._probe(feed, FAR, first)
                self.end.take_far(far)
                farther = (yield from self._probe(feed, FAR + 1, first)).urls if far.urls else []
                endless = is_endless(far.urls or [], farther or [])
            if not endless:
                probe = self.end.next_probe(number)
                self.end.take(probe, (yield from self._probe(feed, probe, first)), at=number)
        if endless:
            self._break_off("endless", f"the feed has no end: newsbot left it after page {number}")
        elif self.end.is_unproven(number):
            why = f"whether the feed has an end is unknown ({self.end.refused}): newsbot left it after page {number}"
            self._break_off("endless", why)
            endless = True
        return endless

    def _is_replaced(self, entries: Sequence[FeedEntry]) -> bool:
        """Whether the sitemap alone is the reason why deeper pages of the feed are of no more use."""
        return bool(entries) and not (self._is_limited(entries) or self.delivery.facts.kept or self.stale_pages)

    def _goes_behind_sitemap(self, feed: FoundFeed, size: int, first: list[str]) -> Steps[bool]:
        """Whether the feed (``size`` entries a page), after as many posts as the sitemap lists, has posts that the
        sitemap lacks: some sitemaps list only the newest posts. Then the feed is walked to its end.
        """
        articles = self.delivery.listed.articles
        behind = len(articles) // size + 1
        for number in range(behind, behind + LOOKS + 1):
            answer = yield from self._probe(feed, number, first)
            if answer.refused is not None and (yield from self._has_pages(feed, number, first)):
                self.unseen = f"the site refuses page {number} of its feed ({answer.refused})"
            if answer.urls != [] or answer.gone:
                break
        self.sitemap_is_partial = any(url not in articles for url in answer.urls or [])
        return self.sitemap_is_partial

    def _has_pages(self, feed: FoundFeed, refused: int, first: list[str]) -> Steps[bool]:
        """Whether the site shows more than the first page of its feed, after it refused a page."""
        return refused != 2 and (yield from self._probe(feed, 2, first)).refused is None

    def _probe(self, feed: FoundFeed, number: int, first: list[str]) -> Steps[Answer]:
        """The answer for a page that is requested only to find the end. A site may show its first page after the last
        one."""
        reply = yield from ask(page_url(feed.url, number), "feed", self.reader.type)
        if reply.error is not None or not (reply.is_ok or reply.is_gone or reply.status == 400):
            # A refusal (401, 403, 429) does not show where the feed ends.
            return Answer(None, refused=_why(reply))
        try:
            urls = urls_of(read_feed(reply, site=self.reader.site)) if reply.is_ok else []
        except NotXml as fault:
            self.delivery.facts.faults[fault.name] += 1
            return Answer(None)
        return Answer([] if urls == first else urls, gone=not reply.is_ok)

    def _take_page(self, page: FeedPage) -> Steps[bool]:
        """Accept the entries of a page. Returns whether the next page may be of use."""
        fresh = [entry for entry in page.entries if self._take(entry)]
        self.stale_pages = 0 if fresh else self.stale_pages + 1
        yield from self._release(HOLD)
        yield from self.delivery.close_page()
        return self.stale_pages < STALE_PAGES and not self._is_enough(page.entries)

    def _fetch(self, feed: FoundFeed, number: int) -> Steps[FeedPage]:
        """The page of that number; an empty page after the last one, or if the feed fails."""
        reply = yield from ask(page_url(feed.url, number), "feed", self.reader.type)
        if reply.is_gone:
            return _NO_PAGE
        if not reply.is_ok:
            return self._break_off(reply.error or "bad-status", f"the feed breaks off: {_why(reply)}")
        try:
            page = read_feed(reply, site=self.reader.site)
        except NotXml as fault:
            return self._break_off(fault.name, f"the feed breaks off: {fault}")
        self._count_faults(page)
        return page

    def _break_off(self, fault: str, why: str) -> FeedPage:
        self.delivery.facts.faults[fault] += 1
        self.broke_off = self.broke_off or why
        return _NO_PAGE

    def _count_faults(self, page: FeedPage) -> None:
        if page.cut:
            self._break_off("truncated", "the feed is truncated")
        elif page.repaired:
            self.delivery.facts.faults["mended-xml"] += 1

    def _take(self, entry: FeedEntry) -> bool:
        """Accept an entry. False if another page of the feed already showed it."""
        url, listed = canonical(entry.url), self.delivery.listed
        if url in listed.accounted or url in self.partial:
            self.delivery.facts.duplicates += 1
            return False
        self.in_window += entry.id not in self.delivery.api_ids and not self._is_outside_window(entry)
        self.unlisted += bool(listed.articles) and url not in listed.articles
        if entry.whole:
            self.delivery.account_for(url)
            self.delivery.identities.claim(entry)
            self.held.append(entry)
        else:
            self.partial[url] = entry
        return True

    def _is_outside_window(self, entry: FeedEntry) -> bool:
        return self.delivery.options.is_outside_window(entry.post.published)

    def _is_enough(self, entries: Sequence[FeedEntry]) -> bool:
        """Whether deeper pages of the feed, which goes back in time, are of no more use."""
        return self._is_limited(entries) or self._is_listed(entries)

    def _is_limited(self, entries: Sequence[FeedEntry]) -> bool:
        """Whether the user's ``limit`` or ``since`` is reached."""
        options = self.delivery.options
        if options.limit is not None and self.in_window >= options.limit - len(self.delivery.api_ids):
            return True
        return bool(options.since) and all((entry.post.published or "~")[:19] < str(options.since) for entry in entries)

    def _is_listed(self, entries: Sequence[FeedEntry]) -> bool:
        """Whether nothing is missing that the sitemap lists."""
        if self.sitemap_is_partial:
            return False
        return self._lists_all(entries) and not self.delivery.listed.remaining - self.partial.keys()

    def _lists_all(self, entries: Sequence[FeedEntry]) -> bool:
        """Whether the sitemap can replace deeper pages of the feed.

        A sitemap may list only the newest posts: where a page of the feed shows a post that the sitemap does not list,
        the feed is walked to its end. This is not done in every run: the articles that are already kept came from an
        earlier run that walked to the end.
        """
        articles = self.delivery.listed.articles
        if not articles or self.delivery.facts.kept:
            return bool(articles)
        return all(canonical(entry.url) in articles for entry in entries)

    def _release(self, hold: int) -> Steps[None]:
        """Send the held entries except the last ``hold`` entries."""
        while len(self.held) > hold and not self.delivery.is_full:
            yield from self._send(self.held.popleft())

    def _send(self, entry: FeedEntry) -> Steps[None]:
        """Send an entry. If the id from the feed is not certain enough, newsbot reads the id from the entry's page."""
        identities, listed = self.delivery.identities, self.delivery.listed
        if identities.is_believed(entry) or self._is_outside_window(entry):
            yield from self.delivery.send(entry.post, entry.id)
            return
        row_id, type_ = yield from self.reader.identity(entry.url)
        if type_ not in (None, self.reader.type):
            # A plugin put another type into the feed. That type has a sitemap of its own.
            listed.other_types += canonical(entry.url) in listed.articles
            return
        if row_id is not None:
            identities.confirm(entry, row_id)
        yield from self.delivery.send(entry.post, row_id)


def _looks_behind(page: FeedPage) -> int:
    """How many pages are requested after a page without entries."""
    return LOOKS_BEHIND_404 if page is _NO_PAGE else LOOKS


def _why(reply: Reply) -> str:
    return reply.reason if reply.error is not None else f"HTTP {reply.status}"
