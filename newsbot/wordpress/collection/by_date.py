"""Walks over a collection by the dates of its rows.

WordPress orders by date without a tie-break by id. Page numbers therefore lose posts that share a second, and every
insertion or deletion shifts the pages after it. The walk instead always asks for the first page after its place::

    orderby=date&order=asc&after=<last date - 1 s>&exclude=<ids already seen at that second>

A post that exists during the whole walk is neither lost nor doubled. If one second holds more posts than a URL can
exclude, that second is listed by id.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from newsbot.wordpress.collection.by_id import ById
from newsbot.wordpress.collection.order import is_unordered, out_of_order
from newsbot.wordpress.collection.pages import EMPTY_PAGES, Growth, Page, Params, Row, Stage, Turn
from newsbot.wordpress.dates import local_date, shift

EXCLUDED = 60
"""The most ids in one ``exclude``. WordPress repeats each id in the ``Link`` header (``exclude%5B12%5D=1234&``), and
nginx answers 502 where the headers exceed 4 KiB. 200 ids exceed that limit, long before the URL is too long."""


MOST_PASSED = 10
"""The most different rows from before the walk's place that may come again: a plugin puts some featured posts on each
page."""


class Mode(StrEnum):
    """The way in which the walk lists the rows at its place."""

    DATE = "date"
    SECOND = "second"


class ByDate(Stage):
    """The walk. ``date`` is the place: all rows before it were seen. ``at_date`` are the ids seen at the second of
    ``date``, unless ``past_date`` says that this second is done. ``second`` lists that second by id.

    ``astray``: rows were out of order, so that a listing by id must confirm the walk. ``passed`` are the rows from
    before the place that came again.
    """

    __slots__ = (
        *("newest_first", "can_exclude", "date", "at_date", "past_date", "page", "empty_pages", "most_rows", "passed"),
        *("second", "astray", "growth", "unproven"),
    )

    def __init__(self, *, newest_first: bool = False, can_exclude: bool = True) -> None:
        super().__init__()
        self.newest_first, self.can_exclude = newest_first, can_exclude
        self.date: str | None = None
        self.at_date: set[int] = set()
        self.past_date = self.astray = self.unproven = False
        self.page, self.empty_pages, self.most_rows = 1, 0, 0
        self.passed: set[int] = set()
        self.second: ById | None = None
        self.growth = Growth()

    @property
    def mode(self) -> Mode:
        return Mode.SECOND if self.second is not None else Mode.DATE

    @property
    def place(self) -> Hashable:
        inner = self.second.place if self.second is not None else None
        return self.date, self.past_date, self.mode, inner, self.page

    # The place of the walk.

    def resume(self, position: Mapping[str, Any]) -> bool:
        """Continue at a ``position`` of an earlier run. Returns False, and changes nothing, for a position by id."""
        date, mode = local_date(position.get("date")), position.get("mode")
        at_date, page = position.get("at_date"), position.get("page")
        if date is None or mode not in (Mode.DATE, Mode.SECOND) or not isinstance(at_date, list):
            return False
        self.date, self.past_date = date, bool(position.get("past_date"))
        self.at_date = {row_id for row_id in at_date if isinstance(row_id, int)}
        self.page = page if isinstance(page, int) and page > 0 else 1
        self.second = self._by_id() if mode == Mode.SECOND else None
        return True

    def position(self) -> dict[str, Any]:
        """The place at which a later run may continue, for ``resume``. It does not contain the ids seen before the last
        second."""
        return {
            "mode": self.mode.value,
            "date": self.date,
            "at_date": sorted(self.at_date),
            "past_date": self.past_date,
            "page": self.page,
        }

    # Queries.

    def params(self) -> Params:
        if self.second is not None:
            return self.second.params()
        params: Params = {"orderby": "date", "order": "desc" if self.newest_first else "asc"}
        if self.date is not None:
            edge = 0 if self.past_date else 1
            if self.newest_first:
                params["before"] = shift(self.date, edge)
            else:
                params["after"] = shift(self.date, -edge)
        if self.can_exclude and self.at_date and not self.past_date:
            params["exclude"] = sorted(self.at_date)
        if self.page > 1:
            params["page"] = self.page
        return params

    def _by_id(self) -> ById:
        assert self.date is not None
        window: Params = {"after": shift(self.date, -1), "before": shift(self.date, 1)}
        return ById(descending=self.newest_first, window=window)

    def past_the_end(self) -> Turn:
        self.page, self.empty_pages = 1, 0
        if self.second is not None:
            return self._end_second(self.second.past_the_end())
        return Turn.BROKEN if self.unproven else Turn.END

    # Pages.

    def take(self, page: Page) -> Turn:
        if self.second is not None:
            ignored = self._ignored_in_second(page)
            return self.fall(ignored) if ignored else self._end_second(self.second.take(page))
        before = [row.id for row in page.rows if self._is_before_place(row.date)]
        self.passed.update(before)
        if is_unordered(len(before), len(page.rows)) or len(self.passed) > MOST_PASSED:
            return self.fall("before=" if self.newest_first else "after=")
        rows = self._in_order([row for row in page.rows if not self._is_before_place(row.date)])
        if rows is None:
            return self.fall("orderby=date")
        self.astray = self.astray or len(rows) < len(page.rows)
        if not rows and not page.fresh:
            return self._take_nothing(page)
        self.empty_pages, self.most_rows = 0, max(self.most_rows, len(page.rows))
        if page.fresh or any(row.date is not None and row.date != self.date for row in rows):
            return self._move(rows)
        return self._stuck(rows, page)

    def _in_order(self, rows: Sequence[Row]) -> list[Row] | None:
        """``rows`` without those that break the order of dates; None where the rows have no such order."""
        dated = [index for index, row in enumerate(rows) if row.date is not None]
        astray = out_of_order([rows[index].date or "" for index in dated], descending=self.newest_first)
        if is_unordered(len(astray), len(rows)):
            return None
        left_out = {dated[index] for index in astray}
        return [row for index, row in enumerate(rows) if index not in left_out]

    def _ignored_in_second(self, page: Page) -> str:
        """The bound that the site ignores, if most rows of a page are outside the wanted second; else "".

        The listing of each second would then show the rest of the collection. A plugin repeats some featured posts on
        each page: such rows are few, and not new.
        """
        outside = [index for index, row in enumerate(page.rows) if row.date not in (None, self.date)]
        most = 2 * len(outside) > len(page.rows)
        if not most or not (is_unordered(len(outside), len(page.rows)) or set(outside) & set(page.fresh)):
            return ""
        later = sum((page.rows[index].date or "") > (self.date or "") for index in outside)
        return "before=" if 2 * later > len(outside) else "after="

    def _end_second(self, turn: Turn) -> Turn:
        """Continue after the second when all of its rows were listed."""
        if turn is Turn.ON:
            return turn
        if turn in (Turn.FALL, Turn.FLIP):
            return self.fall(self.second.ignored or "order=" if self.second is not None else "")
        self.unproven = self.unproven or turn is Turn.BROKEN
        self.astray = self.astray or (self.second is not None and self.second.astray)
        self.second, self.past_date, self.at_date, self.page = None, True, set(), 1
        return Turn.ON

    def _is_before_place(self, date: str | None) -> bool:
        if self.date is None or date is None:
            return False
        if date == self.date:
            return self.past_date
        return date > self.date if self.newest_first else date < self.date

    def _move(self, rows: Sequence[Row]) -> Turn:
        """Move to the last date of the page. A second with more posts than a URL can exclude is listed by id."""
        self.page = 1
        dates = [row.date for row in rows if row.date is not None]
        furthest = (min if self.newest_first else max)(dates) if dates else self.date
        if furthest != self.date:
            self.date, self.at_date, self.past_date = furthest, set(), False
        self.at_date |= {row.id for row in rows if row.date == furthest or row.date is None}
        if not self.can_exclude or len(self.at_date) <= EXCLUDED:
            return Turn.ON
        if furthest is None:
            # There are more posts without a date than a URL can exclude, so only a listing by id can continue.
            return self.fall("")
        self.second = self._by_id()
        return Turn.ON

    def _stuck(self, rows: Sequence[Row], page: Page) -> Turn:
        """Choose how to continue after a page whose rows were all seen before."""
        dates = {row.date for row in rows if row.date is not None}
        at, self.page = self.page, 1
        if at == 1 and page.total and page.total <= len(page.rows) < page.size and len(rows) == len(page.rows):
            # After the place, the site counts only the rows of this page.
            return Turn.BROKEN if self.unproven else Turn.END
        if self.date is not None and dates == {self.date}:
            if len(page.rows) < page.size and not self.can_exclude:
                # The page held the whole second, and no row after it.
                self.past_date, self.at_date = True, set()
            else:
                self.second = self._by_id()
            return Turn.ON
        # A plugin rewrites the query, or a cache ignores it.
        return self.fall("before=" if self.newest_first else "after=")

    def _take_nothing(self, page: Page) -> Turn:
        """Take an empty page. It ends the walk only if the site counts no more rows after it."""
        self.empty_pages += 1
        # If a plugin forces a page size, a page passes fewer rows than the query asked for.
        reached = self.page * min(page.size, self.most_rows or page.places)
        if page.total is None or page.total <= reached or self.growth.is_untrue(page.total):
            return self.past_the_end()
        if self.empty_pages >= EMPTY_PAGES:
            return Turn.BROKEN
        self.page += 1
        return Turn.ON
