"""The rows that newsbot delivers.

Every item is a keyword-only dataclass. The order of its fields is the order of the columns in every feed. Times are ISO
8601 text in UTC that ends in ``Z``; the columns ``*_local`` hold the site's local time without a zone. ``None`` means
unknown. A text column never holds "" for unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

from newsbot.items.values import Author, Embed, FeaturedImage, Image, Source, TermRef, WarcRecord

Change = Literal["new", "edited", "unchanged", "deleted"]
Via = Literal["rest", "feed", "page", "browser"]


@dataclass(slots=True, kw_only=True)
class RowKey:
    """The identity of a row: (site, type, id)."""

    site: str
    type: str
    id: int


@dataclass(kw_only=True)
class Record(RowKey):
    """The columns that every delivered row has: its identity, its history in the archive and its origin.

    An item class is ``class Post(Record, PostContent)``. A dataclass takes the fields of its last base first, so the
    columns of the content stand between the identity and the columns below. The slots are empty because only one base
    of a class may have slots of its own; the item class itself gets a slot for each field.

    Columns that were added later are the last fields of the item class. In several classes: ``rights`` has the
    declarations of the answer or the page on the use of its content (``newsbot.rights``), and ``warc`` names the record
    of the answer from which the row was made, if the run wrote WARC files.
    """

    __slots__ = ()

    collection: ClassVar[str]

    revision: int | None = None
    change: Change = "new"
    first_seen: str | None = None
    last_seen: str | None = None
    deleted_at: str | None = None
    via: Via = "rest"
    fetched_at: str | None = None
    request_url: str | None = None
    raw: dict[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class PostContent(RowKey):
    """The content columns of a post."""

    url: str | None = None
    guid: str | None = None
    guid_collision: bool = False
    slug: str | None = None
    status: str | None = None
    title: str | None = None
    excerpt: str | None = None
    content_html: str | None = None
    content_text: str | None = None
    content_markdown: str | None = None
    word_count: int | None = None
    published: str | None = None
    modified: str | None = None
    published_local: str | None = None
    author: Author | None = None
    byline: str | None = None
    categories: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    terms: list[TermRef] = field(default_factory=list)
    image: FeaturedImage | None = None
    images: list[Image] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    embeds: list[Embed] = field(default_factory=list)
    language: str | None = None
    source: Source | None = None
    format: str | None = None
    sticky: bool | None = None
    protected: bool | None = None
    comment_status: str | None = None
    comment_count: int | None = None
    removed: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Post(Record, PostContent):
    """A post, page or object of a custom type."""

    collection: ClassVar[str] = "posts"

    linked: dict[str, Any] = field(default_factory=dict)
    """The objects that ``follow=`` fetched besides author, terms and media: relation -> objects."""
    truncated: bool | None = None
    """Whether the article continues behind a paywall or a "read more"; None where there is no content."""
    duplicate_of: str | None = None
    """The row of another site with the same guid and the same text, as ``SITE TYPE ID``."""
    authors: list[Author] = field(default_factory=list)
    """Every author, in the site's order: of Co-Authors Plus or PublishPress Authors, else ``author`` alone."""
    parent: int | None = None
    """The id of the parent page, or of the parent object in another hierarchical type."""
    rights: dict[str, Any] = field(default_factory=dict)
    warc: WarcRecord | None = None


@dataclass(slots=True, kw_only=True)
class CommentContent(RowKey):
    """The content columns of a comment."""

    url: str | None = None
    post: int | None = None
    parent: int | None = None
    author: Author | None = None
    content_html: str | None = None
    content_text: str | None = None
    published: str | None = None
    published_local: str | None = None
    status: str | None = None
    avatar_urls: dict[str, str] | None = None
    removed: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Comment(Record, CommentContent):
    """A comment. ``post`` and ``parent`` are ids. ``avatar_urls`` is filled only with NEWSBOT_PERSONAL=1."""

    collection: ClassVar[str] = "comments"

    rights: dict[str, Any] = field(default_factory=dict)
    warc: WarcRecord | None = None


@dataclass(slots=True, kw_only=True)
class MediaContent(RowKey):
    """The content columns of a file of the media library."""

    url: str | None = None
    guid: str | None = None
    guid_collision: bool = False
    slug: str | None = None
    status: str | None = None
    title: str | None = None
    alt: str | None = None
    caption: str | None = None
    description: str | None = None
    file_url: str | None = None
    mime: str | None = None
    width: int | None = None
    height: int | None = None
    filesize: int | None = None
    sizes: dict[str, str] = field(default_factory=dict)
    post: int | None = None
    author: Author | None = None
    published: str | None = None
    modified: str | None = None
    published_local: str | None = None


@dataclass(slots=True, kw_only=True)
class Media(Record, MediaContent):
    """A file of the media library.

    ``filesize`` is in bytes, ``width`` and ``height`` are in pixels. ``post`` is the id of the post that the file is
    attached to.
    """

    collection: ClassVar[str] = "media"

    duplicate_of: str | None = None
    """The file of another site with the same guid, as ``SITE TYPE ID``."""
    rights: dict[str, Any] = field(default_factory=dict)
    warc: WarcRecord | None = None


@dataclass(slots=True, kw_only=True)
class TermContent(RowKey):
    """The content columns of a term."""

    url: str | None = None
    slug: str | None = None
    name: str | None = None
    description: str | None = None
    parent: int | None = None
    count: int | None = None


@dataclass(slots=True, kw_only=True)
class Term(Record, TermContent):
    """A category, tag or term of a custom taxonomy. ``type`` is the taxonomy, ``count`` its published posts."""

    collection: ClassVar[str] = "terms"

    warc: WarcRecord | None = None


@dataclass(slots=True, kw_only=True)
class UserContent(RowKey):
    """The content columns of a user."""

    url: str | None = None
    slug: str | None = None
    name: str | None = None
    description: str | None = None
    website: str | None = None
    avatar_urls: dict[str, str] | None = None


@dataclass(slots=True, kw_only=True)
class User(Record, UserContent):
    """An author as the site shows the author in public. ``avatar_urls`` is filled only with NEWSBOT_PERSONAL=1."""

    collection: ClassVar[str] = "users"

    warc: WarcRecord | None = None


CLASSES: Mapping[str, type[Record]] = {item.collection: item for item in (Post, Comment, Media, Term, User)}
"""Kind of rows -> the class of its items."""

DATED = frozenset({"posts", "comments", "media"})
"""The kinds whose rows have a date of publication."""


def columns(item_class: type[Record]) -> tuple[str, ...]:
    """The field order of an item class. Feeds and exports use this order for every item."""
    return tuple(f.name for f in fields(item_class))
