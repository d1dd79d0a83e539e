"""What all runs of an archive know about hosts: their pace, the waits that they asked for, and their robots.txt.

Each method is one short transaction, so that other processes see its result at once, and a killed process has written
what it learnt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database, open_database, upsert
from newsbot.archive.schema import hosts, robots
from newsbot.politeness.known import (
    LONGEST_HOLD,
    ROBOTS_KEPT,
    KnownHost,
    KnownRobots,
    Turn,
    penalty_now,
    trusted,
    turn,
)

_FIELDS = ("written", "last_start", "penalty", "held_until", "failed_until")
_ROBOTS_FIELDS = ("fetched", "status", "body", "failures", "why")

_HOST = sa.select(hosts).where(hosts.c.host == sa.bindparam("at"))
_LOCKED_HOST = _HOST.with_for_update()
_ROBOTS = sa.select(robots).where(robots.c.origin == sa.bindparam("at"))


class Hosts:
    """``clock`` gives seconds since 1970. Hosts are written as ``net.hosts.host_of`` writes them."""

    def __init__(self, database: Database, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._seen: dict[str, float] = {}
        """Host -> the penalty that this process last wrote or read. If the archive has a different value, another
        process wrote it."""

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], float]) -> Self:
        """Raises ArchiveError, also where there is no archive yet."""
        found = cls(open_database(url, create=False), clock=clock)
        found._forget_old()
        return found

    def close(self) -> None:
        self._database.close()

    def take_turn(self, host: str, *, delay: float, penalty: float) -> Turn:
        """Request permission to start a request to ``host`` now. If the answer contains no wait, the start is recorded
        for all processes.

        ``delay``: seconds between two starts, without the penalty. ``penalty``: the penalty that this process has
        learnt.
        """
        now = self._clock()
        with self._database.reading() as connection:
            known = self._read(connection, host)
        answer = self._answer(host, known, now, delay=delay, penalty=penalty)
        clock_set_back = known is not None and trusted(known, now).written != known.written
        if not clock_set_back and (answer.wait or delay + answer.penalty == 0.0):
            # Without a delay no process waits for the requests of another process, so reading is enough.
            return answer
        with self._database.writing() as connection:
            known = self._read(connection, host, lock=True)
            answer = self._answer(host, known, now, delay=delay, penalty=answer.penalty)
            after = KnownHost(written=now) if known is None else trusted(known, now)
            if not answer.wait:
                after = replace(after, written=now, last_start=now, penalty=answer.penalty)
            self._write(connection, host, after)
        return answer

    def _answer(self, host: str, known: KnownHost | None, now: float, *, delay: float, penalty: float) -> Turn:
        if known is None:
            return Turn(wait=0.0, penalty=penalty)
        if known.penalty != self._seen.get(host, 0.0):
            penalty = penalty_now(known, now)
            self._seen[host] = known.penalty
        return turn(trusted(known, now), now, delay=delay, penalty=penalty)

    def learn(
        self, host: str, *, penalty: float, hold: float = 0.0, failed_for: float | None = None, started: float = 0.0
    ) -> None:
        """Store how an answer changed the pace of a host. The request was started ``started`` seconds ago.

        ``hold``: seconds that the host asks to wait. ``failed_for``: seconds without a request because the host failed;
        0: the host answers again; None: unchanged.
        """
        with self._database.writing(durable=hold > 0) as connection:
            now = self._clock()
            stored = self._read(connection, host, lock=True)
            known = KnownHost(written=now) if stored is None else trusted(stored, now)
            last_start = max(known.last_start or 0.0, now - started)
            changed = replace(known, written=now, penalty=penalty, last_start=last_start)
            if hold > 0:
                changed = replace(changed, held_until=max(known.held_until or 0.0, now + min(hold, LONGEST_HOLD)))
            if failed_for is not None:
                changed = replace(changed, failed_until=now + failed_for if failed_for else None)
            self._write(connection, host, changed)

    def robots(self, origin: str) -> KnownRobots | None:
        """The last answer for the robots.txt of an origin: ``https://news.example:8443``."""
        with self._database.reading() as connection:
            found = connection.execute(_ROBOTS, {"at": origin}).mappings().first()
        return None if found is None else KnownRobots(**{name: found[name] for name in _ROBOTS_FIELDS})

    def learn_robots(self, origin: str, known: KnownRobots) -> None:
        with self._database.writing() as connection:
            statement = upsert(connection, robots, keys=("origin",), replaced=_ROBOTS_FIELDS)
            connection.execute(statement, {"origin": origin, **asdict(known)})

    def _read(self, connection: Connection, host: str, *, lock: bool = False) -> KnownHost | None:
        query = _LOCKED_HOST if lock and not self._database.sqlite else _HOST
        found = connection.execute(query, {"at": host}).mappings().first()
        if found is None:
            return None
        return KnownHost(**{name: found[name] for name in _FIELDS})

    def _write(self, connection: Connection, host: str, known: KnownHost) -> None:
        statement = upsert(connection, hosts, keys=("host",), replaced=_FIELDS)
        connection.execute(statement, {"host": host, **asdict(known)})
        self._seen[host] = known.penalty

    def _forget_old(self) -> None:
        """Delete rows that have no effect any more, so that the tables do not grow with each host that was ever
        requested."""
        now = self._clock()
        old_hosts = sa.and_(hosts.c.written < now - LONGEST_HOLD, sa.func.coalesce(hosts.c.held_until, 0.0) < now)
        old_robots = robots.c.fetched < now - LONGEST_HOLD - ROBOTS_KEPT
        with self._database.reading() as connection:
            old = [
                connection.execute(sa.select(column).where(condition).limit(1)).first()
                for column, condition in ((hosts.c.host, old_hosts), (robots.c.origin, old_robots))
            ]
        if any(old):
            with self._database.writing() as connection:
                connection.execute(sa.delete(hosts).where(old_hosts))
                connection.execute(sa.delete(robots).where(old_robots))
