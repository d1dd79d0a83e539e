"""What becomes a job: decisions of the dispatcher. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import NamedTuple

from newsbot.archive.followed import FollowedSite
from newsbot.net.hosts import host_of_url
from newsbot.schedule.learning import USUAL_COST

QUEUE_SECONDS = 10.0
"""The work that waits in the queue, in seconds."""

SHORTEST_QUEUE, LONGEST_QUEUE = 2, 5_000
"""Jobs that may wait: at least the first number for each slot of the workers, and at most the second in all."""

MOST_OF_A_GROUP = 10
"""The most jobs of one lock in the queue. They run one after the other, so more of them would only make other hosts
wait."""

FIRST_SHARE = 0.75
"""The part of all slots that first crawls may take while other sites are due. A first crawl may take hours, and the
checks of the known sites must not wait for a long list of new sites."""

LEAST_ALLOWANCE = 20.0
"""Requests that a small budget may save, so that the saved budget can become large enough for one site."""


BEFORE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SiteJob:
    """One check of one site. No two jobs of one ``lock`` run at once: it is the group of sites that share a pace.
    ``first``: the site was never checked."""

    url: str
    spider: str
    lock: str
    cost: float = USUAL_COST
    first: bool = False

    @property
    def key(self) -> str:
        """The queueing lock: at most one job of a site and spider may wait in the queue."""
        return f"{self.spider} {self.url}"


class QueuedJob(NamedTuple):
    """A job that is in the queue: it ``waits`` or runs. The other fields are those of its SiteJob."""

    key: str
    lock: str
    waits: bool
    cost: float = 0.0
    first: bool = False


def job_of(site: FollowedSite) -> SiteJob:
    return SiteJob(
        url=site.url,
        spider=site.spider,
        lock=site.pace_group or host_of_url(site.url),
        cost=site.cost or USUAL_COST,
        first=site.checked is None,
    )


@dataclass(frozen=True, slots=True)
class Capacity:
    """``slots``: sites that all workers crawl at once; ``sites_a_minute``: sites that they crawled lately."""

    slots: int
    sites_a_minute: float


def room(queue: Iterable[QueuedJob], workers: Capacity) -> int:
    """How many further locks may get jobs, besides the locks with a waiting job in the ``queue``. Jobs of one lock use
    one slot."""
    wanted = max(SHORTEST_QUEUE * workers.slots, round(workers.sites_a_minute / 60 * QUEUE_SECONDS))
    return max(0, min(wanted, LONGEST_QUEUE) - len({job.lock for job in queue if job.waits}))


def room_for_first(queue: Iterable[QueuedJob], workers: Capacity, *, others_due: int) -> int:
    """How many further locks may get first crawls, besides the locks with a first crawl in the ``queue``.
    ``others_due``: the number of due sites that were checked before.
    """
    slots = workers.slots
    # If no other site is due, some more first crawls wait, so that few slots are empty until the next dispatch.
    most = max(1, int(slots * FIRST_SHARE), slots - others_due) if others_due else slots + ceil(slots / 4)
    return max(0, most - len({job.lock for job in queue if job.first}))


def full_locks(queue: Iterable[QueuedJob]) -> list[str]:
    """The locks that get no further job."""
    return sorted(lock for lock, jobs in Counter(job.lock for job in queue).items() if jobs >= MOST_OF_A_GROUP)


def filled(allowance: float, *, seconds: float, requests_an_hour: float) -> float:
    """The requests that the budget allows now. ``seconds`` ago it allowed ``allowance``. The result is at most the
    budget of five minutes."""
    most = max(LEAST_ALLOWANCE, requests_an_hour / 12)
    return min(most, allowance + max(0.0, seconds) * requests_an_hour / 3600)


def longest_overdue_first(sites: Iterable[FollowedSite]) -> list[FollowedSite]:
    """Sites of several spiders in the order in which they are crawled: those that were never checked come first."""
    return sorted(sites, key=lambda site: (site.next_due is not None, site.next_due or BEFORE, site.url))


def chosen(
    due: Iterable[FollowedSite], queue: Sequence[QueuedJob], *, most: int, first: int, affordable: float | None
) -> list[SiteJob]:
    """The jobs to add to the ``queue``, of sites in the order in which they are due.

    ``most``: the result of ``room``. ``first``: the result of ``room_for_first``. ``affordable``: the requests that the
    budget leaves; None without a budget. If the budget leaves any request at all, one more site is added, so that a
    costly site does not wait for ever.
    """
    jobs: list[SiteJob] = []
    left = affordable
    busy, of_lock = {job.key for job in queue}, Counter(job.lock for job in queue)
    waiting, of_first = ({job.lock for job in queue if job.waits}, {job.lock for job in queue if job.first})
    for site in due:
        if left is not None and left <= 0:
            break
        job = job_of(site)
        new_lock, new_first = job.lock not in waiting, job.first and job.lock not in of_first
        if (
            job.key in busy
            or of_lock[job.lock] >= MOST_OF_A_GROUP
            or (new_first and not first)
            or (new_lock and not most)
        ):
            continue
        jobs.append(job)
        busy.add(job.key)
        of_lock[job.lock] += 1
        waiting.add(job.lock)
        most -= new_lock
        if new_first:
            of_first.add(job.lock)
            first -= 1
        if left is not None:
            left -= job.cost
    return jobs


def as_queued(job: SiteJob) -> QueuedJob:
    """A job that was just chosen, as the queue will have it."""
    return QueuedJob(key=job.key, lock=job.lock, waits=True, cost=job.cost, first=job.first)
