"""The attention that a site has gathered since its last check, and when the attention suffices for the next check.

The aim is the least mean delay from publishing to archive, the sum of ``weight * rate * interval / 2`` over all sites,
under a budget of requests, the sum of ``cost / interval``. The optimum by Lagrange's rule is ``interval = sqrt(2 * L *
cost / (weight * rate))``: the number of checks grows with the square root of the rate, not with the rate (the model is
that of Sia and Cho, 2007). The online form needs no solver: a site gathers ``sqrt(weight * rate / cost)`` a day, and is
due when it has gathered ``sqrt(2 * L)``, which is the ``threshold`` here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import sqrt

from newsbot.schedule.habit import HOURS, PublishingHabit

_WEEK = timedelta(days=7)
_WEEK_BEGAN = datetime(1970, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AttentionCurve:
    """The attention that a site gathers over a week. ``gathered`` holds 169 sums: before each hour, and after the last.

    The unit of attention is the square root of (posts a day / requests), times days.
    """

    gathered: tuple[float, ...]

    @classmethod
    def of(cls, habit: PublishingHabit, *, weight: float = 1.0, cost: float = 1.0) -> AttentionCurve:
        """The curve of a site with ``habit``, whose delay counts ``weight`` times, and whose check costs ``cost``
        requests. Both are positive."""
        steps = (sqrt(weight * rate / cost) / 24 for rate in habit.posts_per_day_by_hour())
        return cls(tuple(accumulate(steps, initial=0.0)))

    @property
    def per_day(self) -> float:
        """The mean attention that the site gathers in a day."""
        return self.gathered[-1] / 7

    def between(self, since: datetime, until: datetime) -> float:
        """The attention gathered from ``since`` to ``until`` (aware times); 0 where ``until`` is not later."""
        return max(0.0, self._before(until) - self._before(since))

    def reaches(self, threshold: float, *, since: datetime) -> datetime:
        """When the attention gathered since ``since`` reaches ``threshold``."""
        weeks, rest = divmod(self._before(since) + threshold, self.gathered[-1])
        hour = min(max(bisect_left(self.gathered, rest) - 1, 0), HOURS - 1)
        within = (rest - self.gathered[hour]) / (self.gathered[hour + 1] - self.gathered[hour])
        return _WEEK_BEGAN + weeks * _WEEK + timedelta(hours=hour + within)

    def _before(self, moment: datetime) -> float:
        """The attention gathered from the first Monday of 1970 to ``moment``."""
        weeks, rest = divmod(moment - _WEEK_BEGAN, _WEEK)
        hours = rest / timedelta(hours=1)
        hour = min(int(hours), HOURS - 1)
        within = (hours - hour) * (self.gathered[hour + 1] - self.gathered[hour])
        return weeks * self.gathered[-1] + self.gathered[hour] + within


@dataclass(frozen=True, slots=True)
class SiteDemand:
    """What a site needs from the budget: the mean ``attention`` that the site gathers in a day, the ``cost`` of its
    check in requests, and the ``shortest`` and ``longest`` time between two checks. ``sites``: the number of sites with
    these values."""

    attention: float
    cost: float
    shortest: timedelta
    longest: timedelta
    sites: int = 1

    def requests_per_day(self, threshold: float) -> float:
        """The requests a day that the checks of the sites cost, if each is due at ``threshold``."""
        longest, shortest = self.longest / timedelta(days=1), self.shortest / timedelta(days=1)
        interval = threshold / self.attention if self.attention > 0 else longest
        return self.sites * self.cost / min(max(interval, shortest), longest)


def threshold_for(demands: Iterable[SiteDemand], *, requests_per_day: float) -> float:
    """The threshold at which the checks of all sites use ``requests_per_day``.

    If even the longest intervals cost more than the budget, this is the threshold at which every site is checked as
    rarely as its bounds allow. If the shortest intervals cost less, this is the threshold at which every site is
    checked as often as its bounds allow. ``requests_per_day`` is positive.
    """
    sites = list(demands)
    day = timedelta(days=1)
    low = min((site.attention * (site.shortest / day) for site in sites), default=1.0)
    high = max((site.attention * (site.longest / day) for site in sites), default=1.0)
    if low <= 0 or sum(site.requests_per_day(low) for site in sites) <= requests_per_day:
        return low
    # The cost falls as the threshold rises. Sixty halvings of the logarithm reach the precision of a float.
    for _ in range(60):
        middle = sqrt(low * high)
        if sum(site.requests_per_day(middle) for site in sites) > requests_per_day:
            low = middle
        else:
            high = middle
    return high
