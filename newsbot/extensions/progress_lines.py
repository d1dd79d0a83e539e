"""The progress of a crawl, as figures and as lines: rows of a total, speed, time left, and why a site waits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsbot.terminal import counted, in_one_line
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts

LEAST_SECONDS = 3.0
"""Seconds after which a speed is reliable."""

WORTH_TELLING = 2.0
"""The shortest wait (seconds) that a line reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``total`` is None if the site sent no total; ``per_minute`` are rows; ``left`` is in seconds, None if unknown."""

    name: str
    kind: str
    done: int
    total: int | None
    requests: int
    per_minute: float | None
    left: float | None
    waits: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A host gets no request before ``until`` (seconds of the same clock as ``now``)."""

    until: float
    why: str


def measure(facts: SiteFacts, *, seconds: float, now: float, wait: Wait | None, limit: int | None) -> Progress:
    """The progress of the crawl of one site, ``seconds`` after its begin. ``limit``: only the newest N of each type are
    wanted."""
    collections = list(facts.collections.values())
    done = sum(_done(collection, limit) for collection in collections)
    total = _total_of_all(collections, limit)
    speed = done / seconds if seconds >= LEAST_SECONDS and done else None
    waiting = max(0.0, wait.until - now) if wait is not None else 0.0
    left = waiting + (total - done) / speed if total is not None and speed and total > done else None
    kind = in_one_line(collections[-1].type) if collections else "finding the API"
    waits = None
    if wait is not None and waiting >= WORTH_TELLING:
        waits = f"waits {duration(waiting)}: {wait.why}"
    return Progress(
        name=in_one_line(facts.site or facts.asked),
        kind=f"comparing {kind}" if total is not None and 0 < total <= done else kind,
        done=done,
        total=total,
        requests=facts.requests + sum(collection.requests for collection in collections),
        per_minute=speed * 60 if speed else None,
        left=left,
        waits=waits,
    )


def _done(facts: CollectionFacts, limit: int | None = None) -> int:
    done = max(facts.seen - facts.outside_window, facts.sent)
    # The last page may hold more rows than ``limit``.
    return done if limit is None else min(done, limit)


def _total_of_all(collections: Sequence[CollectionFacts], limit: int | None) -> int | None:
    """How many rows all collections will bring; None if the number for one of them is unknown, or if no collection has
    begun."""
    totals = [_total(collection, limit) for collection in collections]
    known = [total for total in totals if total is not None]
    return sum(known) if totals and len(known) == len(totals) else None


def _total(facts: CollectionFacts, limit: int | None) -> int | None:
    """How many rows the collection will bring. For an update, whose total is unknown, this is the number of rows so
    far.
    """
    if facts.mode == "update":
        return _done(facts)
    total = facts.in_window(facts.expected)
    if total is None:
        return None
    # The site's count does not include posts that appear while the crawl runs.
    total = max(_done(facts), total)
    return total if limit is None else min(total, limit)


def cells(progress: Progress) -> tuple[str, str, str, str]:
    """Rows of the total, speed, time left, and what the site does, for one line of a table."""
    of = f" of {progress.total:,}" if progress.total is not None else ""
    speed = f"{progress.per_minute:,.0f} rows/min" if progress.per_minute is not None else ""
    left = f"{duration(progress.left)} left" if progress.left is not None else ""
    return f"{progress.done:,}{of} rows", speed, left, progress.waits or progress.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Figures of the whole run. ``listed``: the number of sites to crawl. ``ended``: the number of sites whose crawl
    has ended."""

    listed: int
    ended: int
    rows: int
    requests: int
    seconds: float


def sum_line(sums: Sums, active: Sequence[Progress]) -> str:
    """The run in one line."""
    speed = sums.rows / sums.seconds * 60 if sums.seconds >= LEAST_SECONDS else 0.0
    parts = [f"{sums.ended:,} of {counted(sums.listed, 'site')} ended"]
    parts += [counted(sums.rows, "row"), counted(sums.requests, "request")]
    parts += [f"{speed:,.0f} rows/min"] if speed else []
    left = time_left(sums, active)
    parts += [f"{duration(left)} left"] if left is not None else []
    waiting = [progress for progress in active if progress.waits]
    if waiting:
        parts.append(f"{len(waiting)} waiting ({waiting[0].name} {waiting[0].waits})")
    return ", ".join(parts)


def time_left(sums: Sums, active: Sequence[Progress]) -> float | None:
    """Seconds until the run ends: the time that the waiting sites need at the present pace, and at least the time that
    the slowest active site needs."""
    lefts = [progress.left for progress in active if progress.left is not None]
    behind = sums.listed - sums.ended - len(active)
    if behind <= 0:
        return max(lefts) if lefts and len(lefts) == len(active) else None
    return max([sums.seconds / sums.ended * (sums.listed - sums.ended), *lefts]) if sums.ended else None


def duration(seconds: float) -> str:
    """A length of time for a person: ``42 s``, ``7 min``, ``3 h 20 min``, ``2 d 4 h``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"
