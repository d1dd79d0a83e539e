"""What newsbot delivers.

Every item is a keyword-only dataclass; its field order is the column order of every feed. Times are ISO 8601 text in
UTC ending in ``Z`` (``*_local`` keeps the site's own wall clock, without a zone). ``None`` means unknown; text is never
"" for unknown. This module imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

Change = Literal["new", "edited", "unchanged", "deleted"]
Via = Literal["rest", "feed", "page", "browser"]


@dataclass(slots=True, kw_only=True)
class Author:
    """Who WordPress says wrote it. ``id`` is kept where the rest cannot be resolved."""

    id: int | None = None
    name: str | None = None
    slug: str | None = None
    url: str | None = None


@dataclass(slots=True, kw_only=True)
class TermRef:
    """A term a post carries; ``parent`` is the parent term's id, or None at the top."""

    taxonomy: str
    id: int
    slug: str | None = None
    name: str | None = None
    parent: int | None = None


@dataclass(slots=True, kw_only=True)
class FeaturedImage:
    """The featured image, from the media library. Sizes in pixels."""

    id: int | None = None
    url: str | None = None
    alt: str | None = None
    caption: str | None = None
    mime: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(slots=True, kw_only=True)
class Image:
    """An image in the article's body."""

    url: str
    alt: str | None = None
    caption: str | None = None


@dataclass(slots=True, kw_only=True)
class Embed:
    """Something the article shows from elsewhere: a video, a post on a social network, a map."""

    provider: str
    url: str


@dataclass(slots=True, kw_only=True)
class Source:
    """Where a syndicated story came from, and how we know. ``confidence`` is between 0 and 1."""

    url: str | None = None
    publisher: str | None = None
    evidence: str | None = None
    confidence: float | None = None


@dataclass(slots=True, kw_only=True)
class Record:
    """What every delivered row has. Identity is (site, type, id)."""

    collection: ClassVar[str]

    site: str
    type: str
    id: int


@dataclass(slots=True, kw_only=True)
class Post(Record):
    """A post, page or object of a custom type."""

    collection: ClassVar[str] = "posts"

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
    revision: int | None = None
    change: Change = "new"
    first_seen: str | None = None
    last_seen: str | None = None
    deleted_at: str | None = None
    via: Via = "rest"
    fetched_at: str | None = None
    request_url: str | None = None
    raw: dict[str, Any] | None = None
    linked: dict[str, Any] = field(default_factory=dict)
    """What ``follow=`` brought beyond author, terms and media: relation -> objects."""
    truncated: bool | None = None
    """Whether the article goes on behind a paywall or a "read more"; None where there is no content."""


@dataclass(slots=True, kw_only=True)
class Comment(Record):
    """A comment; ``post`` and ``parent`` are ids. ``avatar_urls`` only with NEWSBOT_PERSONAL=1."""

    collection: ClassVar[str] = "comments"

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
class Media(Record):
    """A file of the media library. ``filesize`` in bytes, sizes in pixels; ``post`` is the post it hangs on."""

    collection: ClassVar[str] = "media"

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
class Term(Record):
    """A category, tag or term of a custom taxonomy; ``type`` is the taxonomy, ``count`` its published posts."""

    collection: ClassVar[str] = "terms"

    url: str | None = None
    slug: str | None = None
    name: str | None = None
    description: str | None = None
    parent: int | None = None
    count: int | None = None
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
class User(Record):
    """An author as the site shows it in public. ``avatar_urls`` only with NEWSBOT_PERSONAL=1."""

    collection: ClassVar[str] = "users"

    url: str | None = None
    slug: str | None = None
    name: str | None = None
    description: str | None = None
    website: str | None = None
    avatar_urls: dict[str, str] | None = None
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
class Checkpoint:
    """Closes a page on the road: every row that left the walk so far is counted in ``sequence``.

    A pipeline that commits must have met exactly ``sequence`` rows of this site and type (delivered or told as
    dropped) before it may keep ``cursor``; anything else is a hole. ``done`` closes the collection.
    """

    site: str
    type: str
    sequence: int
    cursor: Mapping[str, Any] | None = None
    done: bool = False


def columns(item_class: type[Record]) -> tuple[str, ...]:
    """The fixed field order of an item class: feeds and exports use it whatever item comes first."""
    return tuple(f.name for f in fields(item_class))
