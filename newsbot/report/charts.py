"""Bars of posts over time, as the geometry of an SVG picture. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsbot.numbers import is_digits
from newsbot.report.gaps import Gap

WIDTH = 720
HEIGHT = 150
FOOT = 22
"""Height of the years below the bars."""

MOST_BARS = 120
"""If there are more months than this, each bar is a year."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of ``posts`` in the month or year ``label``."""

    label: str
    posts: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A year below the bars, or the shade of a gap: from ``x``, ``width`` wide."""

    label: str
    x: float
    width: float = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """``bars`` of equal width from the first month or year to the last; ``unit`` says which. ``top``: posts of the
    highest bar."""

    unit: str
    bars: tuple[Bar, ...]
    years: tuple[Mark, ...]
    gaps: tuple[Mark, ...]
    top: int


def posts_over_time(days: Sequence[tuple[str, int]], gaps: Sequence[Gap] = ()) -> Chart | None:
    """The chart of ``days``, which are days with their number of posts, in order; None without a day."""
    dated = [(day, posts) for day, posts in days if is_digits(day[:4]) and is_digits(day[5:7])]
    if not dated:
        return None
    months = _months(dated[0][0], dated[-1][0])
    unit, length = ("month", 7) if len(months) <= MOST_BARS else ("year", 4)
    labels = list(dict.fromkeys(month[:length] for month in months))
    counts = dict.fromkeys(labels, 0)
    for day, posts in dated:
        counts[day[:length]] += posts
    top = max(counts.values())
    step = WIDTH / len(labels)
    bars = tuple(
        _bar(label, counts[label], place * step, step, (HEIGHT - 4) * counts[label] / top if top else 0)
        for place, label in enumerate(labels)
    )
    return Chart(unit, bars, _years(labels, step), _shades(gaps, labels, length, step), top)


def _bar(label: str, posts: int, x: float, step: float, height: float) -> Bar:
    # Even a bar of one post is high enough to see.
    height = max(height, 1.5) if posts else 0
    space = min(1.0, step / 5)
    return Bar(label, posts, round(x, 2), round(HEIGHT - height, 2), round(step - space, 2), round(height, 2))


def _months(first: str, last: str) -> list[str]:
    year, month = int(first[:4]), int(first[5:7])
    end = (int(last[:4]), int(last[5:7]))
    months = []
    while (year, month) <= end:
        months.append(f"{year:04}-{month:02}")
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return months


def _years(labels: Sequence[str], step: float) -> tuple[Mark, ...]:
    """The years at the places of their first bars, if there is room: each year needs 44 units."""
    marks: list[Mark] = []
    for place, label in enumerate(labels):
        begins = not place or label[:4] != labels[place - 1][:4]
        x = round(place * step, 2)
        if begins and x <= WIDTH - 34 and (not marks or x - marks[-1].x >= 44):
            marks.append(Mark(label[:4], x))
    return tuple(marks)


def _shades(gaps: Sequence[Gap], labels: Sequence[str], length: int, step: float) -> tuple[Mark, ...]:
    place = {label: number for number, label in enumerate(labels)}
    shades = []
    for gap in gaps:
        begin, end = place.get(gap.last.isoformat()[:length]), place.get(gap.next.isoformat()[:length])
        if begin is not None and end is not None:
            shades.append(Mark(f"{gap.days} days", round(begin * step, 2), round((end - begin + 1) * step, 2)))
    return tuple(shades)
