"""What is learnt from one check of a site, and when the site is due after it."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from newsbot.schedule.attention import AttentionCurve
from newsbot.schedule.due import Rhythm, next_try
from newsbot.schedule.habit import PublishingHabit

USUAL_COST = 4.0
"""The assumed requests of a check before the first check: robots.txt, and three questions about changes."""

REMEMBERED = timedelta(weeks=52)
"""How far back the publication times of a site are read when the site is checked for the first time."""

_WEEK = timedelta(weeks=1)
_NEWEST_PART = 0.3
"""How much the newest check counts in the mean cost of a check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What was learnt about a site: its ``habit`` up to ``until``, the mean ``cost`` of a check in requests, and the
    number of ``failures`` since the last check that succeeded."""

    habit: PublishingHabit = field(default_factory=PublishingHabit)
    until: datetime | None = None
    cost: float = USUAL_COST
    failures: int = 0

    def since(self, checked: datetime) -> datetime:
        """The time since which a check at ``checked`` has to read the publication times."""
        return checked - REMEMBERED if self.until is None else self.until

    def succeed(self, *, checked: datetime, published: Iterable[datetime] = (), requests: int | None = None) -> Learnt:
        """The facts after a successful check at ``checked``. ``published``: the times of the posts since
        ``since(checked)``. ``requests``: the number of requests of the check; None if it says nothing about the next
        check."""
        cost = self.cost if requests is None else self.cost + _NEWEST_PART * (max(requests, 1) - self.cost)
        times = sorted(published)
        since = self.since(checked)
        if self.until is None and times:
            # If a site is younger than a year, the time before its first post does not count as quiet.
            since = max(since, times[0])
        habit = self.habit
        while since < checked:
            # The habit is updated week by week, so that an old post counts less than a new one.
            end = min(since + _WEEK, checked)
            of_week = times[bisect_left(times, since) : bisect_left(times, end)]
            habit = habit.observe(of_week, days=(end - since) / timedelta(days=1))
            since = end
        return Learnt(habit=habit, until=max(checked, self.until or checked), cost=cost)

    def fail(self) -> Learnt:
        """The facts after a failed check."""
        return replace(self, failures=self.failures + 1)

    def next_due(
        self,
        checked: datetime,
        *,
        rhythm: Rhythm,
        curve: AttentionCurve,
        threshold: float,
        rng: random.Random,
        blocked_until: datetime | None = None,
    ) -> datetime:
        """When the site is due after a check at ``checked``. ``curve`` is the result of ``curve()``, ``threshold`` that
        of ``attention.threshold_for``.
        """
        if self.failures:
            return next_try(checked, self.failures, rng, blocked_until=blocked_until)
        due = rhythm.next_check(checked, curve, threshold=threshold)
        return due if blocked_until is None else max(due, blocked_until)

    def curve(self, weight: float) -> AttentionCurve:
        """The attention that the site gathers, if its delay counts ``weight`` times."""
        return AttentionCurve.of(self.habit, weight=weight, cost=self.cost)
