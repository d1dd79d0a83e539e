"""The page size for whole rows that the site's server can send. Pure.

Some servers always fail on a large page of whole rows (500, 502, a timeout, an answer that is too large). The right
size is found once, and is used for the rest of the walk and in later runs. A larger page is tried again from time to
time.
"""

from __future__ import annotations

from dataclasses import dataclass

REGROW = 20
"""Pages in a row that must come before a larger page is tried, once a run: a server that failed before may be faster
now."""


@dataclass(slots=True, kw_only=True)
class PageSize:
    """``size`` is in use, ``limit`` the most that the site accepts. ``largest`` is the largest page that came since a
    page was found too large, ``in_a_row`` counts the pages of the full size that came, ``trying`` is the size before a
    larger page was tried. ``settled``: no larger page is tried in this run.
    """

    size: int
    limit: int
    largest: int = 0
    in_a_row: int = 0
    trying: int | None = None
    settled: bool = False

    def came(self, asked: int) -> None:
        """Note that a page of ``asked`` whole rows came, and try a larger page if enough pages came."""
        self.largest = max(self.largest, asked)
        if asked < self.size:
            return
        self.in_a_row += 1
        if self.trying is not None:
            # The larger page came too, so a still larger page is tried.
            self.trying, self.in_a_row = None, REGROW
        if self.in_a_row >= REGROW and self.size < self.limit and not self.settled:
            self.trying, self.size = self.size, min(2 * self.size, self.limit)

    def failed(self) -> bool:
        """Note that a page failed. Returns whether the failed page was a trial of a larger size: then the earlier size
        is used again."""
        if self.trying is None:
            return False
        self.size, self.trying, self.in_a_row, self.settled = self.trying, None, 0, True
        return True

    def lower(self, limit: int) -> None:
        """Note that the site refuses more than ``limit`` rows."""
        self.limit = min(self.limit, limit)
        self.size = min(self.size, limit)

    def too_large(self, asked: int, parts: int) -> None:
        """Note that a page of ``asked`` rows failed, and that all of its rows came in batches of at most ``parts``
        rows.

        The size counts as the cause. If a page of this size was delivered before, the first failure counts as chance.
        """
        if asked <= self.largest:
            self.largest = 0
            return
        self.size, self.in_a_row = max(1, min(self.size, parts)), 0
