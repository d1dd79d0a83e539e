"""Learns a collection's relations from the ``_links`` of a few objects; all other rows come without ``_links``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress.joins.core_routes import FIELDS, relations_of, undeclared
from newsbot.wordpress.joins.relations import FOLLOWED, Relation, learn
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.replies import answer, is_final, rows_of, total_of

SAMPLES = 10
"""The number of objects whose ``_links`` are read."""

_FIELDS = ",".join(("id", "type", *FIELDS, "post", "parent", "_links"))
_JOINED = ("author", "terms", "media")


def samples(queries: Queries, **order: str) -> Query:
    """The query for the objects whose ``_links`` are read: the newest ones, or in ``order``."""
    size = min(SAMPLES, queries.per_page)
    query = queries.query(queries.window | {"per_page": size, "_fields": _FIELDS} | order, "relations")
    # Two steps of the crawl of a single article send this query: the search for the article, and the learner.
    is_article = queries.options.scope is not None and queries.options.scope.article is not None
    return replace(query, shared=query.url if is_article else "")


@dataclass(slots=True, kw_only=True)
class Learner:
    """Knows the relations of one collection.

    ``relations`` are the relations that the user follows. ``extras`` are those of them whose objects are found by the
    post's id, by their names in ``follow=``.
    """

    queries: Queries
    stats: Counter[str]
    relations: list[Relation] = field(default_factory=list)
    extras: list[tuple[str, Relation]] = field(default_factory=list)

    @property
    def _kind(self) -> str:
        return self.queries.options.kind

    def learn_first(self) -> Generator[Any, Any, Reply | None]:
        """Learn from the newest objects. Returns their reply, or None if no relation is followed.

        Raises PayloadError.
        """
        follow = self.queries.options.follow
        if self._kind not in ("posts", "media") or not follow:
            return None
        samples, reply = yield from self._first_objects()
        counted = total_of(reply) or 0
        if counted and not samples:
            # A cache or a plugin gave an empty page: the query for the oldest objects has another URL.
            samples, _ = yield from self._first_objects(order="asc")
        names = {FOLLOWED[name]: name for name in follow}
        self.relations = self._followed((yield from self._learn(samples, counted)))
        if self._kind == "posts":
            self.extras = [(names[found.rel], found) for found in self.relations if names[found.rel] not in _JOINED]
        return reply

    def _first_objects(self, **order: str) -> Generator[Any, Any, tuple[list[dict[str, Any]], Reply]]:
        while True:
            reply = yield samples(self.queries, **order)
            try:
                return rows_of(reply), reply.without_body()
            except PayloadError as fault:
                if (limit := lowered_per_page(fault, min(SAMPLES, self.queries.per_page))) is None:
                    raise
                self.queries.lower_per_page(limit)

    def learn_late(self, rows: Sequence[dict[str, Any]]) -> list[Relation]:
        """Learn relations that some of ``rows`` have and the first objects did not have: the newest posts may lack an
        image.

        Returns all relations that are known now.
        """
        if self._kind in ("posts", "media"):
            self.relations = [*self.relations, *self._followed(undeclared(rows, self.relations))]
        return self.relations

    def _followed(self, relations: Iterable[Relation]) -> list[Relation]:
        names = {FOLLOWED[name] for name in self.queries.options.follow}
        return [relation for relation in relations if relation.rel in names]

    def _learn(self, samples: Sequence[dict[str, Any]], counted: int) -> Generator[Any, Any, list[Relation]]:
        learnt = learn(samples, self.queries.site.api)
        if learnt or not (samples or counted) or self._kind != "posts":
            return [*learnt, *undeclared(samples, learnt)]
        # A theme removed every link, or no object that the site counts came.
        self.stats["links_undeclared"] += 1
        taxonomies = None
        if "terms" in self.queries.options.follow:
            taxonomies = yield from self._ask_taxonomies()
        return relations_of(self.queries.collection, taxonomies)

    def _ask_taxonomies(self) -> Generator[Any, Any, Any]:
        """The taxonomies of the type, as ``/wp/v2/taxonomies`` lists them; None where the site does not say."""
        name = self.queries.collection.name
        url = self.queries.site.api.url("/wp/v2/taxonomies", {"type": name})
        try:
            return answer((yield Query(url=url, purpose="taxonomies", type=name)))
        except PayloadError as fault:
            if is_final(fault):
                raise
            return None
