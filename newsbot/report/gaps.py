"""Gaps in the times of publication that look like holes in the archive. Pure.

A gap is reported only where it cannot be the site's habit: weekends, holidays and slow months are not holes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

SHORTEST = 7
"""The least number of days of a hole."""

AROUND = 30
"""Posts before and after a gap that show how often the site published then."""

EXPECTED = 20
"""The least number of posts that the site would have published in a hole."""

LONGER = 5
"""How many times longer a hole is than nearly all other gaps of the site."""


@dataclass(frozen=True, slots=True)
class Gap:
    """From the day after ``last`` to the day before ``next``, ``days`` in all. ``expected``: the number of posts that
    the site would usually publish in this time."""

    last: date
    next: date
    days: int
    expected: int


def holes(days: Sequence[tuple[str, int]]) -> list[Gap]:
    """The gaps that look like holes, the largest first. ``days``: each day with posts, in order, and their number."""
    dated = [(day, posts) for text, posts in days if (day := _day(text)) is not None]
    gaps = [(after - before).days - 1 for (before, _), (after, _) in pairwise(dated)]
    if len(gaps) < AROUND:
        return []
    usual = sorted(gaps)[len(gaps) * 95 // 100]
    found = []
    for place, length in enumerate(gaps):
        if length >= max(SHORTEST, LONGER * (usual + 1)):
            rate = min(_rate(dated[: place + 1][::-1]), _rate(dated[place + 1 :]))
            if rate * length >= EXPECTED:
                found.append(Gap(dated[place][0], dated[place + 1][0], length, round(rate * length)))
    return sorted(found, key=lambda gap: (-gap.expected, gap.last))


def _rate(days: Sequence[tuple[date, int]]) -> float:
    """Posts a day, over the first AROUND posts of ``days``; 0 if there are fewer posts."""
    posts = 0
    for day, number in days:
        posts += number
        if posts >= AROUND:
            return posts / (abs(day - days[0][0]) / timedelta(days=1) + 1)
    return 0.0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
