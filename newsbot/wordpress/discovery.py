"""Any URL of a site -> its API, and what it can do.

The cheapest question comes first: for a bare host ``/wp-json/`` answers with the index itself (24 ms where a home page
costs a render); with plain permalinks the same URL gives the home page, whose ``Link`` header names the API.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any, Literal
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

from newsbot.errors import Challenge, DiscoveryError, PayloadError, Refused
from newsbot.wordpress import payload
from newsbot.wordpress.api import WORDPRESS_COM, Api, Site, read_accepts
from newsbot.wordpress.messages import ERRORS, FINAL_ERRORS, Asking, Query, Reply

REL = "https://api.w.org/"
"""The relation by which WordPress names its API, in the ``Link`` header and in ``<link>``."""

INDEX_FIELDS = "name,description,url,home,gmt_offset,timezone_string,namespaces,routes"

_LINK = re.compile(r"<([^>]*)>\s*;([^<]*)")
_LINK_TAG = re.compile(rb"<link\b[^>]*>", re.I)
_FEED_HOME = re.compile(rb"<channel>.{0,2000}?<link>\s*([^<\s]+)", re.I | re.DOTALL)
_LANGUAGE = re.compile(
    rb"(?:<html\b[^>]{0,500}?\blang\s*=\s*[\"']?|<language>\s*)([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)", re.I
)
_HEAD = 200_000
"""Bytes of a page that are searched for the ``<link>``."""

_BLOCKING = frozenset({"robots", "private-address"})


def discover(url: str) -> Asking[Site]:
    """Find the site behind ``url``; raises DiscoveryError with one clear line and a verdict."""
    start, guessed_scheme = _with_scheme(url)
    try:
        try:
            return (yield from _discover_from(start))
        except _Unreachable as failure:
            if guessed_scheme and failure.reply.error not in _BLOCKING:
                start = "http" + start.removeprefix("https")
                try:
                    return (yield from _discover_from(start))
                except _Unreachable:
                    pass
            raise _told(failure.reply) from None
    except DiscoveryError as failure:
        failure.at = start
        raise


class _Unreachable(Exception):
    """The site's host gave no answer at all."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.error)
        self.reply = reply


def _with_scheme(url: str) -> tuple[str, bool]:
    url = url.strip()
    guessed = "://" not in url
    try:
        parts = urlsplit("https://" + url.lstrip("/") if guessed else url)
    except ValueError as error:
        raise DiscoveryError(f"{url!r} is not a web address ({error})", verdict="incomplete") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DiscoveryError(f"{url!r} is not a web address", verdict="incomplete")
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, "")), guessed


def _discover_from(start: str) -> Asking[Site]:
    asked: set[str] = set()
    trouble: list[PayloadError | Reply] = []
    for root in _roots_in(start):
        site = yield from _try_root(root, start, asked, trouble)
        if site is not None:
            return site
    page = yield from _page(start, asked, trouble)
    for root in _roots_around(start, page):
        if _forbidden(trouble):
            # robots.txt closes the API: the same API under another spelling would be a way around it.
            break
        site = yield from _try_root(root, page.url if page else start, asked, trouble)
        if site is not None:
            site.language = site.language or (declared_language(page) if page else None)
            return site
    raise _verdict_of(trouble)


def _forbidden(trouble: list[PayloadError | Reply]) -> bool:
    return any(isinstance(met, Reply) and met.error == "robots" and Api(root=met.url).route(met.url) for met in trouble)


def _roots_in(start: str) -> Iterator[str]:
    """API roots that the URL itself tells, and the usual one where the URL is a bare host or folder."""
    parts = urlsplit(start)
    if parts.hostname == WORDPRESS_COM and (found := re.match(r"/wp/v2/sites/[^/]+", parts.path)):
        yield urlunsplit((parts.scheme, parts.netloc, found[0] + "/", "", ""))
    elif any(name == "rest_route" for name, _ in parse_qsl(parts.query)):
        yield urlunsplit((parts.scheme, parts.netloc, parts.path, "rest_route=/", ""))
    elif found := re.match(r"(.*?/wp-json)(/|$)", parts.path):
        yield urlunsplit((parts.scheme, parts.netloc, found[1] + "/", "", ""))
    elif parts.path in ("", "/") and not parts.query:
        yield urlunsplit((parts.scheme, parts.netloc, "/wp-json/", "", ""))


def _page(start: str, asked: set[str], trouble: list[PayloadError | Reply]) -> Asking[Reply | None]:
    """The page the user named; a site that is down ends the search here, before more requests are spent."""
    if start in asked:
        return None
    asked.add(start)
    reply = yield Query(url=start, purpose="discover", expects="any")
    if reply.error is not None:
        # robots.txt may close the page and leave the API open; an address that may not be asked closes both.
        if reply.error != "robots":
            raise _Unreachable(reply)
        trouble.append(reply)
        return None
    try:
        payload.read(reply)
    except Challenge as challenge:
        trouble.append(challenge)
    except PayloadError:
        pass
    return reply


def _roots_around(start: str, page: Reply | None) -> Iterator[str]:
    """What the page declares, then the usual places, nearest folder first."""
    if page is not None:
        yield from declared(page)
        if found := _FEED_HOME.search(page.body[:_HEAD]):
            # A feed names the site's home in its channel.
            yield from _usual(unescape(found[1].decode("utf-8", "replace")))
    here = page.url if page is not None else start
    yield from _usual(here)
    host = urlsplit(here).hostname or ""
    if host.endswith(".wordpress.com"):
        yield f"https://{WORDPRESS_COM}/wp/v2/sites/{host}/"


def _usual(url: str) -> Iterator[str]:
    """The usual places of a host, at its root and in its first folder (a sub-directory install)."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return
    first = parts.path.strip("/").split("/")[0]
    folder = f"/{first}/" if first and "." not in first and not first.isdigit() else "/"
    for base in dict.fromkeys((folder, "/")):
        for path, query in (("wp-json/", ""), ("", "rest_route=/"), ("index.php", "rest_route=/")):
            yield urlunsplit((parts.scheme, parts.netloc, base + path, query, ""))
    yield urlunsplit((parts.scheme, parts.netloc, "/index.php/wp-json/", "", ""))


def declared(reply: Reply) -> Iterator[str]:
    """API roots that a page names: its ``Link`` header, then its ``<link>`` elements."""
    for href, attributes in _LINK.findall(reply.headers.get("link", "")):
        if re.search(rf"rel=[\"']?{re.escape(REL)}", attributes):
            yield _root(urljoin(reply.url, href), reply.url)
    for tag in _LINK_TAG.findall(reply.body[:_HEAD]):
        text = unescape(tag.decode("utf-8", "replace"))
        href = re.search(r"""href\s*=\s*["']?([^"'\s>]+)""", text, re.I)
        if REL in text and href:
            yield _root(urljoin(reply.url, href[1]), reply.url)


def declared_language(reply: Reply) -> str | None:
    """The language that a page (``<html lang>``) or a feed (``<language>``) declares. The API's index tells none."""
    found = _LANGUAGE.search(reply.body[:_HEAD])
    return found[1].decode("ascii") if found else None


def _root(root: str, page_url: str) -> str:
    """A declared root, on the scheme the page was served by (a site behind a proxy may call itself http)."""
    parts, page = urlsplit(root), urlsplit(page_url)
    if parts.hostname == page.hostname and parts.scheme == "http" and page.scheme == "https" and not parts.port:
        parts = parts._replace(scheme="https")
    return urlunsplit(parts)


def _try_root(root: str, page_url: str, asked: set[str], trouble: list[PayloadError | Reply]) -> Asking[Site | None]:
    """Ask for the index at ``root``; where the home page came instead, follow what that declares."""
    if root in asked:
        return None
    asked.add(root)
    api = Api(root=root)
    route, params = ("/wp/v2/types", {}) if api.wordpress_com else ("/", {"_fields": INDEX_FIELDS})
    reply = yield Query(url=api.url(route, params), purpose="index", expects="any")
    if reply.error is not None:
        if reply.error in FINAL_ERRORS - {"robots", "redirects"} or reply.error == "dns":
            raise _Unreachable(reply)
        trouble.append(reply)
        return None
    try:
        index = payload.read(reply)
    except PayloadError as fault:
        trouble.append(fault)
        if isinstance(fault, Challenge):
            raise _verdict_of(trouble) from None
        for other in declared(reply):
            site = yield from _try_root(other, reply.url, asked, trouble)
            if site is not None:
                site.language = site.language or declared_language(reply)
                return site
        return None
    if not isinstance(index, dict) or not (api.wordpress_com or _is_index(index)):
        return None
    return read_site(index, _landed(api, reply.url), page_url)


def _landed(api: Api, url: str) -> Api:
    """The API where redirects ended: http -> https, www, a moved host. Only the place moves, never the style."""
    asked, ended = urlsplit(api.root), urlsplit(url)
    if (asked.scheme, asked.netloc) == (ended.scheme, ended.netloc):
        return api
    return Api(root=urlunsplit(asked._replace(scheme=ended.scheme, netloc=ended.netloc)))


def _is_index(index: dict[str, Any]) -> bool:
    namespaces, routes = index.get("namespaces"), index.get("routes")
    if isinstance(namespaces, list | dict):
        return "wp/v2" in (namespaces if isinstance(namespaces, list) else namespaces.values())
    return isinstance(routes, dict) and any(str(route).startswith("/wp/v2") for route in routes)


def read_site(index: dict[str, Any], api: Api, page_url: str) -> Site:
    """What the index says. ``key`` is the home URL as the site declares it, where that is the host we reach it by."""
    routes = index.get("routes")
    accepts = {}
    for route, entry in routes.items() if isinstance(routes, dict) else ():
        found = read_accepts(entry.get("endpoints")) if isinstance(entry, dict) and "(?P<" not in route else None
        if found is not None:
            accepts[route] = found
    home = _home(index, api, page_url)
    offset = index.get("gmt_offset")
    try:
        gmt_offset = float(offset) if offset not in (None, "", False) else None
    except (TypeError, ValueError):
        gmt_offset = None
    name = index.get("name")
    return Site(
        key=home,
        api=api,
        home=home,
        name=unescape(name) if isinstance(name, str) and name else None,
        timezone=index.get("timezone_string") if isinstance(index.get("timezone_string"), str) else None,
        gmt_offset=gmt_offset,
        accepts=accepts,
    )


def _home(index: dict[str, Any], api: Api, page_url: str) -> str:
    if api.wordpress_com:
        name = urlsplit(api.root).path.rstrip("/").rsplit("/", 1)[-1]
        return f"https://{urlsplit(page_url).hostname if name.isdigit() else name}"
    root = urlsplit(api.root)
    for key in ("home", "url"):
        parts = urlsplit(str(index.get(key) or ""))
        if parts.hostname and _bare(parts.hostname) == _bare(root.hostname) and parts.port == root.port:
            return urlunsplit((root.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))
    # A site that calls itself localhost (or another name) is known by the address it answers at.
    path = re.sub(r"/(?:wp-json|index\.php)?/?$", "", re.sub(r"/index\.php/wp-json/?$", "", root.path))
    return urlunsplit((root.scheme, root.netloc.lower(), path, "", ""))


def _bare(host: str | None) -> str:
    return (host or "").lower().removeprefix("www.")


def _told(reply: Reply) -> DiscoveryError:
    what = ERRORS.get(reply.error or "", "no answer came")
    verdict: Literal["blocked", "incomplete"] = "blocked" if reply.error in _BLOCKING else "incomplete"
    host = urlsplit(reply.url).netloc
    detail = f" ({reply.detail})" if reply.detail else ""
    return DiscoveryError(f"{host}: {what}{detail}", verdict=verdict, fault=reply.error)


def _verdict_of(trouble: list[PayloadError | Reply]) -> DiscoveryError:
    """The one line that tells why no API was found: the gravest thing met."""
    for met in trouble:
        if isinstance(met, Challenge):
            return DiscoveryError(f"a bot check stands in the way ({met})", verdict="blocked", fault=met.name)
    for met in trouble:
        if isinstance(met, Reply):
            return _told(met)
    for met in trouble:
        if isinstance(met, Refused) and met.status in (401, 403):
            return DiscoveryError(f"the site keeps its REST API closed ({met})", verdict="closed")
    for met in trouble:
        if met.__class__.__name__ == "BadStatus" and getattr(met, "retryable", False):
            return DiscoveryError(f"the site does not answer for its API ({met})", verdict="incomplete")
    for met in trouble:
        if getattr(met, "status", None) in (401, 403):
            return DiscoveryError(f"the site keeps its REST API closed ({met})", verdict="closed")
    what = f" ({trouble[0]})" if trouble else ""
    return DiscoveryError(f"no WordPress REST API was found{what}", verdict="closed")
