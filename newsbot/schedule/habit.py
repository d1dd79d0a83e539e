"""A site's publishing habit: how many posts a day the site publishes, and at which hours of the week.

The rate is learnt from the publication times of the posts, so that no check is needed to learn it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOURS = 168
"""Hours of a week. The first is Monday, 00:00 to 01:00 UTC."""

PSEUDO_POSTS = 12.0
"""The number of posts, spread evenly over the week, that are added to every habit, so that a few posts of a young site
do not give some hours a very high rate."""

HALF_LIFE_DAYS = 56.0
"""Days after which a post counts half, so that the habit follows a site that publishes less, or at other hours."""

_WEEK_BEGAN = datetime(1970, 1, 5, tzinfo=UTC)
_HOUR = timedelta(hours=1)


def hour_of_week(moment: datetime) -> int:
    """The hour of the week of an aware ``moment``, 0 to 167, in UTC."""
    return int((moment - _WEEK_BEGAN) / _HOUR) % HOURS


@dataclass(frozen=True, slots=True)
class PublishingHabit:
    """How often a site publishes. ``days`` were observed; ``hours`` holds the posts of each hour of the week. Both are
    discounted by age, so neither needs to be a whole number; none is negative."""

    days: float = 0.0
    hours: tuple[float, ...] = (0.0,) * HOURS

    def observe(self, published: Iterable[datetime], *, days: float) -> PublishingHabit:
        """The habit after ``days`` more days. ``published`` are the times (aware) of the posts of these days."""
        kept = 0.5 ** (max(days, 0.0) / HALF_LIFE_DAYS)
        hours = [count * kept for count in self.hours]
        for moment in published:
            hours[hour_of_week(moment)] += 1.0
        return PublishingHabit(days=self.days * kept + max(days, 0.0), hours=tuple(hours))

    @property
    def posts_per_day(self) -> float:
        """The estimated rate. Half a post and one day are added: a site without a post is rare, not dead."""
        return (sum(self.hours) + 0.5) / (self.days + 1.0)

    def posts_per_day_by_hour(self) -> list[float]:
        """The estimated rate in each hour of the week, in posts a day. The mean over the week is ``posts_per_day``."""
        smoothed = _smooth(self.hours)
        mean = (sum(smoothed) + PSEUDO_POSTS) / HOURS
        rate, pseudo = self.posts_per_day, PSEUDO_POSTS / HOURS
        return [rate * (count + pseudo) / mean for count in smoothed]


def _smooth(hours: Sequence[float]) -> list[float]:
    """The smoothed hours of the week: half of an hour's own posts, and a quarter of the posts of the hour before and of
    the hour after. The last hour of the week is followed by the first."""
    return [hours[hour - 1] / 4 + hours[hour] / 2 + hours[(hour + 1) % HOURS] / 4 for hour in range(HOURS)]
