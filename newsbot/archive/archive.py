"""The archive: the known rows of every site, and what a received row changes in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from newsbot.archive import current_rows
from newsbot.archive.batch import Batch, PendingRow
from newsbot.archive.batches import CollectionKey, key_of
from newsbot.archive.collection_state import STATE, collection_state
from newsbot.archive.commits import Commits
from newsbot.archive.compare import FORGOTTEN, CurrentRow, judge, row_after
from newsbot.archive.database import Database, open_database
from newsbot.archive.guids import originals_with_guid
from newsbot.archive.leases import Leases, lease_of
from newsbot.archive.linked import Linked
from newsbot.archive.links import live_links
from newsbot.archive.live_rows import LiveRows
from newsbot.archive.moves import Moves
from newsbot.archive.outbox import Outbox
from newsbot.archive.parts import fingerprint
from newsbot.archive.payloads import (
    BrokenPayload,
    bare_record,
    pack,
    replace_content,
    set_state,
    shape_of,
    state_of,
    unpack,
)
from newsbot.archive.processes import Alive, process_alive
from newsbot.archive.runs import Runs
from newsbot.archive.schema import collections, rows
from newsbot.compact import SortedKeys
from newsbot.items import Checkpoint, Record
from newsbot.timestamps import iso_utc
from newsbot.wordpress.options import KINDS
from newsbot.wordpress.questions import CollectionState, KeepWitness, Recall

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Archive:
    """``run`` is the name of the run that stores its rows. With ``full``, unchanged rows are delivered again."""

    def __init__(self, database: Database, *, run: str, clock: Clock, alive: Alive, full: bool = False) -> None:
        self.database = database
        self.run = run
        self.full = full
        self.failed = False
        """Whether the archive stores no further row of this run."""
        self._clock = clock
        self._linked = Linked(database, clock=clock)
        self.moves = Moves(database)
        self.runs = Runs(database, run=run, clock=clock)
        self.leases = Leases(database, run=run, clock=clock, alive=alive)
        self.outbox = Outbox(database, run=run, clock=clock, alive=alive)
        self._commits = Commits(
            database, run=run, clock=clock, leases=self.leases, outbox=self.outbox, linked=self._linked
        )
        self._batches = self._commits.batches
        self.live = LiveRows(database, self._batches)
        with database.reading() as connection:
            self.was_empty = connection.execute(sa.select(rows.c.id).limit(1)).first() is None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        run: str = "",
        create: bool = True,
        full: bool = False,
        clock: Clock = utc_now,
        alive: Alive = process_alive,
    ) -> Archive:
        """Open, create or migrate the archive at an SQLAlchemy URL. Raises ArchiveError."""
        return cls(open_database(url, create=create), run=run, clock=clock, alive=alive, full=full)

    def close(self) -> None:
        self.database.close()

    def _now(self) -> str:
        return iso_utc(self._clock())

    # What the archive knows.

    def state(self, site: str, type_: str, kind: str = "posts") -> CollectionState:
        """What a walk needs to know at its start. This begins a new pass: ``Batch.received`` counts from 0 again."""
        batch = self._batches.known(site, type_, kind)
        if batch is not None and batch.pending:
            self._commits.store(batch)
        key = key_of(site, type_, kind)
        with self.database.reading() as connection:
            found = connection.execute(STATE, key).first()
        if found is None:
            self._batches.of(site, type_, kind)
            with self.database.reading() as connection:
                found = connection.execute(STATE, key).one()
        self._batches.begin_pass(site, type_, kind, number=found.collection, committed_sequence=found.sequence)
        return collection_state(found, asked_at=self._now())

    def forget_modified(self, site: str, type_: str, kind: str, ids: Sequence[int]) -> None:
        """Forget the ``modified`` of rows, so that the next copy of each row does not count as older."""
        batch = self._batches.of(site, type_, kind)
        self._commits.store(batch)
        with self.database.writing() as connection:
            self.leases.fence(connection, self._batches.site_of(batch), self._batches.kind_of(batch))
            current_rows.forget_modified(connection, batch.collection, ids)
        batch.loaded.clear()

    def live_links(self, site: str) -> SortedKeys:
        """The keys of the URLs of a site's live rows, including rows that are not committed yet."""
        for batch in self._batches:
            if self._batches.site_of(batch) == site:
                self._commits.store(batch)
        return live_links(self.database, site)

    def keep_witness(self, question: KeepWitness) -> None:
        """Store what a sitemap or a feed showed of a collection."""
        batch = self._batches.of(question.site, question.type, question.kind)
        kept = orjson.dumps(dict(question.facts))
        with self.database.writing() as connection:
            of_collection = collections.c.collection == batch.collection
            connection.execute(sa.update(collections).where(of_collection).values(witness=kept))

    def recall(self, question: Recall) -> dict[int, dict[str, Any]]:
        """The linked objects that are known and not too old; see ``Linked.recall``."""
        return self._linked.recall(question)

    def remember(self, site: str, relation: str, objects: Mapping[int, Mapping[str, Any]]) -> None:
        """Store linked objects with the next commit."""
        self._linked.remember(site, relation, objects)

    def holds(self, record: Record) -> bool:
        """Whether the archive holds this row, deleted or not."""
        return self._commits.row_before(self._batches.of_record(record), record.id) is not None

    def is_newer(self, record: Record) -> bool:
        """Whether ``record`` was modified after the copy of it that the archive holds."""
        before = self._commits.row_before(self._batches.of_record(record), record.id)
        modified = getattr(record, "modified", None)
        return before is not None and modified is not None and modified > (before.modified or modified)

    def shares_guid(self, record: Record, key: int) -> bool:
        """Whether a committed row of the record's site has the guid with this key."""
        if self.was_empty:
            # The archive was empty before this run, so this run brought all rows in it, and the caller has seen these
            # rows.
            return False
        with self.database.reading() as connection:
            return current_rows.has_guid(connection, site=record.site, key=key)

    def others_with_guid(self, record: Record, key: int, *, pending: bool) -> list[Record]:
        """The rows of other sites that have the guid with this key and are not copies themselves, the oldest first.

        ``pending``: whether rows that are not committed yet may be among them.
        """
        if pending:
            for batch in self._batches:
                self._commits.store(batch)
        elif self.was_empty:
            return []
        return originals_with_guid(self.database, key, other_than=record.site, kind=record.collection)

    def rename_site(self, old: str, new: str) -> str | None:
        """Store everything of a site under its new key. If another run crawls the site under one of the two keys,
        return the name of that run."""
        had = {kind for site in (old, new) for kind in KINDS if lease_of(site, kind) in self.leases.held}
        if (holder := self.leases.take_all((old, new), KINDS)) is not None:
            return holder
        for batch in self._batches:
            self._commits.store(batch)
        self._batches.forget((old, new))
        self.moves.rename(old, new, now=self._now())
        # Other runs may now crawl other kinds of the site. This run keeps the leases that it had before.
        gone = {lease_of(old, kind) for kind in KINDS} | {lease_of(new, kind) for kind in KINDS if kind not in had}
        self.leases.release(gone)
        return None

    # Storing received rows.

    def add(self, record: Record) -> bool:
        """Accept a row, and write its ``change``, ``revision``, ``first_seen`` and ``last_seen`` into ``record``.

        Returns whether the row is to be delivered. An unchanged row is not, except with ``full``.
        """
        batch = self._batches.of_record(record)
        batch.received += 1
        before = self._commits.row_before(batch, record.id)
        if record.change == "deleted":
            return self._add_deleted(batch, record, before)
        if before is not None and before.content == FORGOTTEN:
            return self._add_forgotten(batch, record, before)
        digest = fingerprint(record)
        judgement = judge(before, record, digest)
        after = row_after(before, record, judgement, digest=digest, now=self._now())
        recovered = self.outbox.is_recovered(batch.collection, record.id, judgement.revision)
        deliver = judgement.change != "unchanged" or (self.full and not recovered)
        self._commits.put(
            batch,
            PendingRow(
                before=before,
                after=after,
                kind=record.collection,
                judgement=judgement,
                change=judgement.change,
                deliver=deliver,
                payload=None if judgement.stale else pack(record),
                shape=shape_of(record.collection),
            ),
        )
        state = state_of(after, judgement.change)
        set_state(record, state)
        if judgement.stale and deliver and (stored := self._stored_payload(batch, record.id)) is not None:
            # The site's cache answered with an older copy. The archived row is newer, so that row is delivered.
            with suppress(BrokenPayload):
                replace_content(record, stored.payload, state)
        return deliver

    def was_touched(self, record: Record) -> bool:
        """Whether the site reports the last received row as modified although no compared part differs."""
        pending = self._batches.of_record(record).pending.get(record.id)
        return pending is not None and pending.judgement.touched

    def _add_deleted(self, batch: Batch, record: Record, before: CurrentRow | None) -> bool:
        if before is None or before.deleted_at is not None:
            return False
        when = record.deleted_at or self._now()
        after = replace(before, revision=before.revision + 1, deleted_at=when)
        self._commits.put(batch, PendingRow.without_payload(before, after, record.collection, "deleted"))
        set_state(record, state_of(after, "deleted"))
        return True

    def _add_forgotten(self, batch: Batch, record: Record, before: CurrentRow) -> bool:
        """Note that the site still has a row that the user wants forgotten. Nothing of its content is stored."""
        modified, published = (getattr(record, name, None) for name in ("modified", "published"))
        after = replace(before, last_seen=self._now(), modified=modified, published=published, deleted_at=None)
        self._commits.put(batch, PendingRow.without_payload(before, after, record.collection, "unchanged"))
        set_state(record, state_of(after, "unchanged"))
        return False

    def count_dropped(self, record: Record) -> None:
        """Count a row that another pipeline dropped: it is not missing."""
        self._batches.of_record(record).received += 1

    def tombstone(self, site: str, type_: str, row_id: int, when: str, *, kind: str = "posts") -> Record | None:
        """The last known row with ``change`` "deleted"; None where the archive has no live row to delete.

        If the content of the row is damaged, only the identity of the row is known. The archive marks the row as
        deleted only when the caller passes the returned row to ``add``.
        """
        batch = self._batches.of(site, type_, kind)
        before = self._commits.row_before(batch, row_id)
        if before is None or before.deleted_at is not None:
            return None
        stored = self._stored_payload(batch, row_id)
        state = state_of(replace(before, revision=before.revision + 1, deleted_at=when), "deleted")
        try:
            return unpack(stored.payload if stored is not None else None, state, kind=kind, site=site)
        except BrokenPayload:
            return bare_record(site, type_, row_id, state, kind=kind)

    def _stored_payload(self, batch: Batch, row_id: int) -> Any:
        with self.database.reading() as connection:
            return current_rows.payload_of(connection, batch.collection, row_id)

    # Committing.

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the batch of a collection and its cursor; see ``Commits.commit``."""
        self._commits.commit(checkpoint)

    @property
    def incomplete(self) -> set[CollectionKey]:
        """The collections that lost rows in this run."""
        return self._commits.incomplete

    def lacks_rows(self, site: str) -> bool:
        """Whether rows of a site that this run received are not stored."""
        return self.failed or any(collection[0] == site for collection in self.incomplete)

    def flush(self) -> None:
        """Write the rows since the last checkpoints without moving a cursor. Called before feeds take their names."""
        self._commits.flush()
