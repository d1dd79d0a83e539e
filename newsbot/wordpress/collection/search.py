"""The search for differing rows by windows of time. Pure: a generator of queries and questions.

The search halves windows of publication whose counts differ. The archive counts its side of each window without a
request. Counts only lead the search: the caller compares the sets again after it, and compares every id if the search
explains nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from newsbot.timestamps import iso_utc
from newsbot.wordpress.api import PER_PAGE
from newsbot.wordpress.collection.site_ids import Dates, SiteIds, window
from newsbot.wordpress.dates import ZONE_SHIFT
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import AskKnown

LEAF = PER_PAGE
"""A window with at most this many known posts is listed, not halved again."""

WINDOW_REQUESTS = 20
"""Requests that a search by windows may make. After them, every id must be compared."""

FIRST, LAST = datetime(1001, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""The bounds of the search."""

Window = tuple[datetime, datetime, int]
"""The start and end of a window, and how many more rows the archive counts in it than the site."""


@dataclass(slots=True, kw_only=True)
class Search:
    """A search among the archive's rows, except the rows ``apart``, which no listing shows. ``listed`` are the rows of
    the windows that differ, ``missing`` the archived rows that these windows lack. ``failed``: every id must be
    compared."""

    site_ids: SiteIds
    apart: frozenset[int] = frozenset()
    listed: Dates = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    failed: bool = False
    requests: int = 0

    @property
    def queries(self) -> Queries:
        return self.site_ids.queries

    def run(self, *differing: Window) -> Steps[None]:
        """Search in windows whose counts differ. Raises PayloadError."""
        windows = list(differing)
        while windows and not self.failed:
            since, until, lost = windows.pop()
            known = yield from self._known(since, until)
            if self.requests >= WINDOW_REQUESTS or (len(known) <= LEAF < -lost):
                self.failed = True
            elif len(known) <= LEAF or until - since <= timedelta(seconds=1):
                yield from self._compare(since, until, known, lost)
            else:
                windows += yield from self._halves(since, until, lost, held=len(known))

    def _halves(self, since: datetime, until: datetime, differing: int, *, held: int) -> Steps[list[Window]]:
        """The halves of a window that differ."""
        middle = yield from self._middle(since, until, held)
        left = yield from self._known(since, middle)
        self.requests += 1
        counted = yield from self.site_ids.ask_total("window", window=window(since, middle))
        if counted.total is None:
            self.failed = True
            return []
        lost = len(left) - counted.total
        halves = ((since, middle, lost), (middle, until, differing - lost))
        return [half for half in halves if half[2]]

    def _compare(self, since: datetime, until: datetime, known: Dates, differing: int) -> Steps[None]:
        """List a small window and compare its ids."""
        self.requests += 1 + len(known) // PER_PAGE
        listed = yield from self._list(since, until)
        if len(known.keys() - listed.keys()) - len(listed.keys() - known.keys()) != differing:
            # The dates that the site compares differ from the archive's (its time zone changed), so the surroundings
            # are listed too.
            self.requests += 1
            listed |= yield from self._list(since - ZONE_SHIFT, until + ZONE_SHIFT)
        self.listed |= listed
        self.missing += sorted(known.keys() - listed.keys())

    def _list(self, since: datetime, until: datetime) -> Steps[Dates]:
        listed = yield from self.site_ids.every("window", window=window(since, until))
        self.failed = self.failed or listed.broke_off
        return listed.dates

    def _middle(self, since: datetime, until: datetime, held: int) -> Steps[datetime]:
        """A time that divides the known posts of a window. The archive answers this, not the site.

        The older side gets a number of posts whose repeated halving ends with full pages, since this takes the fewest
        requests. If many posts share a second, the two sides are as equal as possible.
        """
        left = LEAF
        while 2 * left < held:
            left *= 2
        edge: str | None = yield self.queries.edge(since=iso_utc(since), rows=left)
        if edge is not None and since < (at := datetime.fromisoformat(edge)) < until:
            return at
        low, high = since, until
        for _ in range(48):
            middle = (low + (high - low) / 2).replace(microsecond=0)
            if middle <= low or high - low <= timedelta(seconds=1):
                break
            earlier = yield from self._known(since, middle)
            if len(earlier) * 3 < held:
                low = middle
            elif len(earlier) * 3 > held * 2:
                high = middle
            else:
                return middle
        return min(max(high, since + timedelta(seconds=1)), until)

    def _known(self, since: datetime, until: datetime) -> Steps[Dates]:
        asked: AskKnown = self.queries.known(since=iso_utc(since), until=iso_utc(until))
        known: Dates = yield asked
        return {row_id: at for row_id, at in known.items() if row_id not in self.apart}
