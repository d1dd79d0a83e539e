"""Learns a collection's relations from the ``_links`` of a few objects; all other rows come without ``_links``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress import records
from newsbot.wordpress.joins.relations import FOLLOWED, Relation, learn
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.replies import is_final, rows_of
from newsbot.wordpress.values import linked_id

SAMPLES = 10
"""Objects whose ``_links`` are read."""

MAX_SEARCHES = 3
"""How often one relation is searched for that the first objects did not declare."""

_FIELDS = "id,author,featured_media,post,parent,_links"
_JOINED = ("author", "terms", "media")
_ID_FIELDS = (("author", "author"), ("media", "featured_media"))
"""Names that ``follow=`` takes, each with the field that holds the linked id. The field does not tell the route."""


@dataclass(slots=True, kw_only=True)
class Learner:
    """Knows the relations of one collection.

    ``relations`` are those that the user follows, ``extras`` those of them that are found by the post's id, by their
    name in ``follow=``. ``searches`` counts the searches for each relation that the first objects did not declare.
    ``unlinked`` are ids of rows whose relation could not be learnt because the site failed.
    """

    queries: Queries
    stats: Counter[str]
    relations: list[Relation] = field(default_factory=list)
    extras: list[tuple[str, Relation]] = field(default_factory=list)
    searches: Counter[str] = field(default_factory=Counter)
    unlinked: list[int] = field(default_factory=list)

    @property
    def _kind(self) -> str:
        return self.queries.options.kind

    def learn_first(self) -> Generator[Any, Any, Reply | None]:
        """Learn from the newest objects. Returns their reply, or None where nothing is followed.

        Raises PayloadError.
        """
        follow = self.queries.options.follow
        if self._kind not in ("posts", "media") or not follow:
            return None
        samples, reply = yield from self._first_objects()
        names = {FOLLOWED[name]: name for name in follow}
        self.relations = [found for found in learn(samples, self.queries.site.api) if found.rel in names]
        if self._kind == "posts":
            self.extras = [(names[found.rel], found) for found in self.relations if names[found.rel] not in _JOINED]
        return reply

    def _first_objects(self) -> Generator[Any, Any, tuple[list[dict[str, Any]], Reply]]:
        while True:
            size = min(SAMPLES, self.queries.per_page)
            params = self.queries.window | {"per_page": size, "_fields": _FIELDS}
            reply = yield self.queries.query(params, "relations")
            try:
                return rows_of(reply), reply
            except PayloadError as fault:
                if (limit := lowered_per_page(fault, size)) is None:
                    raise
                self.queries.lower_per_page(limit)

    def learn_late(self, rows: Sequence[dict[str, Any]]) -> Generator[Any, Any, list[Relation]]:
        """Learn relations that some of ``rows`` have and the first objects had not: the newest posts may lack an image.

        Returns all relations known by now. Raises PayloadError where nothing more can be asked.
        """
        for name, field_name in _ID_FIELDS if self._kind in ("posts", "media") else ():
            if self._is_missing(name):
                holding = [records.record_id(raw) for raw in rows if linked_id(raw.get(field_name))]
                if holding:
                    yield from self._search(name, holding)
        return self.relations

    def _is_missing(self, name: str) -> bool:
        """Whether a relation that the user follows is unknown, and may be searched for once more."""
        rel = FOLLOWED[name]
        known = any(relation.rel == rel and relation.field for relation in self.relations)
        return name in self.queries.options.follow and not known and self.searches[name] < MAX_SEARCHES

    def _search(self, name: str, holding: list[int]) -> Generator[Any, Any, None]:
        """Search for one relation in the ``_links`` of some of the rows ``holding`` its id."""
        self.searches[name] += 1
        ids = holding[: min(SAMPLES, self.queries.per_page)]
        query = self.queries.query({"include": ids, "per_page": len(ids), "_fields": _FIELDS}, "relations")
        try:
            learnt = learn(rows_of((yield query)), self.queries.site.api)
        except PayloadError as fault:
            if is_final(fault):
                raise
            self.unlinked += holding
            return
        found = [relation for relation in learnt if relation.rel == FOLLOWED[name] and relation.field]
        self.relations = [*self.relations, *found]
        if not found:
            # An image that is deleted has no link that tells its route; the next page may hold an image that exists.
            self.stats[f"{name}_undeclared"] += len(holding)
