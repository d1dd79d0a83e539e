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

    ``discovered``: this run discovered the site. Otherwise it learnt more of the site, whose discovery gets no younger.
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
    """Ask which live ids the archive holds: all, or those of ``ids``, those published in [since, until), those that
    are ``lowest`` or higher, or the ``latest`` ones that changed last."""

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
    None where there is no such moment among the neighbours of that row."""

    site: str
    type: str
    before: str
    share: float
    clear: int
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskEdge:
    """Ask when a live row was published (UTC, ISO): the row with ``rows`` other rows between ``since`` and itself,
    in the order of publication. ``since`` None: among all rows with a date. The answer is None where there are fewer
    rows."""

    site: str
    type: str
    since: str | None
    rows: int
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPublished:
    """Ask when the live rows of ``ids`` were published (UTC, ISO), as the archive holds it."""

    site: str
    type: str
    ids: tuple[int, ...]
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distrust:
    """Tell the archive that the ``modified`` of these rows is wrong: the site gives an earlier one, twice. The archive
    forgets it, so that the next copy is not taken for an old one."""

    site: str
    type: str
    ids: tuple[int, ...]
    kind: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """What identifies a row of the archive: ``date`` is the site's local date of publication."""

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
    """Ask which other sites the archive holds where it holds nothing whole of this one: ``whole`` ones alone, or
    ``parts`` of sites too. The answer is None where it holds no other site, or a whole collection of this one."""

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
    """A site of the archive. ``root`` is the URL of its API, if known; ``rows`` are those of the ids asked for."""

    site: str
    root: str | None
    rows: Mapping[int, HeldRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameSite:
    """Give everything that the archive holds of the site ``old`` to the key ``new``."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskLinks:
    """Ask for the keys of the URLs (``urls.place_key``) of all live rows of a site, whatever their type and kind."""

    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepWitness:
    """Keep what a sitemap or a feed showed of a collection (JSON values), for ``CollectionState.witness``."""

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
"""What the crawl of a site may ask the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionState:
    """What the archive holds of one collection of a site. The defaults are those of an unknown collection.

    ``cursor`` is where an unfinished walk goes on; ``sequence`` is the number of rows that this walk committed.
    ``whole``: a walk came to its end once. ``watermark`` (UTC, ISO, by the site's clock): the next run asks for changes
    since this time. ``live`` is the number of live rows. ``hidden`` is the number of rows that the site counts and
    lists to nobody, as the last comparison of all ids measured it. ``unlisted`` live rows are shown to whoever asks for
    their ids, and by no listing. ``beside`` live rows came by other ways than the API. ``shifted``: the site compares
    other dates than those of its rows, since its time zone changed. ``swept`` is when all ids were last compared.
    ``owed`` are ids that earlier runs could not fetch. ``rotation`` is how far the comparison of all ids by parts has
    come (``collection.proof``). ``witness`` is what ``KeepWitness`` kept. ``modified`` is the latest date of change
    among the live rows (UTC, ISO). ``asked_at`` is when this run asked for the state (UTC, ISO, by our clock).
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
        """A time that no earlier run had. The watermark does not move where a run ends by a fault."""
        return self.asked_at or self.watermark


Message = Query | Question | Record | Checkpoint
"""What the crawl of a site yields."""

SiteCrawl = Generator[Message, Any, None]
"""The crawl of a site, or a part of it."""
