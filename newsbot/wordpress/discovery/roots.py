"""The possible places of a site's API: the URLs that discovery requests, the most likely first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from newsbot.errors import DiscoveryError
from newsbot.numbers import is_digits
from newsbot.urls import ascii_host
from newsbot.wordpress.api import WORDPRESS_COM, Api
from newsbot.wordpress.discovery.declared import home_in_feed
from newsbot.wordpress.messages import Reply

DEPTH = 3
"""The most folders of a path in which a site is searched."""

_WORDPRESS_COM_SITE = re.compile(r"(/wp/v2/sites/[^/]+)")
_WP_JSON = re.compile(r"(.*?/wp-json)(?:/|$)")
_NO_SITE = frozenset({"author", "category", "comments", "feed", "page", "tag", "wp-admin", "wp-content", "wp-includes"})
"""Names of folders that WordPress itself makes inside of a site."""


def starts(url: str) -> list[str]:
    """The URLs from which to search. If the user gave no scheme: HTTPS, then HTTP. Raises DiscoveryError."""
    url = url.strip()
    if "://" in url:
        return [_web_address(url, url)]
    bare = url.lstrip("/")
    return [_web_address(f"{scheme}://{bare}", url) for scheme in ("https", "http")]


def _web_address(address: str, url: str) -> str:
    """``address`` with a path. Raises DiscoveryError, which names the user's ``url``, where it is not a web address."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise DiscoveryError(f"{url!r} is not a web address ({error})", verdict="incomplete", fault="bad-url") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DiscoveryError(f"{url!r} is not a web address", verdict="incomplete", fault="bad-url")
    return urlunsplit((parts.scheme, ascii_host(parts.netloc), parts.path or "/", parts.query, ""))


def roots_in(start: str) -> Iterator[str]:
    """The API root that the URL itself contains, or the usual one of a bare host."""
    parts = urlsplit(start)
    if Api(root=start).plain:
        yield urlunsplit((parts.scheme, parts.netloc, parts.path, "rest_route=/", ""))
    elif found := (_WORDPRESS_COM_SITE if parts.hostname == WORDPRESS_COM else _WP_JSON).match(parts.path):
        yield urlunsplit((parts.scheme, parts.netloc, found[1] + "/", "", ""))
    elif parts.path in ("", "/") and not parts.query:
        yield urlunsplit((parts.scheme, parts.netloc, "/wp-json/", "", ""))


def roots_around(start: str, page: Reply | None) -> Iterator[str]:
    """The usual places of the API, the deepest folder first. ``page`` is the page at ``start``, or a feed."""
    if page is not None and (home := home_in_feed(page)):
        yield from _usual(home)
    here = page.url if page is not None else start
    yield from _usual(here)
    host = urlsplit(here).hostname or ""
    if host.endswith(".wordpress.com"):
        yield f"https://{WORDPRESS_COM}/wp/v2/sites/{host}/"


def _usual(url: str) -> Iterator[str]:
    """The usual API roots: in each folder of the path that may hold a WordPress, the deepest first."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    if parts.scheme not in ("http", "https"):
        return
    for base in _folders(parts.path):
        for path, query in (("wp-json/", ""), ("", "rest_route=/"), ("index.php", "rest_route=/")):
            yield urlunsplit((parts.scheme, parts.netloc, base + path, query, ""))
    yield urlunsplit((parts.scheme, parts.netloc, "/index.php/wp-json/", "", ""))


def _folders(path: str) -> list[str]:
    """The folders of a path that may hold a WordPress, the deepest first: no folder after a file, a year or a name that
    WordPress uses."""
    folders = ["/"]
    for name in path.split("/")[1 : DEPTH + 1]:
        if not name or "." in name or is_digits(name) or name in _NO_SITE:
            break
        folders.append(f"{folders[-1]}{name}/")
    return folders[::-1]


def folder_of(root: str) -> str:
    """The folder, with its host, of the site whose API is at ``root``: ``a.example/news/``."""
    parts = urlsplit(root)
    path = parts.path.rstrip("/")
    if not Api(root=root).plain:
        # The part before the prefix of the API, which a site may have renamed.
        path = path.rpartition("/")[0]
    return f"{ascii_host(parts.netloc.lower())}{path.removesuffix('/index.php')}/"
