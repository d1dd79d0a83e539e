"""Whether a site has published far less than its habit says: it is quiet, or newsbot no longer sees what it publishes.

The posts of a site are modelled as a Poisson process whose rate depends on the hour of the week. Time is measured in
expected posts, so that a night or a weekend is not a silence. By chance, one of ``e ** x`` gaps is ``x`` mean gaps
long: two mean gaps are not rare, and for a site with 1,000 posts a year the longest gap of a year is some seven mean
gaps. A site's silence is compared with that longest gap here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import exp, lgamma, log1p, sqrt
from typing import Self

from newsbot.schedule.attention import AttentionCurve
from newsbot.schedule.habit import HOURS, PSEUDO_POSTS, PublishingHabit
from newsbot.schedule.learning import REMEMBERED, Learnt

FALSE_ALARMS_A_YEAR = 0.2
"""How many false alarms a year the estimate allows for a site. The true number is larger, since habits change."""

FEW = (0, 1, 3, 8)
"""The numbers of posts whose windows are examined: since the newest post, since the second newest, and so on."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Silence:
    """A site published ``posts`` posts after ``since``. By its habit, the site would have published ``expected``
    posts."""

    posts: int
    expected: float
    since: datetime


def silence(published: Sequence[datetime], now: datetime) -> Silence | None:
    """The silence of a site whose posts of the last year were ``published`` (aware, sorted), or None where the site
    keeps its habit."""
    if not published:
        return None
    # The habit is computed up to the newest post: days of silence must not count as a habit.
    habit = Learnt().succeed(checked=published[-1], published=published).habit
    days = min(published[-1] - published[0], REMEMBERED) / _DAY
    expectation = Expectation.of(habit, posts=len(published), days=days)
    for posts in FEW[: len(published)]:
        if posts >= len(published):
            break
        since = published[-1 - posts]
        expected = expectation.between(since, now)
        if expected > expectation.limit(posts):
            return Silence(posts=posts, expected=expected, since=since)
    return None


@dataclass(frozen=True, slots=True)
class Expectation:
    """The posts that a site is expected to publish. ``curve``: the curve of a week, in posts; ``known`` is the number
    of posts that the rate was learnt from; ``per_year`` is the number of posts of a year."""

    curve: AttentionCurve
    known: float
    per_year: float

    @classmethod
    def of(cls, habit: PublishingHabit, *, posts: int, days: float) -> Self:
        """The posts that a site with ``habit`` usually publishes. ``posts`` is the number of its posts in the last
        ``days``.

        The habit depends on the last months; ``days`` cover a year at most. The lower of the two rates is used, since a
        late alarm is better than a false alarm.
        """
        rates = _lower_rates(habit)
        mean = sum(rates) / HOURS
        rate = min(mean, (posts + 0.5) / (days + 1))
        curve = AttentionCurve(tuple(accumulate((rate / mean * each / 24 for each in rates), initial=0.0)))
        return cls(curve, known=max(posts, sum(habit.hours)) + 0.5, per_year=max(1.0, 365 * rate))

    def between(self, since: datetime, until: datetime) -> float:
        """The posts that are expected from ``since`` to ``until``."""
        return self.curve.between(since, until)

    def limit(self, posts: int) -> float:
        """The number of expected posts above which a number of only ``posts`` real posts counts as a silence."""
        chance = FALSE_ALARMS_A_YEAR / len(FEW) / self.per_year
        low, high = posts + 1.0, 1e9
        for _ in range(60):
            middle = sqrt(low * high)
            if _chance_of_at_most(posts, middle, self.known) > chance:
                low = middle
            else:
                high = middle
        return high

    @property
    def longest_gap(self) -> float:
        """The longest gap that the site has in a year on average, in mean gaps."""
        return log1p(self.per_year - 1) + 0.5772


def _lower_rates(habit: PublishingHabit) -> list[float]:
    """The rate of each hour of the week in posts a day. Next to busy hours the smoothed rate of a quiet hour is many
    times too high, so the hour's own posts are used if they are clearly fewer."""
    smoothed = habit.posts_per_day_by_hour()
    scale = sum(smoothed) / (sum(habit.hours) + PSEUDO_POSTS)  # posts a day for each post of the habit
    rates = []
    for own, rate in zip(habit.hours, smoothed, strict=True):
        posts = rate / scale
        lower = own + PSEUDO_POSTS / HOURS
        rates.append(lower * scale if lower < posts - 2 * sqrt(posts) else rate)
    return rates


def _chance_of_at_most(posts: int, expected: float, known: float) -> float:
    """The probability of at most ``posts`` posts if ``expected`` posts are expected by a rate that was learnt from
    ``known`` posts.

    A Poisson number whose rate has a gamma distribution has a negative binomial one.
    """
    share = expected / (known + expected)
    total = 0.0
    for count in range(posts + 1):
        ways = lgamma(known + count) - lgamma(known) - lgamma(count + 1)
        total += exp(ways - known * log1p(expected / known) + count * log1p(share - 1))
    return total
