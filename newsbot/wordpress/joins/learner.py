"""Learning a collection's relations from a few of its objects' ``_links``, before its rows come without them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from newsbot.errors import PayloadError
from newsbot.wordpress import records
from newsbot.wordpress.api import PER_PAGE
from newsbot.wordpress.joins.link_cache import LinkCache
from newsbot.wordpress.joins.relations import FOLLOWED, learn
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.replies import is_final, rows_of, total_of

if TYPE_CHECKING:
    from newsbot.wordpress.collection.crawl import Collecting

SAMPLES = 10
"""Objects whose ``_links`` are looked at."""

SOUGHT_MOST = 3
"""How often a relation is looked for that the first objects did not show."""

_FIELDS = "id,author,featured_media,post,parent,_links"
_JOINED = ("author", "terms", "media")
_HOLDERS = (("author", "author"), ("media", "featured_media"))
"""Names that ``follow=`` takes, each with the field that tells whether an object has such a link, though not where."""

Steps = Generator[Any, Any, None]


def learn_first(one: Collecting, *, browse: bool) -> Steps:
    """Learn from the newest objects; the same answer tells the total before.

    ``browse``: so many rows will come that whole pages of authors and terms are worth their requests.
    """
    if one.options.kind not in ("posts", "media") or not one.options.follow:
        return
    samples, reply = yield from _first_objects(one)
    one.heed_clock(reply)
    one.facts.expected_before = total_of(reply)
    wanted = {FOLLOWED[name]: name for name in one.options.follow}
    relations = [relation for relation in learn(samples, one.site.api) if relation.rel in wanted]
    one.joiner.relations = relations
    one.joiner.shelves = {relation.route: LinkCache(relation.route) for relation in relations}
    one.joiner.browse = browse and (one.facts.expected_before or 0) > PER_PAGE
    if one.options.kind == "posts":
        one.extras = [(wanted[found.rel], found) for found in relations if wanted[found.rel] not in _JOINED]


def _first_objects(one: Collecting) -> Generator[Any, Any, tuple[list[dict[str, Any]], Reply]]:
    while True:
        size = min(SAMPLES, one.walk.per_page)
        reply = yield one.query(dict(one.walk.base) | {"per_page": size, "_fields": _FIELDS}, "relations")
        try:
            return rows_of(reply), reply
        except PayloadError as fault:
            if (limit := lowered_per_page(fault, size)) is None:
                raise
            one.walk.per_page = limit


def learn_late(one: Collecting, rows: Sequence[dict[str, Any]]) -> Steps:
    """Learn what none of the first objects had and some of ``rows`` have: the newest posts may be without an image."""
    if one.options.kind not in ("posts", "media"):
        return
    for name, own in _HOLDERS:
        rel = FOLLOWED[name]
        if name not in one.options.follow or any(known.rel == rel and known.field for known in one.joiner.relations):
            continue
        holding = [records.record_id(raw) for raw in rows if records.linked_id(raw.get(own))]
        if not holding or one.sought[name] >= SOUGHT_MOST:
            continue
        one.sought[name] += 1
        ids = holding[: min(SAMPLES, one.walk.per_page)]
        query = one.query({"include": ids, "per_page": len(ids), "_fields": _FIELDS}, "relations")
        try:
            learnt = learn(rows_of((yield query)), one.site.api)
        except PayloadError as fault:
            if is_final(fault):
                raise
            one.joiner.unresolved += len(holding)
            one.joiner.unlinked += holding
            continue
        found = [relation for relation in learnt if relation.rel == rel and relation.field]
        one.joiner.relations = [*one.joiner.relations, *found]
        if not found:
            # Images that are gone have no link that tells; the next page may hold one that is there.
            one.joiner.stats[f"{name}_undeclared"] += len(holding)
