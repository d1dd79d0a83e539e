"""The objects that a column of a row may hold. Text is never "" for unknown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Author:
    """The author that WordPress names. ``id`` is set even if the other fields could not be fetched."""

    id: int | None = None
    name: str | None = None
    slug: str | None = None
    url: str | None = None


@dataclass(slots=True, kw_only=True)
class TermRef:
    """A term of a post. ``id`` is None where the site gives only a name. ``parent`` is the id of the parent term."""

    taxonomy: str
    id: int | None
    slug: str | None = None
    name: str | None = None
    parent: int | None = None


@dataclass(slots=True, kw_only=True)
class FeaturedImage:
    """The featured image, from the media library. ``width`` and ``height`` are in pixels."""

    id: int | None = None
    url: str | None = None
    alt: str | None = None
    caption: str | None = None
    mime: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(slots=True, kw_only=True)
class Image:
    """An image in the body of the article. ``full`` is the larger picture to which the image links."""

    url: str
    alt: str | None = None
    caption: str | None = None
    full: str | None = None


@dataclass(slots=True, kw_only=True)
class Embed:
    """Content of another site in the article: a video, a post on a social network, a map."""

    provider: str
    url: str


@dataclass(slots=True, kw_only=True)
class Source:
    """The original of a syndicated story. ``evidence`` names how it was found; ``confidence`` is between 0 and 1."""

    url: str | None = None
    publisher: str | None = None
    evidence: str | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcRecord:
    """The record of an answer: the name of the WARC file, where the record begins in it (bytes), its WARC-Record-ID."""

    file: str
    offset: int
    record: str
