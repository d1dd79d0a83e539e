"""Read the page of one article: its id, its head, its JSON-LD and its body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsbot.article.cleaning.nesting import flatten
from newsbot.article.cleaning.php_messages import without_php_messages
from newsbot.article.facts.body import find_body
from newsbot.article.facts.containers import FEW, parents
from newsbot.article.facts.cut import is_cut
from newsbot.article.text import plain_text
from newsbot.charsets import charset_in, decode_page, marked_charset
from newsbot.items import FeaturedImage, Post
from newsbot.rights.answers import combined, rights_in_headers
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.authors import authors_of
from newsbot.wordpress.pages.marks import read_marks
from newsbot.wordpress.pages.metadata import Metadata, read_metadata
from newsbot.wordpress.pages.nodes import value_of, words_in
from newsbot.wordpress.pages.page_rights import read_rights
from newsbot.wordpress.pages.password import hide_protected
from newsbot.wordpress.pages.times import iso_to_local, iso_to_utc
from newsbot.wordpress.pages.titles import choose_title
from newsbot.wordpress.pages.urls import absolute, site_host, slug_of

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9._-]{1,40})", re.I)
_HEAD = 4_096
_TITLES = ("h1.entry-title", "h1.wp-block-post-title", "h1.post-title")
_MAYBE_TITLES = (
    *("article h1", "main h1:not(.site-title):not(.wp-block-site-title)", ".entry-title", ".wp-block-post-title"),
)
_ICON = re.compile(r"/[^/?#]*(?:favicon|apple-touch-icon|site-?icon)[^/?#]*(?:[?#]|\Z)", re.I)
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
    """The contents of the page of an article.

    ``id`` and ``type`` are None where the page does not show them. ``post`` is None where the page is a list of
    articles. ``parts`` are the URLs of the other pages of an article that its author divided into pages. ``url`` is
    where redirects ended. ``judge``: who found the body, see ``Body``. ``is_cut``: the page ends in the middle of the
    article.
    """

    id: int | None
    type: str | None
    post: Post | None
    parts: list[str] = field(default_factory=list)
    url: str = ""
    judge: str | None = None
    is_cut: bool = False

    @property
    def lacks_body(self) -> bool:
        """Whether the page shows no body of the article, which a browser may show once the page's scripts have run."""
        return self.post is not None and self.post.content_html is None and not self.post.protected


def read_page(reply: Reply, *, url: str, site: str, type_: str) -> ArticlePage:
    """Read an article from its page. Raises nothing: a reply that is not a page gives a post without a body."""
    html = flatten(without_php_messages(_decoded(reply))[0])
    tree = LexborHTMLParser(html)
    marks = read_marks(tree, reply, type_)
    if marks.is_list:
        return ArticlePage(id=None, type=None, post=None, url=reply.url)
    metadata = read_metadata(tree)
    title = _title(tree, metadata, url)
    found = find_body(html, url=url, title=title)
    body = found.html
    published = metadata.published or _time(tree)
    authors = authors_of(tree, metadata, in_list=_in_list)
    post = Post(
        site=site,
        type=type_,
        id=marks.id or 0,
        url=url,
        slug=slug_of(url),
        status="publish",
        title=title,
        excerpt=metadata.description,
        content_html=body,
        published=iso_to_utc(published),
        modified=iso_to_utc(metadata.modified),
        published_local=iso_to_local(published),
        author=next(iter(authors), None),
        authors=authors if len(authors) > 1 else [],
        categories=metadata.sections or _terms(tree, category=True),
        tags=metadata.keywords or _terms(tree, category=False),
        image=_image(metadata, url),
        language=_language(tree),
        via="page",
        fetched_at=reply.fetched_at,
        request_url=reply.url,
        warc=reply.warc,
        rights=combined(rights_in_headers(reply.headers, is_page=True), read_rights(tree, metadata, reply.url)),
    )
    hide_protected(post, body or html)
    return ArticlePage(
        id=marks.id,
        type=marks.type,
        post=post,
        parts=_parts(tree, url),
        url=reply.url,
        judge=found.judge,
        is_cut=is_cut(html, body),
    )


def _decoded(reply: Reply) -> str:
    meta = _META_CHARSET.search(reply.body[:_HEAD])
    named = charset_in(reply.headers.get("content-type", ""))
    # If a page has letters beyond ASCII and is valid UTF-8, it is UTF-8. A page that was saved again as UTF-8 may still
    # name the old charset.
    likely = "" if reply.body.isascii() else "utf-8"
    charsets = (marked_charset(reply.body), named, likely, meta[1].decode() if meta else "", "utf-8")
    return decode_page(reply.body, charsets)


def _title(tree: LexborHTMLParser, metadata: Metadata, url: str) -> str | None:
    """The most reliable title. Teasers beside the article have ``.entry-title`` too: only an ``h1`` with this class
    counts."""
    window = tree.css_first("title")
    headings = (plain_text(node.text(deep=True)) for node in tree.css("h1")[:FEW])
    return choose_title(
        (metadata.headline, _first(tree, _TITLES), metadata.title, _first(tree, _MAYBE_TITLES)),
        names=metadata.site_names,
        headings=[text for text in headings if text],
        window=(plain_text(window.text()) or "") if window is not None else "",
        slug=slug_of(url),
    )


def _image(metadata: Metadata, url: str) -> FeaturedImage | None:
    icons = {absolute(icon, url) for icon in metadata.icons}
    found = (absolute(image, url) for image in metadata.images)
    own = next((image for image in found if image and image not in icons and not _ICON.search(image)), None)
    return FeaturedImage(url=own) if own else None


def _first(tree: LexborHTMLParser, selectors: tuple[str, ...]) -> str | None:
    found = ((node, plain_text(node.html or "")) for node in _nodes(tree, selectors))
    return next((text for node, text in found if text and not _in_list(node)), None)


def _nodes(tree: LexborHTMLParser, selectors: tuple[str, ...]) -> Iterator[LexborNode]:
    for selector in selectors:
        yield from tree.css(selector)[:FEW]


def _time(tree: LexborHTMLParser) -> str | None:
    found = ((node, value_of(node, "datetime")) for node in _nodes(tree, _TIMES))
    return next((moment for node, moment in found if moment and not _in_list(node)), None)


def _in_list(node: LexborNode) -> bool:
    """Whether an element belongs to a list of other posts beside the article, or to a comment."""
    return any(parent.tag == "aside" or _BESIDE & set(words_in(parent, "class")) for parent in parents(node))


def _terms(tree: LexborHTMLParser, *, category: bool) -> list[str]:
    """The names in WordPress's links to terms: ``rel="category tag"`` for categories, ``rel="tag"`` for tags."""
    links = (link for link in tree.css("a[rel~=tag]") if _is_category(link) == category)
    names = (plain_text(link.text(deep=True)) for link in links)
    return list(dict.fromkeys(filter(None, names)))


def _is_category(link: LexborNode) -> bool:
    if "category" in words_in(link, "rel"):
        return True
    return link.parent is not None and "taxonomy-category" in words_in(link.parent, "class")


def _language(tree: LexborHTMLParser) -> str | None:
    return value_of(tree.root, "lang") or None if tree.root is not None else None


def _parts(tree: LexborHTMLParser, url: str) -> list[str]:
    """URLs of the other pages of an article that contains ``<!--nextpage-->``, in their order."""
    links = (absolute(value_of(link, "href"), url) for link in tree.css("a.post-page-numbers"))
    own = (link for link in links if link and site_host(link) == site_host(url))
    return list(dict.fromkeys(own))
