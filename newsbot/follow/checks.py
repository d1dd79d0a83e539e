"""What a check of a followed site teaches, and the threshold of attention at which all sites keep to the budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from newsbot.archive.followed import FollowedSite
from newsbot.schedule.attention import SiteDemand, threshold_for
from newsbot.schedule.due import LONGEST, SHORTEST, Rhythm
from newsbot.schedule.habit import HOURS, PublishingHabit
from newsbot.schedule.learning import USUAL_COST, Learnt

_USUAL_ATTENTION = Learnt().curve(1.0).per_day


def rhythm_of(site: FollowedSite) -> Rhythm:
    """How often a site may be checked: the interval that the user fixed, else by its habit."""
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


def threshold_of(sites: Iterable[FollowedSite], *, requests_per_hour: float) -> float:
    """The threshold of attention at which the checks of all followed sites use the budget of requests an hour.

    0 requests an hour means one check an hour for each site on average. Sites with a fixed interval use their part of
    the budget first; at least a hundredth of the budget is left for the others.
    """
    active = [site for site in sites if not site.paused]
    free = [site for site in active if site.every is None]
    usual = sum(site.cost or USUAL_COST for site in active)
    budget = 24 * (requests_per_hour or usual or USUAL_COST)
    fixed = sum((site.cost or USUAL_COST) * 86_400 / site.every for site in active if site.every is not None)
    demands = [
        SiteDemand(site.attention or _USUAL_ATTENTION, site.cost or USUAL_COST, SHORTEST, LONGEST) for site in free
    ]
    return threshold_for(demands, requests_per_day=max(budget - fixed, budget / 100))
