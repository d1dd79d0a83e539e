"""The authors of a post by plugins that let a post have several.

PublishPress Authors writes objects into the field ``authors``; a snippet that many themes use does the same in
``coauthors``. Co-Authors Plus and PublishPress Authors both keep authors as terms of the taxonomy ``author``, whose ids
are in ``coauthors`` or ``ppma_author``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from newsbot.items import Author, TermRef
from newsbot.wordpress.joins.given import Guest, read_author
from newsbot.wordpress.values import list_in

AUTHOR_TAXONOMY = "author"
"""The taxonomy of authors in both plugins."""

AUTHOR_FIELDS = ("authors", "coauthors")
"""Fields of a post that may hold authors as objects."""

_PREFIX = "cap-"


def authors_in(raw: Mapping[str, Any]) -> list[Author]:
    """The authors whom a post names in full; empty if its fields hold only ids, or nothing."""
    for name in AUTHOR_FIELDS:
        entries = [entry for entry in list_in(raw.get(name)) if isinstance(entry, dict)]
        found = [author for author in map(read_author, entries) if author is not None]
        if found:
            return found
    return []


def all_authors(named: Sequence[Author], terms: Iterable[TermRef], author: Author | None) -> list[Author]:
    """Every author of a post: the authors that it names, else its terms of authors; empty if it has neither.

    ``author`` is the post's own author, whose id and URL are not in a term.
    """
    found = list(named) or [_author_of(term) for term in terms if term.taxonomy == AUTHOR_TAXONOMY and term.name]
    return [author if author is not None and _is_same(other, author) else other for other in found]


def _author_of(term: TermRef) -> Author:
    return Author(name=term.name, slug=(term.slug or "").removeprefix(_PREFIX) or None)


def _is_same(other: Author, author: Author) -> bool:
    if author.name is None:
        return False
    if other.id is not None and author.id is not None:
        return other.id == author.id
    if other.slug and author.slug:
        return other.slug == author.slug
    # A guest and a user with the same name are different persons, unless they have the same slug.
    return not isinstance(other, Guest) and other.name == author.name
