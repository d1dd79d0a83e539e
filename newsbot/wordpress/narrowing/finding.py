"""Finds out which part of a site the user means, by WordPress's own answers. Pure: a generator of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from newsbot.errors import NoSuchPart, Refused
from newsbot.urls import as_url
from newsbot.wordpress.api import PER_PAGE, Collection, Site
from newsbot.wordpress.joins.learner import samples
from newsbot.wordpress.meaning import Meaning
from newsbot.wordpress.messages import Asking
from newsbot.wordpress.narrowing.addresses import place_of
from newsbot.wordpress.narrowing.lookup import WORDS, Lookup, narrow_query
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.urls import place_key
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.replies import answer, rows_of
from newsbot.wordpress.scope import Scope
from newsbot.wordpress.values import decoded, object_in, row_id, text

NARROWED: Mapping[str, frozenset[str]] = {
    "posts": frozenset({"terms", "authors", "search", "article"}),
    "media": frozenset({"authors", "search", "article"}),
    "comments": frozenset({"search", "article"}),
    "terms": frozenset(),
    "users": frozenset(),
}
"""Kind of rows -> the conditions by which WordPress lists a part of them."""

_SEARCHED = ("posts", "pages", "categories", "tags", "users")


def find_scope(site: Site, options: Options) -> Asking[Scope | None]:
    """The part of the site that the address and the options select; None for the whole site.

    Raises NoSuchPart where there is no such part, and PayloadError where the site does not answer.
    """
    finder = _Finder(site=site, options=options)
    meaning = site.meanings.get(options.url, Meaning(kind="site"))
    if meaning.kind == "unknown":
        meaning = site.meanings[options.url] = yield from finder.by_slug()
    yield from finder.take_address(meaning)
    yield from finder.take_arguments()
    if (scope := finder.scope()) is not None:
        site.scopes[options.scope_key] = scope
    return scope


@dataclass(slots=True, kw_only=True)
class _Finder:
    """``told`` names each condition of the part, in words."""

    site: Site
    options: Options
    terms: dict[str, tuple[int | str, ...]] = field(default_factory=dict)
    authors: tuple[int | str, ...] = ()
    search: str | None = None
    article: int | None = None
    type: str | None = None
    told: list[str] = field(default_factory=list)

    def scope(self) -> Scope | None:
        if not self.told:
            return None
        given = (("terms", self.terms), ("authors", self.authors), ("search", self.search), ("article", self.article))
        wrong = {name for name, value in given if value} - NARROWED[self.options.kind]
        told = ", ".join(self.told)
        if wrong:
            raise NoSuchPart(
                f"{self.options.url} is {told}, and WordPress lists {self.options.kind} of a whole site only: "
                f"give {self.site.home}"
            )
        if self.article is not None and len(self.told) > 1:
            raise NoSuchPart(f"{told}: one article has no parts. Leave the other conditions out")
        return Scope(
            terms=self.terms,
            authors=self.authors,
            search=self.search,
            article=self.article,
            type=self.type,
            told=told,
        )

    # The meaning of the address.

    def take_address(self, meaning: Meaning) -> Asking[None]:
        url = self.options.url
        match meaning.kind:
            case "site":
                return
            case "missing":
                raise NoSuchPart(
                    f"nothing is at {url} ({meaning.text}). Correct the address; {self.site.home} is the whole site"
                )
            case "date":
                raise NoSuchPart(f"{url} lists the posts of a time: give {self.site.home} with since= and until=")
            case "unknown":
                raise NoSuchPart(
                    f"newsbot cannot tell which part of the site {url} is. Give {self.site.home} for the whole site, "
                    "and for a part of it add category=, tag=, author= or search="
                )
            case "search":
                self._take_search(meaning.text or "")
            case "author":
                yield from self._take_author(meaning)
            case "term":
                yield from self._take_term(meaning)
            case "article":
                yield from self._take_article(meaning)

    def _take_search(self, words: str) -> None:
        if not words.strip():
            raise NoSuchPart(f"{self.options.url} is a search without words. Give words with search=")
        self.search = words
        self.told.append(f"the search {words!r}")

    def _take_author(self, meaning: Meaning) -> Asking[None]:
        if meaning.id is None:
            yield from self._take_named("author", "users", (meaning.text or "",))
            return
        name = yield from self._name_of("users", meaning.id)
        self.authors = (meaning.id,)
        self.told.append(f"the author {name or meaning.id}")

    def _name_of(self, base: str, number: int) -> Asking[str | None]:
        """The name of an object; None if the site does not show the object."""
        reply = yield narrow_query(self.site, f"{base}/{number}", {"_fields": "id,name"})
        try:
            return decoded(object_in(answer(reply)).get("name"))
        except Refused:
            return None

    def _take_term(self, meaning: Meaning) -> Asking[None]:
        base = meaning.base or "categories"
        wanted = str(meaning.id) if meaning.id is not None else (meaning.text or "").rpartition("/")[2]
        yield from self._take_named(base, base, (wanted,))

    def _take_article(self, meaning: Meaning) -> Asking[None]:
        base = meaning.base or "posts"
        found = (yield from self._sampled(base, meaning.id)) or (yield from self._single(base, meaning.id))
        if found is None or row_id(found.get("id")) is None:
            raise NoSuchPart(f"the site does not show the article at {self.options.url}")
        self.article, self.type = meaning.id, text(found.get("type")) or "post"
        self.told.append(f"the single {self.type} {self.article}")

    def _sampled(self, base: str, number: int | None) -> Asking[dict[str, Any] | None]:
        """The article, by the query with which its crawl learns its relations: one request serves both. None if the
        site does not list the article by this query, or if the crawl sends no such query.
        """
        if self.options.kind != "posts" or not self.options.follow or number is None:
            return None
        queries = Queries(
            site=self.site,
            collection=Collection(name=base, route=f"/wp/v2/{base}"),
            options=replace(self.options, scope=Scope(article=number)),
        )
        asked = samples(queries)
        reply = yield replace(asked, purpose="narrow", type=None)
        try:
            return next((row for row in rows_of(reply) if row_id(row.get("id")) == number), None)
        except Refused:
            return None

    def _single(self, base: str, number: int | None) -> Asking[dict[str, Any] | None]:
        """The article by its own route; None where the site does not show it."""
        for route in (base, *(() if base != "posts" else ("pages",))):
            reply = yield narrow_query(self.site, f"{route}/{number}", {"_fields": "id,type"})
            try:
                return object_in(answer(reply))
            except Refused as refused:
                if refused.status not in (401, 403, 404):
                    raise
        return None

    def by_slug(self) -> Asking[Meaning]:
        """The meaning of the last name of an address, if the page does not show the meaning: the object that has this
        link."""
        slug = place_of(self.options.url).rpartition("/")[2]
        key = place_key(as_url(self.options.url))
        for base in _SEARCHED if slug else ():
            try:
                rows = rows_of(
                    (yield narrow_query(self.site, base, {"slug": slug, "_fields": "id,link", "per_page": PER_PAGE}))
                )
            except Refused:
                continue
            for row in rows:
                if (number := row_id(row.get("id"))) is not None and place_key(str(row.get("link"))) == key:
                    kind = {"users": "author", "posts": "article", "pages": "article"}.get(base, "term")
                    return Meaning(kind=kind, base=base, id=number)  # type: ignore[arg-type]
        return Meaning(kind="unknown")

    # The conditions of the arguments.

    def take_arguments(self) -> Asking[None]:
        options = self.options
        for name, base, wanted in (
            ("categories", "categories", options.category),
            ("tags", "tags", options.tag),
            ("author", "users", options.author),
        ):
            if not wanted:
                continue
            if name in self.terms or (name == "author" and self.authors):
                raise NoSuchPart(
                    f"{options.url} is {self.told[0]} already: give {self.site.home} with {WORDS[name]}={wanted[0]}"
                )
            yield from self._take_named(name, base, wanted)
        if options.search is not None:
            self._take_search(options.search)

    def _take_named(self, name: str, base: str, wanted: Sequence[str]) -> Asking[None]:
        """Add the terms or users with these slugs, ids or names to the conditions."""
        chosen = yield from Lookup(self.site, name, base).choose(wanted)
        if name == "author":
            self.authors = chosen.ids
        else:
            self.terms[name] = chosen.ids
        self.told.append(f"the {WORDS.get(name, f'{name} term')} {chosen.told}")
