"""What an address of a site means: the site, a section, a tag, an author, a search, one article. Pure.

WordPress itself shows the meaning: since 5.5 each page of one object names that object in the API (``Link:
<.../wp-json/wp/v2/categories/5>; rel="alternate"; type="application/json"``), and every theme that calls ``body_class``
names it in the classes of ``<body>``. So the configured bases of permalinks need not be known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from newsbot.numbers import from_digits
from newsbot.urls import as_url
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.meaning import Meaning, MeaningKind
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.values import row_id

_HEAD = 200_000
"""The first bytes of a page, which are searched for its meaning."""

_ALTERNATE = re.compile(rb"<link\b[^<>]{0,2000}>", re.I)
_HREF = re.compile(r"""\bhref\s*=\s*["']?([^"'\s>]+)""", re.I)
_BODY = re.compile(rb"<body\b[^<>]{0,8000}", re.I)
_CLASS = re.compile(r"""\bclass\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.I)
_FEED = re.compile(r"/(?:comments/)?feed(?:/(?:rss2?|rdf|atom))?/?$")
_OBJECT = re.compile(r"/wp/v2/([^/]+)/([0-9]+)")
_PAGING = re.compile(r"/page/\d+/?$")
_TECHNICAL = re.compile(
    r"/(?:wp-json(?:/.*)?|wp-admin/.*|wp-login\.php|xmlrpc\.php|robots\.txt|[^/]*sitemap[^/]*\.xml(?:\.gz)?|index\.php)?$"
)
"""Paths below a site's folder that do not name a part of the site."""

_QUERIES: dict[str, tuple[MeaningKind, str | None]] = {
    "cat": ("term", "categories"),
    "category_name": ("term", "categories"),
    "tag": ("term", "tags"),
    "tag_id": ("term", "tags"),
    "author": ("author", None),
    "author_name": ("author", None),
    "p": ("article", "posts"),
    "page_id": ("article", "pages"),
    "s": ("search", None),
}
"""WordPress's own query variables -> their meaning, and the base of the objects in the API."""

_CLASSES: tuple[tuple[re.Pattern[str], MeaningKind, str], ...] = (
    (re.compile(r"postid-([0-9]+)"), "article", "posts"),
    (re.compile(r"page-id-([0-9]+)"), "article", "pages"),
    (re.compile(r"category-([0-9]+)"), "term", "categories"),
    (re.compile(r"tag-([0-9]+)"), "term", "tags"),
    (re.compile(r"author-([0-9]+)"), "author", "users"),
)


def is_bare(url: str) -> bool:
    """Whether a URL names only a host, without a path."""
    parts = urlsplit(as_url(url))
    return parts.path in ("", "/") and not parts.query


def in_query(url: str) -> Meaning | None:
    """The meaning of the query of a URL, by WordPress's own variables; None if it has none of them."""
    for name, value in parse_qsl(urlsplit(url).query):
        found = _QUERIES.get(name)
        if found is not None and value.strip():
            kind, base = found
            number = from_digits(value.strip()) if kind != "search" else None
            return Meaning(kind=kind, base=base, id=number, text=None if number is not None else value.strip())
    return None


def without_meaning(url: str) -> str:
    """The URL without the variables that ``in_query`` reads."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in _QUERIES]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def place_of(url: str) -> str:
    """The path of a URL without the endings that WordPress adds for pages of a listing and for its feed."""
    return _FEED.sub("", _PAGING.sub("", unquote(urlsplit(url).path))).rstrip("/")


def meaning_of(url: str, page: Reply | None, site: Site) -> Meaning:
    """The meaning of a URL of a site. ``page`` is the site's answer at the URL; None if the URL was not requested."""
    address = as_url(url)
    if site.api.route(address) is not None or dict(parse_qsl(urlsplit(address).query)).get("feed"):
        return Meaning(kind="site")
    if (asked := in_query(address)) is not None:
        return asked
    place = place_of(page.url if page is not None and page.is_ok else address)
    folder = urlsplit(site.home).path.rstrip("/")
    if not place.startswith(folder) or _TECHNICAL.fullmatch(place.removeprefix(folder) or "/"):
        return Meaning(kind="site")
    if page is None or page.error is not None:
        return Meaning(kind="unknown")
    if page.is_gone:
        return Meaning(kind="missing", text=f"HTTP {page.status}")
    return _of_page(page, site)


def meaning_without_api(url: str, page: Reply | None) -> Meaning:
    """The meaning of a URL on a site whose API was not found, if the URL or the page shows the meaning."""
    home = urlunsplit((*urlsplit(url)[:2], "", "", ""))
    return meaning_of(url, page, Site(key=home, api=Api(root=f"{home}/wp-json/"), home=home))


def _of_page(page: Reply, site: Site) -> Meaning:
    classes = body_classes(page.body)
    if "home" in classes or "blog" in classes:
        return Meaning(kind="site")
    for href in _json_links(page):
        route = site.api.route(href)
        named = _OBJECT.fullmatch(route[0]) if route is not None else None
        if named is not None and (number := row_id(named[2])) is not None:
            return _object(site, named[1], number)
    if "error404" in classes:
        return Meaning(kind="missing", text="page not found")
    if "search" in classes or "search-results" in classes or "search-no-results" in classes:
        return Meaning(kind="search", text=place_of(page.url).rpartition("/")[2].replace("+", " "))
    if "date" in classes:
        return Meaning(kind="date")
    for name in classes:
        for pattern, kind, base in _CLASSES:
            if (found := pattern.fullmatch(name)) is not None and (number := row_id(found[1])) is not None:
                return Meaning(kind=kind, base=base, id=number)
    return Meaning(kind="unknown")


def _object(site: Site, base: str, number: int) -> Meaning:
    if base == "users":
        return Meaning(kind="author", base=base, id=number)
    params = site.accepted(f"/wp/v2/{base}").params
    is_term = base in ("categories", "tags") or "hide_empty" in params
    return Meaning(kind="term" if is_term else "article", base=base, id=number)


def _json_links(page: Reply) -> Iterator[str]:
    """The addresses of the page's object in the API: in the ``Link`` header, then in ``<link>`` elements."""
    for link in page.headers.get("link", "").split("<")[1:]:
        href, _, parameters = link.partition(">")
        if "application/json" in parameters and "alternate" in parameters:
            yield href.strip()
    for element in _ALTERNATE.findall(page.body[:_HEAD]):
        text = unescape(element.decode("utf-8", "replace"))
        if "application/json" in text and "oembed" not in text and (linked := _HREF.search(text)):
            yield linked[1]


def body_classes(body: bytes) -> list[str]:
    """The classes of ``<body>``."""
    element = _BODY.search(body)
    found = _CLASS.search(element[0].decode("utf-8", "replace")) if element else None
    return (found[1] or found[2] or "").split() if found else []
