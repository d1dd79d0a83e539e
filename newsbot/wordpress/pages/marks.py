"""Read the marks that WordPress leaves on a page: the id and the type of its article, or that the page is a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.nodes import value_of, words_in
from newsbot.wordpress.pages.urls import id_in, post_id, site_host

_BODY_ID = re.compile(r"(?:postid|page-id|attachmentid)-(\d{1,10})")
_SINGLE = re.compile(r"single-(?!format-)([a-z0-9_-]+)")
_LISTS = frozenset({"home", "blog", "archive", "category", "tag", "author", "date", "search", "error404", "tax"})
_SURE = frozenset({"archive", "home", "search", "error404"})
"""Classes that no other program writes on its articles. A list of a term, an author or a date always has one of them
besides its own class."""

_ARTICLES = frozenset({"single", "page"})
_BY_WORDPRESS = re.compile(rb"/wp-(?:content|includes|json)/|api\.w\.org", re.I)
_REST_PATH = re.compile(r"/wp/v2/[\w-]+/(\d{1,10})$")
_LINK = re.compile(r"<([^<>]{0,2000})>([^<]*)")
_LINK_WORDS = (("shortlink",), ("alternate", "application/json"))
_LINK_HEADER = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """``id`` and ``type`` of the article, None where no mark shows them. ``is_list``: the page lists articles."""

    id: int | None
    type: str | None
    is_list: bool


def read_marks(tree: LexborHTMLParser, reply: Reply, type_: str) -> Marks:
    """Read the most reliable marks first: the classes of ``<body>``, then the links to the JSON and the short link."""
    classes = words_in(tree.body, "class") if tree.body is not None else []
    page_type = _type_in(classes)
    in_classes = _first_match(_BODY_ID, classes)
    row_id = post_id(in_classes) if in_classes else _id_in_links(tree, reply, page_type or type_)
    is_list = row_id is None and not _LISTS.isdisjoint(classes) and _ARTICLES.isdisjoint(classes)
    if is_list and _SURE.isdisjoint(classes):
        # Other programs and themes write "blog" as the name of a section too.
        is_list = not (_is_typed_article(tree) and _BY_WORDPRESS.search(reply.body) is None)
    return Marks(id=row_id, type=page_type, is_list=is_list)


def _is_typed_article(tree: LexborHTMLParser) -> bool:
    node = tree.css_first('meta[property="og:type"]')
    return node is not None and value_of(node, "content").strip().lower() == "article"


def _type_in(classes: Sequence[str]) -> str | None:
    if named := _first_match(_SINGLE, classes):
        return named
    return "page" if any(name == "page" or name.startswith("page-id-") for name in classes) else None


def _first_match(pattern: re.Pattern[str], names: Iterable[str]) -> str | None:
    """The group that ``pattern`` captures in the first of ``names`` that it matches completely."""
    return next((found[1] for name in names if (found := pattern.fullmatch(name))), None)


def _id_in_links(tree: LexborHTMLParser, reply: Reply, type_: str) -> int | None:
    own = ("", site_host(reply.url))
    ids = (_id_of(href, type_) for href in _links(tree, reply) if site_host(href) in own)
    return next((row_id for row_id in ids if row_id is not None), None)


def _id_of(href: str, type_: str) -> int | None:
    parts = urlsplit(href)
    if found := _REST_PATH.search(parts.path) or _REST_PATH.search(parts.query):
        return post_id(found[1])
    return id_in(href, type_) or id_in(href, "post")


def _links(tree: LexborHTMLParser, reply: Reply) -> Iterator[str]:
    """The URLs of the page's JSON and its short link: from the head, then from the ``Link`` header."""
    for link in tree.css('link[rel="alternate"][type="application/json"], link[rel="shortlink"]'):
        yield _joined(reply.url, value_of(link, "href"))
    for href, parameters in _LINK.findall(reply.headers.get("link", "")[:_LINK_HEADER]):
        if any(all(word in parameters for word in words) for words in _LINK_WORDS):
            yield _joined(reply.url, href)


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return ""
