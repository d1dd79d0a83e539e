"""The cursor over a collection: the next query, what is new in its answer, what is done.

Core adds no id tie-break to an order by date, so page numbers lose posts that share a second, and every insertion or
deletion shifts what follows. This walk always asks for the first page after its cursor instead::

    orderby=date&order=asc&after=<last date - 1 s>&exclude=<ids already seen at that second>

and so neither loses nor doubles a post that is there throughout. Where one second holds more posts than a URL can
exclude, that second is listed by id. Collections without a date (terms, users) are listed by id until proven empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from newsbot.wordpress.api import PER_PAGE
from newsbot.wordpress.dates import local_date, shift

EXCLUDED = 60
"""Ids an ``exclude`` may hold. Core repeats each in the answer's ``Link`` as ``exclude%5B12%5D=1234&``, and nginx
turns an answer with over 4 KiB of headers into a 502: 200 ids are enough, long before the request line is too long."""

EMPTY_PAGES = 20
"""Pages that hold nothing readable, in a row, before the walk calls the rest of them unproven."""

OVERLAP = 5
"""Rows by which two stretches of a listing by id overlap: so many may be deleted between them unnoticed."""

Params = dict[str, "str | int | list[int]"]


class Mode(StrEnum):
    """How the collection is being listed."""

    DATE = "date"
    SECOND = "second"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Row:
    """What the walk needs of a listed object. ``date`` is the site's own local string, None for a zero date;
    ``counts``: it is one of those that a limit is about."""

    id: int
    date: str | None
    counts: bool = True


@dataclass(slots=True, kw_only=True)
class Walk:
    """A walk over one collection, oldest first (``newest_first`` the other way round), from an optional ``cursor``.

    Feed it each answer by ``take``; ask ``params`` for the next query while not ``done``. ``base`` holds the parameters
    of every query (a window's ``after``/``before`` among them).
    """

    base: Mapping[str, str | int]
    dated: bool = True
    newest_first: bool = False
    limit: int | None = None
    per_page: int = PER_PAGE
    can_exclude: bool = True
    mode: Mode = Mode.DATE
    date: str | None = None
    at_date: set[int] = field(default_factory=set)
    past_date: bool = False
    page: int = 1
    empty_pages: int = 0
    last_page: tuple[int, ...] = ()
    offset: int = 0
    last_id: int | None = None
    stepping: bool = False
    checked_id: int | None = None
    most_rows: int = 0
    seen: set[int] = field(default_factory=set)
    counted: int = 0
    doubled: int = 0
    done: bool = False
    unproven: bool = False
    repeating: bool = False

    def __post_init__(self) -> None:
        if not self.dated:
            self.mode = Mode.ID

    def resume(self, cursor: Mapping[str, Any]) -> bool:
        """Go on where ``cursor`` was taken; False, and nothing changed, where a listing by id would have to."""
        date, mode = local_date(cursor.get("date")), cursor.get("mode")
        at_date, page = cursor.get("at_date"), cursor.get("page")
        if date is None or mode not in (Mode.DATE, Mode.SECOND) or not isinstance(at_date, list):
            return False
        self.date, self.mode, self.past_date = date, Mode(mode), bool(cursor.get("past_date"))
        self.at_date = {one for one in at_date if isinstance(one, int)}
        self.page = page if isinstance(page, int) and page > 0 else 1
        self.seen |= self.at_date
        return True

    def params(self) -> Params:
        """The parameters of the next query."""
        params: Params = dict(self.base)
        params["per_page"] = self._page_size()
        if self.mode is not Mode.DATE:
            params |= {"orderby": "id", "order": "desc" if self.newest_first else "asc"}
            if self.mode is Mode.SECOND:
                assert self.date is not None
                params |= {"after": shift(self.date, -1), "before": shift(self.date, 1)}
            return params | ({"offset": self.offset} if self.offset else {})
        params |= {"orderby": "date", "order": "desc" if self.newest_first else "asc"}
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

    def _page_size(self) -> int:
        # A listing by id goes over ground that was walked, and its stretches must not shrink below what they step by.
        if self.limit is None or self.mode is Mode.SECOND or self.offset or len(self.seen) > self.counted:
            return self.per_page
        # Without an exclude the rows of the cursor's second come again and take their places on the page.
        again = 0 if self.can_exclude else len(self.at_date)
        return min(self.per_page, max(1, self.limit - self.counted + again))

    def _is_full(self) -> bool:
        return self.limit is not None and self.counted >= self.limit

    def take(self, rows: Sequence[Row], *, total: int | None, pages: int | None = None) -> list[int]:
        """The indexes of the rows that are new. ``total`` and ``pages`` are the query's ``X-WP-Total`` and
        ``X-WP-TotalPages``, None where they are missing.

        A short page is no end, nor is an empty one while the site counts more: rows it may not show are skipped.
        """
        fresh = []
        here: set[int] = set()
        for index, row in enumerate(rows):
            if self._is_full():
                break
            if row.id not in self.seen:
                self.seen.add(row.id)
                self.counted += row.counts
                fresh.append(index)
            elif self.mode is Mode.DATE or row.id in here:
                # A listing by id goes over ground that was walked: what one answer holds twice is the site's doing.
                self.doubled += 1
            here.add(row.id)
        if self._is_full():
            self.done = True
            return fresh
        if not rows:
            self._take_nothing(total, pages)
            return fresh
        self.empty_pages = 0
        self.most_rows = max(self.most_rows, len(rows))
        if self.mode is Mode.DATE:
            self._move(rows, fresh)
        else:
            self._turn(rows)
        return fresh

    def _turn(self, rows: Sequence[Row]) -> None:
        """The next stretch of a listing by id, overlapping this one.

        A deletion moves all later rows forward. Ids only grow along the listing, so that a stretch that begins behind
        the last id met may hide a gap: step back once until it overlaps. Where it still does not, rows are hidden.
        """
        ids = tuple(row.id for row in rows)
        if ids == self.last_page:
            # The site ignores offsets: the same rows would come for ever.
            self.unproven = self.repeating = True
            self._end_of_pages()
            return
        self.last_page = ids
        sign = -1 if self.newest_first else 1
        gap = self.last_id is not None and sign * ids[0] > sign * self.last_id
        if gap and self.offset and (self.stepping or self.last_id != self.checked_id):
            self._step_back()
            return
        self.stepping = False
        ends = [*ids, *([] if self.last_id is None else [self.last_id])]
        self.last_id = max(ends, key=lambda one: sign * one)
        if len(ids) <= OVERLAP:
            self.offset += len(ids)
        else:
            self.offset += max(1, self.most_rows - OVERLAP)

    def _step_back(self) -> None:
        self.stepping, self.checked_id = True, self.last_id
        self.offset = max(0, self.offset - max(1, self.most_rows // 2))

    def past_the_end(self) -> None:
        """The site said that this page number does not exist: what is not shown by now, it will not show."""
        self._end_of_pages()

    def _take_nothing(self, total: int | None, pages: int | None) -> None:
        """An empty page ends the listing only where the site counts nothing more behind it."""
        self.empty_pages += 1
        # Where a plugin forces a page size, a page goes over fewer rows than were asked for.
        size = min(self._page_size(), self.most_rows or (-(-total // pages) if total and pages else PER_PAGE))
        reached = self.offset + size if self.mode is not Mode.DATE else self.page * size
        if total is None or total <= reached:
            self._end_of_pages()
        elif self.empty_pages >= EMPTY_PAGES:
            self.unproven = True
            self._end_of_pages()
        elif self.mode is Mode.DATE:
            self.page += 1
        elif self.stepping and self.offset:
            self._step_back()
        else:
            self.offset += size

    def _end_of_pages(self) -> None:
        self.page, self.empty_pages, self.last_page = 1, 0, ()
        self.offset, self.last_id, self.checked_id, self.stepping = 0, None, None, False
        if self.mode is Mode.SECOND:
            self.mode, self.past_date, self.at_date = Mode.DATE, True, set()
        else:
            self.done = True

    def _move(self, rows: Sequence[Row], fresh: Sequence[int]) -> None:
        """Move the cursor to the last date of the page, or change the mode where it cannot move."""
        page, self.page = self.page, 1
        dates = [row.date for row in rows if row.date is not None]
        if not fresh:
            self._stuck(rows, dates, page)
            return
        furthest = (min if self.newest_first else max)(dates) if dates else self.date
        if furthest is not None and self.date is not None and self._before_cursor(furthest):
            furthest = self.date
        if furthest != self.date:
            self.date, self.at_date, self.past_date = furthest, set(), False
        self.at_date |= {row.id for row in rows if row.date == furthest or row.date is None}
        if not self._fits(self.at_date) and furthest is not None:
            self.mode = Mode.SECOND
        elif not self._fits(self.at_date):
            # More posts without a date than can be excluded: only a listing by id gets past them.
            self.mode = Mode.ID

    def _before_cursor(self, date: str) -> bool:
        assert self.date is not None
        return date > self.date if self.newest_first else date < self.date

    def _stuck(self, rows: Sequence[Row], dates: Iterable[str], page: int) -> None:
        """Nothing new on a page with rows."""
        if self.date is not None and set(dates) == {self.date}:
            if len(rows) < self._page_size() and not self.can_exclude:
                # The whole second was on this page, and nothing came after it.
                self.past_date, self.at_date = True, set()
            else:
                self.mode = Mode.SECOND
        elif not self.can_exclude and page < EMPTY_PAGES and self.date is not None and self.date in set(dates):
            # Old rows of the second before fill a part of the page: look behind them.
            self.page = page + 1
        else:
            # The site does not heed the cursor (a plugin rewrites the query, a cache ignores parameters).
            self.mode = Mode.ID

    def _fits(self, ids: set[int]) -> bool:
        return not self.can_exclude or len(ids) <= EXCLUDED

    def cursor(self) -> dict[str, Any]:
        """Where a later run may go on: enough to build this walk again, less what it has seen."""
        return {
            "mode": self.mode.value,
            "date": self.date,
            "at_date": sorted(self.at_date),
            "past_date": self.past_date,
            "page": self.page,
        }
