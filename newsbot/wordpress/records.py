"""Make items from API objects.

PHP changes the types of values (see ``values``), and sends zero dates as ``-0001-11-30T00:00:00``. Only the id is
required: without an id a RecordError names the value. The HTML of bodies stays raw; the clean pipeline cleans it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from newsbot.article.text import plain_text, scrub
from newsbot.errors import RecordError
from newsbot.items import Author, Comment, FeaturedImage, Media, Post, Source, Term, TermRef, User
from newsbot.numbers import is_digits, whole
from newsbot.wordpress.api import Site
from newsbot.wordpress.dates import local_date, utc
from newsbot.wordpress.values import address, decoded, flag, object_in, rendered, row_id, text

POST_FIELDS = (
    "id", "date", "date_gmt", "modified", "modified_gmt", "guid", "slug", "status", "type", "link", "title", "content",
    "excerpt", "author", "featured_media", "parent", "comment_status", "sticky", "format", "lang",
    "wpml_current_locale", "authors", "coauthors",
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


def record_id(raw: Any) -> int:
    """The id of an API object. Raises RecordError, with the value that was found, where there is no id."""
    value = raw.get("id") if isinstance(raw, dict) else raw
    found = row_id(value)
    if found is None:
        raise RecordError(f"the object has no usable id: {str(value)[:80]!r}")
    return found


def read_post(raw: Mapping[str, Any], *, site: Site, type_: str, fetched_at: str, request_url: str) -> Post:
    """A post, page or object of a custom type. ``content_html`` is raw; linked objects are joined afterwards."""
    content = raw.get("content")
    image = row_id(raw.get("featured_media"))
    return Post(
        site=site.key,
        type=type_,
        id=record_id(raw),
        url=address(raw.get("link"), site.home),
        guid=_guid(raw),
        slug=text(raw.get("slug")),
        # Objects of 2016 have no status: the API lists only published posts.
        status=text(raw.get("status")) or "publish",
        title=_plain(raw.get("title")),
        excerpt=_plain(raw.get("excerpt")),
        content_html=rendered(content),
        published=utc(raw.get("date_gmt"), raw.get("date"), site),
        modified=utc(raw.get("modified_gmt"), raw.get("modified"), site),
        published_local=local_date(raw.get("date")),
        author=_author(raw),
        image=FeaturedImage(id=image) if image else None,
        language=_language(raw) or site.language,
        source=_source_of(raw, site),
        format=text(raw.get("format")),
        sticky=flag(raw.get("sticky")),
        protected=bool(content.get("protected")) if isinstance(content, dict) else None,
        comment_status=text(raw.get("comment_status")),
        parent=row_id(raw.get("parent")),
        fetched_at=fetched_at,
        request_url=request_url,
    )


def _guid(raw: Mapping[str, Any]) -> str | None:
    guid = rendered(raw.get("guid"))
    return scrub(unescape(guid)).strip() or None if guid else None


def _plain(value: Any) -> str | None:
    return plain_text(rendered(value) or "")


def _author(raw: Mapping[str, Any]) -> Author | None:
    author = row_id(raw.get("author"))
    return Author(id=author) if author else None


def _language(raw: Mapping[str, Any]) -> str | None:
    """The language that Polylang or WPML assigns to a post: ``lang`` is a code, or an object with a code."""
    lang = raw.get("lang")
    if isinstance(lang, dict):
        lang = lang.get("locale") or lang.get("code") or lang.get("slug")
    return text(lang) or text(raw.get("wpml_current_locale"))


def _source_of(raw: Mapping[str, Any], site: Site) -> Source | None:
    """The source of a syndicated post, if its API object shows the source. The clean pipeline later searches the
    article."""
    # compiling its patterns takes 40 ms, and an unchanged site has no rows
    from newsbot.article.facts.source import find_source

    meta = raw.get("meta")
    return find_source(
        site=decoded(raw.get("link")) or site.key,
        html="",
        text="",
        excerpt_html=rendered(raw.get("excerpt")),
        canonical=text(object_in(raw.get("yoast_head_json")).get("canonical")),
        meta=meta if isinstance(meta, dict) else None,
    )


def read_comment(raw: Mapping[str, Any], *, site: Site, fetched_at: str, request_url: str, personal: bool) -> Comment:
    name, page = decoded(raw.get("author_name")), text(raw.get("author_url"))
    return Comment(
        site=site.key,
        type="comment",
        id=record_id(raw),
        url=address(raw.get("link"), site.home),
        post=row_id(raw.get("post")),
        parent=row_id(raw.get("parent")),
        author=Author(id=row_id(raw.get("author")), name=name, url=page),
        content_html=rendered(raw.get("content")),
        published=utc(raw.get("date_gmt"), raw.get("date"), site),
        published_local=local_date(raw.get("date")),
        status=text(raw.get("status")),
        avatar_urls=_avatars(raw.get("author_avatar_urls")) if personal else None,
        fetched_at=fetched_at,
        request_url=request_url,
    )


def read_media(raw: Mapping[str, Any], *, site: Site, fetched_at: str, request_url: str) -> Media:
    details = object_in(raw.get("media_details"))
    return Media(
        site=site.key,
        type="attachment",
        id=record_id(raw),
        url=address(raw.get("link"), site.home),
        guid=_guid(raw),
        slug=text(raw.get("slug")),
        status=text(raw.get("status")),
        title=_plain(raw.get("title")),
        alt=decoded(raw.get("alt_text")),
        caption=_plain(raw.get("caption")),
        description=_plain(raw.get("description")),
        file_url=address(raw.get("source_url"), site.home),
        mime=text(raw.get("mime_type")),
        width=whole(details.get("width")),
        height=whole(details.get("height")),
        filesize=whole(details.get("filesize")),
        sizes=_sizes(details.get("sizes"), site.home),
        post=row_id(raw.get("post")),
        author=_author(raw),
        published=utc(raw.get("date_gmt"), raw.get("date"), site),
        modified=utc(raw.get("modified_gmt"), raw.get("modified"), site),
        published_local=local_date(raw.get("date")),
        fetched_at=fetched_at,
        request_url=request_url,
    )


def _sizes(value: Any, home: str) -> dict[str, str]:
    """Name of a size -> URL of the file."""
    urls = ((name, address(object_in(size).get("source_url"), home)) for name, size in object_in(value).items())
    return {scrub(name): url for name, url in urls if url}


def _avatars(value: Any) -> dict[str, str] | None:
    return {str(size): url for size, url in value.items() if isinstance(url, str)} if isinstance(value, dict) else None


def read_term(raw: Mapping[str, Any], *, site: Site, taxonomy: str, fetched_at: str, request_url: str) -> Term:
    return Term(
        site=site.key,
        type=text(raw.get("taxonomy")) or taxonomy,
        id=record_id(raw),
        url=address(raw.get("link"), site.home),
        slug=text(raw.get("slug")),
        name=decoded(raw.get("name")),
        description=plain_text(text(raw.get("description")) or ""),
        parent=row_id(raw.get("parent")),
        count=whole(raw.get("count")),
        fetched_at=fetched_at,
        request_url=request_url,
    )


def read_user(raw: Mapping[str, Any], *, site: Site, fetched_at: str, request_url: str, personal: bool) -> User:
    return User(
        site=site.key,
        type="user",
        id=record_id(raw),
        url=address(raw.get("link"), site.home),
        slug=text(raw.get("slug")),
        name=decoded(raw.get("name")),
        description=plain_text(text(raw.get("description")) or ""),
        website=text(raw.get("url")),
        avatar_urls=_avatars(raw.get("avatar_urls")) if personal else None,
        fetched_at=fetched_at,
        request_url=request_url,
    )


def read_linked(
    kind: str, raw: Mapping[str, Any], taxonomy: str | None, *, home: str
) -> Author | TermRef | FeaturedImage | None:
    """A joined object of the site at ``home``.

    None if another object came: core 6.1 sends the API's index for a deleted image.
    """
    if kind == "users":
        name = decoded(raw.get("name"))
        return Author(id=record_id(raw), name=name, slug=text(raw.get("slug")), url=address(raw.get("link"), home))
    return _read_term_ref(raw, taxonomy or "") if kind == "terms" else _read_image(raw, home)


def _read_term_ref(raw: Mapping[str, Any], taxonomy: str) -> TermRef:
    own, name = text(raw.get("taxonomy")) or taxonomy, decoded(raw.get("name"))
    slug = text(raw.get("slug"))
    if own == "author" and (slug or "").startswith("cap-"):
        name = _name_shown(name, plain_text(text(raw.get("description")) or ""))
    return TermRef(
        taxonomy=own,
        id=record_id(raw),
        slug=slug,
        name=name,
        parent=row_id(raw.get("parent")),
    )


def _name_shown(login: str | None, description: str | None) -> str | None:
    """The name that Co-Authors Plus shows for the term of an author.

    The term's own name is a login. Its description is the name that the site shows, then first name, last name, login,
    id and perhaps an address.
    """
    words = (description or "").split()
    while words and ("@" in words[-1] or is_digits(words[-1]) or words[-1] == login):
        words.pop()
    half = len(words) // 2
    if half and words[:half] == words[half:]:
        words = words[:half]
    return " ".join(words) or login


def _read_image(raw: Mapping[str, Any], home: str) -> FeaturedImage | None:
    if text(raw.get("source_url")) is None:
        return None
    details = object_in(raw.get("media_details"))
    return FeaturedImage(
        id=record_id(raw),
        url=address(raw.get("source_url"), home),
        alt=decoded(raw.get("alt_text")),
        caption=_plain(raw.get("caption")),
        mime=text(raw.get("mime_type")),
        width=whole(details.get("width")),
        height=whole(details.get("height")),
    )


def recalled(kind: str, fields: Mapping[str, Any]) -> Author | TermRef | FeaturedImage | None:
    """A joined object from the archive; None if an older version stored it in another form."""
    shapes: dict[str, type[Author | TermRef | FeaturedImage]]
    shapes = {"users": Author, "terms": TermRef, "media": FeaturedImage}
    try:
        return shapes[kind](**fields)
    except TypeError:
        return None


PERSONAL = frozenset({"avatar_urls", "author_avatar_urls", "author_email", "author_ip", "author_user_agent", "email"})
"""Keys with e-mail hashes (avatar URLs), or with personal data that an article does not need."""


def without_personal(value: Any) -> Any:
    """A copy of a raw API object without personal data, at every depth."""
    if isinstance(value, dict):
        return {key: without_personal(inner) for key, inner in value.items() if key not in PERSONAL}
    if isinstance(value, list):
        return [without_personal(inner) for inner in value]
    return value


def join(post: Post, terms: Sequence[TermRef]) -> None:
    """Set the terms of a post. ``categories`` and ``tags`` are the names of the known terms."""
    post.terms = list(terms)
    post.categories = _names(terms, "category")
    post.tags = _names(terms, "post_tag")


def _names(terms: Sequence[TermRef], taxonomy: str) -> list[str]:
    return [term.name for term in terms if term.taxonomy == taxonomy and term.name is not None]
