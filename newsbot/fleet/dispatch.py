"""The periodic work of a fleet: it frees what dead workers left, and adds what is due to the queue.

Any worker may do it, and two at once do no harm. Each part is one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database
from newsbot.archive.due_sites import DueSites
from newsbot.archive.schema import leases, runs
from newsbot.fleet.jobs import SiteJob, chosen, filled, longest_overdue_first, room
from newsbot.fleet.pulse import STALE_SECONDS

logger = logging.getLogger(__name__)

SITES, CONTROL = "sites-of-newsbot", "control-of-newsbot"
"""The queues: checks of sites, and the periodic work."""

CRAWL = "newsbot.crawl"
"""The name of the task that checks a site."""

_LOCK = 7_236_844
"""Number of the advisory lock in PostgreSQL: one worker at a time changes the queue."""

KEPT_HOURS = 24
"""How long jobs that did not succeed stay in the queue's table, for a person to read."""


@dataclass(frozen=True, slots=True)
class Rescued:
    """What dead workers left: the jobs that wait again, and the number of workers that are gone."""

    jobs: tuple[str, ...]
    workers: int


_STALLED = sa.text("""
    SELECT j.id, j.args ->> 'url' AS url
    FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
    WHERE j.status = 'doing' AND (w.id IS NULL OR w.id = ANY(:ended)
        OR w.last_heartbeat < now() - make_interval(secs => :stale))
    FOR UPDATE OF j SKIP LOCKED
""")
_ABORT = sa.text("UPDATE procrastinate_jobs SET status = 'aborted', attempts = attempts + 1 WHERE id = ANY(:ids)")
_DEFER_AGAIN = sa.text("""
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
    SELECT queue_name, task_name, coalesce((
        SELECT max(priority) FROM procrastinate_jobs o WHERE o.lock = j.lock AND o.status = 'todo'
    ), 1), lock, queueing_lock, args FROM procrastinate_jobs j
    WHERE id = ANY(:ids) AND queue_name = :sites ORDER BY id
    ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING
""")
"""These jobs are the next to be fetched: they have waited for half a minute already. But where another job of the lock
waits, they get its priority, since two fetches at once could take jobs of one lock that differ in priority."""
_DUE = sa.text("""
    UPDATE followed SET next_due = NULL WHERE (site, spider) IN (
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
        ids = {"ids": [row.id for row in stalled]}
        if stalled:
            # A new job, not the old one again: a worker that was only paused could still report the old one as done.
            connection.execute(_ABORT, ids)
            connection.execute(_DEFER_AGAIN, ids | {"sites": SITES})
        gone = connection.execute(_GONE, asked).scalars().all()
        _free(connection, set(gone))
    return Rescued(jobs=tuple(row.url for row in stalled if row.url), workers=len(gone))


def _free(connection: Connection, holders: set[str]) -> None:
    """Free the leases and the undelivered rows of processes, unless a worker of the process is still there."""
    if not holders:
        return
    at_work = connection.exec_driver_sql("SELECT holder FROM fleet_workers").scalars()
    dead = sorted(holders - set(at_work))
    connection.execute(_DUE, {"dead": dead})
    connection.execute(sa.delete(leases).where(leases.c.holder.in_(dead)))
    connection.execute(sa.update(runs).where(runs.c.holder.in_(dead), runs.c.state == "open").values(state="dead"))


_WAITING = sa.text("""
    SELECT queueing_lock, status = 'todo' AS waits, coalesce((args ->> 'cost')::float, 0) AS cost
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
        waiting = connection.execute(_WAITING, {"sites": SITES}).all()
        capacity = connection.execute(_CAPACITY).one()
    space = room(waiting=sum(row.waits for row in waiting), slots=capacity.slots, sites_a_minute=capacity.sites)
    if not space:
        return 0
    affordable = _allowance(database, budget) - sum(row.cost for row in waiting) if budget else None
    busy = {row.queueing_lock for row in waiting}
    table, most = DueSites(database), space + len(busy)
    due = [site for spider in spiders for site in table.due(spider, now, limit=most)]
    jobs = chosen(longest_overdue_first(due), busy=busy, most=space, affordable=affordable)
    if jobs:
        with database.writing() as connection:
            if not _alone(connection):
                return 0
            connection.execute(_ADD, [_values(job) for job in jobs])
    return len(jobs)


def _alone(connection: Connection) -> bool:
    """Whether no other worker changes the queue now; none will before the transaction ends. Does not wait: another
    worker may be paused in its transaction."""
    return bool(connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))).scalar_one())


def _values(job: SiteJob) -> dict[str, Any]:
    args = {"url": job.url, "spider": job.spider, "cost": job.cost}
    return {"queue": SITES, "task": CRAWL, "lock": job.lock, "key": job.key, "args": orjson.dumps(args).decode()}


def _allowance(database: Database, budget: float) -> float:
    """Fill up the requests that the budget allows. Returns them."""
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
    """Delete old jobs that did not succeed. Those that did are deleted at once."""
    with database.writing() as connection:
        connection.execute(_TIDY, {"hours": KEPT_HOURS})
