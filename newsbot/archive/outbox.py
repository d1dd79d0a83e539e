"""The outbox: the rows that are committed and are not delivered yet.

A row is delivered when the feed that holds it is closed and has its final name. Until then a feed is written under the
name of a part. At the end of a run, in this order:

1. every part is complete and on the disk, and every row in the parts is committed (``Archive.flush``);
2. ``sealing``: one durable transaction stores the final name of each part. From here on the run counts as delivered;
3. the parts are renamed;
4. ``delivered``: the run's outbox is emptied.

A run that dies before step 2 has delivered nothing. The next crawl of each of its sites takes over its rows
(``recover``), and the feeds remove its parts. A run that dies after step 2 has delivered everything: the next run
renames the parts that are left (``finish_renames``). A part that does not exist any more has its final name already. So
every row is in exactly one finished file.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database
from newsbot.archive.followed import written
from newsbot.archive.payloads import BrokenPayload
from newsbot.archive.processes import Alive, is_dead, machine_of, this_process
from newsbot.archive.schema import collections, feeds, followed, outbox, rows, runs
from newsbot.archive.undelivered import event, is_of_entry, record_of, undelivered
from newsbot.errors import ArchiveAway, ArchiveError
from newsbot.items import Record

BATCH = 200
"""Rows that are read at once."""

FIRST_WAIT, LAST_WAIT = timedelta(minutes=5), timedelta(hours=1)
"""When the next crawl tries to deliver rows that a run could not deliver: see ``due_again``."""

_DUE_BY = (
    sa.update(followed)
    .where(
        followed.c.next_due > sa.bindparam("by"),
        sa.tuple_(followed.c.site, followed.c.spider).in_(
            sa.select(collections.c.site, runs.c.spider)
            .join(outbox, outbox.c.collection == collections.c.collection)
            .join(runs, runs.c.run == outbox.c.run)
            .where(outbox.c.run.in_(sa.bindparam("dead", expanding=True)))
        ),
    )
    .values(next_due=sa.bindparam("by"))
)
"""Only the spider that brought the rows is due. Another spider may deliver no rows of this kind. It would leave the
rows undelivered, and its site would then be due again after each run."""
_OLDEST = (
    sa.select(sa.func.min(event.c.seen))
    .select_from(outbox)
    .join(event, is_of_entry(event) & (event.c.revision == outbox.c.revision))
    .where(outbox.c.run == sa.bindparam("of"))
)
_UNFINISHED = sa.select(runs).where(
    runs.c.state.in_(sa.bindparam("states", expanding=True)), runs.c.run != sa.bindparam("ours")
)
_OWING = _UNFINISHED.where(sa.or_(runs.c.state != "dead", sa.exists().where(outbox.c.run == runs.c.run)))
"""Runs that are known to be dead and have no undelivered row are left out: each crash adds such a run, and it holds
nothing to deliver. An open run is marked as dead even without rows, so that it cannot go on when it wakes up."""
_OWING_OF_SITE = _UNFINISHED.where(
    runs.c.run.in_(
        sa.select(outbox.c.run)
        .join(collections, collections.c.collection == outbox.c.collection)
        .where(collections.c.site == sa.bindparam("site"), collections.c.kind == sa.bindparam("kind"))
    )
)
"""Each crawl of a site asks for these runs. A hundred workers have hundreds of runs, and nearly none has such rows."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A file of a run: the path where it is written, and its final path. Both are absolute."""

    part: Path
    final: Path


@dataclass(slots=True, kw_only=True)
class Recovered:
    """A row of a dead run that this run delivers. The row is already clean, counted and archived."""

    record: Record


def due_again(now: datetime, oldest: datetime | None) -> datetime:
    """When a site is due again whose rows could not be delivered; ``oldest`` is when the first of them was archived.

    The wait is as long as the rows have waited, from 5 minutes to an hour: a disk may stay full for weeks, and each try
    makes requests to the site.
    """
    waited = timedelta() if oldest is None else now - oldest
    return now + min(LAST_WAIT, max(FIRST_WAIT, waited))


class Outbox:
    """The outbox of one run."""

    def __init__(self, database: Database, *, run: str, clock: Callable[[], datetime], alive: Alive) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._alive = alive
        self._recovered: set[tuple[int, int, int]] = set()
        self._entered = False

    def is_recovered(self, collection: int, row_id: int, revision: int) -> bool:
        """Whether ``recover`` has given this revision to the feeds of this run."""
        return (collection, row_id, revision) in self._recovered

    def enter(self) -> None:
        """Note that the table ``runs`` contains this run. From now on ``fence`` checks that the run is not marked as
        dead."""
        self._entered = True

    def fence(self, connection: Connection) -> None:
        """Raise ArchiveAway if another run has marked this run as dead and taken over its rows."""
        if self._entered:
            state = connection.execute(sa.select(runs.c.state).where(runs.c.run == self._run)).scalar()
            # The state "sealing" is allowed too: a run may seal its feeds one after the other.
            if state not in ("open", "sealing"):
                raise ArchiveAway(
                    f"the run {self._run} sent no heartbeat for a minute, so another run took over its rows"
                )

    # The end of a run.

    def sealing(self, complete: Iterable[Feed]) -> None:
        """All parts are complete and on the disk: from here on the run counts as delivered.

        Raises ArchiveError if the run is marked as dead or the database fails. The parts must not be renamed then.
        """
        with self._database.writing(durable=True) as connection:
            self.fence(connection)
            connection.execute(sa.delete(feeds).where(feeds.c.run == self._run))
            values = [
                {"run": self._run, "part": str(feed.part), "final": str(feed.final), "ordinal": place}
                for place, feed in enumerate(complete)
            ]
            if values:
                connection.execute(sa.insert(feeds), values)
            connection.execute(sa.update(runs).where(runs.c.run == self._run).values(state="sealing"))

    def delivered(self) -> None:
        """All parts have their final names."""
        with self._database.writing(durable=True) as connection:
            self._finish(connection, self._run)

    def failed(self) -> None:
        """The feeds of this run will never be complete: the next run may take over the rows at once."""
        with self._database.writing() as connection:
            still_open = (runs.c.run == self._run, runs.c.state == "open")
            connection.execute(sa.update(runs).where(*still_open).values(state="dead"))
            oldest = connection.execute(_OLDEST, {"of": self._run}).scalar()
            by = due_again(self._clock(), None if oldest is None else datetime.fromisoformat(oldest))
            connection.execute(_DUE_BY, {"dead": [self._run], "by": written(by)})

    def _finish(self, connection: Connection, run: str) -> None:
        connection.execute(sa.delete(outbox).where(outbox.c.run == run))
        connection.execute(sa.delete(feeds).where(feeds.c.run == run))
        values = {"state": "delivered", "finished": self._clock().isoformat()}
        connection.execute(sa.update(runs).where(runs.c.run == run).values(values))

    # The rows that dead runs did not deliver.

    def finish_renames(self) -> list[Path]:
        """Rename the parts of dead runs that had passed ``sealing``. Returns the final paths.

        A run of another machine may have parts on a disk that this machine does not see. That run stays as it is.
        """
        renamed: list[Path] = []
        machine = machine_of(this_process())
        for run in self._dead_runs("sealing"):
            renamed += _rename(self._feeds_of(run.run))
            if machine_of(run.holder) == machine:
                with self._database.writing(durable=True) as connection:
                    self._finish(connection, run.run)
        return renamed

    def let_due(self) -> None:
        """Make a followed site due if dead runs archived rows of it and did not deliver them. Otherwise the rows would
        wait until the habit of the site makes the site due. Rows that a run could not deliver wait for an hour at
        most."""
        now, dead = self._clock(), self._dead_runs("open", "dead", of=_OWING)
        for died, by in ((True, now), (False, now + LAST_WAIT)):
            if of := [run.run for run in dead if (run.state == "open") == died]:
                with self._database.writing() as connection:
                    connection.execute(_DUE_BY, {"dead": of, "by": written(by)})
                    _mark_dead(connection, of)

    def recover(self, site: str, kind: str) -> Iterator[Recovered]:
        """Take over the undelivered rows of dead runs, of one kind and of a site that this run has the lease of.

        Each row is yielded as it was at its undelivered revision. A row whose content is damaged is not yielded: this
        run sweeps its collection, asks the site for the row and delivers it.
        """
        places = self._take_over(site, kind)
        for start in range(0, len(places), BATCH):
            for row in undelivered(self._database, places[start : start + BATCH]):
                try:
                    record = record_of(row)
                except BrokenPayload:
                    self._ask_again(row)
                    continue
                self._recovered.add((row.collection, row.id, row.revision))
                yield Recovered(record=record)

    def _take_over(self, site: str, kind: str) -> array[int]:
        """Move the outbox entries of dead runs to this run. Returns the places of the entries."""
        dead = [run.run for run in self._dead_runs("open", "dead", of=_OWING_OF_SITE, site=site, kind=kind)]
        if not dead:
            return array("q")
        of_site = sa.select(collections.c.collection).where(collections.c.site == site, collections.c.kind == kind)
        of_dead_runs = (outbox.c.run.in_(dead), outbox.c.collection.in_(of_site))
        with self._database.writing() as connection:
            _mark_dead(connection, dead)
            entries = sa.select(outbox.c.place).where(*of_dead_runs).order_by(outbox.c.place)
            places = array("q", connection.execute(entries).scalars())
            connection.execute(sa.update(outbox).where(*of_dead_runs).values(run=self._run))
        return places

    def _ask_again(self, row: sa.Row[Any]) -> None:
        """Make the next listing of a collection treat a row as changed, since the stored content of the row is
        damaged."""
        of_row = (rows.c.collection == row.collection, rows.c.id == row.id)
        with self._database.writing() as connection:
            connection.execute(sa.delete(outbox).where(outbox.c.place == row.place))
            connection.execute(sa.update(rows).where(*of_row).values(fingerprint=b"", modified=None))
            of_collection = collections.c.collection == row.collection
            connection.execute(sa.update(collections).where(of_collection).values(swept=None))

    def _dead_runs(self, *states: str, of: sa.Select[Any] = _UNFINISHED, **given: str) -> list[sa.Row[Any]]:
        """The dead runs in the result of the query ``of``. ``given``: more parameters of this query."""
        now = self._clock()
        with self._database.reading() as connection:
            found = connection.execute(of, {"states": states, "ours": self._run, **given}).all()
        return [
            run
            for run in found
            if run.state == "dead" or is_dead(process=run.holder, heartbeat=run.heartbeat, now=now, alive=self._alive)
        ]

    def _feeds_of(self, run: str) -> list[Feed]:
        of_run = sa.select(feeds).where(feeds.c.run == run).order_by(feeds.c.ordinal)
        with self._database.reading() as connection:
            return [Feed(Path(row.part), Path(row.final)) for row in connection.execute(of_run)]


def _mark_dead(connection: Connection, dead: list[str]) -> None:
    """From now on these runs cannot store or deliver a row, even if their processes go on."""
    connection.execute(sa.update(runs).where(runs.c.run.in_(dead), runs.c.state == "open").values(state="dead"))


def _rename(listed: Iterable[Feed]) -> list[Path]:
    renamed = []
    for feed in listed:
        try:
            feed.part.replace(feed.final)
        except FileNotFoundError:
            continue
        except OSError as fault:
            raise ArchiveError(f"{feed.part} cannot be renamed to {feed.final}: {fault.strerror}") from fault
        renamed.append(feed.final)
    return renamed
