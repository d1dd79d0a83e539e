"""The sources of a site besides its API: a feed and sitemaps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from newsbot.numbers import is_digits
from newsbot.urls import ascii_host
from newsbot.wordpress.fallback.feeds import FeedSearch, FoundFeed
from newsbot.wordpress.fallback.sitemaps import Sitemaps, find_sitemaps
from newsbot.wordpress.fallback.worth import PageWorth
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.pages.urls import site_host

_BEHIND_HOME = re.compile(r"/(?:wp-json|index\.php|feed)(?:/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The sources of one site. ``key`` identifies the site in every row; ``name`` is the name in the feed, if the API
    gave no name. ``incremental``: unchanged articles of an earlier run need not be brought again. ``worth`` decides for
    all types together when no more pages are requested."""

    key: str
    name: str | None = None
    incremental: bool = False
    feed: FoundFeed | None = None
    sitemaps: Sitemaps = field(default_factory=Sitemaps)
    worth: PageWorth = field(default_factory=PageWorth)

    @property
    def found(self) -> bool:
        """Whether there is any source."""
        return self.feed is not None or bool(self.sitemaps.by_type)


def find_sources(start: str, *, key: str | None, incremental: bool = False) -> Steps[Sources]:
    """Look for a feed, then for sitemaps, from the URL ``start``. ``key`` is the site's key, if its API gave a key.

    Raises Halt.
    """
    search = FeedSearch(key=key or _folder(start), incremental=incremental)
    if key is not None:
        feed, name = (yield from search.of_site()), None
    else:
        feed = yield from _find_feed(search, start)
        key, name = search.key, None
        if feed is not None:
            key, name = _home(feed.first_page.home, feed.url), feed.first_page.name
            for entry in feed.first_page.entries:
                entry.post.site = key
    sitemaps = yield from find_sitemaps(key)
    return Sources(key=key, name=name, incremental=incremental, feed=feed, sitemaps=sitemaps)


def _find_feed(search: FeedSearch, start: str) -> Steps[FoundFeed | None]:
    """The feed of a site whose key is not known: the user's URL may be of a page within it, or of a feed."""
    part: FoundFeed | None = None
    if urlsplit(start).path not in ("", "/"):
        part = yield from search.named_by(start)
    if part is not None:
        # Any feed names the home page of the site. But a feed of a category, for example, has only a part of the site's
        # posts.
        search.key = _home(part.first_page.home, start)
    return (yield from search.of_site()) or part


def _folder(url: str) -> str:
    """The site that a URL most likely belongs to: its host, with its first folder if the path has only one folder."""
    parts = urlsplit(url)
    path: str = _BEHIND_HOME.split(parts.path, maxsplit=1)[0].rstrip("/")
    return urlunsplit((parts.scheme, ascii_host(parts.netloc.lower()), path if _is_folder(path) else "", "", ""))


def _is_folder(path: str) -> bool:
    """Whether a path is one folder that may hold a WordPress: neither a file nor a year."""
    name = path.removeprefix("/")
    return path == f"/{name}" and name != "" and "/" not in name and "." not in name and not is_digits(name)


def _home(named: str | None, reached: str) -> str:
    """The home that a feed names, with the scheme by which the feed was reached. If the feed names another host: the
    address at which the feed was reached. This is the key that the API's index would have given.
    """
    if not named or site_host(named) != site_host(reached):
        return _folder(reached)
    parts = urlsplit(named)
    return urlunsplit((urlsplit(reached).scheme, ascii_host(parts.netloc.lower()), parts.path.rstrip("/"), "", ""))
