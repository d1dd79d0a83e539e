"""Proves that the site lists no row that the archive lacks. With equal counts the sets are then equal.

If one old row vanishes and another old row appears, all counts stay the same. A collection whose ids fit into one URL
is proven in each update. A larger one is proven by parts in the order of publication: some in each update that finds a
change, all of them at once where rows vanished or appeared with an old date and the parts are few.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from newsbot.wordpress.collection import above, exclusion
from newsbot.wordpress.collection.parts import EVERYTHING, Part, shifted
from newsbot.wordpress.collection.publication import DateRound, round_of
from newsbot.wordpress.collection.readdressed import UNTRUE
from newsbot.wordpress.collection.reconciler import Reconciler
from newsbot.wordpress.collection.site_ids import Dates
from newsbot.wordpress.dates import ZONE_SHIFT
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries, share
from newsbot.wordpress.questions import CollectionState

SHOWN = 2
"""One of this many rows on a page may be a known row whose date is compared. The other places are left for unknown
rows."""

PARTS = 3
"""The number of parts that an update compares if anything changed."""

MOST_PARTS = 12
"""If there are at most this many parts, all of them are compared at once when rows vanished or appeared with an old
date."""

ROUND = timedelta(days=1)
"""A new round over all parts begins when the last one began this long ago."""

RELEARNT = timedelta(days=30)
"""The time after which newsbot tries again whether a site ignores ``exclude``."""

TRIES = 4
"""The number of sizes of a part that are tried until its ids fit into a URL."""


@dataclass(slots=True, kw_only=True)
class Proof:
    """The proof of one collection. ``when`` is the site's time of the run (UTC, ISO).

    ``at`` is the place at which the round over the parts continues, None at its beginning. ``began`` is when the round
    began, None between two rounds; ``last`` is when the last whole round began: every id was compared then or later.
    ``confirmed`` is such a time, confirmed by the count of a later run or by a listing of all ids: the count and the
    comparison of one run are two answers, and a row that vanished between them can hide that another row vanished
    before. ``hidden`` rows were counted in the parts of the round and not listed. ``whole``: one query of this run
    compared all ids. ``odd``: the result of a query contradicts the archive's account, so every id must be listed.
    ``missing`` known rows were not excluded, and did not come. ``dates`` is the round over the dates of publication.
    ``counted``: the ranks of the newest rows confirm the site's count. Without this, equal counts do not prove that no
    row vanished. ``ordered``: the newest rows show that the site obeys the order of ids. ``ignoring``: the time since
    which the site is known to ignore ``exclude`` (UTC, ISO); None if it is not.
    """

    account: Reconciler
    when: str
    counted: bool = False
    ordered: bool = False
    at: str | None = None
    began: str | None = None
    last: str | None = None
    confirmed: str | None = None
    hidden: int = 0
    whole: bool = False
    odd: bool = False
    compared: int = field(default=0, init=False)
    missing: set[int] = field(default_factory=set, init=False)
    ignoring: str | None = field(default=None, init=False)
    dates: DateRound = field(init=False)
    page: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        kept = self.account.intake.state.rotation
        self.dates = round_of(self.account.intake.state)
        self.account.publication.trusted = not kept.get("dates_untrue")
        self.at, self.began, self.last = kept.get("at"), kept.get("began"), kept.get("last")
        self.hidden, self.confirmed = kept.get("hidden", 0), kept.get("confirmed")
        since = kept.get("ignoring")
        if since is not None and self._is_old(since, RELEARNT):
            self.queries.remember_longest(None)
        else:
            self.ignoring = since

    def _is_old(self, since: str, age: timedelta) -> bool:
        return not self.when or datetime.fromisoformat(self.when) - datetime.fromisoformat(since) >= age

    @property
    def queries(self) -> Queries:
        return self.account.queries

    def kept(self) -> dict[str, Any]:
        """The facts about the round that the archive stores for the next run."""
        names = ("at", "began", "last", "confirmed", "hidden", "ignoring")
        kept = {name: value for name in names if (value := getattr(self, name))}
        if dates := self.dates.kept():
            kept["dates"] = dates
        if not self.account.publication.trusted:
            kept["dates_untrue"] = True
        if self.account.unordered:
            kept["unordered"] = True
        if self.account.links_untrue or self.account.intake.state.rotation.get(UNTRUE):
            kept[UNTRUE] = True
        return kept

    def end_round(self, began: str | None, *, counted: bool = True) -> None:
        """Note that all ids were compared at ``began`` or later. ``counted``: whether the site's count is confirmed."""
        self.at, self.began, self.hidden = None, None, 0
        self.last = began if counted else self.last

    def end_rounds(self, began: str | None) -> None:
        """Note that all ids were listed at ``began`` or later, with their dates."""
        self.end_round(began)
        self.confirmed = began
        if self.account.publication.trusted:
            self.dates.end(began)

    def confirm(self) -> None:
        """Accept the comparisons of earlier runs, since the site's count agrees again and its ranks confirm it."""
        if self.counted and self.account.difference == 0:
            self.confirmed = self.account.intake.state.rotation.get("last") or self.confirmed

    # All ids in one query.

    def prove_whole(self, listed: Dates, *, page: int) -> Steps[bool]:
        """Bring the rows that the archive lacks. Returns whether no other query for new rows is needed. ``listed`` are
        rows that the site listed before, ``page`` the rows of its largest page.

        The query shows some known rows too, so that their dates are compared: other rows in each update.
        """
        account, queries = self.account, self.queries
        if not listed or account.live > exclusion.ids_that_fit(queries, largest=max(listed)):
            return False
        known = self._listable((yield queries.known()))
        control = next((row_id for row_id in listed if row_id in known), None)
        if control is None or not exclusion.fits(queries, known):
            return False
        shown = {control, *self.dates.choose(known, min(page, queries.per_page) // SHOWN)}
        found = yield from exclusion.beyond(account.site_ids, known - shown, control=control, when=self.when)
        yield from account.take(found.dates)
        if found.ignored or found.uncontrolled:
            # The site listed the control a moment ago, so its answers to ``exclude`` prove nothing.
            self._note_ignored()
        self.whole = found.proven
        self.odd = found.hidden not in (None, account.hidden) or not account.unlisted.isdisjoint(found.dates)
        if self.whole:
            self.missing = shown - found.dates.keys()
            self.end_round(self.when, counted=self.counted)
            if account.publication.trusted:
                self.dates.advance(known, self.when)
        return self.whole or self.odd

    def _note_ignored(self) -> None:
        """Make no more queries with ``exclude``, since the site ignores it."""
        self.queries.remember_longest(0)
        self.ignoring = self.when

    def prove_above(self, newest: Dates) -> Steps[None]:
        """Bring the rows above the largest known id, if no other query must show them: the site does not accept
        ``exclude``, or is known to ignore the order of ids. ``newest`` are the newest rows that the site listed."""
        account, longest = self.account, exclusion.length(self.queries)
        if self.whole or self.ordered or not newest or (longest and not account.unordered):
            return
        largest = max((yield self.queries.known(lowest=max(newest))), default=0) or max(newest)
        most = above.MOST_BYTES if self.ignoring or longest else above.LEAST_BYTES
        found = yield from above.above(
            account.site_ids, largest, control=max(newest), most=min(most, longest or most), when=self.when
        )
        yield from account.take(found.dates)
        # If no query shows new rows, all ids are listed once a day.
        self.odd = self.odd or (not found.proven and self._is_due())

    def _listable(self, known: Dates) -> set[int]:
        """The rows that the site should list."""
        account = self.account
        return known.keys() - account.apart - account.held_back - account.unsure

    # Part by part.

    def prove_parts(self, *, largest: int, page: int, at_once: bool) -> Steps[None]:
        """Compare some parts. ``at_once``: compare all parts, if they are few. ``largest`` is the largest id, ``page``
        the rows of the largest page."""
        if self.whole or self.odd:
            return
        room = exclusion.ids_that_fit(self.queries, largest=largest, window=EVERYTHING)
        if not room:
            return
        self.page = min(page, self.queries.per_page)
        most = PARTS
        if at_once and self.account.live <= MOST_PARTS * room // 2:
            self.at = self.began = None
            most = MOST_PARTS
        elif self.began is None and not self._is_due():
            return
        while self.compared < most and (yield from self._prove_next(room)):
            self.compared += 1
            if self.began is None:
                return

    def _is_due(self) -> bool:
        last = compared_since(self.account.intake.state)
        return last is None or self._is_old(last, ROUND)

    def _prove_next(self, room: int) -> Steps[bool]:
        """Compare the next part of the round. Returns whether the answer proves the part."""
        account = self.account
        part = yield from self._part(room)
        if part is None:
            return False
        if self.began is None:
            self.began, self.hidden = self.when, 0
        found = yield from exclusion.beyond(
            account.site_ids, part.ids - part.shown, control=part.control, when=self.when, window=part.window
        )
        yield from account.take(found.dates)
        if found.ignored:
            self._note_ignored()
        elif found.uncontrolled:
            self.missing.add(part.control)
            if part.control in (yield from account.bury([part.control])):
                # The row exists, but the query does not show it.
                self._note_ignored()
        if not found.proven:
            return False
        yield from self._look_for(part.shown - found.dates.keys(), part)
        self.at, self.hidden = part.until, self.hidden + (found.hidden or 0)
        if part.until is None:
            self.odd = self.hidden != account.hidden
            self.end_round(self.began, counted=self.counted)
        return True

    def _look_for(self, missing: set[int], part: Part) -> Steps[None]:
        """Find out why known rows of a part were not listed: they are gone, or have another date."""
        self.missing |= missing
        alive = (yield from self.account.bury(missing)) if missing else {}
        yield from self.account.fetch(alive)
        if alive and not alive.keys().isdisjoint((yield self.queries.known(since=part.since, until=part.until))):
            self.odd = True

    def _part(self, room: int) -> Steps[Part | None]:
        """The next part whose ids fit into a URL; None where too many rows share a date."""
        rows = room
        for _ in range(TRIES):
            until: str | None = yield self.queries.edge(since=self.at, rows=rows)
            if until is not None and until == self.at:
                return None
            inside: Set[int] = self._listable((yield self.queries.known(since=self.at, until=until)))
            since, behind = shifted(self.at, -ZONE_SHIFT), shifted(until, ZONE_SHIFT)
            ids = self._listable((yield self.queries.known(since=since, until=behind)))
            if not inside:
                return None
            control = sorted(inside)[len(inside) // 2]
            shown = {control, *(yield from self._to_show(until))}
            part = Part(since=self.at, until=until, ids=ids, control=control, shown=shown)
            if exclusion.fits(self.queries, ids, window=part.window):
                return part
            rows = min(rows - 1, rows * room * 9 // (10 * len(ids)))
            if rows < 1:
                return None
        return None

    def _to_show(self, until: str | None) -> Steps[list[int]]:
        """Rows of the next part, different ones in each run, that belong to the part in every possible time zone of the
        site."""
        since, until = shifted(self.at, ZONE_SHIFT), shifted(until, -ZONE_SHIFT)
        inside = sorted(self._listable((yield self.queries.known(since=since, until=until))))
        start = int(share(f"{self.when} {self.at}") * len(inside))
        return inside[start : start + self.page // SHOWN]


def compared_since(state: CollectionState) -> str | None:
    """The time since which every id was compared, as stored by earlier runs (UTC, ISO)."""
    return max(state.rotation.get("last") or "", state.swept or "") or None


def proven_since(state: CollectionState) -> str | None:
    """The time since which every id was compared, confirmed by a later count or by a listing of all ids (UTC, ISO)."""
    return max(state.rotation.get("confirmed") or "", state.swept or "") or None
