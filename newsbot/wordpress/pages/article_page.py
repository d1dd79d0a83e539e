"""The page of one article: its id, what its head and JSON-LD tell, and its body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsbot.article.cleaning.nesting import flatten
from newsbot.article.facts.body import FEW, body_of, parents
from newsbot.article.text import plain_text
from newsbot.items import Author, FeaturedImage, Post
from newsbot.timestamps import iso_utc
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.metadata import Metadata, read_metadata
from newsbot.wordpress.pages.password import asks_password, bare_title
from newsbot.wordpress.pages.urls import absolute, id_in, post_id, site_host, slug_of
from newsbot.wordpress.pages.xml import is_usable

_BODY_ID = re.compile(r"(?:postid|page-id|attachmentid)-(\d{1,10})")
_SINGLE = re.compile(r"single-(?!format-)([a-z0-9_-]+)")
_LISTS = frozenset({"home", "blog", "archive", "category", "tag", "author", "date", "search", "error404", "tax"})
_LINK_HEADER = 8_192
_REST_PATH = re.compile(r"/wp/v2/[\w-]+/(\d{1,10})$")
_TITLES = ("h1.entry-title", "h1.wp-block-post-title", ".entry-title", ".wp-block-post-title", "h1.post-title")
_AUTHORS = (
    ".author.vcard .fn",
    ".author.vcard",
    ".wp-block-post-author__name",
    ".wp-block-post-author-name",
    "[rel=author]",
)
_LAST_TITLES = ("article h1", "main h1:not(.site-title):not(.wp-block-site-title)")
_BESIDE = frozenset(
    {
        "wp-block-query",
        "wp-block-latest-posts",
        "wp-block-comments",
        "comment",
        "comments-area",
        "widget",
        "related-posts",
    }
)
_TIMES = (
    "time.entry-date.published", ".wp-block-post-date time", "time.published", "time.entry-date", "article time",
    "main time",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage:
    """``id`` as the page tells it; ``type`` None where it does not. ``post`` is None where the page is no article but a
    list of them; its ``content_html`` is None where the page without scripts lacks the article. ``parts`` are the other
    pages of an article that its author cut in pieces."""

    id: int | None
    type: str | None
    post: Post | None
    parts: list[str] = field(default_factory=list)


def read_page(reply: Reply, *, url: str, site: str, type_: str) -> ArticlePage:
    """What an article's page tells. Never raises: rubbish is a page that lacks its article."""
    html = flatten(_decoded(reply))
    tree = LexborHTMLParser(html)
    classes = (tree.body.attributes.get("class") or "").split() if tree.body is not None else []
    row_id, told_type = _identity(tree, reply, classes, type_)
    if row_id is None and set(classes) & _LISTS and "single" not in classes and "page" not in classes:
        return ArticlePage(id=None, type=None, post=None)
    said = read_metadata(tree)
    body = body_of(html, url=url)
    protected = asks_password(body if body else html)
    title = said.headline or _first(tree, _TITLES) or said.title or _first(tree, _LAST_TITLES) or _window_title(tree)
    moment = said.published or _time(tree)
    post = Post(
        site=site,
        type=type_,
        id=row_id or 0,
        url=url,
        slug=slug_of(url),
        status="publish",
        title=bare_title(title) if protected else title,
        excerpt=None if protected else said.description,
        content_html=None if protected else body,
        published=utc(moment),
        modified=utc(said.modified),
        published_local=local(moment),
        author=_author(tree, said),
        categories=said.sections or _terms(tree, category=True),
        tags=said.keywords or _terms(tree, category=False),
        image=FeaturedImage(url=image) if (image := absolute(said.image or "", url)) and said.image else None,
        language=_language(tree),
        protected=protected,
        via="page",
        fetched_at=reply.fetched_at,
        request_url=reply.url,
    )
    return ArticlePage(id=row_id, type=told_type, post=post, parts=_parts(tree, url))


def _identity(tree: LexborHTMLParser, reply: Reply, classes: list[str], type_: str) -> tuple[int | None, str | None]:
    """The id and the type that WordPress's own marks on the page tell, the surest first."""
    named = next((found[1] for one in classes if (found := _SINGLE.fullmatch(one))), None)
    told = named or ("page" if "page" in classes or any(one.startswith("page-id-") for one in classes) else None)
    for one in classes:
        if found := _BODY_ID.fullmatch(one):
            return post_id(found[1]), told
    for href in _links(tree, reply):
        if site_host(href) in ("", site_host(reply.url)):
            found = _REST_PATH.search(urlsplit(href).path) or _REST_PATH.search(urlsplit(href).query)
            row_id = post_id(found[1]) if found else id_in(href, told or type_) or id_in(href, "post")
            if row_id is not None:
                return row_id, told
    return None, told


def _links(tree: LexborHTMLParser, reply: Reply) -> Iterator[str]:
    """Where the page says its JSON and its short link are: in its head, then in its ``Link`` header."""
    for link in tree.css('link[rel="alternate"][type="application/json"], link[rel="shortlink"]'):
        yield _joined(reply.url, link.attributes.get("href") or "")
    for href, rest in re.findall(r"<([^<>]{0,2000})>([^<]*)", reply.headers.get("link", "")[:_LINK_HEADER]):
        if "shortlink" in rest or ("alternate" in rest and "application/json" in rest):
            yield _joined(reply.url, href)


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


def _decoded(reply: Reply) -> str:
    said = re.search(r"charset=[\"']?([A-Za-z0-9._-]{1,40})", reply.headers.get("content-type", ""))
    meta = re.search(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9._-]{1,40})", reply.body[:4_096], re.I)
    for name in filter(is_usable, (said[1] if said else "", meta[1].decode() if meta else "", "utf-8")):
        try:
            return reply.body.decode(name)
        except (ValueError, LookupError):
            continue
    return reply.body.decode("utf-8", "replace")


def _first(tree: LexborHTMLParser, selectors: tuple[str, ...]) -> str | None:
    for selector in selectors:
        for node in tree.css(selector)[:FEW]:
            if (text := plain_text(node.html or "")) and not _in_list(node):
                return text
    return None


def _window_title(tree: LexborHTMLParser) -> str | None:
    """``<title>`` without the site's name, which WordPress puts behind the post's; a name alone is none of a post."""
    node = tree.css_first("title")
    parts = re.split(r"\s+[-|–—·•»]\s+", plain_text(node.text()) or "") if node is not None else []
    return " - ".join(parts[:-1]) or None


def _time(tree: LexborHTMLParser) -> str | None:
    for selector in _TIMES:
        for node in tree.css(selector)[:FEW]:
            if (told := node.attributes.get("datetime")) and not _in_list(node):
                return told
    return None


def _in_list(node: LexborNode) -> bool:
    """Whether an element belongs to another post, in a list of them beside the article, or to a comment."""
    for parent in parents(node):
        if set((parent.attributes.get("class") or "").split()) & _BESIDE or parent.tag == "aside":
            return True
    return False


def _author(tree: LexborHTMLParser, said: Metadata) -> Author | None:
    name = said.author or _first(tree, _AUTHORS)
    return Author(name=name) if name else None


def _terms(tree: LexborHTMLParser, *, category: bool) -> list[str]:
    """Names from WordPress's own links: ``rel="category tag"`` for categories, ``rel="tag"`` for tags."""
    found: dict[str, None] = {}
    for link in tree.css("a[rel~=tag]"):
        rel = (link.attributes.get("rel") or "").split()
        name = plain_text(link.text(deep=True))
        if name and category == ("category" in rel or _in_block(link, "taxonomy-category")):
            found[name] = None
    return list(found)


def _in_block(link: LexborNode, class_: str) -> bool:
    parent = link.parent
    return parent is not None and class_ in (parent.attributes.get("class") or "").split()


def _language(tree: LexborHTMLParser) -> str | None:
    return (tree.root.attributes.get("lang") or None) if tree.root is not None else None


def _parts(tree: LexborHTMLParser, url: str) -> list[str]:
    """WordPress's links to the other pages of an article (``<!--nextpage-->``), in their order."""
    links = (absolute(node.attributes.get("href") or "", url) for node in tree.css("a.post-page-numbers"))
    return list(dict.fromkeys(link for link in links if link and site_host(link) == site_host(url)))


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip()) if text else None
    except ValueError:
        return None
    return moment if moment is not None and moment.year > 1 else None


def utc(text: str | None) -> str | None:
    """An ISO time with its zone as UTC; None without a zone: whose wall clock it is cannot be known."""
    moment = _moment(text)
    if moment is None or moment.tzinfo is None:
        return None
    try:
        return iso_utc(moment)
    except (ValueError, OverflowError):
        return None


def local(text: str | None) -> str | None:
    """The wall clock of an ISO time; None where it is given in UTC, which says nothing of the site's own."""
    moment = _moment(text)
    offset = moment.utcoffset() if moment is not None else None
    if moment is None or (offset is not None and not offset):
        return None
    return moment.replace(tzinfo=None, microsecond=0).isoformat()
