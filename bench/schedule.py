"""The delay from publishing to archive under five rules that decide when a site is checked again: ``python -m
bench.schedule [FILE]``.

``FILE`` is an export of an archive as JSON lines (``scrapy export posts.jsonl``); without it, 500 made-up sites are
used. All rules have the same budget. Each rule learns from the posts before the last two weeks; the last two
weeks measure it.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsbot.schedule.attention import AttentionCurve, SiteDemand, threshold_for
from newsbot.schedule.due import LONGEST, SHORTEST, Rhythm
from newsbot.schedule.habit import PublishingHabit

DAY = timedelta(days=1)
BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
LEARNT, JUDGED = timedelta(weeks=8), timedelta(weeks=2)
BUDGETS = (4, 24, 96)


@dataclass(slots=True)
class Newsroom:
    """The publication times of one site, sorted: ``before`` and ``after`` the start of the measured weeks."""

    before: list[datetime]
    after: list[datetime]
    rng: random.Random
    learnt_days: float = LEARNT / DAY
    habit: PublishingHabit = field(default_factory=PublishingHabit)

    def __post_init__(self) -> None:
        self.habit = PublishingHabit().observe(self.before, days=self.learnt_days)


# Made-up sites.


def _pattern(rng: random.Random) -> Callable[[int], float]:
    """A function of the hour of the week: how busy this hour is, compared with other hours of the same site."""
    shift, weekend = rng.randrange(24), rng.choice((0.15, 0.4, 0.8))
    fixed = {rng.randrange(24) for _ in range(3)}
    kind = rng.choice(("working hours", "working hours", "scheduled", "agency"))

    def busy(hour: int) -> float:
        local = (hour + shift) % 24
        day = weekend if hour >= 5 * 24 else 1.0
        if kind == "agency":
            return 0.6 if local < 6 else 1.0
        if kind == "scheduled":
            return day * (8.0 if local in fixed else 0.1)
        return day * (1.0 if 8 <= local < 19 else 0.3 if 6 <= local < 23 else 0.03)

    return busy


def made_up(count: int, rng: random.Random, *, judged: timedelta = JUDGED) -> list[Newsroom]:
    """Sites with 0.02 to 300 posts a day."""
    sites = []
    for number in range(count):
        rate = min(300.0, max(0.02, rng.lognormvariate(math.log(3), 1.7)))
        busy = _pattern(rng)
        mean = statistics.fmean(busy(hour) for hour in range(168))
        published = []
        for hour in range(int((LEARNT + judged) / timedelta(hours=1))):
            moment = rng.expovariate(1)
            expected = rate / 24 * busy(hour % 168) / mean
            while moment < expected:
                published.append(BEGAN + timedelta(hours=hour + moment / expected))
                moment += rng.expovariate(1)
        cut = bisect_left(published, BEGAN + LEARNT)
        sites.append(Newsroom(before=published[:cut], after=published[cut:], rng=random.Random(number)))
    return sites


def read_export(path: Path) -> tuple[list[Newsroom], datetime]:
    """The sites of an export, and the beginning of the judged weeks."""
    times: dict[str, list[datetime]] = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("published"):
                times[row["site"]].append(datetime.fromisoformat(row["published"]))
    if not times:
        raise SystemExit(f"{path}: no row has a site and a publication time")
    began = max(max(each) for each in times.values()) - JUDGED
    sites = []
    for number, published in enumerate(times.values()):
        published.sort()
        cut = bisect_left(published, began)
        days = max((began - published[0]) / DAY, 0.0)
        site = Newsroom(published[:cut], published[cut:], random.Random(number), days)
        sites.append(site)
    return sites, began


# Rules.

Checks = list[datetime]


def at_intervals(site: Newsroom, interval: timedelta, began: datetime) -> Checks:
    """Checks at a fixed interval, from a random moment on."""
    moment, checks = began + interval * site.rng.random(), []
    while moment < began + JUDGED:
        checks.append(moment)
        moment += interval
    return checks


def bounded(interval: float) -> timedelta:
    """``interval`` in days, within the bounds that apply to all rules."""
    return min(max(timedelta(days=min(interval, 30)), SHORTEST), LONGEST)


def scale_to(budget: float, intervals: Sequence[float]) -> float:
    """The factor by which ``intervals`` (days) use the ``budget`` of checks a day."""
    low, high = 1e-9, 1e9
    for _ in range(50):
        middle = math.sqrt(low * high)
        used = sum(DAY / bounded(middle * interval) for interval in intervals)
        low, high = (middle, high) if used > budget else (low, middle)
    return high


def scaled(
    sites: Sequence[Newsroom], wish: Callable[[Newsroom], float], budget: float, began: datetime
) -> list[Checks]:
    """Checks at fixed intervals that are proportional to ``wish`` and use the ``budget`` of checks a day."""
    wishes = [wish(site) for site in sites]
    scale = scale_to(budget, wishes)
    return [at_intervals(site, bounded(scale * each), began) for site, each in zip(sites, wishes, strict=True)]


def by_steps(sites: Sequence[Newsroom], budget: float, began: datetime) -> list[Checks]:
    """The interval becomes a fifth shorter after a check that found something, and half longer after a check that found
    nothing; all intervals are scaled to the budget each hour.
    """
    intervals = [len(sites) / budget] * len(sites)
    checks: list[Checks] = [[] for _ in sites]
    looked = [
        began - timedelta(days=interval * site.rng.random()) for site, interval in zip(sites, intervals, strict=True)
    ]
    for hour in range(int(JUDGED / timedelta(hours=1))):
        scale = scale_to(budget, intervals)
        intervals = [interval * scale for interval in intervals]
        until = began + timedelta(hours=hour + 1)
        for number, site in enumerate(sites):
            while (moment := looked[number] + bounded(intervals[number])) < until:
                moment = max(moment, until - timedelta(hours=1))
                checks[number].append(moment)
                found = bisect_left(site.after, looked[number]) < bisect_left(site.after, moment)
                intervals[number] *= 0.8 if found else 1.5
                looked[number] = moment
    return checks


def by_attention(sites: Sequence[Newsroom], budget: float, began: datetime, *, flat: bool) -> list[Checks]:
    """newsbot's rule. ``flat``: without the hours of the week."""
    curves = []
    for site in sites:
        habit = site.habit
        if flat:
            habit = PublishingHabit(days=habit.days, hours=(sum(habit.hours) / 168,) * 168)
        curves.append(AttentionCurve.of(habit))
    demands = [SiteDemand(curve.per_day, 1, SHORTEST, LONGEST) for curve in curves]
    threshold = threshold_for(demands, requests_per_day=budget)
    rhythm, checks = Rhythm(), []
    for site, curve in zip(sites, curves, strict=True):
        moment = began - LONGEST * site.rng.random()
        own: Checks = []
        while (moment := rhythm.next_check(moment, curve, threshold=threshold)) < began + JUDGED:
            if moment >= began:
                own.append(moment)
        checks.append(own)
    return checks


def delay_in_minutes(sites: Sequence[Newsroom], checks: Iterable[Checks], until: datetime) -> float:
    """The mean delay of a post: from its publication to the next check of its site, or to the end."""
    total, posts = timedelta(0), 0
    for site, own in zip(sites, checks, strict=True):
        for published in site.after:
            place = bisect_left(own, published)
            total += (own[place] if place < len(own) else until) - published
            posts += 1
    return total / timedelta(minutes=1) / max(posts, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path, nargs="?")
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.export is not None:
        sites, began = read_export(chosen.export)
    else:
        sites, began = made_up(chosen.sites, random.Random(chosen.seed)), BEGAN + LEARNT
    posts = sum(len(site.after) for site in sites)
    print(
        f"{len(sites)} sites, {posts} posts in two weeks; the mean delay of a post in minutes (checks a site and day)"
    )
    print(f"{'checks a site and day':<44}" + "".join(f"{each:>16}" for each in BUDGETS))
    rules: dict[str, Callable[[float], list[Checks]]] = {
        "every site alike": lambda budget: scaled(sites, lambda _site: 1.0, budget, began),
        "in proportion to the rate": lambda budget: scaled(
            sites, lambda site: 1 / site.habit.posts_per_day, budget, began
        ),
        "-20 % on change, +50 % without": lambda budget: by_steps(sites, budget, began),
        "square root of the rate": lambda budget: by_attention(sites, budget, began, flat=True),
        "square root of the rate, hours learnt": lambda budget: by_attention(sites, budget, began, flat=False),
    }
    for name, rule in rules.items():
        cells = []
        for each in BUDGETS:
            checks = rule(each * len(sites))
            delay = delay_in_minutes(sites, checks, began + JUDGED)
            used = sum(map(len, checks)) / len(sites) / JUDGED.days
            cells.append(f"{delay:8.1f} ({used:.1f})")
        print(f"{name:<44}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
