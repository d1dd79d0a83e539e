"""What a conversation and its driver say to each other.

A conversation is a generator: it yields a message and is sent the answer that belongs to it.

| yielded          | sent back                                                            |
|------------------|----------------------------------------------------------------------|
| ``Query``        | ``Reply``                                                            |
| ``Recall``       | ``dict[int, dict]``: what the archive knows of those ids             |
| ``Remember``     | ``None``                                                             |
| ``AskState``     | ``CollectionState``                                                  |
| ``AskKnown``     | ``dict[int, str | None]``: ids the archive holds live -> modified    |
| ``AskSite``      | ``dict``: what was found behind that URL not long ago, or None       |
| ``KeepSite``     | ``None``                                                             |
| ``AskTombstones`` | ``list[Record]``: the last known rows, as deleted                   |
| ``items.Record`` | ``None``                                                             |
| ``items.Checkpoint`` | ``None``                                                         |
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One request to make.

    ``purpose`` names it in statistics and in the receipt, ``type`` is the collection it is asked for (None: the
    site itself). ``expects`` is ``json`` where anything but JSON is a fault to ask again for, ``any`` where every
    answer is an answer (discovery). ``tries`` is how often it may be asked before its failure counts. ``render`` asks
    for the page as a browser shows it once its scripts have run. ``headers`` make it conditional.
    """

    url: str
    purpose: str
    type: str | None = None
    expects: str = "json"
    tries: int = 4
    method: str = "GET"
    render: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of a query. ``status`` 0 and an ``error`` where no answer came at all.

    ``error`` is one of the names in ``ERRORS``; ``headers`` have lower-case names; ``url`` is where redirects ended.
    """

    status: int
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str | None = None
    detail: str = ""
    fetched_at: str = ""


ERRORS = {
    "dns": "the host name does not resolve",
    "tls": "the TLS connection failed",
    "refused": "the connection was refused",
    "timeout": "no whole answer came in time",
    "dropped": "the connection broke",
    "too-large": "the answer is larger than DOWNLOAD_MAXSIZE",
    "redirects": "too many redirects",
    "robots": "robots.txt disallows it",
    "robots-unreachable": "its robots.txt gives no answer, which means no",
    "private-address": "the address is private",
    "given-up": "the host was given up for this run",
    "bad-url": "the URL cannot be requested",
    "stopped": "the crawl is stopping",
    "no-browser": "the page needs a browser, and there is none",
    "browser-failed": "the browser broke over the page",
    "unknown": "the request failed",
}
"""Why no answer came: name -> what to tell a user."""

FINAL_ERRORS = frozenset(
    {
        "robots",
        "robots-unreachable",
        "private-address",
        "given-up",
        "bad-url",
        "stopped",
        "tls",
        "too-large",
        "redirects",
        "no-browser",
        "browser-failed",
    }
)
"""Errors that asking again in this run cannot mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Ask what is already known of linked objects: ``relation`` is the route that lists them (``/wp/v2/users``)."""

    site: str
    relation: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """Linked objects that were fetched, to be recalled by later runs: id -> fields, as JSON takes them."""

    site: str
    relation: str
    objects: Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTombstones:
    """Ask for the last known rows of ids that are gone. ``when`` (UTC, ISO) becomes their ``deleted_at``.

    Ids of which there is nothing to tell are left out. Nothing is deleted before the rows come back down the road.
    """

    site: str
    type: str
    ids: tuple[int, ...]
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSite:
    """Ask what an earlier run discovered behind the URL that the user gave (``remembering``)."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSite:
    """Keep what was discovered behind a URL."""

    url: str
    site: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskState:
    """Ask what the archive holds of a collection."""

    site: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskKnown:
    """Ask which live ids the archive holds: all of them, or of ``ids``; published in [since, until) where given."""

    site: str
    type: str
    ids: tuple[int, ...] | None = None
    since: str | None = None
    until: str | None = None


Question = Recall | Remember | AskSite | KeepSite | AskState | AskKnown | AskTombstones
"""What a conversation asks its driver's archive."""


Result = TypeVar("Result")

Steps = Generator[Any, Any, Result]
"""A part of the crawl of a site: it yields messages, is sent their answers, and returns ``Result``."""

Asking = Generator[Query, Reply, Result]
"""A part of the crawl that yields nothing but queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionState:
    """What the archive holds of one collection of a site; the default is an archive that has never seen it.

    ``cursor`` is where an unfinished walk goes on; ``sequence`` counts the rows committed by that walk. ``whole`` says
    that a walk once came through; ``watermark`` (UTC, ISO) is the moment, by the site's clock, since when changes must
    be asked for. ``live`` counts live rows, ``hidden`` what the site is known to count beyond them (less than none
    where a listing hides what a post's own address shows); ``swept`` is when all ids were last compared; ``owed`` are
    ids that could not be had.
    """

    cursor: Mapping[str, Any] | None = None
    sequence: int = 0
    whole: bool = False
    watermark: str | None = None
    live: int = 0
    hidden: int = 0
    swept: str | None = None
    owed: tuple[int, ...] = ()
