"""Compares the dates of publication that the site lists with those that the archive holds. Pure.

A program that writes only to the site's database can change the date of a row and leave ``modified`` unchanged. Each
listing of ids has the dates of its rows, so these dates are compared without a further request. Old rows are in no
listing of an update. ``DateRound`` chooses which of them are shown in this run by the query that compares all ids.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsbot.wordpress.collection.site_ids import Dates
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState

QUESTION = 1_000
"""Rows in one question to the archive."""


@dataclass(slots=True, kw_only=True)
class Publication:
    """Compares dates. ``listed`` are the dates of publication as the site listed them.

    ``trusted``: the dates in listings are those of the whole rows. A plugin may change the dates in listings or in
    whole rows.
    """

    queries: Queries
    listed: Dates
    trusted: bool = True

    def redated(self, ids: Iterable[int]) -> Steps[list[int]]:
        """The ids of ``ids`` that the archive holds with another date than the site listed, in ascending order."""
        wanted = sorted(row_id for row_id in ids if row_id in self.listed) if self.trusted else []
        found: list[int] = []
        for start in range(0, len(wanted), QUESTION):
            held: Dates = yield self.queries.published(wanted[start : start + QUESTION])
            found += [row_id for row_id, at in held.items() if at != self.listed[row_id]]
        return sorted(found)

    def forget(self, ids: Iterable[int]) -> None:
        """Forget the listed dates of rows that are compared."""
        for row_id in ids:
            self.listed.pop(row_id, None)


@dataclass(slots=True, kw_only=True)
class DateRound:
    """A round over all rows, in the order of their ids: some dates are read in each update.

    ``at`` is the id that the round has reached, None between two rounds. ``began`` is when the round began, ``last``
    when the last whole round began (UTC, ISO): every date was compared then or later.
    """

    at: int | None = None
    began: str | None = None
    last: str | None = None
    taken: Sequence[int] = field(default=(), init=False)

    def choose(self, known: Collection[int], most: int) -> frozenset[int]:
        """The next rows to read: at most ``most`` of the ``known`` rows."""
        ids = sorted(known)
        start = bisect_right(ids, self.at or 0)
        self.taken = ids[start : start + max(0, most)]
        return frozenset(self.taken)

    def advance(self, known: Collection[int], when: str) -> None:
        """Continue after the chosen rows, which were read. ``known`` are the ids of all rows."""
        if not self.taken:
            return
        if self.at is None:
            self.began = when
        self.at = self.taken[-1]
        if self.at == max(known):
            self.end(self.began)

    def end(self, began: str | None) -> None:
        """Note that all dates were read at ``began`` or later."""
        self.at, self.began, self.last = None, None, began

    def kept(self) -> dict[str, Any]:
        """The facts about the round that the archive stores for the next run."""
        return {name: value for name in ("at", "began", "last") if (value := getattr(self, name))}


def round_of(state: CollectionState) -> DateRound:
    """The round as earlier runs stored it. A listing of all ids counts as a round, unless its dates were not
    trusted."""
    kept: Mapping[str, Any] = state.rotation.get("dates") or {}
    swept = None if state.rotation.get("dates_untrue") else state.swept
    return DateRound(at=kept.get("at"), began=kept.get("began"), last=max(kept.get("last") or "", swept or "") or None)


def dates_proven_since(state: CollectionState) -> str | None:
    """The time since which every date of publication was compared, as stored by earlier runs (UTC, ISO)."""
    return round_of(state).last
