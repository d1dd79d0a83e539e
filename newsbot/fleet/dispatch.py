"""The periodic work of a fleet: it frees what dead workers left, and adds what is due to the queue.

Any worker may do this work, and two workers may do it at once. Each part is one transaction.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database
from newsbot.archive.due_sites import DueSites
from newsbot.archive.followed import written
from newsbot.archive.schema import followed, leases, runs
from newsbot.fleet.jobs import (
    Capacity,
    QueuedJob,
    SiteJob,
    as_queued,
    chosen,
    filled,
    full_locks,
    longest_overdue_first,
    room,
    room_for_first,
)
from newsbot.fleet.pulse import STALE_SECONDS
from newsbot.schedule.due import next_try

logger = logging.getLogger(__name__)

SITES, CONTROL = "sites-of-newsbot", "control-of-newsbot"
"""The queues: checks of sites, and the periodic work."""

CRAWL = "newsbot.crawl"
"""The name of the task that checks a site."""

MOST_READINGS = 5
"""The most times that one dispatch reads the table of followed sites."""

_LOCK = 7_236_844
"""Number of the advisory lock in PostgreSQL: one worker at a time changes the queue."""

KEPT_HOURS = 24
"""How long jobs that did not succeed stay in the queue's table, for a person to read."""


MOST_DEATHS = 3
"""The number of workers in a row that died while they crawled a site, after which the site is tried again only after a
pause. The site may be the cause: a page that takes all memory of a machine would kill one worker after the other."""


@dataclass(frozen=True, slots=True)
class Rescued:
    """The result of a rescue: the URLs of the jobs that wait again, the number of dead workers, and the URLs of the
    sites during whose crawls MOST_DEATHS workers died."""

    jobs: tuple[str, ...]
    workers: int
    deadly: tuple[str, ...] = ()


_STALLED = sa.text("""
    SELECT j.id, j.args ->> 'url' AS url, j.args ->> 'spider' AS spider, coalesce((j.args ->> 'deaths')::integer, 0)
        + CASE WHEN w.id = ANY(:ended) OR w.last_heartbeat < pg_postmaster_start_time() THEN 0 ELSE 1 END AS deaths
    FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
    WHERE j.status = 'doing' AND (w.id IS NULL OR w.id = ANY(:ended)
        OR w.last_heartbeat < now() - make_interval(secs => :stale))
    FOR UPDATE OF j SKIP LOCKED
""")
"""``deaths``: a death of a worker counts only if its last heartbeat is later than the start of the database. Otherwise
the worker may have lost only its connection."""
_ABORT = sa.text("UPDATE procrastinate_jobs SET status = 'aborted', attempts = attempts + 1 WHERE id = ANY(:ids)")
_DEFER_AGAIN = sa.text("""
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
    SELECT queue_name, task_name, coalesce((
        SELECT max(priority) FROM procrastinate_jobs o WHERE o.lock = j.lock AND o.status = 'todo'
    ), 1), lock, queueing_lock, args || jsonb_build_object('deaths', deaths)
    FROM procrastinate_jobs j
    JOIN unnest(CAST(:ids AS bigint[]), CAST(:deaths AS integer[])) AS died (id, deaths) USING (id)
    WHERE queue_name = :sites ORDER BY id
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
""")
"""These jobs are the next to be fetched: they have waited for half a minute already. If another job with the same lock
waits, they get the priority of that job: two fetches at once could take two jobs of one lock if their priorities
differ."""
_DUE = sa.text("""
    UPDATE followed SET next_due = :now WHERE next_due > :now AND (site, spider) IN (
        SELECT c.site, r.spider
        FROM runs r JOIN outbox o ON o.run = r.run JOIN collections c ON c.collection = o.collection
        WHERE r.holder = ANY(:dead) AND r.state IN ('open', 'dead')
    )
""")
"""The next crawl of a site delivers its rows that a dead run had archived and not delivered."""
_GONE = sa.text("""
    DELETE FROM fleet_workers
    WHERE worker = ANY(:ended) OR seen < now() - make_interval(secs => :stale) RETURNING holder
""")


def rescue(database: Database, *, ended: tuple[int, ...] = ()) -> Rescued:
    """Let jobs of dead workers wait again, and free the sites and rows of their runs. Raises ArchiveError.

    ``ended``: workers of this process that have ended, whatever their heartbeat says.
    """
    asked = {"ended": list(ended), "stale": STALE_SECONDS}
    with database.writing() as connection:
        if ended:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        elif not _alone(connection):
            return Rescued((), 0)
        stalled = connection.execute(_STALLED, asked).all()
        again = [row for row in stalled if row.deaths < MOST_DEATHS or row.url is None]
        deadly = [row for row in stalled if row not in again]
        if stalled:
            # A new job replaces the old one: a worker that was only paused could still report the old job as done.
            connection.execute(_ABORT, {"ids": [row.id for row in stalled]})
            jobs = {"ids": [row.id for row in again], "deaths": [row.deaths for row in again]}
            connection.execute(_DEFER_AGAIN, jobs | {"sites": SITES})
        gone = connection.execute(_GONE, asked).scalars().all()
        _free(connection, set(gone))
        for row in deadly:
            _postpone(connection, row.url, row.spider)
    urls = tuple(row.url for row in again if row.url)
    return Rescued(jobs=urls, workers=len(gone), deadly=tuple(row.url for row in deadly))


def _postpone(connection: Connection, url: str, spider: str) -> None:
    """Let a site wait as after a failed check, although no check of the site has ended."""
    of_site = (followed.c.url == url) & (followed.c.spider == spider)
    failures = connection.execute(sa.select(followed.c.failures).where(of_site)).scalar()
    if failures is not None:  # None: the site was removed meanwhile
        due = next_try(datetime.now(UTC), failures + 1, random.Random())  # noqa: S311 (it spreads checks over time)
        connection.execute(sa.update(followed).where(of_site).values(failures=failures + 1, next_due=written(due)))


def _free(connection: Connection, holders: set[str]) -> None:
    """Free the leases and the undelivered rows of processes, unless a worker of the process is still registered."""
    if not holders:
        return
    at_work = connection.exec_driver_sql("SELECT holder FROM fleet_workers").scalars()
    dead = sorted(holders - set(at_work))
    connection.execute(_DUE, {"dead": dead, "now": written(datetime.now(UTC))})
    connection.execute(sa.delete(leases).where(leases.c.holder.in_(dead)))
    connection.execute(sa.update(runs).where(runs.c.holder.in_(dead), runs.c.state == "open").values(state="dead"))


_QUEUE = sa.text("""
    SELECT queueing_lock AS key, lock, status = 'todo' AS waits, coalesce((args ->> 'cost')::float, 0) AS cost,
        coalesce((args ->> 'first')::boolean, false) AS first
    FROM procrastinate_jobs WHERE queue_name = :sites AND status IN ('todo', 'doing')
""")
_CAPACITY = sa.text(
    "SELECT coalesce(sum(slots), 0) AS slots, coalesce(sum(sites_a_minute), 0) AS sites FROM fleet_workers"
)
_ADD = sa.text("""
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
    VALUES (:queue, :task, :lock, :key, CAST(:args AS jsonb))
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
""")


def dispatch(database: Database, *, spiders: Sequence[str], budget: float, now: datetime | None = None) -> int:
    """Add the sites of ``spiders`` that are due now to the queue, the longest overdue first, while there is room.

    ``budget``: requests an hour; 0: no budget. Returns the number of jobs. Raises ArchiveError.
    """
    now = datetime.now(UTC) if now is None else now
    with database.reading() as connection:
        queue = [QueuedJob(*row) for row in connection.execute(_QUEUE, {"sites": SITES})]
        workers = Capacity(*connection.execute(_CAPACITY).one())
    if not room(queue, workers):
        return 0
    affordable = _allowance(database, budget) - sum(job.cost for job in queue) if budget else None
    jobs = _choose(DueSites(database), queue, workers, spiders=spiders, affordable=affordable, now=now)
    if jobs:
        with database.writing() as connection:
            if not _alone(connection):
                return 0
            connection.execute(_ADD, [_values(job) for job in jobs])
    return len(jobs)


def _choose(
    table: DueSites,
    queue: list[QueuedJob],
    workers: Capacity,
    *,
    spiders: Sequence[str],
    affordable: float | None,
    now: datetime,
) -> list[SiteJob]:
    """The jobs to add. If a host has more due sites than the queue accepts, its sites are left out of the next reading
    of the table. Otherwise the readings might contain only sites of this host."""
    jobs: list[SiteJob] = []
    for _ in range(MOST_READINGS):
        taken = [*queue, *map(as_queued, jobs)]
        most = room(taken, workers)
        limit, full = most + len(taken), full_locks(taken)
        never = [site for spider in spiders for site in table.never(spider, now, limit=limit, without=full)]
        overdue = [site for spider in spiders for site in table.overdue(spider, now, limit=limit, without=full)]
        more = chosen(
            longest_overdue_first([*never, *overdue]),
            taken,
            most=most,
            first=room_for_first(taken, workers, others_due=sum(site.checked is not None for site in overdue)),
            affordable=None if affordable is None else affordable - sum(job.cost for job in jobs),
        )
        jobs += more
        if not more or len(never) + len(overdue) < limit:
            break
    return jobs


def _alone(connection: Connection) -> bool:
    """Whether no other worker changes the queue now. If so, no other worker changes it before the transaction ends.
    Does not wait: another worker may be paused in its transaction."""
    return bool(connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))).scalar_one())


def _values(job: SiteJob) -> dict[str, Any]:
    args = {"url": job.url, "spider": job.spider, "cost": job.cost, "first": job.first}
    return {"queue": SITES, "task": CRAWL, "lock": job.lock, "key": job.key, "args": orjson.dumps(args).decode()}


def _allowance(database: Database, budget: float) -> float:
    """Increase the number of requests that the budget allows now, and return it."""
    with database.writing() as connection:
        row = connection.exec_driver_sql(
            "SELECT allowance, extract(epoch FROM now() - filled)::float AS seconds FROM fleet FOR UPDATE"
        ).one()
        allowance = filled(row.allowance, seconds=row.seconds, requests_an_hour=budget)
        values = {"allowance": allowance}
        connection.execute(sa.text("UPDATE fleet SET allowance = :allowance, filled = now()"), values)
    return allowance


_TIDY = sa.text("""
    DELETE FROM procrastinate_jobs WHERE id IN (
        SELECT j.id FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id
        WHERE j.status IN ('aborted', 'failed', 'cancelled')
        GROUP BY j.id HAVING max(e.at) < now() - make_interval(hours => :hours) LIMIT 1000
    )
""")


def tidy(database: Database) -> None:
    """Delete old jobs that failed. Procrastinate itself deletes a job that succeeds."""
    with database.writing() as connection:
        connection.execute(_TIDY, {"hours": KEPT_HOURS})
