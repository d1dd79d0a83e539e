"""The heartbeat of a worker, written by a thread of its own.

One turn of the event loop reads the pages of all sites that answered meanwhile. On a busy machine this may take longer
than other workers wait for a heartbeat. If the event loop wrote the heartbeat, they would take over the sites of a
worker that is alive.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from newsbot.archive.database import Database
from newsbot.fleet.pulse import BEAT_SECONDS, Pulse, clock_difference
from newsbot.fleet.rates import Rates

LONGEST_TURN = 300.0
"""Seconds after which an event loop that does not begin its next turn counts as hanging. Other workers then take over
the sites."""

_BEAT = sa.text("""
WITH alive AS (
    UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id IN (:worker, :control) RETURNING id
), ours AS (
    UPDATE fleet_workers SET seen = now(), sites_a_minute = :sites, rows_a_minute = :rows, requests_a_minute = :requests
    WHERE worker = :worker RETURNING worker
), spent AS (
    UPDATE fleet SET allowance = allowance - :made WHERE :made > 0
)
SELECT (SELECT count(*) FROM ours) = 1 AS ours, (SELECT count(*) FROM alive) = 2 AS registered,
    extract(epoch FROM clock_timestamp())::float AS now
""")


@dataclass(frozen=True, slots=True)
class Done:
    """What the worker has done since it began: checks of sites, rows and requests."""

    sites: int = 0
    rows: int = 0
    requests: int = 0


class Heartbeat:
    """``workers``: the ids of both workers in the queue. ``failed`` is called in the thread, with a line."""

    def __init__(self, pulse: Pulse, workers: tuple[int, int], failed: Callable[[str], None]) -> None:
        self._pulse = pulse
        self._workers = workers
        self._failed = failed
        self._rates = Rates()
        self._debited = 0
        self._done = Done()
        self._turned = pulse.ask()
        self._leaving = False
        self._over = threading.Event()

    def turn(self, done: Done) -> None:
        """Note that the event loop began a new turn. ``done``: the work of the worker so far."""
        self._done, self._turned = done, self._pulse.ask()

    def leave(self) -> None:
        """Note that the worker ends. Its entries in the queue are removed one after the other while its crawls still
        end."""
        self._leaving = True

    def stop(self) -> None:
        """Write no further heartbeat, and ignore the result of a heartbeat that is being written."""
        self._over.set()

    def write(self, database: Database) -> None:
        """Write a heartbeat every BEAT_SECONDS until ``stop`` is called. Runs in a thread. Raises ArchiveError."""
        while not self._over.is_set():
            if self._pulse.ask() - self._turned <= LONGEST_TURN and not self._beat(database):
                return
            self._over.wait(BEAT_SECONDS)

    def _beat(self, database: Database) -> bool:
        """Write one heartbeat. Returns whether the worker still has its jobs."""
        asked, done = self._pulse.ask(), self._done
        rates = self._rates.after(asked, sites=done.sites, rows=done.rows, requests=done.requests)
        values = {
            "worker": self._workers[0],
            "control": self._workers[1],
            "sites": rates.sites,
            "rows": rates.rows,
            "requests": rates.requests,
            "made": done.requests - self._debited,
        }
        sent = time.time()
        with database.stating() as connection:
            row = connection.execute(_BEAT, values).one()
        self._debited = done.requests
        if self._over.is_set():
            return False
        if not (self._pulse.alive and row.ours and (row.registered or self._leaving)):
            self._pulse.lose()
            self._failed("this worker wrote no heartbeat for too long, and other workers have its sites now")
            return False
        self._pulse.beat(asked)
        if (off := clock_difference(sent, time.time(), row.now)) is not None:
            self._failed(
                f"the clock of this machine differs from that of the database by {off:.0f} s. Correct the clock; "
                "the worker crawls no site before that"
            )
        return True
