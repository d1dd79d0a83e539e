"""Leases, so that one run at a time crawls one kind of rows of a site. A lease has a heartbeat; a dead run's lease is
taken over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database, upsert
from newsbot.archive.processes import Alive, is_dead, this_process
from newsbot.archive.schema import leases, runs
from newsbot.errors import ArchiveAway


def lease_of(site: str, kind: str) -> str:
    """The name of the lease of one kind of rows of a site."""
    return f"{kind} {site}"


_ENTER = sa.text("""
    INSERT INTO leases (site, run, holder, heartbeat)
    SELECT CAST(:lease AS text), CAST(:run AS text), CAST(:holder AS text), CAST(:heartbeat AS text)
    WHERE NOT EXISTS (SELECT 1 FROM leases WHERE site IN (:lease, :site))
    ON CONFLICT DO NOTHING
""")
"""Takes a free lease in one statement. If another run tries at the same time, only one of the two gets the lease."""

_OURS = (
    sa.update(leases)
    .where(leases.c.site == sa.bindparam("lease"), leases.c.run == sa.bindparam("of"))
    .values(heartbeat=sa.bindparam("now"))
)
_RELEASE = sa.delete(leases).where(
    leases.c.run == sa.bindparam("of"), leases.c.site.in_(sa.bindparam("names", expanding=True))
)


class Leases:
    """The leases of one run. Every transaction calls ``fence``, so that a run that lost a lease writes nothing more.

    A site is the key of a site, or another name of the site. A lease without a kind was taken by an older version, for
    the whole site.
    """

    def __init__(self, database: Database, *, run: str, clock: Callable[[], datetime], alive: Alive) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._alive = alive
        self._process = this_process()
        self.held: set[str] = set()
        self.guards: list[Callable[[Connection, str], None]] = []
        """Further checks of ``fence``: each raises ArchiveAway where this run may not write to the site any more."""

    def take(self, site: str, kind: str = "posts") -> str | None:
        """Take the lease of one kind of a site. Returns None if this run has it now, else the name of the run that has
        it."""
        now = self._clock()
        new = {"run": self._run, "holder": self._process, "heartbeat": now.isoformat()}
        with self._database.stating() as connection:
            entered = connection.execute(_ENTER, {"lease": lease_of(site, kind), "site": site, **new}).rowcount == 1
        if entered:
            self.held.add(lease_of(site, kind))
            return None
        with self._database.writing() as connection:
            if (holder := self._holder(connection, lease_of(site, kind), site, now)) is not None:
                return holder
        self.held.add(lease_of(site, kind))
        return None

    def take_all(self, sites: Iterable[str], kinds: Iterable[str]) -> str | None:
        """Take the leases of all kinds of all sites, or none of them. Returns the name of a run that has one."""
        taken: list[str] = []
        for site, kind in [(site, kind) for site in sites for kind in kinds]:
            held_before = lease_of(site, kind) in self.held
            if (holder := self.take(site, kind)) is not None:
                self.release(taken)
                return holder
            if not held_before:
                taken.append(lease_of(site, kind))
        return None

    def _holder(self, connection: Connection, lease: str, site: str, now: datetime) -> str | None:
        """Enter the lease for this run. Returns the run that has it, if another one does."""
        found = sa.select(leases).where(leases.c.site.in_((lease, site)))
        if not self._database.sqlite:
            found = found.with_for_update()
        ours = False
        for row in connection.execute(found).all():
            if row.run == self._run:
                ours = ours or row.site == lease
            elif not is_dead(process=row.holder, heartbeat=row.heartbeat, now=now, alive=self._alive):
                return str(row.run)
            else:
                connection.execute(sa.delete(leases).where(leases.c.site == row.site))
        if ours:
            return None
        new = {"site": lease, "run": self._run, "holder": self._process, "heartbeat": now.isoformat()}
        connection.execute(upsert(connection, leases, keys=("site",), replaced=()), new)
        winner = connection.execute(sa.select(leases.c.run).where(leases.c.site == lease)).scalar_one()
        return None if winner == self._run else str(winner)

    def release(self, names: Collection[str]) -> None:
        """Release leases by their names. Another run may take them."""
        self.held -= set(names)
        with self._database.stating() as connection:
            connection.execute(_RELEASE, {"of": self._run, "names": list(names)})

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

    def fence(self, connection: Connection, site: str, kind: str) -> None:
        """Raise ArchiveAway, which undoes the transaction, if another run has taken over a lease of this run."""
        for guard in self.guards:
            guard(connection, site)
        lease = lease_of(site, kind)
        if lease not in self.held:
            return
        ours = {"lease": lease, "of": self._run, "now": self._clock().isoformat()}
        if connection.execute(_OURS, ours).rowcount != 1:
            raise ArchiveAway(
                f"another run took over {kind} of {site}, because this run sent no heartbeat for a minute"
            )
