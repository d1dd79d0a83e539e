"""The cursor over a collection: it builds the next query, finds the new rows of a page, and knows when to end.

The cursor lists by date where the collection has dates (``by_date``), else by id. What comes back is checked: where the
site ignores what was asked for, the cursor takes the next way of listing that can still prove itself::

    by date -> by id and offset= -> by id and page= -> by windows of dates -> by include= of every id

If no way is left, the listing is unproven, and ``disorder`` names the parameters that the site ignored. Every way has a
limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsbot.compact import IdSet
from newsbot.wordpress.api import PER_PAGE
from newsbot.wordpress.collection.by_date import EXCLUDED, ByDate
from newsbot.wordpress.collection.by_id import OVERLAP, ById
from newsbot.wordpress.collection.by_include import ByInclude
from newsbot.wordpress.collection.by_window import ByWindow
from newsbot.wordpress.collection.pages import EMPTY_PAGES, Page, Params, Row, Stage, Turn

__all__ = ["EMPTY_PAGES", "EXCLUDED", "OVERLAP", "Cursor", "Params", "Row"]

IDLE = 60
"""The number of queries in a row without a new row and without progress, after which the site counts as ignoring the
parameters."""

MORE_ROWS = 1_000
"""Rows beyond twice the site's count, after which the cursor asks for the last row: a listing may never end."""

BELIEVED_TOTAL = 20_000
"""The largest count that delays the query for the last row: a site may count billions of rows that do not exist. A
larger collection costs this query at 41,000 rows, and again each time that the rows have doubled."""

MOST_ROWS = 5_000_000
"""The number of rows after which a listing counts as endless, whatever the site counts. The largest archives known are
smaller."""


TURNS = 4
"""If this many counts of pages in a row alternate between two numbers, the answers come from two states of the site."""


def are_turns(totals: Sequence[int | None]) -> bool:
    """Whether counts alternate between two numbers: two servers with different rows give such counts. Insertions and
    deletions change a count too, but hardly ever back to each of two earlier counts."""
    first, second = totals[:2] if len(totals) == TURNS else (None, None)
    return None not in (first, second) and first != second and list(totals) == [first, second] * (TURNS // 2)


@dataclass(slots=True, kw_only=True)
class Cursor:
    """Walks over one collection, oldest rows first, or newest rows first with ``newest_first``.

    While the cursor is not ``done``, ``params`` are the parameters of the next query, and ``take`` takes its rows.
    ``base`` holds the parameters of every query, such as ``after`` and ``before`` of a window. ``has_dates``: the rows
    can be listed by windows of dates, even if the listing is by id.

    ``seen`` are all ids met, ``counted`` those that count against the ``limit``, ``doubled`` the rows that came twice.
    ``total`` and ``last_total`` are the site's counts on the first page and on the last page of a listing by id.
    ``disorder`` names the parameters that the site ignored. ``doubtful``: the listing reached its end, but another
    listing must confirm it. ``unproven``: the listing ended early, and rows may be missing. ``repeating``: the site
    gave the same page again whatever was asked for. ``endless``: the listing continued after the last row.
    ``in_turns``: the counts of the site alternate between two numbers, so its answers come from two states of the site.
    """

    base: Mapping[str, str | int]
    dated: bool = True
    has_dates: bool = False
    newest_first: bool = False
    limit: int | None = None
    per_page: int = PER_PAGE
    can_exclude: bool = True
    stage: Stage = field(init=False)
    ways: Iterator[Callable[[], Stage | None]] = field(init=False, compare=False, repr=False)
    seen: IdSet = field(default_factory=IdSet)
    counted: int = 0
    doubled: int = 0
    idle: int = 0
    total: int | None = None
    last_total: int | None = None
    expected: int | None = None
    disorder: list[str] = field(default_factory=list)
    done: bool = False
    doubtful: bool = False
    unproven: bool = False
    repeating: bool = False
    endless: bool = False
    in_turns: bool = False
    totals: tuple[int | None, ...] = ()

    def __post_init__(self) -> None:
        self.ways = iter((self._by_offset, self._by_page, self._by_window, self._by_include))
        if self.dated:
            self.stage = ByDate(newest_first=self.newest_first, can_exclude=self.can_exclude)
        else:
            self.stage = next(self.ways)() or ById()

    # The ways of listing. Each way is tried when the way before it has failed.

    def _by_offset(self) -> Stage:
        return ById(descending=self.newest_first)

    def _by_page(self) -> Stage | None:
        if not isinstance(self.stage, ById) or self.stage.ignored != "offset=":
            return None
        stage, opening = ById(descending=self.stage.descending, by_page=True), self.stage.opening
        if opening is None or opening.size != self._page_size() or stage.take(opening) is not Turn.ON:
            # Otherwise the first page came already: its query is the same in both ways.
            stage = ById(descending=self.stage.descending, by_page=True)
        # Pages that do not overlap show less of a wrong order than the listing before them did.
        stage.astray, stage.repeated = self.stage.astray, self.stage.repeated
        return stage

    def _by_window(self) -> Stage | None:
        return ByWindow(self.base) if self.dated or self.has_dates else None

    def _by_include(self) -> Stage | None:
        stage = ByInclude(largest=max(self.seen, default=0), total=self.total, batch=self.per_page)
        return stage if stage.is_affordable else None

    @property
    def by_page(self) -> bool:
        """Whether the rows came by page numbers, which shift with each deletion."""
        return isinstance(self.stage, ById) and self.stage.by_page

    # The place of the cursor.

    def resume(self, position: Mapping[str, Any]) -> bool:
        """Continue at a ``position`` of an earlier run. Returns False, and changes nothing, for a position by id."""
        if not isinstance(self.stage, ByDate) or not self.stage.resume(position):
            return False
        self.seen |= self.stage.at_date
        return True

    def position(self) -> dict[str, Any]:
        """The place at which a later run may continue, for ``resume``; a listing by id has no such place."""
        return self.stage.position() if isinstance(self.stage, ByDate) else {"mode": "id"}

    def stop_excluding(self) -> None:
        """Ask without ``exclude``, since the site refuses it."""
        self.can_exclude = False
        if isinstance(self.stage, ByDate):
            self.stage.can_exclude = False

    # Queries.

    def params(self) -> Params:
        """The parameters of the next query."""
        return {**self.base, "per_page": self._page_size(), **self.stage.params()}

    def _page_size(self) -> int:
        # A listing by id reads rows that were seen before, and its pages must not become shorter than its steps.
        stage = self.stage
        by_date = isinstance(stage, ByDate) and stage.second is None
        if self.limit is None or not isinstance(stage, ByDate) or not by_date or len(self.seen) > self.counted:
            return self.per_page
        # Without ``exclude`` the rows of the last second come again, and take places on the page.
        again = 0 if self.can_exclude else len(stage.at_date)
        return min(self.per_page, max(1, self.limit - self.counted + again))

    def last_row_params(self) -> Params:
        """The parameters of a query for the last row of the listing, which ``is_endless`` compares."""
        key = "date" if isinstance(self.stage, ByDate) else "id"
        descending = self.stage.descending if isinstance(self.stage, ById) else self.newest_first
        return {**self.base, "per_page": 1, "orderby": key, "order": "asc" if descending else "desc"}

    @property
    def is_overdue(self) -> bool:
        """Whether more rows came than the site's count explains, so the last row must be requested."""
        if not len(self.seen):
            return False
        if self.expected is None:
            self.expected = MORE_ROWS + 2 * min(self.total or MORE_ROWS, BELIEVED_TOTAL)
        return len(self.seen) > self.expected

    def look_at_the_end(self, last: Row | None) -> None:
        """If the ``last`` row is after the place, continue up to twice as many rows; otherwise end the listing."""
        self.expected = 2 * len(self.seen)
        if len(self.seen) > MOST_ROWS or last is None or self._has_passed(last):
            self.endless = self.unproven = self.done = True
            self._note("the end of the listing")

    def _has_passed(self, last: Row) -> bool:
        stage = self.stage
        if isinstance(stage, ByDate):
            end, place = last.date or "", stage.date or ""
            return end > place if self.newest_first else end < place
        if isinstance(stage, ById) and stage.last_id is not None:
            return last.id > stage.last_id if stage.descending else last.id < stage.last_id
        return False

    # Pages.

    def _is_full(self) -> bool:
        return self.limit is not None and self.counted >= self.limit

    def take(self, rows: Sequence[Row], *, total: int | None, pages: int | None = None) -> list[int]:
        """Take the rows of one page. Returns the indexes of the rows that are new.

        ``total`` and ``pages`` are the reply's ``X-WP-Total`` and ``X-WP-TotalPages``, None where they are missing. A
        short page does not end the walk, and neither does an empty page while the site counts more rows: WordPress
        skips rows that visitors may not read.
        """
        self.total = total if self.total is None else self.total
        if isinstance(self.stage, ById):
            # Totals are kept for this way of listing only. In other ways, each answer counts another part of the rows.
            self.last_total, self.totals = total, (*self.totals, total)[-TURNS:]
            self.in_turns = self.in_turns or are_turns(self.totals)
        fresh = self._register(rows)
        size = self._page_size()
        place = self.stage.place
        turn = self.stage.take(Page(rows=rows, fresh=fresh, size=size, total=total, pages=pages))
        if turn is Turn.ON:
            self.idle = 0 if fresh or self.stage.place != place else self.idle + 1
            turn = self.stage.fall("") if self.idle >= IDLE else turn
        self._go(turn)
        if self._is_full():
            # If the order of the rows is wrong, they may not be the newest rows.
            self.done, self.unproven = True, self.unproven or bool(self.disorder)
        return fresh

    def _register(self, rows: Sequence[Row]) -> list[int]:
        fresh = []
        here: set[int] = set()
        by_date = isinstance(self.stage, ByDate) and self.stage.second is None
        for index, row in enumerate(rows):
            if self._is_full():
                break
            if row.id not in self.seen:
                self.seen.add(row.id)
                self.counted += row.counts
                fresh.append(index)
            elif by_date or row.id in here:
                # A listing by id reads rows that were seen before. Only a row that is twice on one page is doubled.
                self.doubled += 1
            here.add(row.id)
        return fresh

    def past_the_end(self, *, proven: bool = True) -> None:
        """End the listing: the site refused a page number, so there are no more rows."""
        self._go(self.stage.past_the_end())
        self.unproven = self.unproven or (self.done and not proven)

    def is_counted(self, params: Params) -> bool:
        """Whether the site counts rows at the place of ``params``. Then its refusal of the query is not the end of the
        listing.
        """
        page, offset = params.get("page", 1), params.get("offset")
        if not isinstance(page, int) or not isinstance(offset, int | None) or self.last_total is None:
            return False
        return (offset if offset is not None else (page - 1) * self.per_page) < self.last_total

    def refuse(self, params: Params) -> bool:
        """Change to another way of listing, since the site fails on ``params`` after its first page. Returns whether
        there is one."""
        stage = self.stage
        if isinstance(stage, ByDate):
            ignored = next((f"{name}=" for name in ("after", "before") if params.get(name) != self.base.get(name)), "")
        else:
            ignored = next((f"{name}=" for name in ("offset", "page") if name in params), "")
        if not ignored or not isinstance(stage, ByDate | ById):
            return False
        self._go(stage.fall(ignored))
        return not self.done

    def _go(self, turn: Turn) -> None:
        """Continue as the turn of the stage requires."""
        stage = self.stage
        if turn is Turn.FLIP and "order=" in self.disorder:
            # The ids fall in both orders: the site ignores the order of ids and lists by date.
            stage.ignored, turn = "orderby=id", Turn.FALL
        if turn is Turn.FLIP and isinstance(stage, ById):
            self.stage, self.doubtful = ById(descending=not stage.descending, by_page=stage.by_page), True
            self._note("order=")
        elif turn is Turn.END and isinstance(stage, ById) and self._may_lack_rows(stage):
            self._note("orderby=id")
            self._fall()
        elif turn is Turn.FALL:
            self._note(stage.ignored)
            self._fall()
        elif turn in (Turn.END, Turn.BROKEN):
            self.done, self.unproven = True, turn is Turn.BROKEN
            # Page numbers shift with each deletion; rows out of order may hide others.
            self.doubtful = self.doubtful or self.by_page or (isinstance(stage, ByDate) and stage.astray)

    def _may_lack_rows(self, stage: ById) -> bool:
        """Whether a listing by id that reached its end may lack rows that the site shows.

        A site may order by date although the query asks for the order of ids. Rows of equal dates then change their
        places between two queries, so one row comes twice and another row does not come. The row that did not come must
        not count as a row that the site counts and hides.
        """
        if not self.last_total or self.last_total < len(self.seen):
            # No count confirms the listing.
            return stage.astray
        is_steady = self.total == self.last_total
        return is_steady and len(self.seen) < self.last_total and (stage.astray or stage.repeated)

    def _fall(self) -> None:
        """Change to the next way of listing. If there is none, the listing ends early."""
        self.idle = 0
        for way in self.ways:
            if (stage := way()) is not None:
                self.stage, self.doubtful = stage, True
                return
        self.done = self.unproven = True
        self.repeating = "page=" in self.disorder or "after=, before=" in self.disorder

    def _note(self, ignored: str) -> None:
        if ignored and ignored not in self.disorder:
            self.disorder.append(ignored)
