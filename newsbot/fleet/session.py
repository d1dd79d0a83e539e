"""One session of a worker: from its entry in the queue's database to its end.

A session ends when the worker is stopped, when the database fails, or when other workers may have its jobs. The worker
then begins a new one (``newsbot.fleet.worker``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from procrastinate import exceptions
from procrastinate.job_context import JobContext
from procrastinate.worker import Worker
from psycopg_pool import PoolTimeout

from newsbot.archive.database import Database
from newsbot.archive.processes import this_process
from newsbot.errors import ArchiveAway, ArchiveError
from newsbot.fleet.connector import QueueConnector, new_app
from newsbot.fleet.database_thread import DatabaseThread, reconnect
from newsbot.fleet.dispatch import CONTROL, CRAWL, MOST_DEATHS, SITES, dispatch, rescue, tidy
from newsbot.fleet.fence import JobKey
from newsbot.fleet.heartbeat import Done, Heartbeat
from newsbot.fleet.pulse import BEAT_SECONDS, STALE_SECONDS, Pulse
from newsbot.fleet.runs import Interrupted, Run, Runs
from newsbot.fleet.visits import Visits

logger = logging.getLogger(__name__)

QUEUE_ERRORS = (ArchiveError, exceptions.ConnectorException, psycopg.Error, PoolTimeout, OSError)
"""The exceptions of a database that does not answer or is full."""

CUT_SECONDS = 10.0
"""Seconds after which an ending worker stops waiting for answers of sites."""

END_SECONDS = 22.0
"""Seconds after which an ending worker stops waiting for its runs. This is less than STALE_SECONDS."""

HUNG_SECONDS = 3.0
"""Seconds that a worker waits for its jobs before it ends, if its crawls did not end in time."""

POLL_SECONDS = 2.0
"""How often a worker with a free slot looks for jobs. The worker does not listen for new jobs: waiting for messages of
PostgreSQL takes as much CPU as all other work of an idle worker, and each new job would wake every worker.
"""

TOLD = 5
"""The most sites that a line of the log names."""

TICK = "* * * * * */5"
"""When the periodic work is done: every five seconds."""

_ENTER = """
INSERT INTO fleet_workers (worker, control, holder, slots)
VALUES (%(worker)s, %(control)s, %(holder)s, %(slots)s)
"""


class Session:
    """``slots``: sites at once. ``spiders``: the names of the spiders whose sites become jobs. ``earlier``: the workers
    of earlier sessions of this process. ``make_run`` builds a run of a spider. ``database``: for the event loop;
    ``thread`` and ``beating`` have the connections of the periodic work and of the heartbeat."""

    def __init__(
        self,
        *,
        url: str,
        slots: int,
        budget: float,
        spiders: Sequence[str],
        earlier: tuple[int, ...],
        database: Database,
        thread: DatabaseThread,
        beating: DatabaseThread,
        make_run: Callable[[str, Pulse, Callable[[str], None]], Run],
    ) -> None:
        self.pulse = Pulse()
        self.runs = Runs(lambda spider: make_run(spider, self.pulse, self.give_up))
        self.visits = Visits(database, self.runs)
        self.why: str | None = None
        self.workers: tuple[int, ...] = ()
        self._over = asyncio.Event()
        self._slots = slots
        self._budget = budget
        self._spiders = spiders
        self._earlier = earlier
        self._database = database
        self._thread = thread
        self._beating = beating
        self._loop = asyncio.get_running_loop()
        self._connector = QueueConnector(url)

    def give_up(self, why: str) -> None:
        """End the session. The first reason counts."""
        if self.why is None:
            self.why = why
        self._over.set()

    def _give_up_from_thread(self, why: str) -> None:
        self._loop.call_soon_threadsafe(self.give_up, why)

    async def serve(self, stop: asyncio.Event) -> None:
        """Do jobs until ``stop`` is set or the session ends; then ``why`` has the reason. Raises QUEUE_ERRORS."""
        reconnect(self._database)
        await asyncio.gather(self._thread.do(reconnect), self._beating.do(reconnect))
        await self._thread.do(lambda database: rescue(database, ended=self._earlier))
        sites, control = self._make_workers()
        await self._connector.open_async()
        self.pulse.beat(self.pulse.ask())  # a job may begin before _enter continues, even if connecting took long
        tasks = [asyncio.create_task(worker.run()) for worker in (sites, control)]  # type: ignore[no-untyped-call]
        beats: list[asyncio.Task[None]] = []
        heartbeat: Heartbeat | None = None
        try:
            if (entered := await self._enter(sites, control, tasks)) is not None:
                heartbeat = Heartbeat(self.pulse, entered, self._give_up_from_thread)
                turns = asyncio.create_task(self._turns(heartbeat))
                beats = [asyncio.create_task(self._beating.do(heartbeat.write)), turns]
            waits = [asyncio.create_task(event.wait()) for event in (stop, self._over)]
            await asyncio.wait([*tasks, *waits, *beats], return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if not stop.is_set():
                self.give_up(_reason([*tasks, *beats]))
        finally:
            whole = await self._wind_down(sites, control, tasks, heartbeat)
            if heartbeat is not None:
                turns.cancel()
            # A job whose crawl hangs does not end, even if it is cancelled.
            await asyncio.wait([*tasks, *beats], timeout=None if whole else HUNG_SECONDS)
            _retrieve([*tasks, *beats])
            await self._connector.close_async()

    def _make_workers(self) -> tuple[Worker, Worker]:
        """The worker that crawls sites, and one for the periodic work, which must not wait for a free slot."""
        crawling, periodic = new_app(self._connector), new_app(self._connector)
        crawling.task(name=CRAWL, queue=SITES, pass_context=True)(self._crawl)
        tick = periodic.task(name="newsbot.tick", queue=CONTROL, queueing_lock="newsbot.tick")(self._tick)
        periodic.periodic(cron=TICK)(tick)
        shared: dict[str, Any] = {
            "install_signal_handlers": False,
            "delete_jobs": "successful",
            "fetch_job_polling_interval": POLL_SECONDS,
            "abort_job_polling_interval": 60.0,
            "listen_notify": False,
            "update_heartbeat_interval": 10.0,
            "stalled_worker_timeout": float(STALE_SECONDS),
        }
        return (
            Worker(crawling, queues=[SITES], name="sites", concurrency=self._slots, **shared),
            Worker(periodic, queues=[CONTROL], name="control", concurrency=1, **shared),
        )

    async def _enter(self, sites: Worker, control: Worker, tasks: list[asyncio.Task[None]]) -> tuple[int, int] | None:
        """Enter the worker into the fleet. Returns its two ids in the queue; None where the session is over."""
        while sites.worker_id is None or control.worker_id is None:
            if any(task.done() for task in tasks):
                self.give_up(_reason(tasks))
                return None
            await asyncio.sleep(0.01)
        self.workers = entered = (sites.worker_id, control.worker_id)
        self.pulse.beat(self.pulse.ask())  # the entries in the queue are new, and so is the heartbeat
        await self._connector.execute_query_async(
            _ENTER, worker=entered[0], control=entered[1], holder=this_process(), slots=self._slots
        )
        return entered

    async def _turns(self, heartbeat: Heartbeat) -> None:
        """Tell the heartbeat that the event loop runs, and end the runs that are old or idle."""
        while True:
            heartbeat.turn(Done(self.visits.ended, self.runs.rows, self.runs.requests))
            await asyncio.sleep(BEAT_SECONDS)
            self.runs.sweep(asyncio.get_running_loop().time())

    async def _tick(self, timestamp: int) -> None:
        """Do the periodic work. ``timestamp``: the time for which Procrastinate scheduled it."""
        try:
            await self._do_periodic_work(timestamp)
        except ArchiveAway as error:
            self.give_up(str(error))
        except ArchiveError as error:
            logger.error("%s. The worker tries again in %.0f seconds", error, BEAT_SECONDS)

    async def _do_periodic_work(self, timestamp: int) -> None:
        rescued = await self._thread.do(rescue)
        if rescued.jobs or rescued.workers:
            sites = ", ".join(rescued.jobs[:TOLD]) + (", ..." if rescued.jobs[TOLD:] else "") or "none"
            logger.warning(
                "Workers that are gone: %d. Sites that wait again: %d (%s)",
                rescued.workers, len(rescued.jobs), sites,
            )  # fmt: skip
        if rescued.deadly:
            named = ", ".join(rescued.deadly[:TOLD]) + (", ..." if rescued.deadly[TOLD:] else "")
            logger.error(
                "%d workers in a row died while they crawled these sites, which newsbot tries again after a pause: %s",
                MOST_DEATHS, named,
            )  # fmt: skip
        await self._thread.do(lambda database: dispatch(database, spiders=self._spiders, budget=self._budget))
        if timestamp % 600 < BEAT_SECONDS:
            await self._thread.do(tidy)

    async def _crawl(self, context: JobContext, /, **site: Any) -> None:
        """Check one site: ``url`` and ``spider``. A check that is stopped waits in the queue again."""
        job = context.job
        assert job.id is not None
        try:
            if not self.pulse.alive or self._over.is_set():
                raise Interrupted
            await self.visits.visit(JobKey(job.id, job.attempts), site["url"], site["spider"], now=datetime.now(UTC))
        except ArchiveError as error:
            self.give_up(str(error))
            await self._defer_again(context)
        except Interrupted:
            await self._defer_again(context)

    async def _defer_again(self, context: JobContext) -> None:
        """Put a new job into the queue in place of this job, which ends as aborted. Because of the lock, the new job
        starts only after this end."""
        if not self.pulse.alive:
            self._connector.mute()
            return
        again = context.job.evolve(id=None, attempts=0, worker_id=None, scheduled_at=None)
        try:
            await context.app.job_manager.defer_job_async(again)
        except exceptions.AlreadyEnqueued:
            pass
        except QUEUE_ERRORS:
            self._connector.mute()  # the next session, or another worker, finds the job and defers it again
            return
        raise exceptions.JobAborted

    async def _wind_down(
        self, sites: Worker, control: Worker, tasks: list[asyncio.Task[None]], heartbeat: Heartbeat | None
    ) -> bool:
        """End all crawls after their present page, give the jobs back, and leave the queue. Returns whether all crawls
        ended in time."""
        # Otherwise a job that is being fetched now would begin a run that is never stopped.
        self._over.set()
        if heartbeat is not None:
            heartbeat.leave()
        if not self.pulse.alive:
            self._connector.mute()
        for worker in (sites, control):
            worker.stop()  # type: ignore[no-untyped-call]
        loop = asyncio.get_running_loop()
        cut = loop.call_later(CUT_SECONDS if self.pulse.alive else 0.0, self.runs.cut)
        stopping = asyncio.create_task(self._stop_runs(tasks))
        await asyncio.wait([stopping], timeout=END_SECONDS)
        cut.cancel()
        if not (whole := stopping.done()):
            stopping.cancel()
            logger.error("Sites that did not end in time: %d; other workers go on with them", self.runs.at_work)
            self._connector.mute()
            for task in tasks:
                task.cancel()
        if heartbeat is not None:
            heartbeat.stop()  # the rescue removes the worker's entry
        try:
            await self._thread.do(lambda database: rescue(database, ended=self.workers))
        except ArchiveError as error:
            self.give_up(str(error))
        return whole

    async def _stop_runs(self, tasks: list[asyncio.Task[None]]) -> None:
        await self.runs.stop()
        await asyncio.wait(tasks)


def _reason(tasks: list[asyncio.Task[None]]) -> str:
    """Why one of the tasks of a session ended."""
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, ArchiveError):
                return str(error)
            cause = error.__cause__ or error
            return f"the queue does not answer: {str(cause).strip().partition(chr(10))[0] or type(cause).__name__}"
    return "the queue's worker ended"


def _retrieve(tasks: list[asyncio.Task[None]]) -> None:
    """Mark the errors of ended tasks as seen. ``_reason`` reports the first error."""
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()
