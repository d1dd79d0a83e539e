"""API object -> item; normalises what PHP does to types.

Where WordPress means an object it may send ``false``, ``""`` or ``[]``; lists with holes arrive as objects; zero dates
as ``-0001-11-30T00:00:00``; numbers as strings. Only an id is indispensable: without one a RecordError names the value.
Bodies stay raw here; the clean pipeline makes articles of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from newsbot.article.facts.source import find_source
from newsbot.article.text import plain_text
from newsbot.errors import RecordError
from newsbot.items import Author, Comment, FeaturedImage, Media, Post, Source, Term, TermRef, User
from newsbot.wordpress.api import Site
from newsbot.wordpress.dates import local_date, utc

POST_FIELDS = (
    "id", "date", "date_gmt", "modified", "modified_gmt", "guid", "slug", "status", "type", "link", "title", "content",
    "excerpt", "author", "featured_media", "parent", "comment_status", "sticky", "format", "lang",
    "wpml_current_locale",
)  # fmt: skip
COMMENT_FIELDS = (
    "id", "post", "parent", "author", "author_name", "author_url", "date", "date_gmt", "content", "link", "status",
)  # fmt: skip
MEDIA_FIELDS = (
    "id", "date", "date_gmt", "modified", "modified_gmt", "guid", "slug", "status", "link", "title", "caption",
    "description", "alt_text", "media_type", "mime_type", "media_details", "source_url", "post", "author",
)  # fmt: skip
TERM_FIELDS = ("id", "count", "description", "link", "name", "slug", "taxonomy", "parent")
USER_FIELDS = ("id", "name", "url", "description", "link", "slug")
JOIN_FIELDS = {
    "users": ("id", "name", "slug", "link"),
    "terms": ("id", "name", "slug", "taxonomy", "parent"),
    "media": ("id", "source_url", "alt_text", "caption", "mime_type", "media_details"),
}


GREATEST = 2**63 - 1
"""WordPress's ids are BIGINTs, and so are ours."""


def record_id(raw: Any) -> int:
    """The id of an API object. Raises RecordError, with the value found, where it has none."""
    value = raw.get("id") if isinstance(raw, dict) else raw
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= GREATEST:
        raise RecordError(f"an object without a usable id: {str(value)[:80]!r}")
    return value


def text(value: Any) -> str | None:
    """A non-empty string, or None."""
    return value if isinstance(value, str) and value.strip() else None


def decoded(value: Any) -> str | None:
    """A non-empty string with its entities decoded once (term and user names travel encoded)."""
    return unescape(value).strip() or None if isinstance(value, str) and value else None


def rendered(value: Any) -> str | None:
    """``{"rendered": ...}``, or the bare string that some plugins make of it."""
    if isinstance(value, dict):
        value = value.get("rendered")
    return text(value)


def whole(value: Any) -> int | None:
    """A number of 0 and more, also where PHP sent it as text; None otherwise."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def linked_id(value: Any) -> int | None:
    """A linked id; 0, which means none, becomes None."""
    return whole(value) or None


def read_post(raw: Mapping[str, Any], *, site: Site, type_: str, fetched_at: str, request_url: str) -> Post:
    """A post, page or custom object. ``content_html`` is still raw; links are joined afterwards."""
    content = raw.get("content")
    protected = bool(content.get("protected")) if isinstance(content, dict) else None
    guid = rendered(raw.get("guid"))
    sticky = raw.get("sticky")
    author = linked_id(raw.get("author"))
    image = linked_id(raw.get("featured_media"))
    return Post(
        site=site.key,
        type=type_,
        id=record_id(raw),
        url=decoded(raw.get("link")),
        guid=unescape(guid).strip() if guid else None,
        slug=text(raw.get("slug")),
        # Objects of 2016 have no status: the API lists only what is published.
        status=text(raw.get("status")) or "publish",
        title=plain_text(rendered(raw.get("title")) or ""),
        excerpt=plain_text(rendered(raw.get("excerpt")) or ""),
        content_html=rendered(content),
        published=utc(raw.get("date_gmt"), raw.get("date"), site),
        modified=utc(raw.get("modified_gmt"), raw.get("modified"), site),
        published_local=local_date(raw.get("date")),
        author=Author(id=author) if author else None,
        image=FeaturedImage(id=image) if image else None,
        language=_language(raw) or site.language,
        source=_told_source(raw, site),
        format=text(raw.get("format")),
        sticky=sticky if isinstance(sticky, bool) else None,
        protected=protected,
        comment_status=text(raw.get("comment_status")),
        fetched_at=fetched_at,
        request_url=request_url,
    )


def _language(raw: Mapping[str, Any]) -> str | None:
    """What Polylang or WPML say of a post: ``lang`` is a code, or an object that holds one."""
    lang = raw.get("lang")
    if isinstance(lang, dict):
        lang = lang.get("locale") or lang.get("code") or lang.get("slug")
    return text(lang) or text(raw.get("wpml_current_locale"))


def _told_source(raw: Mapping[str, Any], site: Site) -> Source | None:
    """Where a post came from, as far as only its API object tells: the clean pipeline weighs it against the article."""
    head, meta = raw.get("yoast_head_json"), raw.get("meta")
    return find_source(
        site=decoded(raw.get("link")) or site.key,
        html="",
        text="",
        excerpt_html=rendered(raw.get("excerpt")),
        canonical=text(head.get("canonical")) if isinstance(head, dict) else None,
        meta=meta if isinstance(meta, dict) else None,
    )


def read_comment(raw: Mapping[str, Any], *, site: Site, fetched_at: str, request_url: str, personal: bool) -> Comment:
    name, page = decoded(raw.get("author_name")), text(raw.get("author_url"))
    return Comment(
        site=site.key,
        type="comment",
        id=record_id(raw),
        url=decoded(raw.get("link")),
        post=linked_id(raw.get("post")),
        parent=linked_id(raw.get("parent")),
        author=Author(id=linked_id(raw.get("author")), name=name, url=page),
        content_html=rendered(raw.get("content")),
        published=utc(raw.get("date_gmt"), raw.get("date"), site),
        published_local=local_date(raw.get("date")),
        status=text(raw.get("status")),
        avatar_urls=_avatars(raw.get("author_avatar_urls")) if personal else None,
        fetched_at=fetched_at,
        request_url=request_url,
    )


def read_media(raw: Mapping[str, Any], *, site: Site, fetched_at: str, request_url: str) -> Media:
    details = raw.get("media_details")
    details = details if isinstance(details, dict) else {}
    sizes = details.get("sizes")
    guid = rendered(raw.get("guid"))
    author = linked_id(raw.get("author"))
    return Media(
        site=site.key,
        type="attachment",
        id=record_id(raw),
        url=decoded(raw.get("link")),
        guid=unescape(guid).strip() if guid else None,
        slug=text(raw.get("slug")),
        status=text(raw.get("status")),
        title=plain_text(rendered(raw.get("title")) or ""),
        alt=decoded(raw.get("alt_text")),
        caption=plain_text(rendered(raw.get("caption")) or ""),
        description=plain_text(rendered(raw.get("description")) or ""),
        file_url=decoded(raw.get("source_url")),
        mime=text(raw.get("mime_type")),
        width=whole(details.get("width")),
        height=whole(details.get("height")),
        filesize=whole(details.get("filesize")),
        sizes=_sizes(sizes),
        post=linked_id(raw.get("post")),
        author=Author(id=author) if author else None,
        published=utc(raw.get("date_gmt"), raw.get("date"), site),
        modified=utc(raw.get("modified_gmt"), raw.get("modified"), site),
        published_local=local_date(raw.get("date")),
        fetched_at=fetched_at,
        request_url=request_url,
    )


def _sizes(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    found = {name: text(size.get("source_url")) for name, size in value.items() if isinstance(size, dict)}
    return {name: unescape(url) for name, url in found.items() if url}


def _avatars(value: Any) -> dict[str, str] | None:
    return {str(size): url for size, url in value.items() if isinstance(url, str)} if isinstance(value, dict) else None


def read_term(raw: Mapping[str, Any], *, site: Site, taxonomy: str, fetched_at: str, request_url: str) -> Term:
    return Term(
        site=site.key,
        type=text(raw.get("taxonomy")) or taxonomy,
        id=record_id(raw),
        url=decoded(raw.get("link")),
        slug=text(raw.get("slug")),
        name=decoded(raw.get("name")),
        description=plain_text(text(raw.get("description")) or ""),
        parent=linked_id(raw.get("parent")),
        count=whole(raw.get("count")),
        fetched_at=fetched_at,
        request_url=request_url,
    )


def read_user(raw: Mapping[str, Any], *, site: Site, fetched_at: str, request_url: str, personal: bool) -> User:
    return User(
        site=site.key,
        type="user",
        id=record_id(raw),
        url=decoded(raw.get("link")),
        slug=text(raw.get("slug")),
        name=decoded(raw.get("name")),
        description=plain_text(text(raw.get("description")) or ""),
        website=text(raw.get("url")),
        avatar_urls=_avatars(raw.get("avatar_urls")) if personal else None,
        fetched_at=fetched_at,
        request_url=request_url,
    )


def read_linked(kind: str, raw: Mapping[str, Any], taxonomy: str | None) -> Author | TermRef | FeaturedImage | None:
    """A joined object; None where it is not what was asked for (core 6.1 gives the API's index for a lost image)."""
    if kind == "users":
        name = decoded(raw.get("name"))
        return Author(id=record_id(raw), name=name, slug=text(raw.get("slug")), url=decoded(raw.get("link")))
    if kind == "terms":
        return TermRef(
            taxonomy=text(raw.get("taxonomy")) or taxonomy or "",
            id=record_id(raw),
            slug=text(raw.get("slug")),
            name=decoded(raw.get("name")),
            parent=linked_id(raw.get("parent")),
        )
    if text(raw.get("source_url")) is None:
        return None
    details = raw.get("media_details")
    details = details if isinstance(details, dict) else {}
    return FeaturedImage(
        id=record_id(raw),
        url=decoded(raw.get("source_url")),
        alt=decoded(raw.get("alt_text")),
        caption=plain_text(rendered(raw.get("caption")) or ""),
        mime=text(raw.get("mime_type")),
        width=whole(details.get("width")),
        height=whole(details.get("height")),
    )


def recalled(kind: str, fields: Mapping[str, Any]) -> Author | TermRef | FeaturedImage | None:
    """A joined object as the archive kept it; None where it was kept in another shape."""
    shapes: dict[str, type[Author | TermRef | FeaturedImage]]
    shapes = {"users": Author, "terms": TermRef, "media": FeaturedImage}
    try:
        return shapes[kind](**fields)
    except TypeError:
        return None


PERSONAL = frozenset({"avatar_urls", "author_avatar_urls", "author_email", "author_ip", "author_user_agent", "email"})
"""Keys that carry e-mail hashes (avatar URLs) or more of a person than an article needs."""


def without_personal(value: Any) -> Any:
    """A copy of a raw API object less what is personal, at every depth."""
    if isinstance(value, dict):
        return {key: without_personal(inner) for key, inner in value.items() if key not in PERSONAL}
    if isinstance(value, list):
        return [without_personal(inner) for inner in value]
    return value


def linked_rows(value: Any) -> list[dict[str, Any]]:
    """The objects of a list answer, also where PHP sent the list as an object because it had holes."""
    if isinstance(value, dict):
        value = list(value.values()) if all(str(key).isdigit() for key in value) else []
    return [row for row in value if isinstance(row, dict)] if isinstance(value, Sequence) else []


def join(post: Post, terms: Sequence[TermRef]) -> None:
    """Put a post's terms in place; ``categories`` and ``tags`` are the names of those that are known."""
    post.terms = list(terms)
    post.categories = [term.name for term in terms if term.taxonomy == "category" and term.name is not None]
    post.tags = [term.name for term in terms if term.taxonomy == "post_tag" and term.name is not None]
