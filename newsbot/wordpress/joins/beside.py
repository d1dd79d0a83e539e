"""Finds the linked objects that other crawls of the run will need, so that one query requests them together with its
own objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newsbot.wordpress.joins.given import read_links
from newsbot.wordpress.joins.link_cache import LinkCache
from newsbot.wordpress.joins.relations import KINDS, Relation


def ids_beside(cache: LinkCache, relations: Iterable[Relation], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Ids of objects of the cache's route to which ``rows`` link, and which are neither known nor wanted. An empty list
    if a query requested such ids already."""
    ids: dict[int, None] = {}
    for relation in relations if not cache.asked_beside else ():
        if relation.route == cache.route and relation.field is not None and relation.rel in KINDS:
            for raw in rows:
                ids |= dict.fromkeys(read_links(raw.get(relation.field), KINDS[relation.rel], relation.taxonomy).ids)
    return [linked for linked in ids if linked not in cache.known and linked not in cache.wanted]
