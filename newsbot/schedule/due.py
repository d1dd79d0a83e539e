"""When a site is next due: by its habit, by a fixed interval, or by the back-off after a failure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsbot.schedule.attention import AttentionCurve

SHORTEST = timedelta(minutes=5)
"""The least time between two checks of a site."""

LONGEST = timedelta(days=7)
"""The most time between two checks of a site: a week is also the time after which all ids are compared."""

FULL_CHECK = timedelta(days=1)
"""The time after which a check of one request is not enough: such a check misses a deletion if a row was also
inserted."""

FIRST_RETRY = timedelta(minutes=15)
LAST_RETRY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a site may be checked. ``every`` fixes the interval; otherwise the habit decides, within bounds.

    All times are positive, and ``shortest`` is at most ``longest``."""

    every: timedelta | None = None
    shortest: timedelta = SHORTEST
    longest: timedelta = LONGEST

    def next_check(self, checked: datetime, curve: AttentionCurve, *, threshold: float) -> datetime:
        """When the site is due after a check at ``checked`` (aware) that succeeded."""
        if self.every is not None:
            return checked + self.every
        # A quiet site reaches the threshold in centuries, which no datetime holds.
        if curve.between(checked, checked + self.longest) <= threshold:
            return checked + self.longest
        return max(curve.reaches(threshold, since=checked), checked + self.shortest)


def next_try(failed: datetime, failures: int, rng: random.Random, *, blocked_until: datetime | None = None) -> datetime:
    """The time at which a failed site is due again.

    The site failed at ``failed`` (aware), for the ``failures``-th time in a row.

    The pause doubles from 15 minutes to a day, and is up to a quarter longer by chance, so that sites that failed
    together do not return together. ``blocked_until`` is the time before which the site asked for no requests: the site
    is never due earlier.
    """
    # The cap is reached at the eighth failure; a larger power would exceed every timedelta.
    pause: timedelta = min(LAST_RETRY, FIRST_RETRY * 2 ** min(max(failures - 1, 0), 16))
    due = failed + pause * (1 + rng.random() / 4)
    return due if blocked_until is None else max(due, blocked_until)


def needs_full_check(checked: datetime | None, now: datetime) -> bool:
    """Whether a check of one request does not suffice now. ``checked`` is the time of the last full check.

    True also if ``checked`` is after ``now``: the clock was set back, and the real time since the check is unknown.
    """
    return checked is None or checked > now or now - checked >= FULL_CHECK
