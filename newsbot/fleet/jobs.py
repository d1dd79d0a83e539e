"""What becomes a job: decisions of the dispatcher. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from newsbot.archive.followed import FollowedSite
from newsbot.net.hosts import host_of_url
from newsbot.schedule.learning import USUAL_COST

QUEUE_SECONDS = 10.0
"""How many seconds of work wait in the queue. A site that another worker takes over waits behind them."""

SHORTEST_QUEUE, LONGEST_QUEUE = 2, 5_000
"""Jobs that may wait: at least the first number for each slot of the workers, and at most the second in all."""

LEAST_ALLOWANCE = 20.0
"""Requests that a small budget may save up, so that it is ever enough for one site."""


BEFORE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SiteJob:
    """One check of one site. No two jobs of one ``lock`` run at once: it is the group of sites that share a pace."""

    url: str
    spider: str
    lock: str
    cost: float = USUAL_COST

    @property
    def key(self) -> str:
        """The queueing lock: at most one job of a site and spider may wait in the queue."""
        return f"{self.spider} {self.url}"


def job_of(site: FollowedSite) -> SiteJob:
    return SiteJob(
        url=site.url,
        spider=site.spider,
        lock=site.pace_group or host_of_url(site.url),
        cost=site.cost or USUAL_COST,
    )


def room(*, waiting: int, slots: int, sites_a_minute: float) -> int:
    """How many jobs to add where ``waiting`` jobs wait. ``slots``: sites that all workers crawl at once."""
    wanted = max(SHORTEST_QUEUE * slots, round(sites_a_minute / 60 * QUEUE_SECONDS))
    return max(0, min(wanted, LONGEST_QUEUE) - waiting)


def filled(allowance: float, *, seconds: float, requests_an_hour: float) -> float:
    """The requests that the budget allows, ``seconds`` after it allowed ``allowance``: five minutes' worth at most."""
    most = max(LEAST_ALLOWANCE, requests_an_hour / 12)
    return min(most, allowance + max(0.0, seconds) * requests_an_hour / 3600)


def longest_overdue_first(sites: Iterable[FollowedSite]) -> list[FollowedSite]:
    """Sites of several spiders in the order in which they are crawled: those that were never checked come first."""
    return sorted(sites, key=lambda site: (site.next_due is not None, site.next_due or BEFORE, site.url))


def chosen(due: Iterable[FollowedSite], *, busy: Collection[str], most: int, affordable: float | None) -> list[SiteJob]:
    """The jobs to add, of sites in the order in which they are due.

    ``busy``: the keys of jobs that wait or run. ``affordable``: the requests that the budget leaves; None without a
    budget. One site fits into any rest of the budget that is above 0, so that a costly site does not wait for ever.
    """
    jobs: list[SiteJob] = []
    left = affordable
    for site in due:
        job = job_of(site)
        if job.key in busy:
            continue
        if len(jobs) >= most or (left is not None and left <= 0):
            break
        jobs.append(job)
        if left is not None:
            left -= job.cost
    return jobs
