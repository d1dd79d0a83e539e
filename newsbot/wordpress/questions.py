"""The questions of a site's crawl to the archive, and the facts that it asks the archive to keep.

They are messages: the crawl yields one, and the driver sends the answer (see ``messages``).

| yielded          | sent back                                                            |
|------------------|----------------------------------------------------------------------|
| ``Recall``       | ``dict[int, dict]``: what the archive knows of those ids             |
| ``Remember``     | ``None``                                                             |
| ``AskState``     | ``CollectionState``                                                  |
| ``AskKnown``     | ``dict[int, str | None]``: ids the archive holds live -> modified    |
| ``AskSite``      | ``dict``: what a recent run discovered from that URL, or None        |
| ``KeepSite``     | ``None``                                                             |
| ``AskBorder``    | ``str | None``: a moment between two rows                            |
| ``AskEdge``      | ``str | None``: when a row was published                             |
| ``AskPublished`` | ``dict[int, str | None]``: live ids of the given ones -> published   |
| ``Distrust``     | ``None``                                                             |
| ``AskTombstones`` | ``list[Record]``: the last known rows, marked as deleted            |
| ``AskHeld``      | ``dict[int, HeldRow]``: the given ids that the archive holds, and the newest |
| ``AskNewSite``   | ``str | None``: the other sites that the archive holds               |
| ``AskFormer``    | ``list[Former]``: sites of the archive that may have moved here      |
| ``RenameSite``   | ``str | None``: why the site cannot be renamed                       |
| ``AskLinks``     | ``SortedKeys``: keys of the URLs of all live rows, None without an archive |
| ``KeepWitness``  | ``None``                                                             |
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from newsbot.items import Checkpoint, Record
from newsbot.wordpress.messages import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Ask what the archive knows about linked objects. ``relation`` is the route that lists them (``/wp/v2/users``)."""

    site: str
    relation: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """Keep linked objects for later runs, which ask for them by ``Recall``: id -> fields, as JSON values."""

    site: str
    relation: str
    objects: Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTombstones:
    """Ask for the last known rows of deleted ids. ``when`` (UTC, ISO) becomes their ``deleted_at``.

    The answer leaves out ids that the archive does not know. The archive marks nothing as deleted before the crawl
    yields the rows.
    """

    site: str
    type: str
    ids: tuple[int, ...]
    when: str
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSite:
    """Ask what an earlier run discovered from the user's URL (see ``site_json``)."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSite:
    """Keep what was discovered from a URL, for later runs.

    ``discovered``: this run discovered the site. Otherwise it only learnt more about the site, and the time of the
    site's discovery stays.
    """

    url: str
    site: Mapping[str, Any]
    discovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskState:
    """Ask for the ``CollectionState`` of a collection.

    ``kind`` belongs to the identity of a collection: a post type and a taxonomy of one site may share a name.
    """

    site: str
    type: str
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskKnown:
    """Ask which live ids the archive holds: all, or those of ``ids``, those published in [since, until), those that are
    ``lowest`` or higher, or the ``latest`` ids that changed last."""

    site: str
    type: str
    ids: tuple[int, ...] | None = None
    since: str | None = None
    until: str | None = None
    kind: str = "posts"
    lowest: int | None = None
    latest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskBorder:
    """Ask for a moment (UTC, ISO) before ``before`` that divides the live rows of a collection by their publication,
    ``share`` (0 to 1) of them on its earlier side. No row was published within ``clear`` seconds of it. The answer is
    None if there is no such moment near that row."""

    site: str
    type: str
    before: str
    share: float
    clear: int
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskEdge:
    """Ask when a live row was published (UTC, ISO): the row with ``rows`` other rows between ``since`` and itself, in
    the order of publication. ``since`` None: among all rows with a date. The answer is None if there are fewer rows."""

    site: str
    type: str
    since: str | None
    rows: int
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPublished:
    """Ask when the live rows of ``ids`` were published (UTC, ISO), according to the archive."""

    site: str
    type: str
    ids: tuple[int, ...]
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distrust:
    """Tell the archive that the ``modified`` of these rows is wrong: the site gave an earlier date twice. The archive
    removes the date, so that the next copy does not count as an old copy."""

    site: str
    type: str
    ids: tuple[int, ...]
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """The identifying fields of a row of the archive: ``date`` is the site's local date of publication."""

    id: int
    url: str | None = None
    guid: str | None = None
    slug: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskHeld:
    """Ask for the live rows of ``ids`` that the archive holds, and for the newest rows of the collection."""

    site: str
    type: str
    ids: tuple[int, ...]
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskNewSite:
    """Ask which other sites the archive holds, if it has no whole collection of this site: only sites with ``whole``
    collections, or ``parts`` of sites too. The answer is None if it holds no other site, or if it has a whole
    collection of this site."""

    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFormer:
    """Ask for sites that may have had the key of another address before: sites that users reached by ``url``, that
    differ from ``site`` by ``www.``, HTTPS or the form of an international name alone, or that hold rows with these ids
    and guids."""

    url: str
    site: str
    type: str
    rows: tuple[tuple[int, str | None], ...]
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """A site of the archive. ``root`` is the URL of its API, if known; ``rows`` are the rows of the requested ids."""

    site: str
    root: str | None
    rows: Mapping[int, HeldRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameSite:
    """Store everything that the archive holds of the site ``old`` under the key ``new``."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskLinks:
    """Ask for the keys of the URLs (``urls.place_key``) of all live rows of a site, of all types and kinds."""

    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepWitness:
    """Store the facts about a collection from a sitemap or a feed (JSON values), for ``CollectionState.witness``."""

    site: str
    type: str
    facts: Mapping[str, Any]
    kind: str = "posts"


Question = (
    Recall
    | Remember
    | AskSite
    | KeepSite
    | AskState
    | AskKnown
    | AskBorder
    | AskEdge
    | AskPublished
    | Distrust
    | AskTombstones
    | AskHeld
    | AskNewSite
    | AskFormer
    | RenameSite
    | AskLinks
    | KeepWitness
)
"""The questions of a site's crawl to the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionState:
    """What the archive holds of one collection of a site. The defaults are those of an unknown collection.

    ``cursor`` is the place at which an unfinished walk continues; ``sequence`` is the number of rows that this walk
    committed. ``whole``: an earlier walk reached its end. ``watermark`` (UTC, ISO, by the site's clock): the next run
    asks for changes since this time. ``live`` is the number of live rows. ``hidden`` is the number of rows that the
    site counts and does not list, by the last comparison of all ids. ``unlisted`` live rows are in no listing, but the
    site shows them in queries for their ids. ``beside`` live rows came from other sources than the API. ``shifted``:
    the dates that the site compares differ from the dates of its rows, since its time zone changed. ``swept`` is when
    all ids were last compared. ``owed`` are ids that earlier runs could not fetch. ``rotation``: the state of the
    comparison of all ids by parts (``collection.proof``). ``witness``: the facts that ``KeepWitness`` stored.
    ``modified`` is the latest date of change among the live rows (UTC, ISO). ``asked_at`` is when this run asked for
    the state (UTC, ISO, by newsbot's clock).
    """

    cursor: Mapping[str, Any] | None = None
    sequence: int = 0
    whole: bool = False
    watermark: str | None = None
    live: int = 0
    hidden: int = 0
    swept: str | None = None
    owed: tuple[int, ...] = ()
    unlisted: frozenset[int] = frozenset()
    shifted: bool = False
    beside: frozenset[int] = frozenset()
    rotation: Mapping[str, Any] = field(default_factory=dict)
    witness: Mapping[str, Any] = field(default_factory=dict)
    modified: str | None = None
    asked_at: str | None = None

    @property
    def run_time(self) -> str | None:
        """A time that no earlier run had: ``asked_at``, since the watermark does not move if a run ends by a fault."""
        return self.asked_at or self.watermark


Message = Query | Question | Record | Checkpoint
"""The messages that the crawl of a site yields."""

SiteCrawl = Generator[Message, Any, None]
"""The crawl of a site, or a part of it."""
