"""What newsbot learns from a check of a followed site, and the threshold of attention at which all sites stay within
the budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from newsbot.archive.due_sites import Demand, DueSites
from newsbot.archive.followed import FollowedSite
from newsbot.schedule.attention import SiteDemand, threshold_for
from newsbot.schedule.due import LONGEST, SHORTEST, Rhythm
from newsbot.schedule.habit import HOURS, PublishingHabit
from newsbot.schedule.learning import USUAL_COST, Learnt

THRESHOLD_KEPT = timedelta(hours=1)
"""How long the threshold of a large table is used. The threshold changes with the habits of the sites, which change
within weeks."""

FEW_SITES = 1_000
"""The size of a table below which each run reads it: the threshold of a small table changes with each added site, and
reading it is quick."""

_USUAL_ATTENTION = Learnt().curve(1.0).per_day


def rhythm_of(site: FollowedSite) -> Rhythm:
    """How often a site may be checked: at the interval that the user fixed, else according to its habit."""
    return Rhythm() if site.every is None else Rhythm(every=timedelta(seconds=site.every))


def learnt_of(site: FollowedSite) -> Learnt:
    """What earlier checks learnt about a site."""
    kept: Mapping[str, Any] = site.habit or {}
    until = kept.get("until")
    habit = PublishingHabit(days=kept.get("days", 0.0), hours=tuple(kept.get("hours", (0.0,) * HOURS)))
    return Learnt(
        habit=habit,
        until=datetime.fromisoformat(until) if until else None,
        cost=site.cost or USUAL_COST,
        failures=site.failures,
    )


def as_habit(learnt: Learnt) -> dict[str, Any]:
    """The habit of a site in the form that the archive stores."""
    until = learnt.until.isoformat() if learnt.until else None
    return {
        "until": until,
        "rate": round(learnt.habit.posts_per_day, 3),
        "days": learnt.habit.days,
        "hours": [round(count, 3) for count in learnt.habit.hours],
    }


def threshold_of(demands: Iterable[Demand], *, requests_per_hour: float) -> float:
    """The threshold of attention at which the checks of all followed sites use the budget of requests an hour.

    0 requests an hour means one check an hour for each site on average. Sites with a fixed interval use their part of
    the budget first; at least a hundredth of the budget is left for the others.
    """
    active = list(demands)
    usual = sum(of.sites * (of.cost or USUAL_COST) for of in active)
    budget = 24 * (requests_per_hour or usual or USUAL_COST)
    fixed = sum(of.sites * (of.cost or USUAL_COST) * 86_400 / of.every for of in active if of.every is not None)
    free = [
        SiteDemand(of.attention or _USUAL_ATTENTION, of.cost or USUAL_COST, SHORTEST, LONGEST, of.sites)
        for of in active
        if of.every is None
    ]
    return threshold_for(free, requests_per_day=max(budget - fixed, budget / 100))


def present_threshold(table: DueSites, *, requests_per_hour: float, now: datetime) -> float:
    """The threshold for the sites of the table. The threshold of a large table is kept for THRESHOLD_KEPT, so that only
    one run an hour reads the whole table. Raises ArchiveError."""
    kept = table.threshold(requests_per_hour)
    if kept is not None:
        threshold, sites, at = kept
        if sites > FEW_SITES and timedelta() <= now - at < THRESHOLD_KEPT:
            return threshold
    demands = table.demands()
    threshold = threshold_of(demands, requests_per_hour=requests_per_hour)
    table.keep_threshold(requests_per_hour, threshold, sites=sum(of.sites for of in demands), now=now)
    return threshold
