"""The archive: what is already known of every site, and the page of rows that is being taken in.

One page is one transaction: its rows, their revisions, the cursor behind them and the outbox entries that promise
their delivery. A row that went into a feed without its page being committed is either written by ``flush`` before the
feed is sealed, or the feed is not sealed at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive import current_rows as reading
from newsbot.archive.batch import Entry, Hole, Page, write_entries, write_progress
from newsbot.archive.compare import Judgement, Known, fingerprint, judge
from newsbot.archive.database import Database, open_database, upsert
from newsbot.archive.guids import guid_key
from newsbot.archive.leases import Leases
from newsbot.archive.linked import Linked
from newsbot.archive.outbox import Outbox
from newsbot.archive.payloads import Standing, freeze, give_standing, put_back, shape_of, thaw
from newsbot.archive.processes import Alive, process_alive
from newsbot.archive.runs import Runs
from newsbot.archive.schema import collections, revisions, rows
from newsbot.items import Checkpoint, Record
from newsbot.timestamps import iso_utc
from newsbot.wordpress.messages import AskKnown, CollectionState, Recall

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Archive:
    """``run`` names the run whose rows are taken in. With ``full`` unchanged rows are delivered again."""

    def __init__(self, database: Database, *, run: str, clock: Clock, alive: Alive, full: bool = False) -> None:
        self.database = database
        self.run = run
        self.full = full
        self.holes: set[tuple[str, str]] = set()
        self._clock = clock
        self._pages: dict[tuple[str, str], Page] = {}
        self._linked = Linked(database, clock=clock)
        self._sites: dict[int, str] = {}
        self.runs = Runs(database, run=run, clock=clock)
        self.leases = Leases(database, run=run, clock=clock, alive=alive)
        self.outbox = Outbox(database, run=run, clock=clock, alive=alive)
        with database.reading() as connection:
            empty = connection.execute(sa.select(rows.c.id).limit(1)).first() is None
        self.began_empty = empty

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
        """Open, create or migrate the archive behind an SQLAlchemy URL. Raises ArchiveError."""
        return cls(open_database(url, create=create), run=run, clock=clock, alive=alive, full=full)

    def close(self) -> None:
        self.database.close()

    def _now(self) -> str:
        return iso_utc(self._clock())

    # What is known.

    def state(self, site: str, type_: str) -> CollectionState:
        """What a walk starts from. Asking begins a pass: the rows of the collection are counted anew."""
        page = self._page(site, type_)
        if page.entries:
            self._store(page, None)
        live = sa.select(sa.func.count()).where(rows.c.collection == page.collection, rows.c.deleted_at.is_(None))
        with self.database.reading() as connection:
            found = connection.execute(sa.select(collections).where(collections.c.collection == page.collection)).one()
            count = connection.execute(live).scalar_one()
        self._pages[site, type_] = Page(page.collection, kept=found.sequence)
        cursor = None if found.cursor is None else orjson.loads(found.cursor)
        owed = tuple(cursor["owed"]) if cursor is not None and "owed" in cursor else ()
        return CollectionState(
            cursor=None if cursor is not None and cursor.keys() == {"owed"} else cursor,
            sequence=found.sequence,
            whole=found.whole,
            watermark=found.watermark,
            live=count,
            hidden=found.hidden,
            swept=found.swept,
            owed=owed,
        )

    def known(self, asked: AskKnown) -> dict[int, str | None]:
        """The live ids the archive holds -> ``modified``, rows of the page at hand among them."""
        page = self._page(asked.site, asked.type)
        with self.database.reading() as connection:
            found = reading.live_ids(connection, page.collection, ids=asked.ids, since=asked.since, until=asked.until)
        for row_id, entry in page.entries.items():
            after = entry.after
            inside = after.deleted_at is None and (asked.ids is None or row_id in asked.ids)
            inside = inside and (asked.since is None or (after.published or "") >= asked.since)
            if inside and (asked.until is None or (after.published or "~") < asked.until):
                found[row_id] = after.modified
            elif after.deleted_at is not None:
                found.pop(row_id, None)
        return found

    def recall(self, asked: Recall) -> dict[int, dict[str, Any]]:
        """The linked objects that are known, and not too old to be trusted."""
        return self._linked.recall(asked)

    def remember(self, site: str, relation: str, objects: Mapping[int, Mapping[str, Any]]) -> None:
        """Keep linked objects; they are written with the next page."""
        self._linked.remember(site, relation, objects)

    def owner(self, record: Record, key: int) -> str | None:
        """Whose a guid is, for a row that comes: ``own`` (the row is known by it), ``same`` (another row of its site
        has it), ``other`` (another site's row has it), or None."""
        page = self._page(record.site, record.type)
        before = self._before(page, record.id)
        if before is not None and not before.twin:
            return "own"
        if self.began_empty:
            # Whatever is in here came in this run: the caller has seen it.
            return None
        with self.database.reading() as connection:
            found = reading.owners(connection, [key]).get(key, [])
            sites = {self._site_of(connection, collection) for collection, _ in found}
        if not sites:
            return None
        return "same" if record.site in sites else "other"

    def _site_of(self, connection: Connection, collection: int) -> str:
        if collection not in self._sites:
            asked = sa.select(collections.c.site).where(collections.c.collection == collection)
            self._sites[collection] = connection.execute(asked).scalar_one()
        return self._sites[collection]

    # Taking in.

    def add(self, record: Record) -> bool:
        """Take in a row and write its ``change``, ``revision``, ``first_seen`` and ``last_seen`` into it.

        Whether it is to be delivered: not when it is unchanged (``full`` delivers it all the same).
        """
        page = self._page(record.site, record.type)
        page.met += 1
        before = self._before(page, record.id)
        if record.change == "deleted":
            return self._bury(page, record, before)
        print_ = fingerprint(record)
        judgement = judge(before, record, print_)
        payload = None if judgement.stale else freeze(record)
        now = self._now()
        after = Known(
            id=record.id,
            revision=judgement.revision,
            content=judgement.revision,
            fingerprint=print_,
            first_seen=before.first_seen if before else now,
            last_seen=now,
            modified=getattr(record, "modified", None),
            published=getattr(record, "published", None),
            guid=guid_key(getattr(record, "guid", None)),
            collision=bool(getattr(record, "guid_collision", False)) or bool(before and before.collision),
        )
        if judgement.stale and before is not None:
            after = replace(before, last_seen=now)
        elif judgement.change == "unchanged" and before is not None:
            after = replace(after, content=before.content)
        handed = self.outbox.handed(page.collection, record.id, judgement.revision)
        deliver = judgement.change != "unchanged" or (self.full and not handed)
        entry = Entry(
            before=before,
            after=after,
            kind=record.collection,
            judgement=judgement,
            change=judgement.change,
            deliver=deliver,
            payload=payload,
            shape=shape_of(record.collection),
        )
        self._put(page, entry)
        give_standing(record, _standing(after, judgement.change))
        if judgement.stale and deliver and (kept := self._kept(page, record.id)) is not None:
            # Everything again, and a cache that answered with an older copy: the newer one is the one that is held.
            put_back(record, kept.payload, _standing(after, judgement.change))
        return deliver

    def _bury(self, page: Page, record: Record, before: Known | None) -> bool:
        if before is None or before.deleted_at is not None:
            return False
        when = record.deleted_at or self._now()
        after = replace(before, revision=before.revision + 1, deleted_at=when)
        self._put(page, _event(before, after, record.collection, "deleted"))
        give_standing(record, _standing(after, "deleted"))
        return True

    def dropped(self, site: str, type_: str) -> None:
        """A row was dropped on the road, and told: it counts."""
        self._page(site, type_).met += 1

    def twin(self, record: Record) -> None:
        """A row was dropped because another site's row was delivered in its place: it counts, and is known."""
        page = self._page(record.site, record.type)
        page.met += 1
        before = self._before(page, record.id)
        now = self._now()
        after = Known(
            id=record.id,
            revision=before.revision if before else 0,
            content=before.content if before else 0,
            fingerprint=b"",
            first_seen=before.first_seen if before else now,
            last_seen=now,
            modified=getattr(record, "modified", None),
            published=getattr(record, "published", None),
            guid=guid_key(getattr(record, "guid", None)),
            twin=True,
        )
        self._put(page, _event(before, after, record.collection, "unchanged"))

    def tombstone(self, site: str, type_: str, row_id: int, when: str) -> Record | None:
        """The last known row as ``change: deleted``, to be sent down the road; None where there is nothing to tell.

        Nothing is written yet: the row counts when it arrives at ``add``. A twin is only marked.
        """
        page = self._page(site, type_)
        before = self._before(page, row_id)
        if before is None or before.deleted_at is not None:
            return None
        if before.twin:
            self._put(page, _event(before, replace(before, deleted_at=when), "", "unchanged"))
            return None
        kept = self._kept(page, row_id)
        if kept is None:
            return None
        after = replace(before, revision=before.revision + 1, deleted_at=when)
        return thaw(kept.payload, _standing(after, "deleted"), kind=kept.kind)

    def _kept(self, page: Page, row_id: int) -> Any:
        """The row's current content as it was committed (``payload``, ``kind``), or None."""
        of_row = (revisions.c.collection == rows.c.collection) & (revisions.c.id == rows.c.id)
        asked = (
            sa.select(revisions.c.payload, rows.c.kind)
            .join(revisions, of_row & (revisions.c.revision == rows.c.content))
            .where(rows.c.collection == page.collection, rows.c.id == row_id)
        )
        with self.database.reading() as connection:
            return connection.execute(asked).first()

    def _before(self, page: Page, row_id: int) -> Known | None:
        """The row as it stands, the page at hand included."""
        if (pending := page.entries.get(row_id)) is not None:
            return pending.after
        if not page.window.covers(row_id):
            with self.database.reading() as connection:
                page.window.load(connection, page.collection, row_id)
        return page.window.rows.get(row_id)

    def _put(self, page: Page, entry: Entry) -> None:
        if entry.after.id in page.entries:
            # Twice in one page: what is there already is an event of its own and goes first.
            self._store(page, None)
        page.entries[entry.after.id] = entry

    # Committing.

    def commit(self, checkpoint: Checkpoint) -> None:
        """Write the page and its cursor in one transaction.

        Raises Hole where rows are missing (those that came are kept, the cursor is not), ArchiveError where the
        database fails (nothing is kept).
        """
        page = self._page(checkpoint.site, checkpoint.type)
        try:
            page.count(checkpoint)
        except Hole:
            self.holes.add((checkpoint.site, checkpoint.type))
            self._store(page, None)
            raise
        self._store(page, checkpoint)

    def flush(self) -> None:
        """Write the rows that came since the last checkpoints, without moving a cursor: before feeds are sealed."""
        for page in self._pages.values():
            self._store(page, None)
        with self.database.writing() as connection:
            self._linked.write(connection)
        self._linked.written()

    def _store(self, page: Page, checkpoint: Checkpoint | None) -> None:
        if not page.entries and checkpoint is None:
            return
        site = self._sites[page.collection]
        with self.database.writing() as connection:
            self.leases.fence(connection, site)
            self.outbox.fence(connection)
            write_entries(connection, page.collection, page.entries.values(), run=self.run, now=self._now())
            self._linked.write(connection)
            if checkpoint is not None:
                write_progress(connection, page.collection, checkpoint)
        self._linked.written()
        page.committed()

    def _page(self, site: str, type_: str) -> Page:
        page = self._pages.get((site, type_))
        if page is None:
            number = self._collection(site, type_)
            self._sites[number] = site
            page = self._pages[site, type_] = Page(number)
        return page

    def _collection(self, site: str, type_: str) -> int:
        asked = sa.select(collections.c.collection).where(collections.c.site == site, collections.c.type == type_)
        with self.database.reading() as connection:
            found = connection.execute(asked).scalar()
        if found is None:
            with self.database.writing() as connection:
                insert = upsert(connection, collections, keys=("site", "type"), replaced=("type",))
                new = {"site": site, "type": type_, "sequence": 0, "whole": False, "hidden": 0}
                connection.execute(insert, [new])
                found = connection.execute(asked).scalar_one()
        return int(found)


def _standing(after: Known, change: str) -> Standing:
    return Standing(
        revision=after.revision,
        change=change,
        first_seen=after.first_seen,
        last_seen=after.last_seen,
        deleted_at=after.deleted_at,
        collision=after.collision,
    )


def _event(before: Known | None, after: Known, kind: str, change: str) -> Entry:
    judgement = Judgement(change=change, revision=after.revision)  # type: ignore[arg-type]
    return Entry(before=before, after=after, kind=kind, judgement=judgement, change=change, deliver=change == "deleted")
