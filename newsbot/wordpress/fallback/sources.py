"""What a site offers beside its API: finding its feed and its sitemaps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from selectolax.lexbor import LexborHTMLParser

from newsbot.article.cleaning.nesting import flatten
from newsbot.errors import NotXml
from newsbot.wordpress import payload
from newsbot.wordpress.fallback.seen import FeedState
from newsbot.wordpress.messages import ERRORS, Asking, Reply, Steps
from newsbot.wordpress.pages.asking import Halt, ask
from newsbot.wordpress.pages.feed import FeedPage, read_feed
from newsbot.wordpress.pages.sitemap import USUAL, Sitemap, hints, read_sitemap, type_of
from newsbot.wordpress.pages.urls import absolute, site_host

_SITEMAPS = 1_000
_DEPTH = 3


@dataclass(slots=True, kw_only=True)
class Sources:
    """``key`` identifies the site in every row. ``first`` is the feed's first page, of the URL ``feed``.

    ``sitemaps``: type -> its lists, under None those that may hold any type; ``read`` are lists that have been read,
    ``unread`` those that the site names and that were not: URL -> (type as in ``sitemaps``, why); ``broken`` are
    indexes that break off, ``news`` lists of the last two days, used where there are no others.
    ``state`` is the feed's, to be kept once all that it showed came; with ``again`` an unchanged feed need not be sent.
    """

    key: str
    name: str | None = None
    feed: str | None = None
    first: FeedPage | None = None
    again: bool = False
    state: FeedState | None = None
    sitemaps: dict[str | None, list[str]] = field(default_factory=dict)
    read: dict[str, Sitemap] = field(default_factory=dict)
    unread: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)

    @property
    def found(self) -> bool:
        return self.first is not None or any(self.sitemaps.values())

    def lists(self, type_: str) -> list[str]:
        """The lists that hold a type's URLs: its own, else all that may."""
        return self.sitemaps.get(type_) or self.sitemaps.get(None) or []

    def lack(self, type_: str) -> str | None:
        """What ``lists`` lacks of all that the site has of a type, or None."""
        if self.broken:
            return f"{self.broken[0]} breaks off"
        if self.news and self.lists(type_) == self.news:
            return f"{self.news[0]} is for Google News, which has nothing older than two days"
        kinds = (type_,) if self.sitemaps.get(type_) else (type_, None)
        whys = [f"{url}: {why}" for url, (kind, why) in self.unread.items() if kind in kinds]
        more = f" (and {len(whys) - 1} more)" if len(whys) > 1 else ""
        return whys[0] + more if whys else None


def find_sources(start: str, *, key: str | None, again: bool = False) -> Steps[Sources]:
    """Look for a feed, then for sitemaps. ``key`` is the site's where it is known. With ``again`` an earlier run may
    have brought what the feed shows. Raises Halt."""
    ways = Sources(key=key or _folder(start), again=again)
    tried: set[str] = set()
    spare: tuple[FeedPage | None, str | None] = (None, None)
    if key is None and urlsplit(start).path not in ("", "/"):
        yield from _from_page(start, ways, tried)
        if ways.first is not None:
            # Any feed names the site's home; the one of a category holds but a part of its posts.
            ways.key, spare = _key(ways.first.home, start), (ways.first, ways.feed)
            ways.first = None
    for url in (f"{ways.key}/feed/", f"{ways.key}/?feed=rss2"):
        yield from _try_feed(url, ways, tried)
    yield from _from_page(f"{ways.key}/", ways, tried)
    if ways.first is None:
        ways.first, ways.feed = spare
    if ways.first is not None and key is None:
        ways.key, ways.name = _key(ways.first.home, ways.feed or start), ways.first.name
        for entry in ways.first.entries:
            entry.post.site = ways.key
    yield from _find_sitemaps(ways)
    return ways


def _try_feed(url: str, ways: Sources, tried: set[str]) -> Steps[None]:
    if ways.first is not None or url in tried:
        return
    tried.add(url)
    state = FeedState(site=ways.key, url=url)
    if ways.again:
        yield from state.recall()
    reply = yield from ask(url, "feed", headers=state.headers())
    if reply.error is None and reply.status == 304:
        # Nothing new stands in it: all that it shows came in an earlier run.
        ways.first, ways.feed = FeedPage(entries=[], home=state.home, name=state.name), url
        return
    _read_feed(reply, url, ways)
    if ways.first is not None:
        state.take(reply)
        state.home, state.name, ways.state = ways.first.home, ways.first.name, state


def _read_feed(reply: Reply, url: str, ways: Sources) -> None:
    if reply.error is not None or reply.status != 200:
        return
    if payload.is_login(reply):
        raise Halt("a login page stands in the way", verdict="closed", fault="login")
    try:
        ways.first = read_feed(reply, site=ways.key)
        # Where it was redirected (https, www) the next pages need not be; a feed service elsewhere knows no pages.
        ways.feed = reply.url if site_host(reply.url) == site_host(url) else url
    except NotXml:
        return


def _from_page(url: str, ways: Sources, tried: set[str]) -> Steps[None]:
    """The feed that a page names; a URL that is a feed itself."""
    if ways.first is not None or url in tried:
        return
    tried.add(url)
    reply = yield from ask(url, "page")
    _read_feed(reply, url, ways)
    if ways.first is None and reply.error is None:
        for feed in list(_alternates(reply)):
            yield from _try_feed(feed, ways, tried)


def _alternates(reply: Reply) -> Iterator[str]:
    """Feeds of posts: a site's own comes first, those of comments are left out."""
    tree = LexborHTMLParser(flatten(reply.body.decode("utf-8", "replace")))
    for link in tree.css('link[rel~="alternate"][type="application/rss+xml"]'):
        url = absolute(link.attributes.get("href") or "", reply.url)
        if url and site_host(url) == site_host(reply.url) and not re.search(r"comments|/\d{4}/.*/feed", url):
            yield url


def _folder(url: str) -> str:
    """The site a URL is of, as well as it tells: its host, and the folder of an install in one."""
    parts = urlsplit(url)
    path = re.split(r"/(?:wp-json|index\.php|feed)(?:/|$)", parts.path, maxsplit=1)[0].rstrip("/")
    first = path.split("/")[1:2]
    folder = f"/{first[0]}" if first and path.count("/") == 1 and "." not in first[0] and not first[0].isdigit() else ""
    return urlunsplit((parts.scheme, parts.netloc.lower(), folder, "", ""))


def _key(told: str | None, asked: str) -> str:
    """The home that a feed names, on the scheme it was reached by; the address it was reached at where it names
    another host. The same key that the API's index would have given."""
    parts, reached = urlsplit(told or ""), urlsplit(asked)
    if told and site_host(told) == site_host(asked):
        return urlunsplit((reached.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))
    return _folder(asked)


def _find_sitemaps(ways: Sources) -> Asking[None]:
    root = urlsplit(ways.key)
    robots = yield from ask(urlunsplit((root.scheme, root.netloc, "/robots.txt", "", "")), "robots")
    named = hints(robots.body) if robots.error is None and robots.status == 200 else []
    own = [url for url in named if site_host(url) == site_host(ways.key)]
    for candidates in (own, [f"{ways.key}/{name}" for name in USUAL]):
        for url in candidates:
            if url in own or not ways.sitemaps:
                yield from _open(url, ways, _DEPTH, named=url in own)
        if ways.sitemaps:
            return
    if ways.news:
        ways.sitemaps[None] = ways.news


def _open(url: str, ways: Sources, depth: int, *, named: bool) -> Asking[None]:
    """Sort a sitemap, or those an index names, by the types they hold; what its name tells is not asked for yet.

    What the site itself ``named`` and cannot be had is noted: without it nobody knows whether all came."""
    kind = type_of(url)
    if url in ways.read or kind == "":
        return
    if depth == 0 or len(ways.read) >= _SITEMAPS:
        ways.unread[url] = (kind, "an index too deep" if depth == 0 else f"more than {_SITEMAPS} lists")
        return
    try:
        found = yield from read(url, ways)
    except NotXml as fault:
        # In robots.txt a line outlives its sitemap.
        if named and not (depth == _DEPTH and str(fault) in ("HTTP 404", "HTTP 410")):
            ways.unread[url] = (kind, str(fault))
        return
    ways.unread.pop(url, None)
    if found.cut and not found.urls:
        ways.broken.append(url)
    if found.urls:
        lists = ways.news if found.news and kind is None else ways.sitemaps.setdefault(kind, [])
        lists += [url] * (url not in lists)
    yield from _sort(found.others, ways, depth)


def _sort(others: list[str], ways: Sources, depth: int) -> Asking[None]:
    for other in others:
        kind = type_of(other)
        if kind:
            lists = ways.sitemaps.setdefault(kind, [])
            lists += [other] * (other not in lists)
        else:
            yield from _open(other, ways, depth - 1, named=True)


def read(url: str, ways: Sources, type_: str | None = None) -> Asking[Sitemap]:
    """A sitemap, asked for once. Raises NotXml, also where it is not there."""
    if url not in ways.read:
        reply = yield from ask(url, "sitemap", type_)
        if reply.error is not None:
            raise NotXml(ERRORS.get(reply.error, "no answer"))
        if reply.status != 200:
            raise NotXml(f"HTTP {reply.status}")
        ways.read[url] = read_sitemap(reply)
    return ways.read[url]
