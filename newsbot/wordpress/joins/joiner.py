"""Joining: posts wait, in order, until what they link to is known; the ids of many pages fill one query."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from newsbot.errors import PayloadError, RecordError, Refused
from newsbot.items import Checkpoint, Media, Post, Record, TermRef
from newsbot.wordpress import records
from newsbot.wordpress.api import PER_PAGE, Site
from newsbot.wordpress.joins.link_cache import LinkCache
from newsbot.wordpress.joins.relations import FOLLOWED, Relation, ids_in
from newsbot.wordpress.messages import Query, Recall, Remember, Reply, Steps
from newsbot.wordpress.replies import answer, is_cut, is_final, rows_of, split_until_alone

HOLD = 500
"""Posts that may wait for their links before batches are asked that are not full."""


_KINDS = {FOLLOWED["author"]: "users", FOLLOWED["terms"]: "terms", FOLLOWED["media"]: "media"}

Joinable = Record


@dataclass(slots=True)
class Held:
    """A post that waits, with the linked ids it needs: (relation, shelf, ids)."""

    item: Joinable
    needs: list[tuple[Relation, LinkCache, list[int]]]


@dataclass(slots=True, kw_only=True)
class Joiner:
    """Holds posts back until their links are known. ``stats`` counts what could not be resolved, by name; ``unlinked``
    are the posts that left without a link for it.

    ``recalls``: the archive may know linked objects from earlier runs, and is asked before the site is.
    """

    site: Site
    type: str
    relations: Sequence[Relation] = ()
    shelves: dict[str, LinkCache] = field(default_factory=dict)
    browse: bool = False
    recalls: bool = False
    stats: Counter[str] = field(default_factory=Counter)
    unresolved: int = 0
    lost: set[tuple[str, int]] = field(default_factory=set)
    unlinked: list[int] = field(default_factory=list)
    held: deque[Held | Checkpoint] = field(default_factory=deque)
    waiting: int = 0

    def add(self, item: Joinable, raw: Mapping[str, Any]) -> None:
        needs = []
        for relation in self.relations:
            if relation.rel in _KINDS and relation.field is not None:
                ids = ids_in(raw.get(relation.field))
                shelf = self.shelves.setdefault(relation.route, LinkCache(relation.route))
                shelf.want(ids)
                needs.append((relation, shelf, ids))
        self.held.append(Held(item, needs))
        self.waiting += 1

    def mark(self, checkpoint: Checkpoint) -> None:
        """Close a page: the checkpoint leaves behind the page's last post."""
        self.held.append(checkpoint)

    def ready(self) -> Iterator[Joinable | Checkpoint]:
        """What may leave by now, in order."""
        while self.held:
            head = self.held[0]
            if isinstance(head, Held):
                if not all(shelf.has(ids) for _, shelf, ids in head.needs):
                    return
                self._put_in_place(head)
                self.waiting -= 1
            self.held.popleft()
            yield head.item if isinstance(head, Held) else head

    def give_up(self) -> None:
        """Count every wanted object as unresolved, so that all rows may leave. Their checkpoints lose the cursor."""
        self.held = deque(
            replace(waiting, cursor=None) if isinstance(waiting, Checkpoint) else waiting for waiting in self.held
        )
        for shelf in self.shelves.values():
            self.unresolved += len(shelf.wanted)
            for linked in list(shelf.wanted):
                shelf.put(linked, None)

    def due(self, *, final: bool) -> LinkCache | None:
        """The shelf to fill next: one with a full batch, or any while posts must leave."""
        fullest = max(self.shelves.values(), key=lambda shelf: len(shelf.wanted), default=None)
        if fullest is None or not fullest.wanted:
            return None
        return fullest if final or self.waiting >= HOLD or len(fullest.wanted) >= PER_PAGE else None

    def fill(self, shelf: LinkCache) -> Steps[None]:
        """Ask for what a shelf wants: its whole first page once where that is worth it, else by ``include``."""
        kind = self._kind(shelf)
        if self.recalls:
            yield from self._recall(shelf, kind)
            if not shelf.wanted:
                return
        if self.browse and not shelf.browsed and kind != "media":
            shelf.browsed = True
            yield from self._browse(shelf, kind)
            return
        batch = shelf.batch()
        try:
            yield from split_until_alone(
                batch, lambda ids: self._include(shelf, ids), lambda lost, fault: self._lose(shelf, lost, fault)
            )
        except PayloadError as fault:
            if is_final(fault):
                raise
            for linked in batch:
                if linked in shelf.wanted:
                    self._lose(shelf, linked, fault)

    def _recall(self, shelf: LinkCache, kind: str) -> Steps[None]:
        found = yield Recall(site=self.site.key, relation=shelf.route, ids=tuple(shelf.wanted))
        for linked, fields in found.items():
            if (known := records.recalled(kind, fields)) is not None:
                shelf.put(linked, known)

    def _browse(self, shelf: LinkCache, kind: str) -> Steps[None]:
        """The first hundred of a small collection, the most used first: most posts need nothing else."""
        accepts = self.site.accepted(shelf.route)
        by_count = kind == "terms" and accepts.orders_by("count")
        order = {"orderby": "count", "order": "desc"} if by_count else {"orderby": "id", "order": "asc"}
        try:
            yield from self._keep(shelf, (yield self._query(shelf, kind, {"per_page": accepts.per_page, **order})))
        except PayloadError as fault:
            if is_final(fault):
                raise
            self.stats[f"{kind}_{fault.name}"] += 1

    def _include(self, shelf: LinkCache, ids: list[int]) -> Steps[None]:
        kind, limit = self._kind(shelf), self.site.accepted(shelf.route).per_page
        left = ids
        while left:
            part = left[:limit]
            reply = yield self._query(shelf, kind, {"include": part, "per_page": len(part)})
            cut = False
            try:
                cut = is_cut(reply, (yield from self._keep(shelf, reply)))
            except Refused as refusal:
                if refusal.status in (401, 403) and len(ids) > 1 and not shelf.known:
                    yield from self._check_closed(shelf, kind)
                if not shelf.closed:
                    raise
            absent = [linked for linked in part if linked not in shelf.known]
            cut = cut and len(absent) < len(part)
            left = (absent if cut else []) + left[limit:]
            # Unknown ids are dropped in silence: a deleted author or image.
            for linked in () if cut else absent:
                self.stats[f"{kind}_{'forbidden' if shelf.closed else 'dangling'}"] += 1
                shelf.put(linked, None)

    def _check_closed(self, shelf: LinkCache, kind: str) -> Steps[None]:
        """Is one linked object forbidden, or the whole collection? One request tells; splitting would cost dozens."""
        try:
            answer((yield self._query(shelf, kind, {"per_page": 1})))
        except Refused:
            shelf.closed = True
            shelf.wanted.clear()

    def _keep(self, shelf: LinkCache, reply: Reply) -> Steps[int]:
        """Put what a reply lists on its shelf; returns how many rows there were."""
        relation, learnt, rows = self._relation(shelf), {}, rows_of(reply)
        for raw in rows:
            try:
                found = records.read_linked(self._kind(shelf), raw, relation.taxonomy)
            except RecordError:
                continue
            if found is not None:
                linked = records.record_id(raw)
                shelf.put(linked, found)
                learnt[linked] = asdict(found)
        if learnt:
            yield Remember(site=self.site.key, relation=shelf.route, objects=learnt)
        return len(rows)

    def _lose(self, shelf: LinkCache, linked: int, fault: PayloadError) -> None:
        """A link that cannot be resolved leaves its post whole, with nulls. Only a failing site leaves a hole."""
        refused = isinstance(fault, Refused) and not fault.retryable
        self.stats[f"{self._kind(shelf)}_{'forbidden' if refused else 'unresolved'}"] += 1
        self.unresolved += not refused
        if not refused:
            self.lost.add((shelf.route, linked))
        shelf.put(linked, None)

    def _query(self, shelf: LinkCache, kind: str, params: dict[str, Any]) -> Query:
        fields = {"_fields": ",".join(records.JOIN_FIELDS[kind])}
        return Query(url=self.site.api.url(shelf.route, params | fields), purpose=f"join-{kind}", type=self.type)

    def _relation(self, shelf: LinkCache) -> Relation:
        return next(one for one in self.relations if one.route == shelf.route and one.rel in _KINDS)

    def _kind(self, shelf: LinkCache) -> str:
        return _KINDS[self._relation(shelf).rel]

    def _put_in_place(self, held: Held) -> None:
        item, terms = held.item, []
        if self.lost and any((shelf.route, linked) in self.lost for _, shelf, ids in held.needs for linked in ids):
            self.unlinked.append(item.id)
        for relation, shelf, ids in held.needs:
            kind = _KINDS[relation.rel]
            if kind == "terms":
                for linked in ids:
                    known = shelf.known.get(linked)
                    terms.append(known or TermRef(taxonomy=relation.taxonomy or "", id=linked))
            elif ids and (known := shelf.known.get(ids[0])) is not None:
                if kind == "users" and isinstance(item, Post | Media):
                    item.author = known
                elif isinstance(item, Post):
                    item.image = known
        if isinstance(item, Post):
            records.join(item, terms)
