"""Lists a collection in the order of its ids, in pages that overlap.

A deletion moves all later rows forward, so that the next page may begin after a gap. Ids only grow along the listing:
if a page begins at an id that an earlier page had, there is no gap before the page, whatever was deleted in between.
"""

from __future__ import annotations

from collections.abc import Hashable

from newsbot.wordpress.collection.order import is_unordered, out_of_order
from newsbot.wordpress.collection.pages import EMPTY_PAGES, Growth, Page, Params, Stage, Turn

OVERLAP = 5
"""The rows that two pages have in common: so many rows may be deleted between two queries before a step back is
necessary."""

EMPTY_BEHIND = 3
"""The number of empty pages in a row that end a listing without a total, if a page was not full: the site hides rows,
and may hide all rows of a page."""

MAX_GAPS = 12
"""The listing is unproven after this many steps back at one id, while rows are deleted again and again."""


class ById(Stage):
    """The listing by id: with ``offset=``, or (``by_page``) with ``page=``, whose pages cannot overlap.

    ``last_id`` is the id that the listing has reached. ``total`` is the site's count at the last page that followed
    without a gap. ``covered``: whether that page reached this count. ``gap`` is the last gap that could not be closed
    by a step back: the ids before and after the gap. ``uneven``: a page with rows after it had fewer than others.
    ``behind`` is the offset after the last page with rows. ``astray``: rows were out of order, though so few on each
    page that a plugin may put them there. ``repeated``: a page had more rows of earlier pages than their overlap holds,
    so that another row may be missing on the page. ``whole`` are the ids of a first page that has as many rows as the
    site counts. ``opening`` is the first page.
    """

    __slots__ = (
        *("descending", "by_page", "window", "offset", "page", "last_id", "gap", "gaps", "total", "covered"),
        *("stepping", "empty_pages", "first", "forms", "growth", "most_rows", "unproven"),
        *("uneven", "fewest_rows", "behind", "astray", "repeated", "reached", "whole", "opening"),
    )

    def __init__(self, *, descending: bool = False, by_page: bool = False, window: Params | None = None) -> None:
        super().__init__()
        self.descending, self.by_page, self.window = descending, by_page, window or {}
        self.offset, self.page, self.last_id = 0, 1, None
        self.gap: tuple[int | None, int | None] | None = None
        self.gaps = 0
        self.total: int | None = None
        self.covered = self.stepping = self.unproven = self.uneven = False
        self.empty_pages = self.most_rows = self.fewest_rows = self.behind = self.reached = 0
        self.astray = self.repeated = False
        self.growth = Growth()
        self.first: tuple[int, int] | None = None
        self.forms: dict[int, dict[int | None, int]] = {}
        self.whole: list[int] | None = None
        self.opening: Page | None = None

    last_id: int | None

    @property
    def place(self) -> Hashable:
        return self.last_id

    def params(self) -> Params:
        params: Params = {"orderby": "id", "order": "desc" if self.descending else "asc", **self.window}
        if self.by_page and self.page > 1:
            params["page"] = self.page
        elif self.offset:
            params["offset"] = self.offset
        return params

    @property
    def _at(self) -> int:
        return self.page if self.by_page else self.offset

    def past_the_end(self) -> Turn:
        return Turn.BROKEN if self.unproven else Turn.END

    def take(self, page: Page) -> Turn:
        self.opening = self.opening or page
        ids = [row.id for row in page.rows]
        astray = out_of_order(ids, descending=self.descending)
        if is_unordered(len(astray), len(ids)):
            backwards = len(out_of_order(ids, descending=not self.descending))
            if self.last_id is None and not is_unordered(backwards, len(ids)):
                return Turn.FLIP
            return self.fall("orderby=id")
        self._note_repeated(page)
        self.astray = self.astray or bool(astray)
        for index in reversed(astray):
            del ids[index]
        total = self._believed(page, len(ids))
        if self._is_confirmed(ids, page):
            return self.past_the_end()
        if not ids or self._is_behind(ids, page, total):
            return self._take_nothing(page, total)
        if self._went_back(ids[0]) or self._came_before(ids, page):
            return self.fall("page=" if self.by_page else "offset=")
        return self._turn(ids, page, total)

    def _is_confirmed(self, ids: list[int], page: Page) -> bool:
        """Whether the second page shows that the first page had every row: it has the last rows of the first page and
        no other, and the same count. A plugin that sends the number of rows on each page as the total sends another
        total with the second page."""
        whole, self.whole = self.whole, None
        if self.last_id is None and not self.by_page and page.total == len(page.rows) == len(ids):
            self.whole = ids
        return whole is not None and page.total == len(whole) > len(ids) and ids == whole[self.offset :]

    def _note_repeated(self, page: Page) -> None:
        """Notice a page that repeats more rows than its overlap holds. ``reached`` is the offset after all pages."""
        if self.last_id is not None:
            fresh = set(page.fresh)
            again = [row for index, row in enumerate(page.rows) if index not in fresh]
            passed = sum(not self._is_after(row.id, self.last_id) for row in again)
            self.repeated = self.repeated or passed > (0 if self.by_page else max(0, self.reached - self.offset))
        self.reached = max(self.reached, self.offset + page.places)

    def _believed(self, page: Page, rows: int) -> int | None:
        """The total of a page. None where it is too low to be true, such as 0 with rows."""
        total = page.total
        return None if total is not None and rows and total < rows + (0 if self.by_page else self.offset) else total

    def _is_behind(self, ids: list[int], page: Page, total: int | None) -> bool:
        """Whether a page has only rows that the listing passed, where the site counts no more rows: a plugin puts
        these rows on every page."""
        if self.last_id is None or page.fresh or self.stepping:
            return False
        if len(ids) >= self.most_rows > 1:
            # A full page of rows that the listing already has: the site gives the same page again.
            return False
        if any(self._is_after(row_id, self.last_id) for row_id in ids):
            return False
        start = (self.page - 1) * self._size(page) if self.by_page else self.offset
        return total - start <= OVERLAP if total is not None else hash(tuple(ids)) in self.forms

    def _is_after(self, row_id: int, other: int) -> bool:
        return row_id < other if self.descending else row_id > other

    def _went_back(self, first: int) -> bool:
        """Whether a page begins before a page with a lower offset. Then the site ignores the offset, since deletions
        move rows in the other direction."""
        at = self._at
        (asked, begun), self.first = self.first or (at, first), (at, first)
        return at > asked and self._is_after(begun, first)

    def _came_before(self, ids: list[int], page: Page) -> bool:
        """Whether the same page came for another offset, and no deletion moved its rows: the site ignores the offset.

        If rows at the ends of a page are hidden, its other rows may stay the same. But no page has more rows than the
        remaining ones.
        """
        # Only pages with equal counts are compared: no row appeared or vanished between the two.
        asked = self.forms.setdefault(hash(tuple(ids)), {}).setdefault(page.total, self._at)
        if self.stepping or self._at <= asked:
            return False
        is_full = len(ids) >= self.most_rows > 1
        if self.by_page or (is_full and page.total and len(ids) > page.total - self.offset):
            return True
        return self._at - asked > page.places - len(ids)

    def _size(self, page: Page) -> int:
        """The rows that a page passes."""
        return min(page.size, self.most_rows or page.places)

    def _reached(self, page: Page) -> int:
        return (self.page * self._size(page)) if self.by_page else self.offset + self._size(page)

    # A page with rows.

    def _turn(self, ids: list[int], page: Page, total: int | None) -> Turn:
        last, self.empty_pages = self.last_id, 0
        self.uneven = self.uneven or 0 < self.fewest_rows < max(self.most_rows, len(ids))
        self.most_rows = max(self.most_rows, len(ids))
        self.fewest_rows = min(self.fewest_rows or len(ids), len(ids))
        self.behind = self.offset + len(ids)
        gap = last is None or self._is_after(ids[0], last)
        if gap and self.offset and not self.by_page and not self._accepts(ids[0], total):
            return self._step_back()
        if not gap or not self.offset:
            self.total = total
        self.stepping = False
        ends = [ids[-1], *([] if last is None else [last])]
        self.last_id = min(ends) if self.descending else max(ends)
        if self.last_id != last:
            self.gaps = 0
        full = min(self.most_rows, page.size)
        # Some plugins send the number of rows on the page as the total.
        is_of_page = total == self.offset + len(ids)
        # Such a total does not prove the end if the page is full, or if the listing is at the beginning again.
        is_doubtful = is_of_page and (len(ids) >= full or (not self.offset and last is not None))
        self.covered = total is not None and total <= self._reached(page) and not is_doubtful
        self.page += 1
        self.offset += len(ids) if len(ids) <= OVERLAP else max(1, full - OVERLAP)
        return Turn.ON

    def _accepts(self, first: int | None, total: int | None) -> bool:
        """Whether a gap has only hidden rows: a step back shows the same gap again, and the count has not fallen, so no
        row moved forward meanwhile."""
        gap = (self.last_id, first)
        fallen = total is not None and self.total is not None and total < self.total
        if self.gap == gap and not self.stepping and not fallen:
            return True
        if self.gaps >= MAX_GAPS:
            self.unproven = True
            return True
        self.gaps += not self.stepping
        if not self.stepping:
            self.gap = gap
        return False

    def _step_back(self) -> Turn:
        self.stepping, self.empty_pages = True, 0
        # The pages after the rows were empty, and no deletion moves a row there.
        self.offset = max(0, min(self.offset, self.behind) - max(1, self.most_rows // 2))
        return Turn.ON

    # A page without rows.

    def _take_nothing(self, page: Page, total: int | None) -> Turn:
        """Take an empty page. It ends the listing only where the site counts no more rows after it."""
        self.empty_pages += 1
        if self.stepping and self.offset:
            return self._step_back()
        self.stepping = False
        if not total and self.last_id is not None:
            # A count that says nothing of the rows that came: WordPress counts no row after the last one.
            if self.covered or self.empty_pages >= EMPTY_BEHIND or not (self.uneven or self.most_rows < page.size):
                return self._end(None)
            self.page, self.offset = self.page + 1, self.offset + page.size
            return Turn.ON
        if total is None or total <= self._reached(page) or self.growth.is_untrue(total):
            return self._end(total)
        if self.empty_pages >= EMPTY_PAGES:
            return Turn.BROKEN
        self.page += 1
        self.offset += self._size(page)
        return Turn.ON

    def _end(self, total: int | None) -> Turn:
        """End after the last page with rows, if no row moved forward to a place before the offset."""
        first_page = not self.offset or self.by_page
        if not first_page and not self.covered and not self._accepts(None, total):
            return self._step_back()
        return self.past_the_end()
