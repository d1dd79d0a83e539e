"""The process of ``scrapy fleet worker``: one session after the other, until a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import BaseSettings

from newsbot.archive.database import Database
from newsbot.archive.due_sites import DueSites
from newsbot.errors import BadArgument
from newsbot.fleet.connector import quiet
from newsbot.fleet.database_thread import DatabaseThread
from newsbot.fleet.pulse import Pulse
from newsbot.fleet.queue_schema import open_fleet
from newsbot.fleet.runs import Run
from newsbot.fleet.session import QUEUE_ERRORS, Session
from newsbot.fleet.spider import COMPONENTS, spider_for_fleet
from newsbot.spiders.base import NewsbotSpider
from newsbot.terminal import counted

logger = logging.getLogger(__name__)

SHORTEST_WAIT, LONGEST_WAIT = 1.0, 10.0
"""Seconds between two tries to begin a session while the database does not answer."""


def run_worker(settings: BaseSettings, *, slots: int) -> int:
    """Work until SIGTERM or SIGINT. Returns the exit status.

    Raises BadArgument and ArchiveError before anything has begun.
    """
    url = settings["NEWSBOT_ARCHIVE"]
    databases = [open_fleet(url, create=True) for _ in range(3)]
    settings.set("NEWSBOT_SITES_AT_ONCE", str(slots), priority="cmdline")
    settings.set("NEWSBOT_PROGRESS", "0", priority="cmdline")  # scrapy fleet status lists the sites
    for name, components in COMPONENTS.items():
        for component, order in components.items():
            settings[name].set(component, order, priority="cmdline")
    process = AsyncCrawlerProcess(settings)  # type: ignore[arg-type]
    quiet()  # called after Scrapy has set up its loggers, which resets the levels of loggers below "scrapy"
    threads = DatabaseThread(databases[1]), DatabaseThread(databases[2])
    worker = _Worker(process, slots=slots, database=databases[0], threads=threads)
    main = asyncio.get_event_loop().create_task(worker.main())
    process.start(stop_after_crawl=False, install_signal_handlers=False)
    return main.result() if main.done() and not main.cancelled() else 1


class _Worker:
    """``threads``: a thread for the periodic work, and a thread for the heartbeat."""

    def __init__(
        self,
        process: AsyncCrawlerProcess,
        *,
        slots: int,
        database: Database,
        threads: tuple[DatabaseThread, DatabaseThread],
    ) -> None:
        self._process = process
        self._slots = slots
        self._database = database
        self._threads = threads
        self._stop = asyncio.Event()
        self._earlier: list[int] = []
        self._session: Session | None = None
        self._beaten = time.time()
        self._spiders: dict[str, type[NewsbotSpider]] = {}

    async def main(self) -> int:
        from twisted.internet import reactor

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_end, number)
        if self._process.settings.getint("NEWSBOT_METRICS_PORT"):
            from newsbot.extensions.metrics import watch_worker

            sites = DueSites(self._database)
            watch_worker(self._process.settings, lambda: sites.overdue_seconds(datetime.now(UTC)), self._last_beat)
        try:
            await self._sessions()
            return 0
        except Exception:
            logger.exception("The worker ends because of a fault in newsbot")
            return 1
        finally:
            for thread in self._threads:
                thread.close()
            self._database.close()
            reactor.stop()  # type: ignore[misc]

    def _last_beat(self) -> float:
        """When a heartbeat of this worker was last written, or the worker began; seconds since 1970."""
        if self._session is not None and self._session.workers:
            self._beaten = max(self._beaten, time.time() - self._session.pulse.age)
        return self._beaten

    def _asked_to_end(self, number: int) -> None:
        if self._stop.is_set():
            return  # some programs send the signal twice
        logger.info("%s: the worker ends after the present pages of its sites", signal.Signals(number).name)
        self._stop.set()

    async def _sessions(self) -> None:
        wait, away = SHORTEST_WAIT, False
        logger.info(
            "A worker for %s at once begins on the archive %s", counted(self._slots, "site"), self._database.place
        )
        while not self._stop.is_set():
            began = asyncio.get_running_loop().time()
            session = self._session = self._new_session()
            try:
                await session.serve(self._stop)
                why = session.why
            except QUEUE_ERRORS as error:
                why = str(error).strip().partition("\n")[0]
            self._earlier += session.workers
            if session.runs.at_work:
                # The crawls of these runs hang. The service manager starts a new process.
                logger.error("The worker ends. Crawls that hang: %d", session.runs.at_work)
                os._exit(0 if self._stop.is_set() else 1)
            if self._stop.is_set():
                return
            if asyncio.get_running_loop().time() - began > LONGEST_WAIT:
                wait, away = SHORTEST_WAIT, False
            if not away:
                logger.error("%s. The worker waits and tries again", why)
            away = True
            await self._pause(wait)
            wait = min(LONGEST_WAIT, 2 * wait)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return

    def _new_session(self) -> Session:
        settings = self._process.settings
        return Session(
            url=settings["NEWSBOT_ARCHIVE"],
            slots=self._slots,
            budget=settings.getfloat("NEWSBOT_BUDGET"),
            spiders=self._process.spider_loader.list(),
            earlier=tuple(self._earlier),
            database=self._database,
            thread=self._threads[0],
            beating=self._threads[1],
            make_run=self._make_run,
        )

    def _make_run(self, spider: str, pulse: Pulse, failed: Callable[[str], None]) -> Run:
        if spider not in self._spiders:
            found = self._process.spider_loader.load(spider)  # may raise KeyError
            if not issubclass(found, NewsbotSpider):
                raise BadArgument(f"the spider {spider} is not one of newsbot's")
            self._spiders[spider] = spider_for_fleet(found)
        run = Run(self._process.create_crawler(self._spiders[spider]), pulse=pulse, failed=failed)
        run.start(self._process)
        return run
