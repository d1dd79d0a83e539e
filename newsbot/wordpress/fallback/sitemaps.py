"""Find the sitemaps of a site, and sort them by the types of their articles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from newsbot.errors import NotXml
from newsbot.wordpress.fallback.worth import Worth, spread
from newsbot.wordpress.messages import Asking, Reply
from newsbot.wordpress.pages.asking import ask
from newsbot.wordpress.pages.sitemap import NO_ARTICLES, USUAL, FeedInstead, Sitemap, hints, read_sitemap, type_of
from newsbot.wordpress.pages.urls import site_host

MOST_READ = 10_000
"""The most sitemaps of one site that are read while they are sorted. Some sites have one for each day."""

MOST_NAMED = 100_000
"""The most sitemaps that indexes may name: newsbot keeps the URLs of all of them in memory."""

_DEPTH = 3
"""The most levels of indexes that are followed."""


class Missing(NotXml):
    """There is no sitemap at that URL (HTTP 404 or 410)."""


class Unread(NamedTuple):
    """Why a sitemap that the site names was not read. ``type`` is as in ``Sitemaps.by_type``."""

    type: str | None
    why: str


@dataclass(slots=True, kw_only=True)
class Sitemaps:
    """The sitemaps of a site.

    ``by_type``: type -> URLs of its sitemaps; those under None may hold any type. ``read`` holds the sitemaps that have
    been read, ``unread`` those that the site names and that were not read, by URL. ``emptied`` are sitemaps of ``read``
    whose URLs took too much memory, so that they are asked for again when a type needs them. ``cut`` names indexes that
    were not taken whole, with the reason. ``news`` are sitemaps for Google News, which hold the last two days. ``host``
    is the site's: URLs of other hosts are left out. None: the host of each sitemap. ``most`` are read while they are
    sorted. ``whole``: what is not read may hide articles; otherwise it is filed as a list of any type, and read when
    its turn comes. ``roots`` lead to all others, ``changed`` maps sitemaps to the ``lastmod`` that their index gives
    them. ``worth`` decides when no more of them are asked for. ``filed`` are the pairs of ``by_type``. ``when`` is the
    time of the last answer.
    """

    host: str | None = None
    most: int = MOST_READ
    whole: bool = True
    roots: list[str] = field(default_factory=list)
    changed: dict[str, str | None] = field(default_factory=dict)
    by_type: dict[str | None, list[str]] = field(default_factory=dict)
    read: dict[str, Sitemap] = field(default_factory=dict)
    unread: dict[str, Unread] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    worth: Worth = field(default_factory=Worth)
    filed: set[tuple[str | None, str]] = field(default_factory=set)
    emptied: set[str] = field(default_factory=set)
    when: str = ""

    def of(self, type_: str) -> list[str]:
        """The URLs of the sitemaps that hold a type: the sitemaps of this type, or else those that may have any
        type."""
        return self.own(type_) or self.by_type.get(None) or []

    def own(self, type_: str) -> list[str]:
        """The URLs of the sitemaps that hold only this type. Polylang adds the language: ``post-fr``."""
        named = re.compile(rf"{re.escape(type_)}(?:-[a-z]{{2,3}}(?:-[a-z]{{2,4}})?)?")
        return [url for name, urls in self.by_type.items() if name and named.fullmatch(name) for url in urls]

    def gap(self, type_: str) -> str | None:
        """Why the sitemaps of a type may not list all of its posts, or None."""
        if self.cut:
            return self.cut[0]
        if self.news and self.of(type_) == self.news:
            return f"{self.news[0]} is for Google News, and lists only the last two days"
        whys = self._unread(type_)
        if not whys:
            return None
        return whys[0] if len(whys) == 1 else f"{whys[0]} (and {len(whys) - 1} more)"

    def _unread(self, type_: str) -> list[str]:
        """Each unread sitemap that may hold posts of a type, and why it was not read."""
        types = (type_,) if self.own(type_) else (type_, None)
        return [f"{url}: {unread.why}" for url, unread in self.unread.items() if unread.type in types]

    def fetch(self, url: str, type_: str | None = None) -> Asking[Sitemap]:
        """The sitemap at a URL, requested once. Raises Missing or NotXml, also if the sitemaps are not worth more
        requests."""
        if url in self.emptied:
            return _sitemap_in((yield from ask(url, "sitemap", type_)), self.host)
        if url not in self.read:
            if self.worth.ended_by is not None:
                raise NotXml(self.worth.ended_by)
            reply = yield from ask(url, "sitemap", type_)
            self.when = reply.fetched_at
            try:
                sitemap = self.read[url] = _sitemap_in(reply, self.host)
            except NotXml:
                self.worth.take({})
                raise
            self.worth.take(sitemap.urls)
            if self.worth.is_test_due:
                yield from self._test()
            if self.worth.waits_too_much:
                self._empty()
            return sitemap
        return self.read[url]

    def _empty(self) -> None:
        """Free the URLs of the sitemaps that were read."""
        for url, sitemap in self.read.items():
            if sitemap.urls:
                self.worth.hold(sitemap.urls, sign=-1)
                self.read[url] = replace(sitemap, urls={})
                self.emptied.add(url)

    def _test(self) -> Asking[None]:
        """Test whether a URL of each of the newest lists exists."""
        gone = []
        for url in tuple(self.worth.newest):
            gone.append((yield from ask(url, "article")).is_gone)
        self.worth.tested(gone)

    def release(self, url: str) -> None:
        """Free the URLs of a sitemap of one type, since no other type needs them."""
        if (None, url) not in self.filed and url in self.read:
            self.worth.hold(self.read.pop(url).urls, sign=-1)
            self.emptied.discard(url)

    def add(self, url: str, type_: str | None) -> None:
        """Store a sitemap under its type."""
        if (type_, url) not in self.filed:
            self.filed.add((type_, url))
            self.by_type.setdefault(type_, []).append(url)

    def add_read(self, url: str, sitemap: Sitemap) -> None:
        """Store a sitemap that was read. An index lists no article itself."""
        self.unread.pop(url, None)
        if not sitemap.urls:
            self.cut += [f"{url} is truncated"] * sitemap.cut
        elif sitemap.news and type_of(url) is None:
            self.news += [url] * (url not in self.news)
        else:
            self.add(url, type_of(url))


def _sitemap_in(reply: Reply, host: str | None) -> Sitemap:
    if reply.error is not None:
        raise NotXml(reply.reason)
    if reply.is_gone:
        raise Missing(f"HTTP {reply.status}")
    if not reply.is_ok:
        raise NotXml(f"HTTP {reply.status}")
    return read_sitemap(reply, host=host)


def find_sitemaps(
    key: str, *, most: int | None = None, known: Sequence[str] = (), whole: bool = True
) -> Asking[Sitemaps]:
    """The sitemaps that robots.txt names, or else the first sitemap at a usual place. Raises Halt.

    ``known`` are the ``roots`` of an earlier search, which are tried first. At most ``most`` sitemaps are read to sort
    them. The others may be indexes or lists: they count as ``unread`` for a ``whole`` crawl, and as lists otherwise.
    """
    found = Sitemaps(host=site_host(key), most=MOST_READ if most is None else most, whole=whole)
    named = list(known)
    for url in known:
        yield from _sort(url, found, named=True)
    if not found.by_type:
        named = yield from _named_in_robots(key)
        for url in named:
            yield from _sort(url, found, named=True)
    if not found.by_type:
        yield from _sort_usual(key, found, named)
    found.roots = [url for url in (*named, *_usual(key)) if url in found.read]
    return found


def _usual(key: str) -> list[str]:
    return [f"{key}/{name}" for name in USUAL]


def _sort_usual(key: str, found: Sitemaps, named: list[str]) -> Asking[None]:
    """Sort the sitemaps at the usual places. Use those for Google News if there are no others."""
    for url in _usual(key):
        if url in named or not found.by_type:
            yield from _sort(url, found, named=url in named)
    for url in found.news if not found.by_type else ():
        found.add(url, None)


def _named_in_robots(key: str) -> Asking[list[str]]:
    root = urlsplit(key)
    reply = yield from ask(urlunsplit((root.scheme, root.netloc, "/robots.txt", "", "")), "robots")
    # A site may keep its sitemaps on another host, as its robots.txt proves (sitemaps.org).
    return hints(reply.body, reply.url) if reply.is_ok else []


def _sort(url: str, found: Sitemaps, *, named: bool, depth: int = _DEPTH) -> Asking[None]:
    """Read a sitemap, unless its name says that it holds no articles, and sort the sitemaps that an index names.

    ``named``: the site itself names the sitemap, so a failure is noted: without this sitemap it is unknown whether all
    posts came.
    """
    type_ = type_of(url)
    if url in found.read or type_ == NO_ARTICLES:
        return
    if depth == 0:
        found.unread[url] = Unread(type_, "this index is nested too deeply")
        return
    if len(found.read) >= found.most:
        if found.whole:
            found.unread[url] = Unread(type_, f"newsbot reads no more than {found.most} sitemaps")
        else:
            found.add(url, type_)
        return
    try:
        sitemap = yield from found.fetch(url)
    except NotXml as fault:
        if depth == _DEPTH and isinstance(fault, FeedInstead):
            # A site may name a feed as its sitemap (sitemaps.org). The readers of feeds read its entries.
            found.read[url] = Sitemap()
        # robots.txt often names a sitemap that does not exist any more.
        elif named and not (depth == _DEPTH and isinstance(fault, Missing)):
            found.unread[url] = Unread(type_, str(fault))
        return
    found.add_read(url, sitemap)
    if len(found.changed) + len(sitemap.changed) > MOST_NAMED:
        found.cut.append(f"{url}: newsbot takes no more than {MOST_NAMED} sitemaps")
        return
    found.changed |= sitemap.changed
    yield from _sort_others(sitemap.others, found, depth - 1)


def _sort_others(urls: list[str], found: Sitemaps, depth: int) -> Asking[None]:
    """Sort the sitemaps that an index names.

    A sitemap whose name shows its type is not read yet. These sitemaps keep the order of the index, so that the newest
    of them can be found.
    """
    for url in urls:
        if type_ := type_of(url):
            found.add(url, type_)
    for url in spread([url for url in urls if type_of(url) is None]):
        yield from _sort(url, found, named=True, depth=depth)
