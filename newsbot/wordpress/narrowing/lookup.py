"""Finds terms and users of a site by slug, id or name, in the site's own listings. Pure: generators of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsbot.errors import NoSuchPart, Refused
from newsbot.numbers import is_digits
from newsbot.wordpress.api import PER_PAGE, Site
from newsbot.wordpress.messages import Asking, Query
from newsbot.wordpress.narrowing.terms import below, matching, nearest
from newsbot.wordpress.replies import rows_of, total_of
from newsbot.wordpress.values import decoded, row_id, text

MOST_PAGES = 20
"""The most pages of a taxonomy that are read to find the terms below a term."""

WORDS = {"categories": "category", "tags": "tag", "author": "author"}
"""Parameter of the API -> the word for its objects, which is the spider's argument too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTerm:
    """A term or a user, as a listing gives it."""

    id: int
    name: str
    slug: str
    parent: int = 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """The terms or users that the user named, and the ids of the terms below them in their tree."""

    terms: Sequence[ListedTerm]
    below: Sequence[int] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """Each id once: of the terms, then of the terms below them."""
        return tuple(dict.fromkeys([*(term.id for term in self.terms), *self.below]))

    @property
    def told(self) -> str:
        """The names, and the number of the terms below them. If several have the same name, the slug is added."""
        names = [term.name for term in self.terms]
        shown = [
            f"{term.name} ({term.slug or term.id})" if names.count(term.name) > 1 else term.name for term in self.terms
        ]
        more = len(self.ids) - len({term.id for term in self.terms})
        return " or ".join(shown) + (f" with {more} below it" if more else "")


def narrow_query(site: Site, route: str, params: Mapping[str, Any]) -> Query:
    """A query to a route below ``/wp/v2/``."""
    return Query(url=site.api.url(f"/wp/v2/{route}", params), purpose="narrow")


@dataclass(frozen=True, slots=True)
class Lookup:
    """``parameter`` is the parameter by which the API lists the posts of a term or user, ``base`` the base of the
    objects."""

    site: Site
    parameter: str
    base: str

    def choose(self, wanted: Sequence[str]) -> Asking[Chosen]:
        """The objects with these slugs, ids or names. Raises NoSuchPart if one of them does not exist."""
        params = self.site.accepted(f"/wp/v2/{self.base}").params
        is_tree = self.parameter != "author" and ("parent" in params or self.base == "categories")
        return (yield from (self._in_tree(wanted) if is_tree else self._one_by_one(wanted)))

    def _in_tree(self, wanted: Iterable[str]) -> Asking[Chosen]:
        """Terms of a taxonomy with a tree. A section shows the posts of the terms below it too."""
        every = yield from self._every()
        children: dict[int, list[int]] = {}
        for term in every:
            children.setdefault(term.parent, []).append(term.id)
        terms: list[ListedTerm] = []
        for name in wanted:
            if not (found := matching(every, name)):
                raise self._unknown(WORDS.get(self.base, self.base), name, every)
            terms += found
        return Chosen(terms, [row for term in terms for row in below(term.id, children)])

    def _every(self) -> Asking[list[ListedTerm]]:
        every: list[ListedTerm] = []
        for page in range(1, MOST_PAGES + 1):
            params = {"per_page": PER_PAGE, "page": page, "_fields": "id,name,slug,parent"}
            if page == 1:
                del params["page"]
            reply = yield narrow_query(self.site, self.base, params)
            rows = rows_of(reply)
            every += terms_in(rows)
            if (len(rows) < PER_PAGE and len(every) >= (total_of(reply) or 0)) or not rows:
                return every
        raise NoSuchPart(f"the site has more than {MOST_PAGES * PER_PAGE} {self.base}, which newsbot does not list")

    def _one_by_one(self, wanted: Iterable[str]) -> Asking[Chosen]:
        chosen: list[ListedTerm] = []
        word = WORDS.get(self.parameter, self.parameter)
        for name in wanted:
            try:
                terms, near = yield from self._named(name)
            except Refused as refused:
                if refused.status not in (401, 403) or (number := row_id(name)) is None:
                    raise NoSuchPart(
                        f"the site does not list its {self.base} ({refused}): give the id of the {word}"
                    ) from None
                terms, near = [ListedTerm(id=number, name=name, slug="")], []
            if not terms:
                raise self._unknown(word, name, near)
            chosen += terms
        return Chosen(chosen)

    def _named(self, wanted: str) -> Asking[tuple[list[ListedTerm], list[ListedTerm]]]:
        """The terms or users with this slug, id or name; and, if there are none, those with similar names."""
        asked: list[dict[str, Any]] = [{"slug": wanted}, {"search": wanted}]
        if is_digits(wanted):
            asked.insert(1, {"include": wanted})
        near: list[ListedTerm] = []
        for params in asked:
            fields = {**params, "per_page": PER_PAGE, "_fields": "id,name,slug"}
            near = terms_in(rows_of((yield narrow_query(self.site, self.base, fields))))
            if found := matching(near, wanted):
                return found, []
        return [], near

    def _unknown(self, word: str, name: str, offered: Sequence[ListedTerm]) -> NoSuchPart:
        near = nearest(name, ((word, term.slug) for term in offered for word in (term.name, term.slug)))
        hint = f"; near: {', '.join(near)}" if near else ""
        return NoSuchPart(f"{self.site.home} has no {word} {name!r}{hint}. Give its slug, id or name")


def terms_in(rows: Iterable[Mapping[str, Any]]) -> list[ListedTerm]:
    """The terms or users of a listing."""
    found = []
    for row in rows:
        number = row_id(row.get("id"))
        if number is not None:
            name, slug = decoded(row.get("name")) or str(number), text(row.get("slug")) or ""
            found.append(ListedTerm(id=number, name=name, slug=slug, parent=row_id(row.get("parent")) or 0))
    return found
