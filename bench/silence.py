"""Measures how soon a silent site is found, and how often a healthy site counts as silent: ``python -m bench.silence``.

The sites are made up as in ``bench/schedule.py``. Each is learnt from eight weeks, then watched for a year; its habit
is learnt again each week, in the same way as in a crawl. Watching is continuous, which finds the most false alarms.
"""

from __future__ import annotations

import argparse
import random
import statistics
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.schedule import BEGAN, DAY, LEARNT, made_up
from newsbot.schedule.habit import PublishingHabit
from newsbot.schedule.learning import REMEMBERED
from newsbot.schedule.silence import FEW, Expectation

WEEK = timedelta(weeks=1)
YEAR = timedelta(days=364)


@dataclass(frozen=True, slots=True)
class Watched:
    """The results of watching a site for a year.

    ``false`` counts the false alarms. The others are the delay from the start of a silence, at a random time, to its
    alarm: in ``hours``, as a multiple of the mean gap (``gaps``), and of the ``longest`` gap of a year.
    """

    per_day: float
    false: int
    hours: float
    gaps: float
    longest: float


def watch(published: list[datetime], rng: random.Random) -> Watched:
    """Watch a site from the end of the learnt weeks for a year."""
    habit = PublishingHabit()
    false, found = 0, (0.0, 0.0, 0.0)
    begins = BEGAN + LEARNT + YEAR * rng.random()
    for week in range((LEARNT + YEAR) // WEEK):
        since, until = BEGAN + week * WEEK, BEGAN + (week + 1) * WEEK
        first, last = bisect_left(published, since), bisect_left(published, until)
        if since >= BEGAN + LEARNT:
            remembered = max(BEGAN, since - REMEMBERED)
            posts = first - bisect_left(published, remembered)
            expectation = Expectation.of(habit, posts=posts, days=(since - remembered) / DAY)
            false += _false_alarms(published, expectation, first, last)
            if since <= begins < until:
                found = _found(published, expectation, begins)
        habit = habit.observe(published[first:last], days=7)
    hours, gaps, longest = found
    return Watched(len(published) / ((LEARNT + YEAR) / DAY), false, hours, gaps, longest)


def _false_alarms(published: list[datetime], expectation: Expectation, first: int, last: int) -> int:
    """The number of posts before which the site counted as silent. A gap is one alarm."""
    windows = [(posts, expectation.limit(posts)) for posts in FEW]
    alarms = 0
    for place in range(max(first, 1), last):
        alarms += any(
            place > posts and expectation.between(published[place - 1 - posts], published[place]) > most
            for posts, most in windows
        )
    return alarms


def _found(published: list[datetime], expectation: Expectation, begins: datetime) -> tuple[float, float, float]:
    """The delay from ``begins``, when a silence begins, to its alarm."""
    last = published[max(bisect_right(published, begins) - 1, 0)]
    alarm = expectation.curve.reaches(expectation.limit(0), since=last)
    gaps = expectation.between(begins, alarm)
    return (alarm - begins) / timedelta(hours=1), gaps, gaps / expectation.longest_gap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng = random.Random(chosen.seed)
    rooms = made_up(chosen.sites, rng, judged=YEAR)
    found = [watch(room.before + room.after, rng) for room in rooms if room.before]
    print(f"{len(found)} made-up sites (seed {chosen.seed}), watched for a year each")
    heads = (
        "posts a day",
        "sites",
        "false alarms a year",
        "most",
        "found after: hours",
        "mean gaps",
        "longest gaps",
    )
    print("".join(f"{head:>{len(head) + 3}}" for head in heads))
    for low, high in ((0, 0.2), (0.2, 1), (1, 5), (5, 20), (20, 1e9), (0, 1e9)):
        group = [one for one in found if low <= one.per_day < high]
        if not group:
            continue
        name = "all" if (low, high) == (0, 1e9) else f"{low:g} to {high:g}" if high < 1e9 else f"from {low:g}"
        cells = (
            name,
            str(len(group)),
            f"{statistics.fmean(one.false for one in group):.3f}",
            str(max(one.false for one in group)),
            f"{statistics.median(one.hours for one in group):.1f}",
            f"{statistics.median(one.gaps for one in group):.1f}",
            f"{max(one.longest for one in group):.2f}",
        )
        print("".join(f"{cell:>{len(head) + 3}}" for cell, head in zip(cells, heads, strict=True)))


if __name__ == "__main__":
    main()
