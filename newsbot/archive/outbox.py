"""The outbox: a row is delivered when the feed that holds it has been closed and has taken its name.

A run's feeds are written as parts. At its end, in this order:

1. every part is whole and on the disk; every row in them is committed (``Archive.flush``);
2. ``sealing``: one durable transaction says which parts take which names, and that the run is past the point of return;
3. the parts are renamed;
4. ``delivered``: the run's outbox is emptied.

A run that dies before 2 has delivered nothing: the next crawl of each of its sites inherits the rows (``recover``), and
its parts are litter, which the feeds' own sweep removes. A run that dies after 2 has delivered everything: whoever
comes next renames what is left (``finish_seals``; a part that is gone has been renamed). So no row is ever in two
finished files, and none in no file.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database
from newsbot.archive.payloads import Standing, thaw
from newsbot.archive.processes import Alive, host_of, is_dead, this_process
from newsbot.archive.schema import collections, feeds, outbox, revisions, rows, runs
from newsbot.errors import ArchiveError
from newsbot.items import Record

BATCH = 200


_content, _event = revisions.alias("content"), revisions.alias("event")


def _of_entry(table: sa.FromClause) -> sa.ColumnElement[bool]:
    return (table.c.collection == outbox.c.collection) & (table.c.id == outbox.c.id)


# A deletion has no payload of its own: it is told with the newest one before it.
_newest = (
    sa.select(sa.func.max(revisions.c.revision))
    .where(_of_entry(revisions), revisions.c.revision <= outbox.c.revision, revisions.c.payload.is_not(None))
    .scalar_subquery()
)
_UNDELIVERED = (
    sa.select(outbox, rows.c.kind, rows.c.first_seen, rows.c.collision, _content.c.payload, _event.c.seen)
    .join(rows, _of_entry(rows))
    .join(_content, _of_entry(_content) & (_content.c.revision == _newest))
    .join(_event, _of_entry(_event) & (_event.c.revision == outbox.c.revision))
    .where(outbox.c.place.in_(sa.bindparam("places", expanding=True)))
    .order_by(outbox.c.place)
)


@dataclass(frozen=True, slots=True)
class Feed:
    """A file of a run: where it is written, and the name it takes when it is whole. Absolute paths."""

    part: Path
    final: Path


@dataclass(slots=True, kw_only=True)
class Recovered:
    """A row of a dead run on its way to this run's feeds: it is clean, counted and archived already."""

    record: Record


class Outbox:
    """The outbox of one run."""

    def __init__(self, database: Database, *, run: str, clock: Callable[[], datetime], alive: Alive) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._alive = alive
        self._handed: set[tuple[int, int, int]] = set()
        self._entered = False

    def handed(self, collection: int, row_id: int, revision: int) -> bool:
        """Whether ``recover`` gave this revision to the feeds of this run."""
        return (collection, row_id, revision) in self._handed

    def enter(self) -> None:
        """The run at hand is in ``runs``: from now on it must be open to be written for."""
        self._entered = True

    def fence(self, connection: Connection) -> None:
        """Raise ArchiveError when this run was taken for dead and its rows were given to another."""
        if self._entered:
            state = connection.execute(sa.select(runs.c.state).where(runs.c.run == self._run)).scalar()
            # A run may seal one feed after the other.
            if state not in ("open", "sealing"):
                raise ArchiveError(f"the run {self._run} was taken for dead; another run delivers its rows")

    # Sealing.

    def sealing(self, whole: Iterable[Feed]) -> None:
        """All parts are whole and on the disk: from here on the run counts as delivered.

        Raises ArchiveError, and the parts must not be renamed, where the run was taken for dead or nothing can be kept.
        """
        with self._database.writing(durable=True) as connection:
            self.fence(connection)
            connection.execute(sa.delete(feeds).where(feeds.c.run == self._run))
            listed = [
                {"run": self._run, "part": str(one.part), "final": str(one.final), "ordinal": place}
                for place, one in enumerate(whole)
            ]
            if listed:
                connection.execute(sa.insert(feeds), listed)
            connection.execute(sa.update(runs).where(runs.c.run == self._run).values(state="sealing"))

    def delivered(self) -> None:
        """All parts have taken their names."""
        with self._database.writing(durable=True) as connection:
            self._finish(connection, self._run)

    def failed(self) -> None:
        """This run's feeds will never be whole: its rows are free for the next run at once."""
        with self._database.writing() as connection:
            still_open = (runs.c.run == self._run, runs.c.state == "open")
            connection.execute(sa.update(runs).where(*still_open).values(state="dead"))

    def _finish(self, connection: Connection, run: str) -> None:
        connection.execute(sa.delete(outbox).where(outbox.c.run == run))
        connection.execute(sa.delete(feeds).where(feeds.c.run == run))
        done = {"state": "delivered", "finished": self._clock().isoformat()}
        connection.execute(sa.update(runs).where(runs.c.run == run).values(done))

    # After a death.

    def finish_seals(self) -> list[Path]:
        """Give the parts of dead runs that were past the point of return their names; the names given.

        Parts on another machine's disk are left to it.
        """
        named: list[Path] = []
        here = host_of(this_process())
        for run in self._dead_runs("sealing"):
            named += _rename(self._feeds_of(run.run))
            if host_of(run.holder) == here:
                with self._database.writing(durable=True) as connection:
                    self._finish(connection, run.run)
        return named

    def recover(self, site: str, kind: str) -> Iterator[Recovered]:
        """The undelivered rows of dead runs, of a site whose lease is ours and of one kind; they are ours from now on.

        Each row is given as it was at that revision.
        """
        places = self._inherit(site, kind)
        for start in range(0, len(places), BATCH):
            for row in self._undelivered(places[start : start + BATCH]):
                self._handed.add((row.collection, row.id, row.revision))
                yield Recovered(record=_revived(row))

    def _inherit(self, site: str, kind: str) -> array[int]:
        """Make the dead runs' entries ours; their places."""
        dead = [run.run for run in (*self._dead_runs("open"), *self._dead_runs("dead"))]
        if not dead:
            return array("q")
        of_site = sa.select(collections.c.collection).where(collections.c.site == site)
        theirs = (outbox.c.run.in_(dead), outbox.c.collection.in_(of_site), _kind_is(kind))
        with self._database.writing() as connection:
            connection.execute(sa.update(runs).where(runs.c.run.in_(dead), runs.c.state == "open").values(state="dead"))
            asked = sa.select(outbox.c.place).where(*theirs).order_by(outbox.c.place)
            places = array("q", connection.execute(asked).scalars())
            connection.execute(sa.update(outbox).where(*theirs).values(run=self._run))
        return places

    def _undelivered(self, places: Iterable[int]) -> list[sa.Row[Any]]:
        with self._database.reading() as connection:
            return list(connection.execute(_UNDELIVERED, {"places": list(places)}))

    def _dead_runs(self, state: str) -> list[sa.Row[Any]]:
        now = self._clock()
        with self._database.reading() as connection:
            found = connection.execute(sa.select(runs).where(runs.c.state == state, runs.c.run != self._run)).all()
        return [
            run
            for run in found
            if run.state == "dead" or is_dead(holder=run.holder, heartbeat=run.heartbeat, now=now, alive=self._alive)
        ]

    def _feeds_of(self, run: str) -> list[Feed]:
        asked = sa.select(feeds).where(feeds.c.run == run).order_by(feeds.c.ordinal)
        with self._database.reading() as connection:
            return [Feed(Path(row.part), Path(row.final)) for row in connection.execute(asked)]


def _rename(listed: Iterable[Feed]) -> list[Path]:
    named = []
    for feed in listed:
        try:
            feed.part.replace(feed.final)
        except FileNotFoundError:
            continue
        except OSError as fault:
            raise ArchiveError(f"{feed.part} cannot become {feed.final}: {fault.strerror}") from fault
        named.append(feed.final)
    return named


def _kind_is(kind: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(_of_entry(rows), rows.c.kind == kind)


def _revived(row: sa.Row[Any]) -> Record:
    gone = row.change == "deleted"
    standing = Standing(
        revision=row.revision,
        change=row.change,
        first_seen=row.first_seen,
        last_seen=row.seen,
        deleted_at=row.seen if gone else None,
        collision=row.collision,
    )
    return thaw(row.payload, standing, kind=row.kind)
