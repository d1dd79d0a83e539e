"""Joins rows with the objects that they link to. Rows wait, in order, until their objects are known; one query asks for
the objects of many pages."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from newsbot.errors import BadStatus, PayloadError, RecordError, Refused
from newsbot.items import Author, Checkpoint, FeaturedImage, Media, Post, Record, TermRef
from newsbot.wordpress import records
from newsbot.wordpress.api import PER_PAGE, WHOLE_ROUTE, Site
from newsbot.wordpress.joins.beside import ids_beside
from newsbot.wordpress.joins.closed import SHUT, is_closed
from newsbot.wordpress.joins.coauthors import AUTHOR_TAXONOMY, all_authors, authors_in
from newsbot.wordpress.joins.given import Links, read_links
from newsbot.wordpress.joins.link_cache import KNOWN_KEPT, MEDIA_KEPT, LinkCache
from newsbot.wordpress.joins.relations import KINDS, Relation
from newsbot.wordpress.messages import Query, Reply, Steps
from newsbot.wordpress.questions import Recall, Remember
from newsbot.wordpress.replies import is_cut, is_final, rows_of, split_until_alone

HOLD = 300
"""The most rows that may wait for their objects. If more rows wait, the joiner requests batches that are not full."""

Joinable = Record


@dataclass(slots=True)
class Need:
    """The links of a row by one relation."""

    relation: Relation
    cache: LinkCache
    links: Links

    def is_met(self) -> bool:
        """Whether each linked object is known, or is known to be unavailable."""
        return self.cache.has(self.links.ids) and (self.cache.browsed or not self.links.has_names)

    def objects(self) -> list[Any]:
        """The linked objects. A term that is not known has only its id; an author or image that is not known is left
        out.
        """
        found = [self.cache.known.get(linked) for linked in self.links.ids]
        given = [self.cache.named(named) or named for named in self.links.given]
        if KINDS[self.relation.rel] != "terms":
            return [*filter(None, found), *given]
        taxonomy = self.relation.taxonomy or ""
        terms = (
            term or TermRef(taxonomy=taxonomy, id=linked) for term, linked in zip(found, self.links.ids, strict=True)
        )
        return [*terms, *given]


@dataclass(slots=True)
class WaitingRow:
    """A waiting row, the objects that it needs, and the authors that it names itself."""

    item: Joinable
    needs: list[Need]
    authors: list[Author]


@dataclass(slots=True, kw_only=True)
class Joiner:
    """Keeps rows until the objects to which they link are known.

    ``route`` lists the rows. ``relations`` are joined; ``caches`` hold the known objects of each route. ``browse``:
    whole pages of authors and terms are worth a query. ``recalls``: the archive may know objects from earlier runs, and
    is queried before the site. ``stats`` counts objects that could not be resolved, by name. ``unresolved`` counts the
    objects that the site failed to give, ``lost`` names them by route and id, ``unlinked`` are the rows that were sent
    without them. ``beside`` are rows of other crawls of the run, which will need their objects too: the first query of
    each route asks for them.
    """

    site: Site
    type: str
    route: str = ""
    relations: Sequence[Relation] = ()
    caches: dict[str, LinkCache] = field(default_factory=dict)
    browse: bool = False
    recalls: bool = False
    stats: Counter[str] = field(default_factory=Counter)
    unresolved: int = 0
    lost: set[tuple[str, int]] = field(default_factory=set)
    unlinked: list[int] = field(default_factory=list)
    held: deque[WaitingRow | Checkpoint] = field(default_factory=deque)
    waiting: int = 0
    beside: Sequence[Mapping[str, Any]] = ()

    def add(self, item: Joinable, raw: Mapping[str, Any]) -> None:
        needs = []
        for relation in self.relations:
            kind = KINDS.get(relation.rel)
            if kind is not None and relation.field is not None:
                links = read_links(raw.get(relation.field), kind, relation.taxonomy)
                need = Need(relation, self._cache(relation), links)
                need.cache.want(need.links.ids, by_name=need.links.has_names)
                needs.append(need)
        self.held.append(WaitingRow(item, needs, authors_in(raw)))
        self.waiting += 1

    def _cache(self, relation: Relation) -> LinkCache:
        if (cache := self.caches.get(relation.route)) is None:
            kept = MEDIA_KEPT if KINDS[relation.rel] == "media" else KNOWN_KEPT
            cache = self.caches[relation.route] = LinkCache(relation.route, kept)
        return cache

    def mark(self, checkpoint: Checkpoint) -> None:
        """Close a page: the checkpoint follows the page's last post."""
        self.held.append(checkpoint)

    def ready(self) -> Iterator[Joinable | Checkpoint]:
        """Yield the rows and checkpoints that are complete, in order."""
        while self.held:
            head = self.held[0]
            if isinstance(head, WaitingRow):
                if not all(need.is_met() for need in head.needs):
                    return
                self._put_in_place(head)
                for need in head.needs:
                    need.cache.leave(need.links.ids)
                self.waiting -= 1
            self.held.popleft()
            yield head.item if isinstance(head, WaitingRow) else head

    def leave_unresolved(self) -> None:
        """Count every wanted object as unresolved, so that all rows can be sent. Their checkpoints lose the cursor."""
        self.held = deque(
            replace(waiting, cursor=None) if isinstance(waiting, Checkpoint) else waiting for waiting in self.held
        )
        for cache in self.caches.values():
            self.unresolved += len(cache.wanted)
            cache.browsed = True
            for linked in list(cache.wanted):
                cache.put(linked, None)

    def due(self, *, final: bool) -> LinkCache | None:
        """The cache to fill next: a cache that wants a full batch, or any cache with wanted objects if rows must be
        sent now. None: no cache."""
        fullest = max(self.caches.values(), key=lambda cache: len(cache.wanted), default=None)
        unnamed = next((cache for cache in self.caches.values() if cache.wants_names), None)
        if fullest is None or not fullest.wanted:
            return unnamed if final or self.waiting >= HOLD else None
        return fullest if final or self.waiting >= HOLD or len(fullest.wanted) >= PER_PAGE else None

    def fill(self, cache: LinkCache) -> Steps[None]:
        """Fetch the objects that a cache lacks: once by the first page of their route, if ``browse`` allows it, and
        else by their ids."""
        kind = self._kind(cache)
        if self.recalls:
            yield from self._recall(cache, kind)
            if not cache.wanted and not cache.wants_names:
                return
        if self._is_known_closed(cache):
            return
        if (self.browse or cache.wants_names) and not cache.browsed and kind != "media":
            cache.browsed = True
            yield from self._browse(cache, kind)
            return
        if WHOLE_ROUTE in self.site.accepted(cache.route).doubted and not cache.checked:
            # An earlier run found the route closed: one query shows whether it still is.
            yield from self._check_closed(cache, kind, shared=bool(self.beside))
            if cache.closed:
                return
        batch = cache.batch()
        try:
            yield from split_until_alone(
                batch, lambda ids: self._include(cache, ids), lambda lost, fault: self._lose(cache, lost, fault)
            )
        except PayloadError as fault:
            if is_final(fault):
                raise
            for linked in batch:
                if linked in cache.wanted:
                    self._lose(cache, linked, fault)

    def try_batch(self, cache: LinkCache) -> Steps[bool]:
        """Send one query for a batch of the objects that a cache lacks. Returns whether the site gave an answer."""
        if self.recalls:
            yield from self._recall(cache, self._kind(cache))
        if self._is_known_closed(cache):
            return True
        try:
            yield from self._include(cache, cache.batch(), once=True)
        except PayloadError:
            return False
        return True

    def _is_known_closed(self, cache: LinkCache) -> bool:
        """Whether visitors may not read the route of a cache, as an earlier query found out. Then nothing is asked for,
        and the rows need not wait."""
        if not self.site.is_closed(cache.route):
            return False
        cache.browsed = True
        self._leave_wanted(cache, self._kind(cache))
        return True

    def _leave_wanted(self, cache: LinkCache, kind: str) -> None:
        """Let the rows go without the objects of a closed route."""
        for linked in list(cache.wanted):
            self.stats[f"{kind}_forbidden"] += 1
            cache.put(linked, None)

    def _recall(self, cache: LinkCache, kind: str) -> Steps[None]:
        ids = (*cache.wanted, *ids_beside(cache, self.relations, self.beside))
        found = yield Recall(site=self.site.key, relation=cache.route, ids=ids)
        for linked, fields in found.items():
            if (known := records.recalled(kind, fields)) is not None:
                cache.put(linked, known)

    def _browse(self, cache: LinkCache, kind: str) -> Steps[None]:
        """Ask for the first hundred authors or terms, the most used first. Most rows need no other ones."""
        accepts = self.site.accepted(cache.route)
        by_count = kind == "terms" and accepts.orders_by("count")
        order = {"orderby": "count", "order": "desc"} if by_count else {"orderby": "id", "order": "asc"}
        try:
            reply = yield self._query(cache, kind, {"per_page": accepts.per_page, **order})
            rows = yield from self._keep(cache, reply)
            cache.whole = rows < accepts.per_page and not is_cut(reply, rows)
        except PayloadError as fault:
            if is_final(fault):
                raise
            self.stats[f"{kind}_{fault.name}"] += 1
            if _is_shut(fault) and not cache.known:
                yield from self._check_closed(cache, kind, shared=False)

    def _include(self, cache: LinkCache, ids: list[int], *, once: bool = False) -> Steps[None]:
        """Request the objects with these ids. ``once``: send one query only, and neither repeat it nor examine its
        refusal."""
        kind, limit = self._kind(cache), self.site.accepted(cache.route).per_page
        left, also = ids, ids_beside(cache, self.relations, self.beside)
        cache.asked_beside = True
        while left:
            part = left[:limit]
            more, also = also[: limit - len(part)], []
            query = self._by_ids(cache, kind, part, more)
            reply = yield replace(query, tries=1) if once else query
            cut = False
            try:
                cut = is_cut(reply, (yield from self._keep(cache, reply)))
            except PayloadError as fault:
                if _is_shut(fault) and not (cache.known or cache.checked or once):
                    yield from self._check_closed(cache, kind, shared=bool(more))
                if more and not (cache.closed or once or is_final(fault)):
                    continue  # the reason may be an object of another article
                if not cache.closed:
                    raise
            absent = [linked for linked in part if linked not in cache.known]
            cut = cut and len(absent) < len(part)
            left = (absent if cut else []) + left[limit:]
            # WordPress leaves out unknown ids without an error: the author or image was deleted.
            for linked in () if cut else absent:
                self.stats[f"{kind}_dangling"] += 1
                cache.put(linked, None)

    def _by_ids(self, cache: LinkCache, kind: str, ids: list[int], also: list[int]) -> Query:
        if not also:
            return self._query(cache, kind, {"include": ids, "per_page": len(ids)})
        # The ids are sorted: if no object came, the crawls of all articles then share one query.
        every = sorted({*ids, *also})
        query = self._query(cache, kind, {"include": every, "per_page": len(every)})
        return replace(query, shared=query.url)

    def _check_closed(self, cache: LinkCache, kind: str, *, shared: bool) -> Steps[None]:
        """Find out whether the site refuses one object or the whole route. One query shows which; halving the batch
        would need dozens of queries."""
        cache.checked = True
        query = self._query(cache, kind, {"per_page": 1})
        url = self.site.api.url(self.route, {"per_page": 1, "_fields": "id"})
        rows = Query(url=url, purpose=f"join-{kind}", type=self.type, tries=1)
        if (yield from is_closed(replace(query, shared=query.url if shared else ""), rows)):
            cache.closed = True
            self.site.leave(cache.route, WHOLE_ROUTE)
            self._leave_wanted(cache, kind)

    def _keep(self, cache: LinkCache, reply: Reply) -> Steps[int]:
        """Put the objects of a reply into their cache. Returns the number of rows in the reply."""
        relation, learnt, rows = self._relation(cache), {}, rows_of(reply)
        for raw in rows:
            try:
                found = records.read_linked(self._kind(cache), raw, relation.taxonomy, home=self.site.home)
            except RecordError:
                continue
            if found is not None:
                linked = records.record_id(raw)
                cache.put(linked, found)
                learnt[linked] = asdict(found)
        if learnt:
            yield Remember(site=self.site.key, relation=cache.route, objects=learnt)
        return len(rows)

    def _lose(self, cache: LinkCache, linked: int, fault: PayloadError) -> None:
        """Note that one linked object cannot be fetched. Its rows are sent with null in its place. Only a failure of
        the site counts as missing data, a refusal does not."""
        refused = isinstance(fault, Refused) and not fault.retryable
        self.stats[f"{self._kind(cache)}_{'forbidden' if refused else 'unresolved'}"] += 1
        self.unresolved += not refused
        if not refused:
            self.lost.add((cache.route, linked))
        cache.put(linked, None)

    def _query(self, cache: LinkCache, kind: str, params: dict[str, Any]) -> Query:
        names = records.JOIN_FIELDS[kind]
        if any(relation.taxonomy == AUTHOR_TAXONOMY for relation in self.relations if relation.route == cache.route):
            names = (*names, "description")
        fields = {"_fields": ",".join(names)}
        return Query(url=self.site.api.url(cache.route, params | fields), purpose=f"join-{kind}", type=self.type)

    def _relation(self, cache: LinkCache) -> Relation:
        return next(relation for relation in self.relations if relation.route == cache.route and relation.rel in KINDS)

    def _kind(self, cache: LinkCache) -> str:
        return KINDS[self._relation(cache).rel]

    def _put_in_place(self, held: WaitingRow) -> None:
        item = held.item
        if self.lost and any(
            (need.cache.route, linked) in self.lost for need in held.needs for linked in need.links.ids
        ):
            self.unlinked.append(item.id)
        objects: dict[str, list[Any]] = {"users": [], "terms": [], "media": []}
        for need in held.needs:
            objects[KINDS[need.relation.rel]] += need.objects()
        put_in_place(item, authors=objects["users"], terms=objects["terms"], images=objects["media"])
        if isinstance(item, Post):
            item.authors = all_authors(held.authors, item.terms, item.author)


def _is_shut(fault: PayloadError) -> bool:
    return isinstance(fault, Refused | BadStatus) and fault.status in SHUT


def put_in_place(
    item: Record, *, authors: Sequence[Author], terms: Sequence[TermRef], images: Sequence[FeaturedImage]
) -> None:
    """Join an item with its linked objects. If the author or image is unknown, the item keeps its id."""
    if authors and isinstance(item, Post | Media):
        item.author = authors[0]
    if isinstance(item, Post):
        if images:
            item.image = images[0]
        records.join(item, terms)
