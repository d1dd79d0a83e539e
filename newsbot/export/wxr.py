"""WordPress's own export format (WXR 1.2): rows as XML. Pure.

Titles, names and excerpts of the archive are plain text, and WordPress keeps them as HTML: they are escaped once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from newsbot.export.wxr_elements import (
    Dates,
    Item,
    category_element,
    element,
    encoded,
    file_elements,
    html_of,
    meta_elements,
)
from newsbot.items import Author, Comment, FeaturedImage, Media, Post, TermRef

_LOGIN = re.compile(r"[A-Za-z0-9 _.@-]{1,60}")
"""Logins that WordPress accepts unchanged."""

_APPROVED = {"approved": "1", "hold": "0", "spam": "spam", "trash": "trash"}

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0"
    xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
    xmlns:content="http://purl.org/rss/1.0/modules/content/"
    xmlns:wfw="http://wellformedweb.org/CommentAPI/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:wp="http://wordpress.org/export/1.2/"
>
<channel>
"""

TAIL = "</channel>\n</rss>\n"


@dataclass(frozen=True, slots=True)
class FullTerm:
    """A term with its description. Terms that are joined to posts have no description."""

    ref: TermRef
    description: str | None = None


def channel(title: str, site: str, generator: str) -> str:
    return (
        element("title", title)
        + f"<link>{escape(site)}</link>\n"
        + "<wp:wxr_version>1.2</wp:wxr_version>\n"
        + f"<wp:base_site_url>{escape(site)}</wp:base_site_url>\n"
        + f"<wp:base_blog_url>{escape(site)}</wp:base_blog_url>\n"
        + f"<generator>{escape(generator)}</generator>\n"
    )


def login_of(author: Author) -> str:
    """The login of an author: the slug, unless WordPress would change it."""
    slug = author.slug or ""
    return slug if _LOGIN.fullmatch(slug) else f"author-{author.id}" if author.id else ""


def author_element(author: Author) -> str:
    login = login_of(author)
    return (
        f"<wp:author><wp:author_id>{author.id or 0}</wp:author_id>\n"
        + element("wp:author_login", login)
        + element("wp:author_email", "")
        + element("wp:author_display_name", html_of(author.name or login))
        + element("wp:author_first_name", "")
        + element("wp:author_last_name", "")
        + "</wp:author>\n"
    )


def term_elements(terms: Mapping[tuple[str, int], FullTerm]) -> Iterator[str]:
    """The terms, each after its parent: an importer searches the parent among the terms that it already imported."""
    for term in _parents_first(terms):
        parent = terms.get((term.ref.taxonomy, term.ref.parent)) if term.ref.parent else None
        yield _term_element(term, slug_of(parent.ref) if parent is not None else "")


def lost_parents(terms: Mapping[tuple[str, int], FullTerm]) -> int:
    """How many terms have a parent that is not among the terms."""
    return sum(bool(term.ref.parent) and (term.ref.taxonomy, term.ref.parent) not in terms for term in terms.values())


def _parents_first(terms: Mapping[tuple[str, int], FullTerm]) -> Iterator[FullTerm]:
    given: set[tuple[str, int]] = set()
    for key in terms:
        above: list[tuple[str, int]] = []
        found: tuple[str, int] | None = key
        # If two terms are each other's parents, the search for parents ends.
        while found is not None and found in terms and found not in given and found not in above:
            above.append(found)
            parent = terms[found].ref.parent
            found = (found[0], parent) if parent else None
        for ancestor in reversed(above):
            given.add(ancestor)
            yield terms[ancestor]


def _term_element(term: FullTerm, parent: str) -> str:
    ref, slug, name = term.ref, slug_of(term.ref), html_of(term.ref.name or slug_of(term.ref))
    number = f"<wp:term_id>{ref.id or 0}</wp:term_id>\n"
    described = html_of(term.description or "")
    if ref.taxonomy == "category":
        return (
            f"<wp:category>{number}"
            + element("wp:category_nicename", slug)
            + element("wp:category_parent", parent)
            + element("wp:cat_name", name)
            + element("wp:category_description", described)
            + "</wp:category>\n"
        )
    if ref.taxonomy == "post_tag":
        return (
            f"<wp:tag>{number}"
            + element("wp:tag_slug", slug)
            + element("wp:tag_name", name)
            + element("wp:tag_description", described)
            + "</wp:tag>\n"
        )
    return (
        f"<wp:term>{number}"
        + element("wp:term_taxonomy", ref.taxonomy)
        + element("wp:term_slug", slug)
        + element("wp:term_parent", parent)
        + element("wp:term_name", name)
        + element("wp:term_description", described)
        + "</wp:term>\n"
    )


def slug_of(term: TermRef) -> str:
    """The slug of a term. If the site gave only a name, the slug is made from the name."""
    return term.slug or quote("-".join((term.name or "").lower().split()), errors="replace")


def post_item(post: Post, comments: bytes) -> bytes:
    """The item of a post, with the XML of its comments."""
    meta = {"_thumbnail_id": str(post.image.id)} if post.image is not None and post.image.id else {}
    item = Item(
        id=post.id,
        type=post.type,
        title=html_of(post.title or ""),
        link=post.url or "",
        guid=post.guid or post.url or "",
        creator=login_of(post.author) if post.author is not None else "",
        content=post.content_html or "",
        excerpt=html_of(post.excerpt or ""),
        dates=Dates.of(post.published, post.published_local, post.modified),
        slug=post.slug or "",
        status="trash" if post.deleted_at else post.status or "publish",
        parent=post.parent or 0,
        comment_status=post.comment_status or "closed",
        sticky=bool(post.sticky),
    )
    rest = "".join(_categories(post)) + "".join(meta_elements(meta))
    return encoded(item.opening() + rest) + comments + b"</item>\n"


def media_item(media: Media) -> bytes:
    item = Item(
        id=media.id,
        type="attachment",
        title=html_of(media.title or ""),
        link=media.url or "",
        guid=media.guid or media.file_url or "",
        creator=login_of(media.author) if media.author is not None else "",
        content=html_of(media.description or ""),
        excerpt=html_of(media.caption or ""),
        dates=Dates.of(media.published, media.published_local, media.modified),
        slug=media.slug or "",
        status="trash" if media.deleted_at else media.status or "inherit",
        parent=media.post or 0,
    )
    return encoded(item.opening() + file_elements(media.file_url or media.guid or "", media.alt) + "</item>\n")


def image_item(image: FeaturedImage, post: Post) -> bytes:
    """The item of a featured image that no media row describes."""
    url = image.url or ""
    item = Item(
        id=image.id or 0,
        type="attachment",
        title=html_of(url.rpartition("/")[2].rpartition(".")[0]),
        link=url,
        guid=url,
        creator=login_of(post.author) if post.author is not None else "",
        content="",
        excerpt=html_of(image.caption or ""),
        dates=Dates.of(post.published, post.published_local, post.modified),
        slug="",
        status="inherit",
        parent=0,
    )
    return encoded(item.opening() + file_elements(url, image.alt) + "</item>\n")


def comment_element(comment: Comment) -> bytes:
    author = comment.author or Author()
    dates = Dates.of(comment.published, comment.published_local, None)
    return encoded(
        f"<wp:comment><wp:comment_id>{comment.id}</wp:comment_id>\n"
        + element("wp:comment_author", html_of(author.name or ""))
        + element("wp:comment_author_email", "")
        + element("wp:comment_author_url", author.url or "")
        + element("wp:comment_author_IP", "")
        + element("wp:comment_date", dates.local)
        + element("wp:comment_date_gmt", dates.utc)
        + element("wp:comment_content", comment.content_html or "")
        + element("wp:comment_approved", _APPROVED.get(comment.status or "approved", "0"))
        + element("wp:comment_type", "comment")
        + f"<wp:comment_parent>{comment.parent or 0}</wp:comment_parent>\n"
        + f"<wp:comment_user_id>{author.id or 0}</wp:comment_user_id>\n</wp:comment>\n"
    )


def _categories(post: Post) -> Iterator[str]:
    for term in post.terms:
        yield category_element(term.taxonomy, slug_of(term), term.name or slug_of(term))
    if post.format not in (None, "", "standard"):
        yield category_element("post_format", f"post-format-{post.format}", str(post.format).capitalize())
