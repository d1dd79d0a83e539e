"""Leases, so that one run at a time crawls a site. A lease has a heartbeat; a dead run's lease is taken over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database, upsert
from newsbot.archive.processes import Alive, is_dead, this_process
from newsbot.archive.schema import leases, runs
from newsbot.errors import ArchiveError


class Leases:
    """The leases of one run. Every transaction calls ``fence``, so that a run that lost a lease writes nothing more."""

    def __init__(self, database: Database, *, run: str, clock: Callable[[], datetime], alive: Alive) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._alive = alive
        self._process = this_process()
        self.held: set[str] = set()
        self.guards: list[Callable[[Connection, str], None]] = []
        """Further checks of ``fence``: each raises ArchiveError where this run may not write to the site any more."""

    def take(self, site: str) -> str | None:
        """Take the lease of a site. Returns None if this run has it now, else the name of the run that has it."""
        now = self._clock()
        with self._database.writing() as connection:
            lease = sa.select(leases).where(leases.c.site == site)
            if not self._database.sqlite:
                lease = lease.with_for_update()
            found = connection.execute(lease).first()
            if found is not None and found.run != self._run:
                if not is_dead(process=found.holder, heartbeat=found.heartbeat, now=now, alive=self._alive):
                    return str(found.run)
                connection.execute(sa.delete(leases).where(leases.c.site == site))
                found = None
            if found is None:
                ours = {"site": site, "run": self._run, "holder": self._process, "heartbeat": now.isoformat()}
                connection.execute(upsert(connection, leases, keys=("site",), replaced=()), ours)
                winner = connection.execute(sa.select(leases.c.run).where(leases.c.site == site)).scalar_one()
                if winner != self._run:
                    return str(winner)
        self.held.add(site)
        return None

    def release_all(self) -> None:
        self.held.clear()
        with self._database.writing() as connection:
            connection.execute(sa.delete(leases).where(leases.c.run == self._run))

    def beat(self) -> None:
        """Write the heartbeat of the run and of all its leases. Must be called every HEARTBEAT_SECONDS."""
        now = self._clock().isoformat()
        with self._database.writing() as connection:
            connection.execute(sa.update(runs).where(runs.c.run == self._run).values(heartbeat=now))
            connection.execute(sa.update(leases).where(leases.c.run == self._run).values(heartbeat=now))

    def fence(self, connection: Connection, site: str) -> None:
        """Raise ArchiveError, which undoes the transaction, if another run has taken over a lease of this run."""
        for guard in self.guards:
            guard(connection, site)
        if site not in self.held:
            return
        ours = sa.update(leases).where(leases.c.site == site, leases.c.run == self._run)
        if connection.execute(ours.values(heartbeat=self._clock().isoformat())).rowcount != 1:
            raise ArchiveError(f"another run took over {site}, because this run sent no heartbeat for a minute")
