"""The rows of a newsroom, in the form in which WordPress stores them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZERO = "-0001-11-30T00:00:00"
"""How WordPress writes a zero date."""

ZERO_KEY = -62_200_000_000
"""The place of zero dates in an order by date: before all other rows."""

_EPOCH = datetime(1970, 1, 1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time as a row stores it: local and UTC, both without a zone."""

    local: str
    utc: str

    @property
    def key(self) -> int:
        """Local seconds, by which WordPress orders and compares."""
        return ZERO_KEY if self.local == ZERO else local_key(self.local)


def local_key(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // _SECOND


def at(seconds: int, zone: ZoneInfo) -> Moment:
    """The moment this many seconds after 1970 UTC, on a site in a time zone."""
    utc = datetime.fromtimestamp(seconds, UTC)
    return Moment(local=utc.astimezone(zone).replace(tzinfo=None).isoformat(), utc=utc.replace(tzinfo=None).isoformat())


NEVER = Moment(local=ZERO, utc=ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post, page, story or attachment. ``title`` is rendered HTML. ``body`` is HTML, None for the computed content.

    ``revision`` counts the changes made to the row.
    """

    id: int
    type: str
    date: Moment
    modified: Moment
    slug: str
    guid: str
    title: str
    status: str = "publish"
    author: int = 1
    parent: int = 0
    categories: tuple[int, ...] = ()
    tags: tuple[int, ...] = ()
    beats: tuple[int, ...] = ()
    featured_media: int = 0
    sticky: bool = False
    protected: bool = False
    format: str = "standard"
    comment_status: str = "open"
    body: str | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    id: int
    taxonomy: str
    name: str
    slug: str
    parent: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: int
    name: str
    slug: str
    description: str = ""
    published: bool = True
    """Whether the user has published anything. WordPress shows no other users to visitors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    id: int
    post: int
    date: Moment
    author_name: str
    content: str
    parent: int = 0
    author: int = 0
