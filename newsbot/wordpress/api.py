"""The REST API of a site: its URLs, and what its routes accept.

There are two permalink styles: ``https://example.org/wp-json/`` and ``https://example.org/?rest_route=/``. The public
API of WordPress.com has each site under ``/wp/v2/sites/{site}``, without a namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from newsbot.article.text import scrub
from newsbot.urls import ascii_host
from newsbot.wordpress.meaning import Meaning
from newsbot.wordpress.scope import Scope
from newsbot.wordpress.values import list_in, object_in, text

PER_PAGE = 100
"""The largest page size of WordPress itself (rest_collection_params)."""

WHOLE_ROUTE = "*"
"""In the place of a parameter that a site refuses: visitors may not read the route at all."""

WORDPRESS_COM = "public-api.wordpress.com"
_WORDPRESS_COM_PATH = re.compile(r"/(?:rest/)?wp/v2/sites/[^/]+(/.*)?$")

Params = Mapping[str, "str | int | Iterable[int | str]"]


def _query(params: Params) -> str:
    # Commas and colons are not escaped: `include=` of 100 ids would grow by 200 bytes. A plus sign is always escaped.
    return urlencode(
        [(name, _text(value)) for name, value in params.items()], safe=",:/", quote_via=quote, errors="replace"
    )


def _text(value: str | int | Iterable[int | str]) -> str:
    return str(value) if isinstance(value, str | int) else ",".join(map(str, value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """``root`` is the URL of the API's index, in either permalink style. ``slashed``: the site redirects every route to
    the same route with a slash at its end. ``takes_fields``: an answer to ``_fields`` is neither empty nor refused.
    ``fields_doubted``: only one run met such an answer, so the next run sends ``_fields`` again."""

    root: str
    slashed: bool = False
    takes_fields: bool = True
    fields_doubted: bool = False

    def without_fields(self) -> Api:
        """The API of a site that refused ``_fields``. Only after a refusal in a second run do later runs leave
        ``_fields`` out."""
        if not self.takes_fields:
            # ``_fields`` is left out already. The refused query was built before that.
            return self
        return replace(self, takes_fields=False, fields_doubted=not self.fields_doubted)

    def with_fields(self) -> Api:
        """The API, whose site answered ``_fields`` in this run: a refusal of an earlier run has passed."""
        return replace(self, fields_doubted=False) if self.takes_fields else self

    @property
    def plain(self) -> bool:
        """Whether the route is in ``rest_route=`` (plain permalinks)."""
        return any(name == "rest_route" for name, _ in parse_qsl(urlsplit(self.root).query))

    @property
    def wordpress_com(self) -> bool:
        return urlsplit(self.root).hostname == WORDPRESS_COM

    def url(self, route: str, params: Params | None = None) -> str:
        """The URL of ``route`` (``/wp/v2/posts``; ``/`` is the index) with ``params``. Lists are joined by commas."""
        parts = urlsplit(self.root)
        own = {name: value for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "rest_route"}
        if self.plain:
            path, query = parts.path, {"rest_route": route} | own
        else:
            path, query = parts.path.rstrip("/") + self._path(route), own
            path += "/" if self.slashed and not path.endswith("/") else ""
        asked = {name: value for name, value in (params or {}).items() if name != "_fields" or self.takes_fields}
        return urlunsplit((parts.scheme, parts.netloc, path or "/", _query(query | asked), ""))

    def _path(self, route: str) -> str:
        return route.removeprefix("/wp/v2") if self.wordpress_com else route

    def landed(self, asked: str, ended: str) -> Api:
        """The API at the place that a redirect shows: newsbot asked for ``asked``, a URL of this API, and ``ended``
        replied.

        Only a redirect that keeps the route and the query shows the place of the other routes: a redirect to the same
        route with a slash at its end, to https, to or from ``www.``, or to another folder. Any other redirect changes
        nothing.
        """
        if self.plain or asked == ended:
            return self
        before, after, root = urlsplit(asked), urlsplit(ended), urlsplit(self.root)
        folder = root.path.rstrip("/")
        route = before.path.removeprefix(folder).rstrip("/")
        prefix, found, rest = after.path.rpartition(route) if route else (after.path, "", "")
        same_query = parse_qsl(before.query, keep_blank_values=True) == parse_qsl(after.query, keep_blank_values=True)
        if not found or rest not in ("", "/") or not same_query or not _is_same_site(before, after):
            return self
        moved = root._replace(scheme=after.scheme, netloc=after.netloc, path=prefix + "/")
        return replace(self, root=urlunsplit(moved), slashed=rest == "/")

    def route(self, href: str) -> tuple[str, dict[str, str]] | None:
        """The route and parameters of a URL in ``_links``, or None where the URL is not of an API.

        The host is not compared: a site that moved keeps links to its old host.
        """
        try:
            parts = urlsplit(href)
        except ValueError:
            return None
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        route = params.pop("rest_route", None)
        if route is None:
            route = self._route_in(parts)
        return None if route is None else (_tidy(route), params)

    def _route_in(self, parts: SplitResult) -> str | None:
        """The route in a URL's path."""
        if parts.hostname == WORDPRESS_COM:
            found = _WORDPRESS_COM_PATH.match(parts.path)
            return "/wp/v2" + (found[1] or "") if found else None
        own = "" if self.plain else urlsplit(self.root).path.rstrip("/")
        for prefix in filter(None, (own, "/wp-json")):
            _, mark, rest = parts.path.partition(prefix + "/")
            if mark:
                return rest
        return "" if own and parts.path.rstrip("/") == own else None


def _is_same_site(before: SplitResult, after: SplitResult) -> bool:
    """Whether a redirect stays on the host (``www.`` may come or go), and does not leave https."""
    names = [ascii_host(parts.hostname or "").removeprefix("www.") for parts in (before, after)]
    if names[0] != names[1] or (before.scheme, after.scheme) == ("https", "http"):
        return False
    return before.port == after.port or before.scheme != after.scheme


def _tidy(route: str) -> str:
    return "/" + route.strip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAccepts:
    """What a collection accepts in a GET request, as the site declares. Empty sets: the site declares nothing.

    ``languages`` are the values of ``lang`` that a language plugin declares. ``whole_rows`` is the largest page of
    whole rows that the server can send, if it failed on larger pages. ``longest`` is the length of the longest URL to
    try, in bytes, if the server refused a longer one. ``refused`` are the parameters that the site refused, whatever it
    declares; ``WHOLE_ROUTE`` among them: the route is closed. ``doubted`` parameters were refused in one run alone: a
    refusal may pass, so that the run after it sends them again.
    """

    per_page: int = PER_PAGE
    orderby: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ()
    whole_rows: int | None = None
    longest: int | None = None
    refused: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()

    def leave(self, param: str) -> RouteAccepts:
        """The route without ``param``, which the site refused."""
        if param in self.refused:
            return self
        return replace(self, refused=self.refused | {param}, doubted=self.doubted ^ {param})

    def takes(self, param: str) -> bool:
        """Whether ``param`` may be sent. True if the site declares nothing and did not refuse the parameter."""
        return param not in self.refused and (not self.params or param in self.params)

    @property
    def is_closed(self) -> bool:
        """Whether visitors may not read the route at all."""
        return WHOLE_ROUTE in self.refused

    def has_passed(self, sent: AbstractSet[str]) -> RouteAccepts:
        """The route after a run in which the site answered queries with the parameters ``sent``: a refusal of an
        earlier run has passed, where this run met none. A route that answers is open again."""
        refused = self.refused - ({WHOLE_ROUTE} & sent)
        return replace(self, refused=refused, doubted=self.doubted - (sent - self.refused))

    def orders_by(self, key: str) -> bool:
        """Whether ``orderby=key`` may be sent. True where the site declares nothing and did not refuse it."""
        return "orderby" not in self.refused and (not self.orderby or key in self.orderby)


def read_accepts(endpoints: Any) -> RouteAccepts | None:
    """Read ``routes[route]["endpoints"]`` of an index, or the ``endpoints`` of a reply to OPTIONS."""
    for endpoint in map(object_in, endpoints if isinstance(endpoints, list) else []):
        if "GET" in _methods(endpoint):
            return _read_args(endpoint.get("args"))
    return None


def _methods(endpoint: dict[str, Any]) -> Iterable[Any]:
    methods = endpoint.get("methods")
    return methods if isinstance(methods, list | dict | str) else ()


def _read_args(args: Any) -> RouteAccepts:
    if not isinstance(args, dict):
        return RouteAccepts()
    maximum, keys = object_in(args.get("per_page")).get("maximum"), object_in(args.get("orderby")).get("enum")
    return RouteAccepts(
        per_page=maximum if isinstance(maximum, int) and 1 <= maximum <= PER_PAGE else PER_PAGE,
        orderby=frozenset(map(str, keys)) if isinstance(keys, list) else frozenset(),
        params=frozenset(args),
        languages=tuple(map(str, list_in(object_in(args.get("lang")).get("enum")))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One public type or taxonomy of a site. ``name`` is its slug in WordPress; ``route`` lists its objects."""

    name: str
    route: str


@dataclass(slots=True, kw_only=True)
class Site:
    """What the index says about a site. ``key`` identifies the site in every row.

    ``home`` is the URL of the home page. ``gmt_offset`` is in hours. ``accepts``: route -> what it accepts. ``types``:
    name -> route, for types that a crawl requested; ``terms/NAME`` is a taxonomy. ``namespaces`` are those of language
    plugins. ``languages``: route -> the languages that its queries must name; a route that was not asked yet has no
    entry. ``named``: route -> the languages that the site named when they were searched for, and whether each was
    without rows; no entry if a language that the site gets later cannot hide a row. ``heard``: the languages that the
    site named in this run; None if this run did not request them. ``meanings``: address as the user gave it -> what it
    means. ``logged_in``: the site accepted a login in this run. ``logged_out``: the site answered a query with a login
    in the same way as to a visitor. ``scopes``: the arguments of a run (``scope_key``) -> the part of the site that
    they select. ``doubted``: the site showed rows outside of its API that the API hides since the last run; the next
    run discovers the site again.
    """

    key: str
    api: Api
    home: str
    name: str | None = None
    timezone: str | None = None
    gmt_offset: float | None = None
    language: str | None = None
    accepts: dict[str, RouteAccepts] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    namespaces: frozenset[str] = frozenset()
    languages: dict[str, tuple[str, ...]] = field(default_factory=dict)
    named: dict[str, dict[str, bool]] = field(default_factory=dict)
    heard: tuple[str, ...] | None = None
    logged_in: bool = False
    logged_out: bool = False
    meanings: dict[str, Meaning] = field(default_factory=dict)
    scopes: dict[str, Scope] = field(default_factory=dict)
    doubted: bool = False

    def accepted(self, route: str) -> RouteAccepts:
        return self.accepts.get(route, RouteAccepts())

    def leave(self, route: str, param: str) -> None:
        """Do not send ``param`` to ``route`` in this run any more, since the site refused it. If an earlier run met the
        refusal too, later runs do not send it either, until the site is discovered again."""
        self.accepts[route] = self.accepted(route).leave(param)

    def is_closed(self, route: str) -> bool:
        """Whether ``route`` is known to be closed to visitors, and this run is one."""
        return self.accepted(route).is_closed and not self.logged_in


def read_collections(data: Any) -> dict[str, Collection]:
    """Read ``/wp/v2/types`` or ``/wp/v2/taxonomies``: slug -> collection. PHP sends ``[]`` if there are none."""
    found = {}
    for slug, entry in object_in(data).items():
        base = text(object_in(entry).get("rest_base"))
        if base is not None and (name := scrub(slug)):
            found[name] = Collection(name=name, route=f"/{text(entry.get('rest_namespace')) or 'wp/v2'}/{base}")
    return found
