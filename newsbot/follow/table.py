"""The followed sites as text for people, and as objects for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from newsbot.archive.followed import FollowedSite
from newsbot.terminal import counted
from newsbot.timestamps import iso_utc

SHOWN = 100
"""Sites that a table shows at most, unless the user asks for all."""

_HEADS = ("site", "spider", "next", "every", "checked", "verdict", "failures", "cost", "weight")


def table_of(sites: Sequence[FollowedSite], now: datetime, *, most: int | None) -> list[str]:
    """The sums, and a table of the first ``most`` sites; None: of all."""
    if not sites:
        return ["no site"]
    lines = [_cells(site, now) for site in sites[:most]]
    widths = [max(len(line[column]) for line in [_HEADS, *lines]) for column in range(len(_HEADS))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [_HEADS, *lines]
    ]
    return [*_sums(sites, now), *table, *more(len(lines), len(sites), "followed")]


def more(shown: int, sites: int, what: str) -> list[str]:
    """The line that says how many sites are not shown; no line if all sites are shown."""
    return [f"... and {sites - shown} more {what}; --all shows all of {sites}"] if sites > shown else []


def _sums(sites: Sequence[FollowedSite], now: datetime) -> list[str]:
    paused, due = sum(site.paused for site in sites), sum(site.is_due(now) for site in sites)
    blocked = sum(not site.paused and site.blocked_until is not None and site.blocked_until > now for site in sites)
    failing = sum(not site.paused and site.failures > 0 for site in sites)
    verdicts = Counter(site.verdict or "not checked yet" for site in sites)
    last = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    return [
        f"{counted(len(sites), 'site')}: {due} due, {paused} paused, {blocked} blocked, {failing} failing",
        f"last check: {last}",
    ]


def _cells(site: FollowedSite, now: datetime) -> tuple[str, ...]:
    return (
        site.url,
        site.spider,
        _next(site, now),
        str(site.entry.get("every", "by habit")),
        _minute(site.checked, never="not yet"),
        site.verdict or "-",
        str(site.failures),
        "-" if site.cost is None else f"{site.cost:.1f}",
        f"{site.weight:g}",
    )


def _next(site: FollowedSite, now: datetime) -> str:
    if site.paused:
        return "paused"
    if site.is_due(now):
        return "now"
    return _minute(max(filter(None, (site.next_due, site.blocked_until))))


def _minute(moment: datetime | None, *, never: str = "never") -> str:
    return never if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def as_object(site: FollowedSite, now: datetime) -> dict[str, Any]:
    """The site in plain values that JSON can hold."""
    moments = {name: getattr(site, name) for name in ("checked", "full_check", "next_due", "blocked_until")}
    return {
        "url": site.url,
        "spider": site.spider,
        "site": site.site,
        "due": site.is_due(now),
        "paused": site.paused,
        "every": site.every,
        "weight": site.weight,
        "entry": dict(site.entry),
        "list": site.source,
        **{name: None if moment is None else iso_utc(moment) for name, moment in moments.items()},
        "failures": site.failures,
        "cost": site.cost,
        "posts_per_day": (site.habit or {}).get("rate"),
        "pace_group": site.pace_group,
        "verdict": site.verdict,
        "run": site.run,
    }
