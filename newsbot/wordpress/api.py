"""An Api: where a site's REST API lives, and what its routes accept.

Both permalink styles: ``https://example.org/wp-json/`` and ``https://example.org/?rest_route=/``. WordPress.com's
public API keeps every site under ``/wp/v2/sites/{site}`` instead of under a namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

PER_PAGE = 100
"""WordPress's own maximum (rest_collection_params)."""

WORDPRESS_COM = "public-api.wordpress.com"

Params = Mapping[str, "str | int | Iterable[int | str]"]


def _query(params: Params) -> str:
    pairs = []
    for name, value in params.items():
        text = value if isinstance(value, str) else str(value) if isinstance(value, int) else ",".join(map(str, value))
        pairs.append((name, text))
    # Commas and colons stay as they are: `include=` of 100 ids would grow by 200 bytes. A plus sign is always escaped.
    return urlencode(pairs, safe=",:/", quote_via=quote)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """``root`` is the URL of the API's index, in either permalink style."""

    root: str

    @property
    def plain(self) -> bool:
        """Whether routes travel in ``rest_route=`` (plain permalinks)."""
        return any(name == "rest_route" for name, _ in parse_qsl(urlsplit(self.root).query))

    @property
    def wordpress_com(self) -> bool:
        return urlsplit(self.root).hostname == WORDPRESS_COM

    def url(self, route: str, params: Params | None = None) -> str:
        """The URL of ``route`` (``/wp/v2/posts``; ``/`` is the index) with ``params``; lists travel comma-joined."""
        parts = urlsplit(self.root)
        extra = [(n, v) for n, v in parse_qsl(parts.query, keep_blank_values=True) if n != "rest_route"]
        query: dict[str, Any] = dict(extra)
        if self.plain:
            query = {"rest_route": route, **query}
            path = parts.path
        else:
            if self.wordpress_com:
                route = route.removeprefix("/wp/v2")
            path = parts.path.rstrip("/") + (route if route != "/" else "/")
        query.update(params or {})
        return urlunsplit((parts.scheme, parts.netloc, path or "/", _query(query), ""))

    def route(self, href: str) -> tuple[str, dict[str, str]] | None:
        """The route and parameters an ``_links`` href stands for, or None where it is no API URL.

        The host is not compared: a site that moved keeps links to its old name.
        """
        parts = urlsplit(href)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        if "rest_route" in params:
            return _tidy(params.pop("rest_route")), params
        if parts.hostname == WORDPRESS_COM:
            found = re.match(r"/(?:rest/)?wp/v2/sites/[^/]+(/.*)?$", parts.path)
            return (_tidy("/wp/v2" + (found[1] or "")), params) if found else None
        own = "" if self.plain else urlsplit(self.root).path.rstrip("/")
        for prefix in filter(None, (own, "/wp-json")):
            _, mark, rest = parts.path.partition(prefix + "/")
            if mark:
                return _tidy("/" + rest), params
        return ("/", params) if own and parts.path.rstrip("/") == own else None


def _tidy(route: str) -> str:
    return "/" + route.strip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAccepts:
    """What a collection's GET accepts, as the site declares it; empty sets where it declares nothing."""

    per_page: int = PER_PAGE
    orderby: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()

    def takes(self, param: str) -> bool:
        """Whether ``param`` may be sent: yes where the site declares nothing at all."""
        return not self.params or param in self.params

    def orders_by(self, key: str) -> bool:
        return not self.orderby or key in self.orderby


def read_accepts(endpoints: Any) -> RouteAccepts | None:
    """From an index's ``routes[route]["endpoints"]`` or the ``endpoints`` of an OPTIONS answer."""
    for endpoint in endpoints if isinstance(endpoints, list) else []:
        if not isinstance(endpoint, dict) or "GET" not in (endpoint.get("methods") or []):
            continue
        args = endpoint.get("args")
        if not isinstance(args, dict):
            return RouteAccepts()
        per_page, orderby = args.get("per_page"), args.get("orderby")
        maximum = per_page.get("maximum") if isinstance(per_page, dict) else None
        enum = orderby.get("enum") if isinstance(orderby, dict) else None
        return RouteAccepts(
            per_page=maximum if isinstance(maximum, int) and 1 <= maximum <= PER_PAGE else PER_PAGE,
            orderby=frozenset(map(str, enum)) if isinstance(enum, list) else frozenset(),
            params=frozenset(args),
        )
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One public type or taxonomy of a site: ``name`` is WordPress's slug for it, ``route`` where it is listed."""

    name: str
    route: str


@dataclass(slots=True, kw_only=True)
class Site:
    """What a site is and can do, from its index. ``key`` identifies it in every row we deliver.

    ``types``: name -> route, of the types that were asked for by name.
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

    def accepted(self, route: str) -> RouteAccepts:
        return self.accepts.get(route, RouteAccepts())


def read_collections(data: Any) -> dict[str, Collection]:
    """From ``/wp/v2/types`` or ``/wp/v2/taxonomies``: slug -> collection. PHP sends ``[]`` for no types at all."""
    found = {}
    for slug, entry in data.items() if isinstance(data, dict) else ():
        base = entry.get("rest_base") if isinstance(entry, dict) else None
        if not isinstance(base, str) or not base:
            continue
        namespace = entry.get("rest_namespace") or "wp/v2"
        found[slug] = Collection(name=slug, route=f"/{namespace}/{base}")
    return found
