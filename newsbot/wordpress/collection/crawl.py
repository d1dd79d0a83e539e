"""Collecting one collection of a site: what it asks, what it makes of the answers, and in which order rows leave.

Which rows to ask for is decided elsewhere: ``whole`` walks from end to end, ``updating`` asks for what changed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from newsbot.errors import PayloadError, RecordError, Refused
from newsbot.items import Checkpoint, Post, Record
from newsbot.wordpress import payload, records
from newsbot.wordpress.api import Collection, Site
from newsbot.wordpress.collection.changes import Changes
from newsbot.wordpress.collection.cursor import Row, Walk
from newsbot.wordpress.dates import local_date, site_time, utc
from newsbot.wordpress.joins.children import ChildrenFetcher
from newsbot.wordpress.joins.joiner import Joiner
from newsbot.wordpress.joins.learner import learn_late
from newsbot.wordpress.joins.relations import Relation
from newsbot.wordpress.messages import CollectionState, Query, Reply
from newsbot.wordpress.pages.reader import PageReader, add_body, lacks_body
from newsbot.wordpress.receipt import CollectionFacts, Verdict
from newsbot.wordpress.replies import Unanswered, is_cut, is_final, rows_of, split_until_alone, total_of

if TYPE_CHECKING:
    from newsbot.wordpress.options import Options

SKEW = timedelta(hours=26)
"""How far a window is widened when asked for: the site compares local columns, and it may have changed its zone."""

OWED_MOST = 1_000
"""Ids that a collection may owe and still count as walked whole; with more, it is walked again."""

DATED = ("posts", "media", "comments")
"""Kinds that can be walked by date."""

Steps = Generator[Any, Any, Any]


@dataclass(slots=True, kw_only=True)
class Collecting:
    """One run over one collection; see ``course.run``.

    ``began`` is the site's own time (UTC) of its first answer: what changes from then on is left to the next run.
    ``sought`` counts how often a relation was looked for that the first objects did not show.
    ``outcome`` is what the last checkpoint tells the archive of the collection; None leaves it as it was.
    """

    site: Site
    collection: Collection
    options: Options
    facts: CollectionFacts
    walk: Walk = field(init=False)
    joiner: Joiner = field(init=False)
    gatherer: ChildrenFetcher = field(init=False)
    reader: PageReader = field(init=False)
    extras: list[tuple[str, Relation]] = field(default_factory=list)
    sought: Counter[str] = field(default_factory=Counter)
    not_public: bool = False
    fault: PayloadError | None = None
    sequence: int = 0
    state: CollectionState = field(default_factory=CollectionState)
    began: str | None = None
    outcome: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        dated = self.options.kind in DATED
        self.walk = Walk(
            base=self._window(),
            dated=dated,
            newest_first=self.options.limit is not None,
            limit=self.options.limit,
            per_page=self.site.accepted(self.collection.route).per_page,
            can_exclude=self.site.accepted(self.collection.route).takes("exclude"),
        )
        self.joiner = Joiner(site=self.site, type=self.collection.name, relations=(), shelves={})
        self.gatherer = ChildrenFetcher(site=self.site, stats=self.joiner.stats)
        self.facts.mode = "window" if self.windowed else "walk"
        self.reader = PageReader(type=self.collection.name, site=self.site.key, render=self.options.render)

    def _window(self) -> dict[str, str | int]:
        window: dict[str, str | int] = {}
        if self.options.since:
            window["after"] = (datetime.fromisoformat(self.options.since) - SKEW).isoformat() + "Z"
        if self.options.until:
            window["before"] = (datetime.fromisoformat(self.options.until) + SKEW).isoformat() + "Z"
        return window

    @property
    def windowed(self) -> bool:
        """Whether the user asked for a part: it never counts as the whole, and moves no cursor."""
        return bool(self.options.limit or self.options.since or self.options.until)

    @property
    def changes(self) -> Changes:
        return Changes(site=self.site, collection=self.collection, state=self.state)

    def checkpoint(self, *, cursor: dict[str, Any] | None = None, done: bool = False) -> Checkpoint:
        key, name = self.site.key, self.collection.name
        return Checkpoint(site=key, type=name, sequence=self.sequence, cursor=cursor, done=done)

    def end_by(self, fault: PayloadError) -> None:
        self.fault = fault
        verdict: Verdict = "incomplete"
        if fault.name in ("challenge", "robots", "private-address"):
            verdict = "blocked"
        elif getattr(fault, "status", None) in (401, 403):
            verdict = "closed" if not self.facts.seen else "blocked"
            self.not_public = not self.facts.seen
        if not (isinstance(fault, Unanswered) and fault.error == "stopped"):
            self.facts.faults[fault.name] += 1
        where = f" after {self.facts.seen} rows" if self.facts.seen else ""
        self.facts.verdict, self.facts.why = verdict, f"{fault}{where}"

    def heed_clock(self, reply: Reply) -> None:
        self.began = self.began or site_time(reply)

    def query(self, params: dict[str, Any], purpose: str, *, tries: int = 4) -> Query:
        url = self.site.api.url(self.collection.route, params)
        return Query(url=url, purpose=purpose, type=self.collection.name, tries=tries)

    def _fields(self) -> dict[str, str]:
        if self.options.raw:
            return {}
        fields: tuple[str, ...] = {
            "posts": records.POST_FIELDS,
            "comments": records.COMMENT_FIELDS,
            "media": records.MEDIA_FIELDS,
            "terms": records.TERM_FIELDS,
            "users": records.USER_FIELDS,
        }[self.options.kind]
        extra = [one.field for one in self.joiner.relations if one.field and one.field not in fields]
        if self.options.personal:
            extra += {"comments": ["author_avatar_urls"], "users": ["avatar_urls"]}.get(self.options.kind, [])
        return {"_fields": ",".join([*fields, *extra])}

    # The walk.

    def walk_on(self) -> Steps:
        """Every row that the walk meets."""
        while not self.walk.done:
            params = self.walk.params()
            reply = yield self.query(params | self._fields(), "list")
            try:
                rows = rows_of(reply)
            except PayloadError as fault:
                if not self._adapt(fault, params):
                    yield from self._salvage(params, fault)
                continue
            if self.facts.expected_before is None and not self.facts.seen:
                self.facts.expected_before = total_of(reply)
            self.heed_clock(reply)
            yield from self._take(rows, reply)
            yield from self.flush(final=False)

    def _adapt(self, fault: PayloadError, params: dict[str, Any]) -> bool:
        """Heed a refusal that names a limit of the site; whether the walk can go on."""
        status = getattr(fault, "status", None)
        if (limit := payload.lowered_per_page(fault, self.walk.per_page)) is not None:
            self.walk.per_page = limit
            return True
        if isinstance(fault, Refused) and ("page" in params or "offset" in params) and status == 400:
            self.walk.past_the_end()
            return True
        if "exclude" in params and status in (400, 403, 414, 431, 501, 502):
            self.walk.can_exclude = False
            return True
        return False

    def _take(self, rows: list[dict[str, Any]], reply: Reply) -> Steps:
        """One answer's rows: the new ones become items and wait for their links; a checkpoint closes the page."""
        keyed = list(self.keyed(rows))
        fresh = self.walk.take([key for key, _ in keyed], total=total_of(reply), pages=total_of(reply, pages=True))
        self.facts.seen = len(self.walk.seen)
        self.facts.duplicates = self.walk.doubled
        yield from self._hold([keyed[index][1] for index in fresh], reply, met=True)

    def _hold(self, rows: Sequence[dict[str, Any]], reply: Reply, *, met: bool = False) -> Steps:
        """Make items of rows, to wait for their links. ``met``: with them comes all that the walk has met by now."""
        yield from learn_late(self, rows)
        held = []
        for raw in rows:
            if self._outside(raw):
                self.facts.outside_window += 1
                continue
            item = self._read(raw, reply)
            held.append(item)
            if isinstance(item, Post):
                if lacks_body(item, raw) and not (yield from add_body(self.reader, item)):
                    self.facts.unreadable += [item.id] * ("content" not in raw)
                self.facts.protected += bool(item.protected)
            self.joiner.add(item, raw)
        for name, relation in self.extras:
            yield from self.gatherer.gather(name, relation, [item for item in held if isinstance(item, Post)])
        self.sequence += len(held)
        self.joiner.mark(self.checkpoint(cursor=self._place() if met else None))

    def _place(self) -> dict[str, Any] | None:
        """Where a later run may go on; None for a window, and for what is listed by id."""
        walking = self.facts.mode == "walk" and self.options.kind in DATED
        return self.walk.cursor() | {"began": self.began} if walking else None

    def owed(self) -> list[int]:
        """What the next run must ask for: what could not be had, and what left without a link that could not."""
        return sorted({*self.facts.unreadable, *self.facts.missing, *self.joiner.unlinked, *self.gatherer.failed})

    def _with_owed(self, checkpoint: Checkpoint) -> Checkpoint:
        """A cursor as it leaves: what lies behind it and is owed goes with it. Where that is too much, it stays."""
        if checkpoint.cursor is None or not (owed := sorted({*self.state.owed, *self.owed()})):
            return checkpoint
        return replace(checkpoint, cursor=None if len(owed) > OWED_MOST else {**checkpoint.cursor, "owed": owed})

    def keyed(self, rows: list[dict[str, Any]]) -> Iterator[tuple[Row, dict[str, Any]]]:
        for raw in rows:
            try:
                yield Row(records.record_id(raw), local_date(raw.get("date")), not self._outside(raw)), raw
            except RecordError:
                # Without an id it cannot be told apart, nor asked for again: the total will miss it.
                self.facts.faults["row-without-id"] += 1

    def _read(self, raw: dict[str, Any], reply: Reply) -> Record:
        kind, personal = self.options.kind, self.options.personal
        about: dict[str, Any] = {"site": self.site, "fetched_at": reply.fetched_at, "request_url": reply.url}
        item: Record
        if kind == "posts":
            item = records.read_post(raw, type_=self.collection.name, **about)
        elif kind == "comments":
            item = records.read_comment(raw, personal=personal, **about)
        elif kind == "media":
            item = records.read_media(raw, **about)
        elif kind == "terms":
            item = records.read_term(raw, taxonomy=self.collection.name, **about)
        else:
            item = records.read_user(raw, personal=personal, **about)
        if self.options.raw:
            item.raw = raw if personal else records.without_personal(raw)
        return item

    def _outside(self, raw: dict[str, Any]) -> bool:
        """Whether a row of the widened window lies outside the one asked for. Undated rows are kept."""
        since, until = self.options.since, self.options.until
        published = utc(raw.get("date_gmt"), raw.get("date"), self.site) if since or until else None
        if published is None:
            return False
        return bool((since and published[:19] < since) or (until and published[:19] >= until))

    def flush(self, *, final: bool) -> Steps:
        yield from self._release()
        while (shelf := self.joiner.due(final=final)) is not None:
            yield from self.joiner.fill(shelf)
            yield from self._release()

    def _release(self) -> Steps:
        for leaving in self.joiner.ready():
            self.facts.sent += not isinstance(leaving, Checkpoint)
            yield self._with_owed(leaving) if isinstance(leaving, Checkpoint) else leaving

    def release_all(self) -> Steps:
        """Let go what waits, without its links; a later walk begins before it, to bring it again with them."""
        marks = (replace(one, cursor=None) if isinstance(one, Checkpoint) else one for one in self.joiner.held)
        self.joiner.held = deque(marks)
        for shelf in self.joiner.shelves.values():
            self.joiner.unresolved += len(shelf.wanted)
            for linked in list(shelf.wanted):
                shelf.put(linked, None)
        yield from self._release()

    # What a page that cannot be had still gives.

    def _salvage(self, params: dict[str, Any], fault: PayloadError) -> Steps:
        """A page that fails as a whole: list its ids alone, which renders nothing, then ask for them in halves."""
        if is_final(fault) or getattr(fault, "status", 500) < 500:
            raise fault
        self.facts.faults[fault.name] += 1
        reply = yield self.query(params | {"_fields": "id,date,date_gmt"}, "salvage")
        try:
            rows = rows_of(reply)
        except PayloadError:
            raise fault from None
        keys = [key for key, _ in self.keyed(rows)]
        fresh = self.walk.take(keys, total=total_of(reply), pages=total_of(reply, pages=True))
        yield from self.fetch([keys[index].id for index in fresh])
        self.joiner.mark(self.checkpoint(cursor=self._place()))
        self.facts.seen = len(self.walk.seen)
        yield from self.flush(final=False)

    def fetch(self, ids: list[int]) -> Steps:
        """Bring these ids; the ones that cannot be rendered are named, the ones not given are missing."""
        for start in range(0, len(ids), self.walk.per_page):
            yield from split_until_alone(ids[start : start + self.walk.per_page], self._ask_for, self._name_unreadable)

    def _ask_for(self, ids: list[int]) -> Steps:
        left, answers = ids, []
        while left:
            params: dict[str, Any] = {"include": left, "per_page": len(left), "orderby": "include"}
            reply = yield self.query(params | self._fields(), "include", tries=1 if len(left) > 1 else 2)
            rows = {key.id: raw for key, raw in self.keyed(rows_of(reply))}
            answers.append(([rows[one] for one in left if one in rows], reply))
            asked, left = left, [one for one in left if one not in rows]
            if len(left) == len(asked) or not is_cut(reply, len(rows)):
                break
        # Only now: where a later answer is refused, all of these are asked for again in halves.
        for given, reply in answers:
            yield from self._hold(given, reply)
        self.facts.missing += left

    def _name_unreadable(self, lost: int, fault: PayloadError) -> None:
        self.facts.unreadable.append(lost)
        self.facts.faults[fault.name] += 1
