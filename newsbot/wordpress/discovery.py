"""Find the API of a site from any of its URLs, and what the API can do.

The cheapest request comes first. For a bare host this is ``/wp-json/``: it answers with the index (24 ms, where a home
page has to be rendered), or, with plain permalinks, with the home page, whose ``Link`` header names the API.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Literal
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from newsbot.errors import BadStatus, Challenge, DiscoveryError, PayloadError, Refused
from newsbot.wordpress import payload
from newsbot.wordpress.api import WORDPRESS_COM, Api, RouteAccepts, Site, read_accepts
from newsbot.wordpress.languages.plugins import language_plugins
from newsbot.wordpress.messages import FINAL_ERRORS, Asking, Query, Reply
from newsbot.wordpress.values import object_in

REL = "https://api.w.org/"
"""The relation by which WordPress links to its API, in the ``Link`` header and in ``<link>``."""

INDEX_FIELDS = "name,description,url,home,gmt_offset,timezone_string,namespaces,routes"

_WORDPRESS_COM_SITE = re.compile(r"(/wp/v2/sites/[^/]+)")
_WP_JSON = re.compile(r"(.*?/wp-json)(?:/|$)")
_LINK = re.compile(r"<([^>]*)>\s*;([^<]*)")
_LINK_TAG = re.compile(rb"<link\b[^>]*>", re.I)
_FEED_HOME = re.compile(rb"<channel>.{0,2000}?<link>\s*([^<\s]+)", re.I | re.DOTALL)
_LANGUAGE = re.compile(
    rb"(?:<html\b[^>]{0,500}?\blang\s*=\s*[\"']?|<language>\s*)([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)", re.I
)
_HEAD = 200_000
"""Bytes of a page in which the ``<link>`` is searched for."""

_BLOCKING = frozenset({"robots", "private-address"})
_UNREACHABLE = FINAL_ERRORS - {"robots", "redirects"} | {"dns"}
"""Errors that every other URL of the host would give too."""


def discover(url: str) -> Asking[Site]:
    """Find the site of ``url``. Raises DiscoveryError, with one line that says why, and a verdict."""
    unreachable: list[_NoAnswer] = []
    start = ""
    for start in _starts(url):
        try:
            return (yield from _Search(start).run())
        except _NoAnswer as failure:
            unreachable.append(failure)
            if failure.reply.error in _BLOCKING:
                break
        except DiscoveryError as failure:
            failure.at = start
            raise
    error = _explain_no_answer(unreachable[0].reply)
    error.at = start
    raise error


class _NoAnswer(PayloadError):
    """The host gave no answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.error)
        self.reply = reply


def _starts(url: str) -> list[str]:
    """The URLs from which to search. Where the user gave no scheme: HTTPS, then HTTP."""
    url = url.strip()
    if "://" in url:
        return [_web_address(url, url)]
    bare = url.lstrip("/")
    return [_web_address(f"{scheme}://{bare}", url) for scheme in ("https", "http")]


def _web_address(address: str, url: str) -> str:
    """``address`` with a path. Raises DiscoveryError, which names the user's ``url``, where it is no web address."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise DiscoveryError(f"{url!r} is not a web address ({error})", verdict="incomplete") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DiscoveryError(f"{url!r} is not a web address", verdict="incomplete")
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))


@dataclass(slots=True)
class _Search:
    """The search for an API from one URL. ``asked`` are the URLs that were asked for, ``failures`` what went wrong."""

    start: str
    asked: set[str] = field(default_factory=set)
    failures: list[PayloadError] = field(default_factory=list)

    def run(self) -> Asking[Site]:
        """Raises _NoAnswer where the host cannot be reached, and DiscoveryError where no API is found."""
        site = yield from self._first_of(_roots_in(self.start), self.start)
        if site is not None:
            return site
        page = yield from self._page()
        site = yield from self._first_of(_roots_around(self.start, page), page.url if page else self.start)
        if site is None:
            raise _explain(self.failures)
        if page is not None:
            site.language = site.language or declared_language(page)
        return site

    def _first_of(self, roots: Iterator[str], page_url: str) -> Asking[Site | None]:
        for root in roots:
            if self._is_forbidden():
                # robots.txt forbids the API. Another URL of the same API would evade robots.txt.
                return None
            site = yield from self._try(root, page_url)
            if site is not None:
                return site
        return None

    def _is_forbidden(self) -> bool:
        replies = (failure.reply for failure in self.failures if isinstance(failure, _NoAnswer))
        return any(reply.error == "robots" and Api(root=reply.url).route(reply.url) for reply in replies)

    def _page(self) -> Asking[Reply | None]:
        """Ask for the user's page. Raises _NoAnswer where the site is down, so that no more requests are made."""
        if self.start in self.asked:
            return None
        self.asked.add(self.start)
        reply = yield Query(url=self.start, purpose="discover", expects="any")
        if reply.error is not None:
            # robots.txt may forbid the page and allow the API. Any other error concerns both.
            self._note(reply, is_final=reply.error != "robots")
            return None
        try:
            payload.read(reply)
        except Challenge as challenge:
            self.failures.append(challenge)
        except PayloadError:
            pass
        return reply

    def _note(self, reply: Reply, *, is_final: bool) -> None:
        failure = _NoAnswer(reply)
        if is_final:
            raise failure
        self.failures.append(failure)

    def _try(self, root: str, page_url: str) -> Asking[Site | None]:
        """Ask for the index at ``root``. Where a page comes instead, try the APIs that the page declares."""
        if root in self.asked:
            return None
        self.asked.add(root)
        api = Api(root=root)
        route, params = ("/wp/v2/types", {}) if api.wordpress_com else ("/", {"_fields": INDEX_FIELDS})
        reply = yield Query(url=api.url(route, params), purpose="index", expects="any")
        if reply.error is not None:
            self._note(reply, is_final=reply.error in _UNREACHABLE)
            return None
        try:
            index = payload.read(reply)
        except PayloadError as fault:
            self.failures.append(fault)
            return (yield from self._try_declared(reply))
        if isinstance(index, dict) and (api.wordpress_com or _is_index(index)):
            return read_site(index, _landed(api, reply.url), page_url)
        return None

    def _try_declared(self, reply: Reply) -> Asking[Site | None]:
        if isinstance(self.failures[-1], Challenge):
            raise _explain(self.failures)
        for root in declared(reply):
            site = yield from self._try(root, reply.url)
            if site is not None:
                site.language = site.language or declared_language(reply)
                return site
        return None


def _roots_in(start: str) -> Iterator[str]:
    """The API root that the URL itself contains, or the usual one of a bare host."""
    parts = urlsplit(start)
    if Api(root=start).plain:
        yield urlunsplit((parts.scheme, parts.netloc, parts.path, "rest_route=/", ""))
    elif found := (_WORDPRESS_COM_SITE if parts.hostname == WORDPRESS_COM else _WP_JSON).match(parts.path):
        yield urlunsplit((parts.scheme, parts.netloc, found[1] + "/", "", ""))
    elif parts.path in ("", "/") and not parts.query:
        yield urlunsplit((parts.scheme, parts.netloc, "/wp-json/", "", ""))


def _roots_around(start: str, page: Reply | None) -> Iterator[str]:
    """The API roots that the page declares, then the usual places, the nearest folder first."""
    if page is not None:
        yield from declared(page)
        if found := _FEED_HOME.search(page.body[:_HEAD]):
            # The channel of a feed contains the URL of the home page.
            yield from _usual(unescape(found[1].decode("utf-8", "replace")))
    here = page.url if page is not None else start
    yield from _usual(here)
    host = urlsplit(here).hostname or ""
    if host.endswith(".wordpress.com"):
        yield f"https://{WORDPRESS_COM}/wp/v2/sites/{host}/"


def _usual(url: str) -> Iterator[str]:
    """The usual API roots of a host: in the first folder of the path, and in the root folder."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        return
    for base in dict.fromkeys((_first_folder(parts.path), "/")):
        for path, query in (("wp-json/", ""), ("", "rest_route=/"), ("index.php", "rest_route=/")):
            yield urlunsplit((parts.scheme, parts.netloc, base + path, query, ""))
    yield urlunsplit((parts.scheme, parts.netloc, "/index.php/wp-json/", "", ""))


def _first_folder(path: str) -> str:
    """The first folder of a path that may hold a WordPress: neither a file nor a year."""
    first = path.strip("/").split("/")[0]
    return f"/{first}/" if first and "." not in first and not first.isdigit() else "/"


def declared(reply: Reply) -> Iterator[str]:
    """The API roots that a page declares, in its ``Link`` header, then in its ``<link>`` elements."""
    for href, attributes in _LINK.findall(reply.headers.get("link", "")):
        if re.search(rf"rel=[\"']?{re.escape(REL)}", attributes):
            yield _root(urljoin(reply.url, href), reply.url)
    for tag in _LINK_TAG.findall(reply.body[:_HEAD]):
        text = unescape(tag.decode("utf-8", "replace"))
        href = re.search(r"""href\s*=\s*["']?([^"'\s>]+)""", text, re.I)
        if REL in text and href:
            yield _root(urljoin(reply.url, href[1]), reply.url)


def declared_language(reply: Reply) -> str | None:
    """The language that a page (``<html lang>``) or a feed (``<language>``) declares. The index has no language."""
    found = _LANGUAGE.search(reply.body[:_HEAD])
    return found[1].decode("ascii") if found else None


def _root(root: str, page_url: str) -> str:
    """A declared root, with the scheme of the page: a site behind a proxy may declare http."""
    parts, page = urlsplit(root), urlsplit(page_url)
    if parts.hostname == page.hostname and parts.scheme == "http" and page.scheme == "https" and not parts.port:
        parts = parts._replace(scheme="https")
    return urlunsplit(parts)


def _landed(api: Api, url: str) -> Api:
    """The API at the scheme and host where redirects ended. The permalink style stays."""
    asked, ended = urlsplit(api.root), urlsplit(url)
    if (asked.scheme, asked.netloc) == (ended.scheme, ended.netloc):
        return api
    return Api(root=urlunsplit(asked._replace(scheme=ended.scheme, netloc=ended.netloc)))


def _is_index(index: dict[str, Any]) -> bool:
    routes = index.get("routes")
    if isinstance(index.get("namespaces"), list | dict):
        return "wp/v2" in _namespaces(index)
    return isinstance(routes, dict) and any(str(route).startswith("/wp/v2") for route in routes)


def _namespaces(index: dict[str, Any]) -> list[str]:
    listed = index.get("namespaces")
    names = listed.values() if isinstance(listed, dict) else listed if isinstance(listed, list) else ()
    return [name for name in names if isinstance(name, str)]


def read_site(index: dict[str, Any], api: Api, page_url: str) -> Site:
    """Read the index. ``key`` is the home URL that the site declares, if the site was reached at that host."""
    accepts = {route: _accepts(route, entry) for route, entry in object_in(index.get("routes")).items()}
    home = _home(index, api, page_url)
    timezone = index.get("timezone_string")
    return Site(
        key=home,
        api=api,
        home=home,
        name=unescape(name) if isinstance(name := index.get("name"), str) and name else None,
        timezone=timezone if isinstance(timezone, str) else None,
        gmt_offset=_hours(index.get("gmt_offset")),
        accepts={route: accepted for route, accepted in accepts.items() if accepted is not None},
        namespaces=language_plugins(_namespaces(index)),
    )


def _accepts(route: str, entry: Any) -> RouteAccepts | None:
    """What a route of a collection accepts; None for a route of single objects."""
    return None if "(?P<" in route else read_accepts(object_in(entry).get("endpoints"))


def _hours(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _home(index: dict[str, Any], api: Api, page_url: str) -> str:
    if api.wordpress_com:
        name = urlsplit(api.root).path.rstrip("/").rsplit("/", 1)[-1]
        return f"https://{urlsplit(page_url).hostname if name.isdigit() else name}"
    root = urlsplit(api.root)
    for declared_home in (index.get("home"), index.get("url")):
        parts = _split(str(declared_home or ""))
        if _is_same_host(parts, root):
            return urlunsplit((root.scheme, parts.netloc.lower(), parts.path.rstrip("/"), "", ""))
    # A site that declares another host (localhost, say) is known by the address at which it answers.
    path = re.sub(r"/(?:wp-json|index\.php)?/?$", "", re.sub(r"/index\.php/wp-json/?$", "", root.path))
    return urlunsplit((root.scheme, root.netloc.lower(), path, "", ""))


def _split(url: str) -> SplitResult:
    """The parts of a URL; empty parts where the URL is invalid."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises a ValueError where it is no number
    except ValueError:
        return urlsplit("")
    return parts


def _is_same_host(parts: SplitResult, other: SplitResult) -> bool:
    if not parts.hostname or parts.port != other.port:
        return False
    return _bare(parts.hostname) == _bare(other.hostname)


def _bare(host: str | None) -> str:
    return (host or "").lower().removeprefix("www.")


def _explain(failures: list[PayloadError]) -> DiscoveryError:
    """The error that says why no API was found: of all failures the most serious one."""
    for explain in (_explain_challenge, _explain_silence, _explain_refusal, _explain_failure, _explain_forbidden):
        for failure in failures:
            error = explain(failure)
            if error is not None:
                return error
    what = f" ({failures[0]})" if failures else ""
    return DiscoveryError(f"no WordPress REST API was found{what}", verdict="closed")


def _explain_challenge(failure: PayloadError) -> DiscoveryError | None:
    if not isinstance(failure, Challenge):
        return None
    return DiscoveryError(f"a bot check came instead of an answer ({failure})", verdict="blocked", fault=failure.name)


def _explain_silence(failure: PayloadError) -> DiscoveryError | None:
    return _explain_no_answer(failure.reply) if isinstance(failure, _NoAnswer) else None


def _explain_refusal(failure: PayloadError) -> DiscoveryError | None:
    return _explain_forbidden(failure) if isinstance(failure, Refused) else None


def _explain_failure(failure: PayloadError) -> DiscoveryError | None:
    if not isinstance(failure, BadStatus) or not failure.retryable:
        return None
    return DiscoveryError(f"the site's API fails ({failure})", verdict="incomplete")


def _explain_forbidden(failure: PayloadError) -> DiscoveryError | None:
    if getattr(failure, "status", None) not in (401, 403):
        return None
    return DiscoveryError(f"the site keeps its REST API closed ({failure})", verdict="closed")


def _explain_no_answer(reply: Reply) -> DiscoveryError:
    verdict: Literal["blocked", "incomplete"] = "blocked" if reply.error in _BLOCKING else "incomplete"
    return DiscoveryError(f"{urlsplit(reply.url).netloc}: {reply.reason}", verdict=verdict, fault=reply.error)
