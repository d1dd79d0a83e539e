"""Brings rows that fail as a batch: in halves, until each row that fails is alone and can be named.

A row whose rendering fails must not stop the rows after it, even if many such rows follow each other. But if a site is
down, its rows must not be reported one by one. A light query, for which the site renders no content, distinguishes the
two cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from newsbot.errors import PayloadError
from newsbot.wordpress.collection.page_size import PageSize
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.replies import is_final

CHECKED = 3
"""Failures in a row after which a light query must show that the site answers."""

MOST_FAILURES = 600
"""Failures in one run of one collection. After them a batch that fails is not halved any further."""


@dataclass(slots=True, kw_only=True)
class Salvage:
    """``ask`` requests a batch, and ``check`` makes a light query for it; both raise PayloadError. ``fail`` reports the
    rows of a batch that cannot be brought. ``sizes`` learns which page size works. ``slowest`` is how many seconds a
    whole row took at most: an answer need not be waited for many times longer.
    """

    ask: Callable[[list[int]], Steps[None]]
    check: Callable[[list[int]], Steps[None]]
    fail: Callable[[list[int], PayloadError], None]
    sizes: PageSize
    failures: int = 0
    in_a_row: int = 0
    slowest: float = 0.0

    def came(self, rows: int, seconds: float) -> None:
        """Note that an answer with ``rows`` whole rows took ``seconds``."""
        if rows:
            self.slowest = max(self.slowest, seconds / rows)

    def usual(self, rows: int) -> float:
        """Seconds that an answer with ``rows`` whole rows takes at most; 0 if no answer came yet."""
        return self.slowest * rows

    def bring(self, ids: Sequence[int], *, failed: PayloadError | None = None) -> Steps[bool]:
        """Bring ``ids``. Returns whether all came. ``failed``: these rows failed as one page already.

        Raises PayloadError if the fault is final, or if the query without content fails too.
        """
        batch = list(ids)
        if failed is None:
            # A size that proved too large meanwhile would only fail again.
            if len(batch) > self.sizes.size:
                return (yield from self._halves(batch))
            failed = yield from self._try(batch)
            if failed is None:
                return True
        if len(batch) == 1 or self.failures >= MOST_FAILURES:
            self.fail(batch, failed)
            return False
        whole = yield from self._halves(batch)
        if whole:
            self.sizes.too_large(len(batch), -(-len(batch) // 2))
        return whole

    def _halves(self, batch: list[int]) -> Steps[bool]:
        middle = -(-len(batch) // 2)
        first = yield from self.bring(batch[:middle])
        second = yield from self.bring(batch[middle:])
        return first and second

    def _try(self, batch: list[int]) -> Steps[PayloadError | None]:
        """Ask for a batch. Returns the fault where it failed."""
        try:
            yield from self.ask(batch)
        except PayloadError as fault:
            if is_final(fault):
                raise
            self.failures += 1
            self.in_a_row += 1
            if self.in_a_row >= CHECKED:
                try:
                    yield from self.check(batch)
                except PayloadError:
                    raise fault from None
                self.in_a_row = 0
            return fault
        self.in_a_row = 0
        self.sizes.came(len(batch))
        return None
