"""The cursor over a collection: it builds the next query, finds the new rows of a page, and knows when to end.

WordPress orders by date without a tie-break by id. Page numbers therefore lose posts that share a second, and every
insertion or deletion shifts the pages behind it. The cursor instead always asks for the first page after its place::

    orderby=date&order=asc&after=<last date - 1 s>&exclude=<ids already seen at that second>

A post that exists during the whole walk is neither lost nor doubled. Where one second holds more posts than a URL can
exclude, that second is listed by id. Collections without a date (terms, users) are listed by id until a page is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from newsbot.compact import IdSet
from newsbot.wordpress.api import PER_PAGE
from newsbot.wordpress.dates import local_date, shift

EXCLUDED = 60
"""The most ids in one ``exclude``. WordPress repeats each id in the ``Link`` header (``exclude%5B12%5D=1234&``), and
nginx answers 502 where the headers exceed 4 KiB. 200 ids exceed that limit, long before the URL is too long."""

EMPTY_PAGES = 20
"""Empty pages in a row after which the walk ends, with the rest of the collection unproven."""

OVERLAP = 5
"""Rows by which two pages of a listing by id overlap: so many rows may be deleted between two queries without a gap."""

Params = dict[str, "str | int | list[int]"]


class Mode(StrEnum):
    """How the collection is being listed."""

    DATE = "date"
    SECOND = "second"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Row:
    """What the cursor reads of a row. ``date`` is the site's local date as the site wrote it, None for a zero date.
    ``counts``: the row counts against the limit."""

    id: int
    date: str | None
    counts: bool = True


@dataclass(slots=True, kw_only=True)
class Cursor:
    """Walks over one collection, oldest rows first, or newest rows first with ``newest_first``.

    While the cursor is not ``done``, ``params`` are the parameters of the next query, and ``take`` takes its rows.
    ``base`` holds the parameters of every query, such as ``after`` and ``before`` of a window.

    ``date`` is the place: all rows before it were seen. ``at_date`` are the ids seen at the second of ``date``, unless
    ``past_date`` says that this second is done. ``seen`` are all ids met, ``counted`` those that count against the
    ``limit``, ``doubled`` the rows that came twice. ``unproven``: the listing broke off, and rows may be missing.
    ``repeating``: the site gave the same page again whatever was asked for.
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
    seen: IdSet = field(default_factory=IdSet)
    counted: int = 0
    doubled: int = 0
    done: bool = False
    unproven: bool = False
    repeating: bool = False

    def __post_init__(self) -> None:
        if not self.dated:
            self.mode = Mode.ID

    def resume(self, position: Mapping[str, Any]) -> bool:
        """Go on at a ``position`` of an earlier run. Returns False, and changes nothing, for a position by id."""
        date, mode = local_date(position.get("date")), position.get("mode")
        at_date, page = position.get("at_date"), position.get("page")
        if date is None or mode not in (Mode.DATE, Mode.SECOND) or not isinstance(at_date, list):
            return False
        self.date, self.mode, self.past_date = date, Mode(mode), bool(position.get("past_date"))
        self.at_date = {row_id for row_id in at_date if isinstance(row_id, int)}
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
        # A listing by id passes rows that were seen before, and its pages must not become shorter than its steps.
        if self.limit is None or self.mode is Mode.SECOND or self.offset or len(self.seen) > self.counted:
            return self.per_page
        # Without an exclude the rows of the last second come again, and use up places on the page.
        again = 0 if self.can_exclude else len(self.at_date)
        return min(self.per_page, max(1, self.limit - self.counted + again))

    def _is_full(self) -> bool:
        return self.limit is not None and self.counted >= self.limit

    def take(self, rows: Sequence[Row], *, total: int | None, pages: int | None = None) -> list[int]:
        """Take the rows of one page. Returns the indexes of the rows that are new.

        ``total`` and ``pages`` are the reply's ``X-WP-Total`` and ``X-WP-TotalPages``, None where they are missing. A
        short page does not end the walk, and neither does an empty page while the site counts more rows: WordPress
        skips rows that visitors may not read.
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
                # A listing by id passes rows that were seen before. Only a row that is twice on one page is doubled.
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
        """Choose the next page of a listing by id. The next page overlaps this one.

        A deletion moves all later rows forward. Ids only grow along the listing, so that a page that begins behind the
        last id may follow a gap: step back until the pages overlap. Where they never overlap, the site hides rows.
        """
        ids = tuple(row.id for row in rows)
        if ids == self.last_page:
            # The site ignores the offset, and would give the same rows without end.
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
        self.last_id = max(ends, key=lambda row_id: sign * row_id)
        if len(ids) <= OVERLAP:
            self.offset += len(ids)
        else:
            self.offset += max(1, self.most_rows - OVERLAP)

    def _step_back(self) -> None:
        self.stepping, self.checked_id = True, self.last_id
        self.offset = max(0, self.offset - max(1, self.most_rows // 2))

    def past_the_end(self) -> None:
        """End the listing: the site refused a page number, so that it shows no more rows."""
        self._end_of_pages()

    def _take_nothing(self, total: int | None, pages: int | None) -> None:
        """Take an empty page. It ends the listing only where the site counts no more rows behind it."""
        self.empty_pages += 1
        after_full = 0 < self.most_rows <= len(self.last_page)
        if self.offset and self.mode is not Mode.DATE and (self.stepping or after_full):
            # Two pages overlap, so that an empty page behind a full page means deleted rows: the rows behind the full
            # page moved forward, in front of the offset.
            self._step_back()
            return
        # Where a plugin forces a page size, a page passes fewer rows than the query asked for.
        size = min(self._page_size(), self.most_rows or (-(-total // pages) if total and pages else PER_PAGE))
        reached = self.offset + size if self.mode is not Mode.DATE else self.page * size
        if total is None or total <= reached:
            self._end_of_pages()
        elif self.empty_pages >= EMPTY_PAGES:
            self.unproven = True
            self._end_of_pages()
        elif self.mode is Mode.DATE:
            self.page += 1
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
        """Move to the last date of the page, or change the mode where the cursor cannot move."""
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
            # More posts have no date than a URL can exclude: only a listing by id passes them.
            self.mode = Mode.ID

    def _before_cursor(self, date: str) -> bool:
        assert self.date is not None
        return date > self.date if self.newest_first else date < self.date

    def _stuck(self, rows: Sequence[Row], dates: Iterable[str], page: int) -> None:
        """Choose how to go on after a page whose rows were all seen before."""
        if self.date is not None and set(dates) == {self.date}:
            if len(rows) < self._page_size() and not self.can_exclude:
                # The page held the whole second, and no row after it.
                self.past_date, self.at_date = True, set()
            else:
                self.mode = Mode.SECOND
        elif not self.can_exclude and page < EMPTY_PAGES and self.date is not None and self.date in set(dates):
            # Rows of the last second fill a part of the page: ask for the page behind them.
            self.page = page + 1
        else:
            # The site ignores the cursor's parameters: a plugin rewrites the query, or a cache ignores it.
            self.mode = Mode.ID

    def _fits(self, ids: set[int]) -> bool:
        return not self.can_exclude or len(ids) <= EXCLUDED

    def position(self) -> dict[str, Any]:
        """Where a later run may go on, for ``resume``. The ids seen before the last second are not part of it."""
        return {
            "mode": self.mode.value,
            "date": self.date,
            "at_date": sorted(self.at_date),
            "past_date": self.past_date,
            "page": self.page,
        }
