"""The facts of a receipt: what a site said it has, what came, what is missing and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["complete", "incomplete", "blocked", "closed"]

_GRAVITY: dict[Verdict, int] = {"complete": 0, "incomplete": 1, "closed": 2, "blocked": 3}


@dataclass(slots=True, kw_only=True)
class CollectionFacts:
    """One collection of one site. ``expected_*`` are the site's own totals, None where it gave none.

    ``seen`` counts unique ids met, ``sent`` the rows that left the conversation, ``delivered`` those that reached
    the feeds, ``unchanged`` those the archive already had, ``recovered`` (of the delivered) those of a run that
    died. ``unexplained`` is what the site counts and no listing shows. ``waited`` is in seconds. Where the API is shut,
    ``via`` counts the rows by the way they came, and ``missing_urls`` names what did not come, with the reason;
    ``kept`` counts what an earlier run had brought so and no sitemap shows changed.

    ``mode`` is ``walk`` where the collection was listed from end to end, ``update`` where only what changed since
    ``since`` (UTC) was asked for, ``window`` where the user asked for a part. ``live`` is what the archive holds live
    afterwards (None: not asked), ``new``, ``edited`` and ``deleted`` count the delivered rows, ``held_back`` deletions
    that were too many to believe; ``unsure`` are ids that no listing shows and whose own request failed;
    ``broke_off``: the site did not list all its ids. ``resumed``
    counts the rows that an earlier run had brought before it was cut off.
    """

    type: str
    mode: Literal["walk", "update", "window"] = "walk"
    since: str | None = None
    live: int | None = None
    new: int = 0
    edited: int = 0
    deleted: int = 0
    held_back: int = 0
    resumed: int = 0
    broke_off: bool = False
    unsure: list[int] = field(default_factory=list)
    expected_before: int | None = None
    expected_after: int | None = None
    seen: int = 0
    sent: int = 0
    delivered: int = 0
    unchanged: int = 0
    recovered: int = 0
    duplicates: int = 0
    outside_window: int = 0
    protected: int = 0
    unreadable: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    missing_urls: dict[str, str] = field(default_factory=dict)
    gone: int = 0
    unexplained: int = 0
    kept: int = 0
    via: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    bytes: int = 0
    waited: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = "incomplete"
    why: str = "not finished"


@dataclass(slots=True, kw_only=True)
class SiteFacts:
    """One site of a run; ``asked`` is the URL the user gave, ``site`` the key that its rows carry."""

    asked: str
    site: str | None = None
    name: str | None = None
    collections: dict[str, CollectionFacts] = field(default_factory=dict)
    requests: int = 0
    bytes: int = 0
    waited: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = "incomplete"
    why: str = "not started"

    def collection(self, name: str) -> CollectionFacts:
        if name not in self.collections:
            self.collections[name] = CollectionFacts(type=name)
        return self.collections[name]

    def end(self, verdict: Verdict, why: str) -> None:
        """Close the site with one line for it all."""
        self.verdict, self.why = verdict, why

    def conclude(self) -> None:
        """Close the site by the gravest of its collections."""
        worst = max(self.collections.values(), key=lambda one: _GRAVITY[one.verdict], default=None)
        if worst is None:
            self.end("incomplete", "nothing was asked for")
        else:
            why = worst.why if worst.verdict == "complete" else f"{worst.type}: {worst.why}"
            self.end(worst.verdict, why)
