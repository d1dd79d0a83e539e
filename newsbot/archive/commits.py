"""Commits batches of rows.

One transaction writes one batch: its rows, their revisions, the cursor after them and the outbox entries that promise
their delivery. Rows reach a feed before their batch is committed. ``flush`` commits the remaining rows before the feed
takes its name; if that fails, the feed is discarded.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from newsbot.archive.batch import Batch, MissingRows, PendingRow, write_progress, write_rows
from newsbot.archive.batches import Batches, CollectionKey
from newsbot.archive.compare import CurrentRow
from newsbot.archive.database import Database
from newsbot.archive.leases import Leases
from newsbot.archive.linked import Linked
from newsbot.archive.outbox import Outbox
from newsbot.items import Checkpoint
from newsbot.timestamps import iso_utc


class Commits:
    """The pending rows of a run, and the transactions that write them. Linked objects are written with them."""

    def __init__(
        self,
        database: Database,
        *,
        run: str,
        clock: Callable[[], datetime],
        leases: Leases,
        outbox: Outbox,
        linked: Linked,
    ) -> None:
        self.batches = Batches(database)
        self.incomplete: set[CollectionKey] = set()
        """The collections that lost rows in this run."""
        self._database = database
        self._run = run
        self._clock = clock
        self._leases = leases
        self._outbox = outbox
        self._linked = linked

    def row_before(self, batch: Batch, row_id: int) -> CurrentRow | None:
        """The row as the archive knows it now, pending rows included."""
        if (pending := batch.pending.get(row_id)) is not None:
            return pending.after
        if not batch.loaded.covers(row_id):
            with self._database.reading() as connection:
                batch.loaded.load(connection, batch.collection, row_id)
        return batch.loaded.get(row_id)

    def put(self, batch: Batch, row: PendingRow) -> None:
        if row.after.id in batch.pending:
            # The batch already holds this row. The earlier copy may be a revision of its own, so it is committed first.
            self.store(batch)
        batch.pending[row.after.id] = row

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the batch and its cursor in one transaction.

        Raises MissingRows where rows are missing; the received rows are written, the cursor is not. Raises ArchiveError
        where the database fails; nothing is written.
        """
        batch = self.batches.of(checkpoint.site, checkpoint.type, checkpoint.kind)
        try:
            batch.check(checkpoint)
        except MissingRows:
            self.incomplete.add((checkpoint.site, checkpoint.type, checkpoint.kind))
            self.store(batch)
            raise
        self.store(batch, checkpoint)

    def flush(self) -> None:
        """Write the rows since the last checkpoints without moving a cursor. Called before feeds take their names."""
        for batch in self.batches:
            self.store(batch)
        with self._database.writing() as connection:
            self._linked.write(connection)
        self._linked.written()

    def store(self, batch: Batch, checkpoint: Checkpoint | None = None) -> None:
        """Write the pending rows of a batch, and the cursor of ``checkpoint`` if there is one."""
        if not batch.pending and checkpoint is None:
            return
        site, kind = self.batches.site_of(batch), self.batches.kind_of(batch)
        with self._database.writing() as connection:
            self._leases.fence(connection, site, kind)
            self._outbox.fence(connection)
            write_rows(connection, batch.collection, batch.pending.values(), run=self._run, now=iso_utc(self._clock()))
            self._linked.write(connection)
            if checkpoint is not None:
                write_progress(connection, batch.collection, checkpoint)
        self._linked.written()
        batch.committed()
