"""Asks for every id from 1 to the largest one, with ``include=``: the site leaves out the ids that it does not have.

The last way to list a collection that ignores order, offsets and dates. It costs a request for each hundred ids, so it
is used only where enough of the ids are rows of the collection.
"""

from __future__ import annotations

from collections.abc import Hashable

from newsbot.wordpress.collection.pages import Page, Params, Stage, Turn

LEAST_REQUESTS = 100
"""Batches that may be requested, even if the site counts few rows."""

ROWS_PER_REQUEST = 10
"""Rows that a batch must bring on average. If it brings fewer, the listing is too expensive."""

EMPTY_BATCHES = 3
"""Empty batches in a row, after the largest known id, that end the listing."""


class ByInclude(Stage):
    """``largest`` is the largest id that a listing showed, ``total`` the site's count, ``batch`` the ids in a query."""

    __slots__ = ("allowed", "batch", "empty", "largest", "next_id", "ranges", "requests")

    def __init__(self, *, largest: int, total: int | None, batch: int) -> None:
        super().__init__()
        self.largest, self.batch = largest, batch
        self.allowed = LEAST_REQUESTS + (total or 0) // ROWS_PER_REQUEST
        self.ranges: list[tuple[int, int]] = []
        self.next_id, self.empty, self.requests = 1, 0, 0

    @property
    def is_affordable(self) -> bool:
        """Whether enough of the ids up to the largest one are rows of the collection."""
        return self.largest > 0 and self.largest // self.batch <= self.allowed

    @property
    def place(self) -> Hashable:
        return self.requests

    def _range(self) -> tuple[int, int]:
        """The first id of the next batch, and the id after its last one."""
        return self.ranges[-1] if self.ranges else (self.next_id, self.next_id + self.batch)

    def params(self) -> Params:
        first, behind = self._range()
        return {"include": list(range(first, behind)), "orderby": "include"}

    def take(self, page: Page) -> Turn:
        first, behind = self._range()
        if self.ranges:
            self.ranges.pop()
        else:
            self.next_id = behind
        self.requests += 1
        ids = [row.id for row in page.rows]
        inside = sum(first <= row_id < behind for row_id in ids)
        if len(ids) - inside > max(1, inside):
            # A plugin may add one row of its own to each page.
            return self.fall("include=")
        if page.total is not None and page.total > len(ids) > 0 and behind - first > len(ids):
            # A plugin forces a smaller page than was asked for; or some of the rows are hidden.
            middle = (first + behind) // 2
            self.ranges += [(middle, behind), (first, middle)]
        self.largest = max(self.largest, *ids) if inside else self.largest
        self.empty = self.empty + 1 if behind > self.largest and not inside else 0
        if self.requests > 2 * self.allowed:
            return Turn.BROKEN
        return Turn.END if self.empty >= EMPTY_BATCHES and not self.ranges else Turn.ON
