"""The heartbeat of a worker, as the worker itself sees it."""

from __future__ import annotations

import time
from collections.abc import Callable

BEAT_SECONDS = 5.0
"""How often a worker writes its heartbeat."""

LONGEST_GAP = 20.0
"""Seconds without a heartbeat after which a worker stops its requests. This is less than STALE_SECONDS, so no other
worker has the sites of the worker by then."""

STALE_SECONDS = 30
"""Seconds without a heartbeat after which other workers take over the jobs of a worker."""

CLOCK_TOLERANCE = 30.0
"""Seconds by which the clock of a worker may differ from that of the database."""


def running_seconds() -> float:
    """The seconds of a clock that cannot be set, and that also counts while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Pulse:
    """When the database last had a heartbeat of this worker. ``now`` gives seconds that only grow."""

    def __init__(self, now: Callable[[], float] = running_seconds) -> None:
        self._now = now
        self._last = now()
        self._lost = False

    def ask(self) -> float:
        """The time that ``beat`` needs as its argument. It is read before the heartbeat is written."""
        return self._now()

    def beat(self, asked: float) -> None:
        """Note that the database has the heartbeat that was written at ``asked``."""
        self._last = asked

    def lose(self) -> None:
        """Note that other workers have the jobs of this worker, or may have them."""
        self._lost = True

    @property
    def age(self) -> float:
        """The seconds since the last heartbeat."""
        return self._now() - self._last

    @property
    def alive(self) -> bool:
        """Whether no other worker can have the jobs of this worker."""
        if not self._lost and self.age > LONGEST_GAP:
            self._lost = True  # for good: a heartbeat that comes later does not bring the jobs back
        return not self._lost


def clock_difference(before: float, after: float, theirs: float) -> float | None:
    """By how many seconds the worker's clock is ahead of another clock. The other clock showed ``theirs`` at a time
    between ``before`` and ``after`` of the worker's clock. None if the two clocks may agree."""
    if before - CLOCK_TOLERANCE <= theirs <= after + CLOCK_TOLERANCE:
        return None
    return before - theirs if theirs < before else after - theirs
