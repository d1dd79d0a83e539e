"""The relations of WordPress itself, for sites whose objects declare none: themes remove ``_links``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newsbot.wordpress.api import Collection
from newsbot.wordpress.joins.given import read_links
from newsbot.wordpress.joins.relations import FOLLOWED, KINDS, Relation
from newsbot.wordpress.values import list_in, object_in

_JOINED = (
    Relation(rel=FOLLOWED["author"], route="/wp/v2/users", field="author"),
    Relation(rel=FOLLOWED["media"], route="/wp/v2/media", field="featured_media"),
    Relation(rel=FOLLOWED["terms"], route="/wp/v2/categories", field="categories", param="post", taxonomy="category"),
    Relation(rel=FOLLOWED["terms"], route="/wp/v2/tags", field="tags", param="post", taxonomy="post_tag"),
)

FIELDS = tuple(relation.field for relation in _JOINED if relation.field is not None)
"""The fields that hold the ids of core's linked objects."""


def undeclared(rows: Iterable[Mapping[str, Any]], known: Iterable[Relation]) -> list[Relation]:
    """Core's relations that are not ``known``, and whose fields some of ``rows`` have. The newest posts may lack an
    image, and a link to an author may lead to a page outside of the API.
    """
    fields = {relation.field for relation in known}
    rows = list(rows)
    return [
        relation for relation in _JOINED if relation.field not in fields and any(_holds(row, relation) for row in rows)
    ]


def _holds(row: Mapping[str, Any], relation: Relation) -> bool:
    kind, field = KINDS[relation.rel], relation.field or ""
    if kind == "terms":
        # Core declares the link to a taxonomy even if the post has no term of this taxonomy.
        return isinstance(row.get(field), list | dict)
    links = read_links(row.get(field), kind, relation.taxonomy)
    return bool(links.ids or links.given)


def relations_of(collection: Collection, taxonomies: Any) -> list[Relation]:
    """All relations of a type of posts by core's routes. ``taxonomies`` is the answer of ``/wp/v2/taxonomies``; None if
    the site gave no answer, so that only core's own taxonomies are known."""
    terms = [
        Relation(rel=FOLLOWED["terms"], route=f"/{_namespace(entry)}/{base}", field=base, param="post", taxonomy=slug)
        for slug, entry in object_in(taxonomies).items()
        if isinstance(base := object_in(entry).get("rest_base"), str)
        and base
        and collection.name in list_in(entry.get("types"))
    ]
    own = [relation for relation in _JOINED if KINDS[relation.rel] != "terms" or taxonomies is None]
    return [*own, *terms, *_children(collection)]


def _namespace(entry: Mapping[str, Any]) -> str:
    namespace = entry.get("rest_namespace")
    return namespace if isinstance(namespace, str) and namespace else "wp/v2"


def _children(collection: Collection) -> Sequence[Relation]:
    return (
        Relation(rel=FOLLOWED["replies"], route="/wp/v2/comments", param="post"),
        Relation(rel=FOLLOWED["attachments"], route="/wp/v2/media", param="parent"),
        Relation(rel=FOLLOWED["revisions"], route=f"{collection.route}/{{id}}/revisions"),
        Relation(rel=FOLLOWED["about"], route=f"/wp/v2/types/{collection.name}"),
    )
