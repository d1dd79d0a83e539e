"""Bringing the posts of one type by feed and page, and the reckoning against the sitemap."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from newsbot.errors import NotXml
from newsbot.items import Checkpoint, Post
from newsbot.wordpress.fallback.identity import Identities
from newsbot.wordpress.fallback.listed import read_lists
from newsbot.wordpress.fallback.seen import SeenArticles
from newsbot.wordpress.fallback.sources import Sources
from newsbot.wordpress.fallback.verdict import complete, conclude
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.pages.asking import Halt, ask
from newsbot.wordpress.pages.feed import FeedEntry, FeedPage, page_url, read_feed, urls_of
from newsbot.wordpress.pages.reader import Gone, NoArticle, OtherType, PageReader
from newsbot.wordpress.pages.times import iso_to_utc
from newsbot.wordpress.pages.urls import canonical, id_of_url, site_host
from newsbot.wordpress.receipt import CollectionFacts

if TYPE_CHECKING:
    from newsbot.wordpress.options import Options

HOLD = 300
"""Feed items that wait before they are sent: guids that repeat stand close together, and both are then looked at."""

STALE_PAGES = 30
"""Feed pages in a row that bring nothing new before the feed is taken to go in circles. Ties bring a few such pages."""

WAITS = timedelta(days=60)
"""How long a scheduled post is taken to have waited at most."""

BATCH = 10
"""Pages to a checkpoint."""


@dataclass(slots=True, kw_only=True)
class FallbackCollection:
    """One type of one site. ``had`` are the ids that the API gave before it shut, ``sequence`` the rows that left.

    ``strangers`` counts what the feed shows and the sitemap does not list; ``broke_off``: the feed did not come whole.
    """

    type: str
    ways: Sources
    options: Options
    facts: CollectionFacts
    reason: str
    had: set[int] = field(default_factory=set)
    sequence: int = 0
    listed: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    poor: dict[str, FeedEntry] = field(default_factory=dict)
    waiting: deque[FeedEntry] = field(default_factory=deque)
    identities: Identities = field(init=False)
    reader: PageReader = field(init=False)
    ledger: SeenArticles = field(init=False)
    unlisted: str | None = None
    others: int = 0
    inside: int = 0
    strangers: int = 0
    broke_off: bool = False

    def __post_init__(self) -> None:
        self.ledger = SeenArticles(site=self.ways.key, type=self.type)
        self.identities = Identities(own=site_host(self.ways.key))
        self.reader = PageReader(type=self.type, site=self.ways.key, render=self.options.render)

    def run(self) -> Steps[None]:
        """Yields queries, posts and checkpoints; closes ``facts``."""
        halt: Halt | None = None
        self.facts.why = "not finished"
        try:
            yield from self._list()
            if self.ways.again:
                yield from self._leave_unchanged()
            if self.type == "post" and self.ways.first is not None:
                yield from self._feed()
            yield from self._pages()
        except Halt as met:
            halt = met
            if met.fault != "stopped":
                self.facts.faults[met.fault] += 1
            # What came whole and is known by its id need not be lost.
            for entry in self.waiting:
                if self.identities.believed(entry) and not self._full():
                    yield from self._send(entry.post, entry.id)
        yield from self._close_page()
        if halt is None:
            if self.ways.state is not None and self._brought_feed():
                yield from self.ways.state.remember()
            yield self._checkpoint(done=True)
        listed = len(self.listed) - self.others
        self.facts.expected_before = listed if self.listed else None
        newest = "newest" if self.ways.first is not None else "last changed"
        full = f"the {newest} {self.facts.sent}, as asked for" if self._full() else None
        if self.broke_off and self.strangers:
            self.unlisted = (
                self.unlisted or f"{self.strangers} posts of the feed are not in it, and the feed breaks off"
            )
        conclude(self.facts, reason=self.reason, unlisted=self.unlisted, full=full, halt=halt)

    def _close_page(self) -> Steps[None]:
        yield from self.ledger.written()
        yield self._checkpoint()

    def _leave_unchanged(self) -> Steps[None]:
        """Take as accounted for what an earlier run brought and the sitemap shows no change of."""
        for address, other in (yield from self.ledger.unchanged(self.listed)).items():
            self._tick(address)
            self.others += other
            self.facts.kept += not other

    def _checkpoint(self, *, done: bool = False) -> Checkpoint:
        return Checkpoint(site=self.ways.key, type=self.type, sequence=self.sequence, done=done)

    # The list to reckon against.

    def _list(self) -> Steps[None]:
        self.listed, self.unlisted = yield from read_lists(self.ways, self.type, self.facts.faults)
        self.left = set(self.listed)
        self.facts.expected_before = len(self.listed) if self.listed else None

    # The feed.

    def _feed(self) -> Steps[None]:
        page, number, stale = self.ways.first, 1, 0
        assert page is not None
        assert self.ways.feed is not None
        self._heed(page)
        first = urls_of(page)
        while page.entries and not (number > 1 and urls_of(page) == first):
            fresh = [entry for entry in page.entries if self._is_new(entry)]
            stale = 0 if fresh else stale + 1
            yield from self._release(HOLD)
            yield from self._close_page()
            if stale == STALE_PAGES or self._enough(page.entries):
                break
            number += 1
            reply = yield from ask(page_url(self.ways.feed, number), "feed", self.type)
            if reply.error is not None or reply.status != 200:
                if reply.error is not None or reply.status not in (404, 410):
                    self.facts.faults[reply.error or "bad-status"] += 1
                    self.broke_off = True
                break
            try:
                page = read_feed(reply, site=self.ways.key)
                self._heed(page)
            except NotXml as fault:
                self.facts.faults[fault.name] += 1
                self.broke_off = True
                break
        yield from self._release(0)
        yield from self._close_page()

    def _heed(self, page: FeedPage) -> None:
        if page.mended or page.cut:
            self.facts.faults["truncated" if page.cut else "mended-xml"] += 1
        self.broke_off |= page.cut

    def _is_new(self, entry: FeedEntry) -> bool:
        """Take in a feed's item, unless another page of the feed showed it."""
        url = canonical(entry.url)
        if url in self.met or url in self.poor:
            self.facts.duplicates += 1
            return False
        self.inside += entry.id not in self.had and not self._outside(entry.post)
        self.strangers += bool(self.listed) and url not in self.listed
        if entry.whole:
            self._tick(url)
            self.identities.claim(entry)
            self.waiting.append(entry)
        else:
            self.poor[url] = entry
        return True

    def _brought_feed(self) -> bool:
        """Whether all that the feed shows came, so that it need not be sent again as long as it does not change."""
        return self.type == "post" and self.ways.again and not self.broke_off and not self.facts.missing_urls

    def _tick(self, url: str) -> None:
        self.met.add(url)
        self.left.discard(url)
        self.facts.seen = len(self.met) + len(self.had)

    def _enough(self, entries: list[FeedEntry]) -> bool:
        """Whether deeper pages of the feed, which goes back in time, are of no more use."""
        limit, since = self.options.limit, self.options.since
        if limit is not None and self.inside >= limit - len(self.had):
            return True
        if since and all((entry.post.published or "~")[:19] < since for entry in entries):
            return True
        # A sitemap may be of the newest alone: where the feed shows more than it lists, it is walked to its end. Not
        # again in each run: what is kept was brought when it was.
        lists_all = self.facts.kept or all(canonical(entry.url) in self.listed for entry in entries)
        return bool(self.listed and lists_all) and not self.left - set(self.poor)

    def _release(self, hold: int) -> Steps[None]:
        """Send items but the last ``hold``. Where a feed's word for the id is not enough, the page is asked for it."""
        while len(self.waiting) > hold and not self._full():
            entry = self.waiting.popleft()
            told = entry.id
            if not self.identities.believed(entry) and not self._outside(entry.post):
                told, type_ = yield from self.reader.identity(entry.url)
                if type_ not in (None, self.type):
                    # A plugin put another type into the feed; it has a sitemap of its own.
                    self.others += canonical(entry.url) in self.listed
                    continue
                if told is not None:
                    self.identities.settle(entry, told)
            yield from self._send(entry.post, told)

    # The pages.

    def _pages(self) -> Steps[None]:
        for number, (url, changed) in enumerate(list(self._wanted()), 1):
            if self._full():
                return
            entry = self.poor.get(canonical(url))
            if self._before_window(entry.post.published if entry else None, changed):
                self._tick(canonical(url))
                self.facts.outside_window += 1
                continue
            yield from self._page(url, entry)
            if number % BATCH == 0:
                yield from self._close_page()

    def _before_window(self, published: str | None, changed: str | None) -> bool:
        """Whether an article need not be asked for, being older than ``since`` by its date or its last change."""
        since, changed = self.options.since, iso_to_utc(changed)
        if since is None:
            return False
        if published is not None:
            return published[:19] < since
        # A post that waited for its hour keeps the day it was written as its last change.
        return changed is not None and changed[:19] < (datetime.fromisoformat(since) - WAITS).isoformat()

    def _wanted(self) -> Iterator[tuple[str, str | None]]:
        """Articles to be read off their pages: what the feed gave no body of, then what it did not give at all."""
        yield from ((entry.url, None) for entry in self.poor.values())
        rest = [self.listed[url] for url in self.listed if url in self.left and url not in self.poor]
        yield from sorted(rest, key=lambda one: one[1] or "", reverse=True)

    def _page(self, url: str, entry: FeedEntry | None) -> Steps[None]:
        found = yield from self._read(url)
        self._tick(canonical(url))
        if found is None:
            return
        if entry is not None:
            complete(found, entry)
        found.modified = found.modified or iso_to_utc(self.listed.get(canonical(url), ("", None))[1])
        yield from self._send(found, found.id or (entry.id if entry and self.identities.believed(entry) else None))

    def _read(self, url: str) -> Steps[Post | None]:
        """The article behind a URL; None where there is none, which is counted."""
        try:
            return (yield from self.reader.read(url))
        except Gone:
            self.facts.gone += 1
        except OtherType:
            self.others += 1
            self.ledger.note(url, self.listed, other=True)
        except NoArticle as missing:
            self.facts.missing_urls[url] = str(missing)
            self.facts.faults["no-article"] += 1
        return None

    # Sending.

    def _send(self, post: Post, row_id: int | None) -> Steps[None]:
        """Let a post go, under its id or the one its URL gives it; nothing goes twice."""
        url = post.url or ""
        if self._outside(post):
            self.facts.outside_window += 1
            return
        if row_id is None:
            row_id = id_of_url(url)
            self.facts.faults["no-id"] += 1
        if row_id in self.had:
            self.ledger.note(url, self.listed)
            return
        if not self.identities.give(row_id, url):
            self.facts.missing_urls[url] = f"its id {row_id} is another post's"
            return
        post.id = row_id
        self.sequence += 1
        self.facts.sent += 1
        self.facts.via[post.via] += 1
        self.facts.protected += bool(post.protected)
        yield post
        self.ledger.note(url, self.listed)

    def _outside(self, post: Post) -> bool:
        since, until, published = self.options.since, self.options.until, post.published
        if published is None:
            return False
        return bool((since and published[:19] < since) or (until and published[:19] >= until))

    def _full(self) -> bool:
        return self.options.limit is not None and self.facts.sent >= self.options.limit
