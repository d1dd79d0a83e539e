"""The contents of ``scrapy fleet status``: the sites, the queue and the workers of a fleet."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import orjson
import sqlalchemy as sa

from newsbot.archive.database import Database
from newsbot.archive.due_sites import DueSites
from newsbot.fleet.dispatch import SITES
from newsbot.fleet.pulse import STALE_SECONDS
from newsbot.fleet.queue_schema import open_fleet
from newsbot.terminal import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """A worker: its process, the sites that it crawls and may crawl at once, its rates a minute, the seconds since its
    last heartbeat."""

    host: str
    pid: str
    at_work: int
    slots: int
    sites_a_minute: float
    rows_a_minute: float
    requests_a_minute: float
    seen: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFacts:
    """A fleet now. ``overdue``: seconds for which the longest overdue site has waited for its check. ``queue_age``:
    seconds for which the oldest job has waited in the queue. ``failing``: sites whose last check failed. ``aborted``:
    jobs of the last day that were stopped and done again."""

    followed: int
    due: int
    overdue: float
    at_work: int
    queued: int
    queue_age: float
    blocked: int
    failing: int
    paused: int
    aborted: int
    failed: int
    sites_a_minute: float
    rows_a_minute: float
    requests_a_minute: float
    workers: tuple[WorkerFacts, ...]


_QUEUE = sa.text("""
    SELECT count(*) FILTER (WHERE status = 'todo') AS queued, count(*) FILTER (WHERE status = 'doing') AS at_work,
        count(*) FILTER (WHERE status = 'aborted') AS aborted, count(*) FILTER (WHERE status = 'failed') AS failed,
        coalesce(extract(epoch FROM now() - min(e.at) FILTER (WHERE status = 'todo')), 0)::float AS queue_age
    FROM procrastinate_jobs j
    LEFT JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
    WHERE queue_name = :sites
""")
_WORKERS = sa.text("""
    SELECT holder, slots, sites_a_minute, rows_a_minute, requests_a_minute,
        extract(epoch FROM now() - seen)::float AS seen,
        (SELECT count(*) FROM procrastinate_jobs j WHERE j.worker_id = w.worker AND j.status = 'doing') AS at_work
    FROM fleet_workers w ORDER BY started, worker
""")


def read_status(database: Database, *, now: datetime | None = None) -> FleetFacts:
    """The facts of the fleet in an archive that has its tables (``open_fleet``). Raises ArchiveError."""
    now = datetime.now(UTC) if now is None else now
    due_sites = DueSites(database)
    sites, overdue = due_sites.counts(now), due_sites.overdue_seconds(now)
    with database.reading() as connection:
        queue = connection.execute(_QUEUE, {"sites": SITES}).one()
        workers = tuple(_worker(row) for row in connection.execute(_WORKERS))
    rates = {name: sum(getattr(worker, name) for worker in workers if worker.seen <= STALE_SECONDS) for name in _RATES}
    return FleetFacts(
        followed=sites.sites,
        due=sites.due,
        overdue=overdue or 0.0,
        at_work=queue.at_work,
        queued=queue.queued,
        queue_age=queue.queue_age,
        blocked=sites.blocked,
        failing=sites.failing,
        paused=sites.paused,
        aborted=queue.aborted,
        failed=queue.failed,
        workers=workers,
        **rates,
    )


_RATES = ("sites_a_minute", "rows_a_minute", "requests_a_minute")


def _worker(row: sa.Row[tuple[object, ...]]) -> WorkerFacts:
    host, _, pid, _ = str(row.holder).split(" ")
    rates = {name: getattr(row, name) for name in _RATES}
    return WorkerFacts(host=host, pid=pid, at_work=row.at_work, slots=row.slots, seen=row.seen, **rates)


def status_lines(url: str, *, as_json: bool) -> list[str]:
    """The status of the fleet at an SQLAlchemy URL, as lines. Raises BadArgument and ArchiveError."""
    database = open_fleet(url, create=False)
    try:
        facts = read_status(database)
    finally:
        database.close()
    return [orjson.dumps(asdict(facts)).decode()] if as_json else table(facts)


def table(facts: FleetFacts) -> list[str]:
    """The status as lines for a person."""
    lines = [
        f"sites     {facts.followed} followed: {facts.due} due, {facts.at_work} at work, {facts.blocked} blocked, "
        f"{facts.failing} failing, {facts.paused} paused",
        f"queue     {_waiting(facts.queued)}, the oldest for {_span(facts.queue_age)}; "
        f"the longest overdue site waits for {_span(facts.overdue)}",
        f"a minute  {counted(round(facts.sites_a_minute), 'site')}, {counted(round(facts.rows_a_minute), 'row')}, "
        f"{counted(round(facts.requests_a_minute), 'request')}",
        f"last day  {counted(facts.aborted, 'job')} stopped and done again, {facts.failed} failed",
    ]
    if not facts.workers:
        return [*lines, "workers   none; scrapy fleet worker starts one"]
    heads = ("worker", "pid", "at work", "sites/min", "rows/min", "requests/min", "heartbeat")
    rows = [heads, *(_cells(worker) for worker in facts.workers)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    return lines + [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _cells(worker: WorkerFacts) -> tuple[str, ...]:
    seen = f"{worker.seen:.0f} s ago"
    return (
        worker.host,
        worker.pid,
        f"{worker.at_work} of {worker.slots}",
        f"{worker.sites_a_minute:.0f}",
        f"{worker.rows_a_minute:.0f}",
        f"{worker.requests_a_minute:.0f}",
        seen if worker.seen <= STALE_SECONDS else f"{seen}: dead",
    )


def _waiting(jobs: int) -> str:
    return f"{counted(jobs, 'job')} {'waits' if jobs == 1 else 'wait'}"


def _span(seconds: float) -> str:
    """A length of time for a person: ``42 s``, ``7 min``, ``3.5 h``, ``2.0 days``."""
    for unit, length in (("days", 86_400), ("h", 3_600)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
