"""Learn relations from the ``_links`` of objects.

newsbot learns the relations of a type from its first objects; where they declare none, core's own routes are known
(``core_routes``).

A relation may have a CURIE prefix (``wp:term``), be a full URL (``https://api.w.org/term``, as in 2016), or belong to a
plugin. ``curies`` is a template and never fetched. The field that holds the linked ids is learnt too, so that later
objects need no ``_links``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from newsbot.article.text import scrub
from newsbot.wordpress.api import Api
from newsbot.wordpress.values import object_in, objects_in, row_id

FOLLOWED = {
    "author": "author",
    "terms": "https://api.w.org/term",
    "media": "https://api.w.org/featuredmedia",
    "attachments": "https://api.w.org/attachment",
    "replies": "replies",
    "revisions": "version-history",
    "about": "about",
}
"""Name in ``follow=`` -> relation that WordPress declares, with its CURIE expanded."""

KINDS = {FOLLOWED["author"]: "users", FOLLOWED["terms"]: "terms", FOLLOWED["media"]: "media"}
"""Relation whose objects are joined -> their kind."""

_NEVER = frozenset({"curies", "self", "collection"})
_OBJECT = re.compile(r"(/.+)/([0-9]+)")
_REST_BASE = re.compile(r"/[^/]+/v\d[^/]*/(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One relation of the objects of a type.

    ``route`` lists the linked objects. ``field`` is the field of an object that holds the linked ids (``author``,
    ``categories``). ``param`` is the query parameter that selects linked objects by the object's id (``post``,
    ``parent``).
    """

    rel: str
    route: str
    field: str | None = None
    param: str | None = None
    taxonomy: str | None = None


def expand_curies(links: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(relation, link) pairs. CURIEs are expanded by the ``curies`` that the object itself declares."""
    templates = {"wp": "https://api.w.org/{rel}"}
    for curie in _listed(links.get("curies")):
        if isinstance(curie.get("name"), str) and isinstance(curie.get("href"), str):
            templates[curie["name"]] = curie["href"]
    for rel, entries in links.items():
        if rel not in _NEVER:
            for entry in _listed(entries):
                yield _expanded(rel, templates), entry


def _expanded(rel: str, templates: Mapping[str, str]) -> str:
    prefix, colon, name = rel.partition(":")
    if not colon or name.startswith("//"):
        return rel
    return templates.get(prefix, "").replace("{rel}", name) or rel


def _listed(value: Any) -> list[dict[str, Any]]:
    """The links of a relation, even if they came as an object: one link, or a list with missing indexes."""
    if isinstance(value, dict):
        value = [value] if "href" in value else list(value.values())
    return objects_in(value)


def learn(samples: Iterable[Mapping[str, Any]], api: Api) -> list[Relation]:
    """The relations that sample objects declare, in their order.

    Two taxonomies that share one ``rest_base`` share one field: they are one relation, and each term names its
    taxonomy.
    """
    found: dict[tuple[str, str | None], Relation] = {}
    for relation in _declared(samples, api):
        key = (relation.rel, relation.field if relation.taxonomy is not None else None)
        known = found.setdefault(key, relation)
        if known.field is None and relation.field is not None:
            found[key] = relation
    return list(found.values())


def _declared(samples: Iterable[Mapping[str, Any]], api: Api) -> Iterator[Relation]:
    for sample in samples:
        for rel, link in expand_curies(object_in(sample.get("_links"))):
            relation = _read(rel, link, sample, api)
            if relation is not None:
                yield relation


def _read(rel: str, link: Mapping[str, Any], sample: Mapping[str, Any], api: Api) -> Relation | None:
    target = api.route(str(link.get("href") or ""))
    if target is None or target[0] == "/":
        # Core 6.1 links a deleted author or image to the root of the API.
        return None
    route, params = target
    taxonomy, own = link.get("taxonomy"), str(sample.get("id"))
    if isinstance(taxonomy, str):
        return Relation(rel=rel, route=route, field=_rest_base(route), taxonomy=scrub(taxonomy), param="post")
    if own in params.values():
        return Relation(rel=rel, route=route, param=next(name for name in params if params[name] == own))
    single = None if "revisions" in route else _OBJECT.fullmatch(route)
    if single is not None and (linked := row_id(single[2])) is not None:
        return Relation(rel=rel, route=single[1], field=_field_of(rel, linked, sample))
    return Relation(rel=rel, route=route.replace(f"/{own}/", "/{id}/"))


def _rest_base(route: str) -> str:
    """The part of a route after the namespace: the name of the field that holds the ids. The name may contain a
    slash."""
    found = _REST_BASE.fullmatch(route)
    return found[1] if found else route.rsplit("/", 1)[-1]


def _field_of(rel: str, linked: int, sample: Mapping[str, Any]) -> str | None:
    """The field that holds the linked id: the field with the relation's name, or else the only field with that id."""
    name = _bare(rel.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1])
    holding = [key for key, value in sample.items() if key != "id" and _is_id(value, linked)]
    named = [key for key in holding if _bare(key) == name]
    if named:
        return named[0]
    return holding[0] if len(holding) == 1 else None


def _is_id(value: Any, linked: int) -> bool:
    return row_id(value) == linked


def _bare(name: str) -> str:
    return re.sub(r"[_-]", "", name).lower()
