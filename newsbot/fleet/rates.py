"""The work of a worker in the last minute. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """Sites, rows and requests a minute."""

    sites: float = 0.0
    rows: float = 0.0
    requests: float = 0.0


class Rates:
    """Turns sums that only grow into rates."""

    def __init__(self) -> None:
        self._sums: deque[tuple[float, int, int, int]] = deque()

    def after(self, now: float, *, sites: int, rows: int, requests: int) -> Rate:
        """The rates over the last minute, or since the first call if it was less than a minute ago. ``now``: seconds
        that only grow."""
        self._sums.append((now, sites, rows, requests))
        while len(self._sums) > 2 and now - self._sums[1][0] >= MINUTE:
            self._sums.popleft()
        began, *first = self._sums[0]
        if now <= began:
            return Rate()
        scale = MINUTE / (now - began)
        return Rate(*(scale * (last - before) for last, before in zip((sites, rows, requests), first, strict=True)))
