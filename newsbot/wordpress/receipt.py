"""The counts of a receipt: how many rows a site counts, how many came, how many are missing, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from newsbot.errors import NoApi, NoSuchPart, Refused
from newsbot.wordpress.scope import Scope

Verdict = Literal["complete", "incomplete", "blocked", "closed", "payment"]
SiteVerdict = Literal["complete", "elsewhere", "incomplete", "blocked", "closed", "payment"]
"""``elsewhere``: another run crawls the site, so this run skipped it, as ``due=1`` requires."""

Cause = Literal[
    "address",
    "another-run",
    "challenge",
    "deletions",
    "list",
    "login",
    "no-api",
    "part",
    "private-address",
    "robots",
    "rows",
    "stopped",
    "type",
    "unreachable",
]
"""The causes about which a user can do something, if a verdict is not ``complete``. ``next_steps`` has a step for each.

``address``: the address cannot be requested. ``deletions``: too many deletions at once are held back. ``login``:
newsbot keeps rows that only the login of earlier runs may show. ``list``: a list names types of one site that one run
cannot bring together. ``part`` and ``type``: the site does not have or does not list the requested part or type.
``rows``: rows that the site lists did not come.
"""

_CAUSES: dict[str, Cause] = {
    "bad-url": "address",
    "dns": "address",
    "challenge": "challenge",
    "private-address": "private-address",
    "refused": "unreachable",
    "robots": "robots",
    "robots-unreachable": "robots",
    "stopped": "stopped",
    "filter-ignored": "part",
}
"""Name of a fault -> the cause."""


def cause_of(fault: Exception | None) -> Cause | None:
    """The cause in the receipt for an error: a PayloadError, a DiscoveryError, or an error with a ``fault``."""
    if isinstance(fault, NoApi):
        return "no-api"
    if isinstance(fault, NoSuchPart):
        return "part"
    if isinstance(fault, Refused):
        # A connection that the host refused has the same name, but another cause.
        return None
    return _CAUSES.get(getattr(fault, "fault", None) or getattr(fault, "name", None) or "")


_GRAVITY: dict[Verdict, int] = {"complete": 0, "incomplete": 1, "closed": 2, "blocked": 3, "payment": 4}


@dataclass(slots=True, kw_only=True)
class CollectionFacts:
    """One collection of one site. ``expected_*`` are the site's own totals; None where it gave no total.

    ``seen`` is the number of unique ids that the site showed, ``sent`` the number of rows that left the crawl,
    ``delivered`` the number of rows that reached the feeds. ``unchanged`` rows were in the archive already; of these,
    the site calls ``touched`` modified, and nothing that counts as an edit differs. ``answer`` is the number of rows in
    the whole answer to what was asked, whether they came in this run or before. ``filtered`` rows were dropped on
    purpose by a pipeline of the user.
    ``recovered`` rows are delivered rows of a run that died. ``earlier`` rows came in earlier runs, and were written
    from the archive into files that the run overwrote. ``unexplained`` is the number of rows that the site counts and
    no listing shows. ``hidden`` rows are counted by the site and shown to nobody, as WordPress does with media and
    comments of drafts. ``cached_for``: the seconds for which a cache had kept the site's count. ``waited`` is in
    seconds. If the API is closed, ``via`` counts the rows by their source, ``missing_urls`` names the articles that did
    not come, with the reason, and ``kept`` counts articles that an earlier run brought and no sitemap shows as changed.
    ``languages`` counts the posts that left the crawl by language, where the site lists one language alone unless a
    query names another. ``witnesses``: the sitemap and the feed -> what each listed, and what became of the URLs that
    the API had not shown.

    ``cause``: the part of ``why`` about which a user can do something; None if there is none.
    ``mode`` is ``walk`` where the collection was listed from end to end, ``update`` where only changes since ``since``
    (UTC) were asked for, and ``window`` where the user asked for a part. ``check`` is ``quick`` where one request
    showed that nothing changed (``collection.quick_check``). ``live`` is the number of live rows in the
    archive afterwards; None where nobody asked. ``new``, ``edited`` and ``deleted`` count delivered rows. ``held_back``
    counts deletions that were too many at once to be believed. ``members`` are rows that are kept, since only the
    login that earlier runs had may show them. ``unsure`` are ids that no listing shows and whose own
    request failed. ``broke_off``: the site did not list all its ids. ``disorder`` names what the site ignored when it
    listed its rows (``orderby=date``, ``after=``). ``resumed`` is the number of rows that an earlier run brought before
    it was interrupted. ``proven`` (UTC): every id was compared with the archive at this time or later; None where this
    is not known. ``dates_proven`` (UTC): every date of publication was compared at this time or later.
    """

    type: str
    kind: str = "posts"
    mode: Literal["walk", "update", "window"] = "walk"
    check: Literal["full", "quick"] = "full"
    since: str | None = None
    proven: str | None = None
    dates_proven: str | None = None
    live: int | None = None
    new: int = 0
    edited: int = 0
    deleted: int = 0
    held_back: int = 0
    resumed: int = 0
    broke_off: bool = False
    disorder: list[str] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=list)
    expected_before: int | None = None
    expected_after: int | None = None
    seen: int = 0
    sent: int = 0
    delivered: int = 0
    unchanged: int = 0
    touched: int = 0
    answer: int = 0
    filtered: int = 0
    recovered: int = 0
    earlier: int = 0
    duplicates: int = 0
    outside_window: int = 0
    protected: int = 0
    unreadable: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    missing_urls: dict[str, str] = field(default_factory=dict)
    gone: int = 0
    unexplained: int = 0
    hidden: int = 0
    cached_for: int = 0
    kept: int = 0
    via: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    witnesses: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    bytes: int = 0
    waited: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = "incomplete"
    why: str = "not finished"
    cause: Cause | None = "stopped"

    def end(self, verdict: Verdict, why: str, cause: Cause | None = None) -> None:
        """Close the collection with a verdict, one line that says why, and its cause if a user can act on it."""
        self.verdict, self.why, self.cause = verdict, why, cause

    @property
    def expected(self) -> int | None:
        """The site's last total; None if the site gave no total."""
        return self.expected_after if self.expected_after is not None else self.expected_before

    def in_window(self, number: int | None) -> int | None:
        """A number of rows, less the rows outside of the user's window: the query to the site has a wider window."""
        return None if number is None else max(0, number - self.outside_window)

    def count_answer(self) -> None:
        """Count the rows of the whole answer. Called when all rows were delivered."""
        if self.earlier:
            self.answer = self.delivered - self.deleted + self.earlier
        elif self.mode != "window" and self.live is not None:
            self.answer = self.live
        else:
            # A row of a dead run that belongs to the answer is also counted as unchanged.
            self.answer = max(0, self.delivered - self.recovered - self.deleted) + self.unchanged


@dataclass(slots=True, kw_only=True)
class SiteFacts:
    """One site of a run. ``asked`` is the user's URL, ``site`` the key of the site in its rows.

    ``moved_from`` is the key that the site had in the archive until this run. ``part`` is the part of the site that the
    run crawls; None for the whole site. ``not_public`` are the kinds of rows that visitors may not list, if the run
    requested every kind. ``collections`` are named by their type; if two kinds have a type with the same name, the
    second is ``KIND/TYPE``. ``kind`` is the kind that is being crawled. ``rights`` is what robots.txt declares
    (``rights.robots_txt.read_robots``); None where no robots.txt was read. ``cause`` is as in ``CollectionFacts``.
    """

    asked: str
    site: str | None = None
    name: str | None = None
    collections: dict[str, CollectionFacts] = field(default_factory=dict)
    requests: int = 0
    bytes: int = 0
    waited: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    verdict: SiteVerdict = "incomplete"
    why: str = "not started"
    cause: Cause | None = "stopped"
    moved_from: str | None = None
    part: Scope | None = None
    not_public: list[str] = field(default_factory=list)
    rights: dict[str, Any] | None = None
    kind: str = "posts"

    def collection(self, name: str) -> CollectionFacts:
        """The counts of a type of the kind that is being crawled, which are created if they do not exist."""
        key = self._key(name, self.kind)
        if key not in self.collections:
            self.collections[key] = CollectionFacts(type=name, kind=self.kind)
        return self.collections[key]

    def drop(self, name: str) -> None:
        """Remove a type of the kind that is being crawled."""
        del self.collections[self._key(name, self.kind)]

    def find(self, name: str, kind: str) -> CollectionFacts | None:
        """The counts of a type of any kind, if there are any."""
        return self.collections.get(self._key(name, kind))

    def _key(self, name: str, kind: str) -> str:
        held = self.collections.get(name)
        return name if held is None or held.kind == kind else f"{kind}/{name}"

    def end(self, verdict: SiteVerdict, why: str, cause: Cause | None = None) -> None:
        """Close the site with a verdict, one line that says why, and its cause if a user can act on it."""
        self.verdict, self.why, self.cause = verdict, why, cause

    def conclude(self) -> None:
        """Close the site with the most serious verdict of its collections."""
        worst = max(self.collections.values(), key=lambda collection: _GRAVITY[collection.verdict], default=None)
        if worst is None:
            self.end("incomplete", "nothing was asked for", "type")
        else:
            why = worst.why if worst.verdict == "complete" else f"{worst.type}: {worst.why}"
            self.end(worst.verdict, why, worst.cause)
