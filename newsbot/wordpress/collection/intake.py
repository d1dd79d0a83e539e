"""From the rows of one collection to items: rows are read, wait for their joined objects, and leave in order.

A checkpoint is yielded after the last row of each page, so that the archive commits whole pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from newsbot.errors import PayloadError, RecordError, TooLong
from newsbot.items import Checkpoint, Comment, Media, Post, Record
from newsbot.rights.answers import rights_in_headers
from newsbot.wordpress import records
from newsbot.wordpress.api import PER_PAGE
from newsbot.wordpress.collection.identity import Identity
from newsbot.wordpress.collection.page_size import PageSize
from newsbot.wordpress.collection.pages import Row
from newsbot.wordpress.collection.salvage import Salvage
from newsbot.wordpress.dates import are_apart, local_date
from newsbot.wordpress.joins.children import ChildrenFetcher
from newsbot.wordpress.joins.joiner import Joiner
from newsbot.wordpress.joins.learner import Learner
from newsbot.wordpress.messages import Reply, Steps
from newsbot.wordpress.pages.bodies import Bodies
from newsbot.wordpress.pages.reader import PageReader
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState
from newsbot.wordpress.receipt import CollectionFacts
from newsbot.wordpress.replies import is_cut, rows_of, total_of
from newsbot.wordpress.values import memory_of

TRIED_TWICE = 3
"""The number of unreadable rows after which a row that fails alone is not requested a second time."""

MAX_OWED = 1_000
"""The most ids that a collection may owe and still count as complete. A collection that owes more is walked again."""


MOST_TEXT = 28 * 1024 * 1024
"""The most bytes of memory for the texts of one row. Cleaning a row takes about seven times as much."""

LONG = 1024 * 1024
"""Bytes of memory beyond which the raw body of a row is released as soon as its item is made."""


@dataclass(slots=True, kw_only=True)
class Intake:
    """Takes the rows of one collection in, and yields items and checkpoints.

    ``state`` is what the archive held before this run. ``facts`` has the counts. ``sequence`` is the number of rows
    since the last whole walk began; each checkpoint carries it. With ``fresh``, a text that no earlier run had, rows
    are asked for past caches. ``waiting_text``: the approximate bytes of the texts of waiting rows.
    """

    queries: Queries
    facts: CollectionFacts
    state: CollectionState
    sequence: int = 0
    fresh: str = ""
    waiting_text: int = 0
    joiner: Joiner = field(init=False)
    learner: Learner = field(init=False)
    children: ChildrenFetcher = field(init=False)
    identity: Identity = field(init=False)
    sizes: PageSize = field(init=False)
    salvage: Salvage = field(init=False)
    bodies: Bodies = field(init=False)

    def __post_init__(self) -> None:
        site, name, options = self.queries.site, self.queries.collection.name, self.queries.options
        recalls = self.state.live > 0 and not options.full
        self.joiner = Joiner(site=site, type=name, route=self.queries.collection.route, recalls=recalls)
        self.learner = Learner(queries=self.queries, stats=self.joiner.stats)
        self.children = ChildrenFetcher(site=site, stats=self.joiner.stats)
        self.identity = Identity(queries=self.queries, live=self.state.live)
        self.sizes = PageSize(size=self.queries.whole_rows, limit=self.queries.per_page)
        self.salvage = Salvage(ask=self._ask_for, check=self._check, fail=self._name_unreadable, sizes=self.sizes)
        self.bodies = Bodies(
            reader=PageReader(type=name, site=site.key, render=options.render),
            schema=self.queries.description(),
        )

    # Relations.

    def learn_relations(self, *, browse: bool) -> Steps[Reply | None]:
        """Learn the relations from the newest objects. Returns the reply, or None where no relation is followed.

        ``browse``: many rows will come, so that requesting whole pages of authors and terms saves requests.
        """
        reply = yield from self.learner.learn_first()
        if reply is not None:
            self.facts.expected_before = total_of(reply)
            self.joiner.relations = self.learner.relations
            self.joiner.browse = browse and (self.facts.expected_before or 0) > PER_PAGE
        return reply

    @property
    def fields(self) -> dict[str, str]:
        """The ``_fields`` parameter for whole rows."""
        return self.queries.fields(relation.field for relation in self.joiner.relations if relation.field)

    # Receiving rows.

    def keyed(self, rows: Sequence[dict[str, Any]]) -> Iterator[tuple[Row, dict[str, Any]]]:
        """Each row with the values that the cursor needs. A row without an id is counted and left out."""
        for raw in rows:
            try:
                row_id = records.record_id(raw)
            except RecordError:
                # Without an id, such a row cannot be requested again. The total will show that the row is missing.
                self.facts.faults["row-without-id"] += 1
                continue
            yield Row(row_id, local_date(raw.get("date")), not self.queries.is_outside_window(raw)), raw

    def take(
        self, rows: Sequence[dict[str, Any]], reply: Reply, *, cursor: dict[str, Any] | None = None
    ) -> Steps[None]:
        """Make items of ``rows``; items wait for their joined objects. ``cursor`` is the place at which a later run may
        continue. A long row loses its content.

        Raises ForeignAnswer where the rows are those of another site.
        """
        yield from self.identity.check(rows)
        self.joiner.relations = self.learner.learn_late(rows)
        items = []
        self.joiner.beside = reply.beside
        rights = rights_in_headers(reply.headers)
        for raw in rows:
            if self.queries.is_outside_window(raw):
                self.facts.outside_window += 1
                continue
            if (text := memory_of(raw)) > MOST_TEXT:
                self._name_unreadable([records.record_id(raw)], TooLong("the texts of a row fill the memory"))
                continue
            self.waiting_text += text
            item = self.read(raw, reply)
            item.warc = reply.origin(item.id).warc  # type: ignore[attr-defined]
            if are_apart(raw.get("date_gmt"), raw.get("date")):
                self.facts.faults["dates-apart"] += 1
            items.append(item)
            if rights and isinstance(item, Post | Comment | Media):
                item.rights = rights
            if isinstance(item, Post):
                self.facts.unreadable += yield from self.bodies.complete(item, raw)
                self.facts.protected += bool(item.protected)
            self.joiner.add(item, raw)
            if text > LONG and not self.queries.options.raw:
                raw.pop("content", None)
        posts = [item for item in items if isinstance(item, Post)]
        for name, relation in self.learner.extras:
            yield from self.children.fetch(name, relation, posts)
        self.sequence += len(items)
        self.mark(cursor)

    def mark(self, cursor: dict[str, Any] | None) -> None:
        """Close a page: a checkpoint with ``cursor`` follows the rows so far."""
        self.joiner.mark(self.queries.checkpoint(self.sequence, cursor=cursor))

    def read(self, raw: dict[str, Any], reply: Reply) -> Record:
        """The item of a row, without its linked objects. Raises RecordError."""
        options, name = self.queries.options, self.queries.collection.name
        origin = reply.origin(records.record_id(raw))
        about: dict[str, Any] = {
            "site": self.queries.site, "fetched_at": origin.fetched_at, "request_url": origin.url,
        }  # fmt: skip
        item: Record
        if options.kind == "posts":
            item = records.read_post(raw, type_=name, **about)
        elif options.kind == "comments":
            item = records.read_comment(raw, personal=options.personal, **about)
        elif options.kind == "media":
            item = records.read_media(raw, **about)
        elif options.kind == "terms":
            item = records.read_term(raw, taxonomy=name, **about)
        else:
            item = records.read_user(raw, personal=options.personal, **about)
        if options.raw:
            item.raw = raw if options.personal else records.without_personal(raw)
        return item

    def fetch(self, ids: Sequence[int], *, failed: PayloadError | None = None) -> Steps[None]:
        """Ask for ``ids``. A row that cannot be rendered is reported as unreadable, and a row that does not come as
        missing.

        ``failed``: these rows failed as one page already.
        """
        while ids:
            size = len(ids) if failed is not None else self.sizes.size
            yield from self.salvage.bring(ids[:size], failed=failed)
            ids = ids[size:]
        self._remember_size()

    def _ask_for(self, ids: list[int]) -> Steps[None]:
        left, answers = ids, []
        # A row that fails alone is requested twice, until so many rows have failed that a second request is useless.
        tries = 2 if len(ids) == 1 and len(self.facts.unreadable) < TRIED_TWICE else 1
        # The first row that fails alone gets the whole timeout, each other row the longest time that such a row needed.
        usual = None if len(ids) == 1 and not self.facts.unreadable else self.salvage.usual(len(ids))
        while left:
            params: dict[str, Any] = {"include": left, "per_page": len(left), "orderby": "include"}
            params |= self.fields
            reply = yield self.queries.afresh(params, self.fresh, "include", tries=tries, searching=True, usual=usual)
            rows = {key.id: raw for key, raw in self.keyed(rows_of(reply))}
            reply = reply.without_body()
            self.salvage.came(len(rows), reply.seconds)
            answers.append(([rows[row_id] for row_id in left if row_id in rows], reply))
            asked, left = left, [row_id for row_id in left if row_id not in rows]
            if len(left) == len(asked) or not is_cut(reply, len(rows)):
                break
        # The rows are accepted only now: if the site refuses a later answer, all of these ids are requested in halves.
        for given, reply in answers:
            yield from self.take(given, reply)
        self.facts.missing += left

    def _check(self, ids: list[int]) -> Steps[None]:
        """Ask for the ids of rows alone, for which the site renders no content. Raises PayloadError."""
        params = {"include": ids, "per_page": len(ids), "_fields": "id"}
        rows_of((yield self.queries.query(params, "salvage", searching=True)))

    def _name_unreadable(self, ids: list[int], fault: PayloadError) -> None:
        self.facts.unreadable += ids
        self.facts.faults[fault.name] += 1

    def page_came(self, rows: int, size: int, seconds: float) -> None:
        """Note for the page size that a page of ``size`` whole rows came after ``seconds``. Some of its rows may be
        hidden."""
        self.salvage.came(rows, seconds)
        self.sizes.came(size if 2 * rows >= size else rows)
        self._remember_size()

    def _remember_size(self) -> None:
        if self.sizes.size != self.queries.whole_rows and self.sizes.trying is None:
            self.queries.remember_whole_rows(self.sizes.size)

    # Sending items.

    def flush(self, *, final: bool) -> Steps[None]:
        """Yield the items that are complete. ``final``: ask for every joined object that is still wanted, so that all
        rows can be sent. All rows are also sent if their texts or their children take much memory.
        """
        yield from self._release()
        final = final or self.children.is_heavy or self.waiting_text > MOST_TEXT
        while (wanted := self.joiner.due(final=final)) is not None:
            yield from self.joiner.fill(wanted)
            yield from self._release()
        if not self.joiner.waiting:
            self.children.held = self.waiting_text = 0

    def join_once(self) -> Steps[None]:
        """Ask for the objects that waiting rows want, until one query for them fails. Yield the rows that are
        complete."""
        yield from self._release()
        while (wanted := self.joiner.due(final=True)) is not None and wanted.wanted:
            if not (yield from self.joiner.try_batch(wanted)):
                return
            yield from self._release()

    def release_all(self) -> Steps[None]:
        """Yield all rows that wait, without the objects that are not joined yet.

        Their checkpoints carry no cursor: a later walk begins before these rows, and brings them with their objects.
        """
        self.joiner.leave_unresolved()
        yield from self._release()

    def _release(self) -> Steps[None]:
        for leaving in self.joiner.ready():
            if isinstance(leaving, Checkpoint):
                yield self._with_owed(leaving)
            else:
                self.facts.sent += 1
                yield leaving

    def deliver(self, row: Record) -> Steps[None]:
        """Yield a row that needs no join, such as a tombstone."""
        self.sequence += 1
        self.facts.sent += 1
        yield row

    def _with_owed(self, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint, whose cursor also has the owed ids of rows before it. If too many ids are owed, the cursor
        does not move."""
        if checkpoint.cursor is None or not (owed := sorted({*self.state.owed, *self.owed()})):
            return checkpoint
        return replace(checkpoint, cursor=None if len(owed) > MAX_OWED else {**checkpoint.cursor, "owed": owed})

    def owed(self) -> list[int]:
        """Ids that the next run must ask for: rows that did not come, and rows that were sent without a joined object
        because the site failed."""
        unjoined = {*self.joiner.unlinked, *self.children.failed}
        return sorted({*self.facts.unreadable, *self.facts.missing, *unjoined})

    @property
    def unfetched_links(self) -> int:
        """How many links could not be fetched because the site failed."""
        return self.joiner.unresolved + len(self.children.failed)
