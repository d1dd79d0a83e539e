"""Lists a collection in windows of dates so small that one page holds all rows of a window, in any order.

For sites that ignore ``orderby=``: "random posts" plugins, search engines behind the listings, themes that sort by
their own field.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta

from newsbot.wordpress.collection.order import is_unordered
from newsbot.wordpress.collection.pages import Page, Params, Stage, Turn
from newsbot.wordpress.dates import ZONE_SHIFT

LEAST_REQUESTS = 200
"""Windows that may be requested, even if the site counts few rows."""

ROWS_PER_REQUEST = 10
"""Rows that a request must bring on average. With fewer rows the listing is too expensive."""


class ByWindow(Stage):
    """Halves windows of dates at the middle date of the received rows, until each window fits on one page.

    ``base`` holds the bounds of the user's window, if any. ``windows`` must still be requested, as (first moment,
    moment after the last one); None means no bound.
    """

    __slots__ = ("allowed", "most_rows", "requests", "suffix", "unproven", "windows")

    def __init__(self, base: Mapping[str, str | int]) -> None:
        super().__init__()
        after, before = base.get("after"), base.get("before")
        # A bound with a zone is compared in UTC, one without in the site's local time: all bounds get the same form.
        self.suffix = "Z" if str(after or before or "").endswith("Z") else ""
        self.windows: list[tuple[datetime | None, datetime | None]] = [(_moment(after, seconds=1), _moment(before))]
        self.requests, self.allowed, self.most_rows = 0, LEAST_REQUESTS, 0
        self.unproven = False

    @property
    def place(self) -> Hashable:
        return self.requests

    def params(self) -> Params:
        first, behind = self.windows[-1]
        params: Params = {"orderby": "date", "order": "asc"}
        if first is not None:
            params["after"] = (first - timedelta(seconds=1)).isoformat() + self.suffix
        if behind is not None:
            params["before"] = behind.isoformat() + self.suffix
        return params

    def take(self, page: Page) -> Turn:
        first, behind = self.windows.pop()
        self.requests += 1
        self.allowed = max(self.allowed, LEAST_REQUESTS + (page.total or 0) // ROWS_PER_REQUEST)
        dates = sorted(datetime.fromisoformat(row.date) for row in page.rows if row.date is not None)
        outside = sum(not _is_within(date, first, behind) for date in dates)
        if is_unordered(outside, len(page.rows)):
            return self.fall("after=, before=")
        if not self._is_whole(page) and not self._halve(dates, first, behind):
            # One second holds more rows than a page, and nothing divides them.
            return self.fall("orderby=id")
        if self.requests > self.allowed:
            self.unproven, self.windows = True, []
        return Turn.ON if self.windows else Turn.BROKEN if self.unproven else Turn.END

    def _is_whole(self, page: Page) -> bool:
        """Whether the page held every row of its window. Hidden rows count as rows. A plugin may force a page size."""
        rows = len(page.rows)
        self.most_rows = max(self.most_rows, rows)
        if page.total is not None and 0 < page.total <= rows < page.size:
            return True
        size = min(page.size, self.most_rows or page.size)
        return rows < size and (page.total is None or page.total <= size)

    def _halve(self, dates: list[datetime], first: datetime | None, behind: datetime | None) -> bool:
        inside = [date for date in dates if _is_within(date, first, behind, reach=timedelta(0))]
        if not inside:
            return False
        middle = inside[len(inside) // 2]
        if first is not None and middle <= first:
            middle = first + timedelta(seconds=1)
        if middle == inside[0]:
            # All rows of the page are at or after this moment: divide after the rows instead.
            middle = max(inside[-1], inside[0] + timedelta(seconds=1))
        if behind is not None and middle >= behind:
            return False
        self.windows += [(middle, behind), (first, middle)]
        return True


def _moment(bound: str | int | None, *, seconds: int = 0) -> datetime | None:
    if bound is None:
        return None
    return datetime.fromisoformat(str(bound).removesuffix("Z")) + timedelta(seconds=seconds)


def _is_within(
    date: datetime, first: datetime | None, behind: datetime | None, *, reach: timedelta = ZONE_SHIFT
) -> bool:
    """Whether a date is in a window, or so near to it that the site's time zone explains the difference."""
    return (first is None or date >= first - reach) and (behind is None or date < behind + reach)
