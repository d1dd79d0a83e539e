"""Finds out which languages the listings of a collection hide, and how the site lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress.api import Collection, Site, read_accepts
from newsbot.wordpress.languages.plugins import EVERY, PARAM
from newsbot.wordpress.messages import Asking, Query
from newsbot.wordpress.pages.hreflang import read_languages
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.replies import Unanswered, answer, rows_of, total_of
from newsbot.wordpress.values import objects_in, row_id, text

SPOKEN = frozenset({"posts", "media", "terms"})
"""Kinds whose rows have a language."""

MOST_LANGUAGES = 40
"""The most languages that newsbot requests from one site."""

_NEWEST = 100

LANGUAGES_ROUTE = "/pll/v1/languages"
"""Polylang's route that lists the languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestRows:
    """The newest rows that a listing shows: their ``ids``, and how many rows there are."""

    ids: frozenset[int] = frozenset()
    total: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the listing has no other rows."""
        return self.total is not None and len(self.ids) >= self.total

    def lacks(self, others: NewestRows) -> set[int]:
        """Ids of another listing that this listing would show if it contained them."""
        if self.is_whole or not self.ids:
            return set(others.ids - self.ids) if self.is_whole else set(others.ids)
        oldest = min(self.ids)
        return {number for number in others.ids if number > oldest and number not in self.ids}


def shows_languages(site: Site, route: str) -> bool:
    """Whether a site may hide languages: a plugin declares its parameter, or the index names the plugin."""
    return PARAM in site.accepted(route).params or bool(site.namespaces)


@dataclass(slots=True, kw_only=True)
class LanguageSearch:
    """Asks a collection for its newest rows in each language, and compares them with its listing without a language.

    ``found``: language -> its newest rows. ``ignored``: the site gives the same rows for every language. ``answered``:
    the site answered the first query. ``empty``: the languages that the site names, and for each whether the site
    accepts it and has no rows in it. ``settled``: a language that the site adds later hides no row from the queries
    that were found.
    """

    site: Site
    collection: Collection
    found: dict[str, NewestRows] = field(default_factory=dict)
    ignored: bool = False
    answered: bool = False
    empty: dict[str, bool] = field(default_factory=dict)
    settled: bool = False

    def run(self) -> Asking[tuple[str, ...]]:
        """The values of ``PARAM`` that bring all rows: none, one for all languages, or several.

        Raises PayloadError where the site does not answer. A refusal of a language is not a failure.
        """
        declared = self.site.accepted(self.collection.route).languages
        plain = yield from self._newest()
        self.answered = True
        if not declared or EVERY in declared:
            every = yield from self._in(EVERY)
            if every is not None and self._has_more(every, plain):
                self.settled = True
                return (EVERY,)
        named = [name for name in self.site.heard or declared if name != EVERY] or (yield from self._listed())
        found = yield from self._in_each(named[:MOST_LANGUAGES])
        self.ignored = len(found) > 1 and all(newest == plain for newest in found.values())
        if self.ignored or not (yield from self._hides(plain, found)):
            # If a listing shows the rows of two languages, it will also show the rows of a third language.
            self.settled = len(found) > 1
            return ()
        return tuple(found)

    def hear(self) -> Asking[tuple[str, ...]]:
        """The languages that the site names now; empty if it does not name them."""
        route, accepted = self.collection.route, self.site.accepted(self.collection.route)
        if not accepted.languages:
            return tuple((yield from self._listed())[:MOST_LANGUAGES])
        reply = yield replace(self._query(route, {}), method="OPTIONS", tries=1)
        try:
            described = answer(reply)
        except PayloadError:
            return ()
        accepts = read_accepts(described.get("endpoints")) if isinstance(described, dict) else None
        if accepts is None or not accepts.languages:
            return ()
        self.site.accepts[route] = replace(accepted, languages=accepts.languages)
        return tuple([name for name in accepts.languages if name != EVERY][:MOST_LANGUAGES])

    def speaks(self, languages: Iterable[str]) -> Asking[bool]:
        """Whether one of ``languages`` has rows now. Raises PayloadError where the site does not answer."""
        for language in languages:
            newest = yield from self._in(language)
            if newest is not None and newest.ids:
                return True
        return False

    def has_own_rows(self, language: str) -> Asking[bool]:
        """Whether a language has rows that no language found so far has: a plugin may give the rows of the default
        language for an unknown language. Raises PayloadError where the site does not answer."""
        newest = yield from self._in(language)
        others = [found.ids for found in self.found.values()]
        return newest is not None and bool(newest.ids) and all(newest.ids.isdisjoint(ids) for ids in others)

    def _has_more(self, every: NewestRows, plain: NewestRows) -> bool:
        """Whether a listing has rows that the listing without a language lacks."""
        if every.total is not None and plain.total is not None and every.total <= plain.total:
            return False
        return bool(plain.lacks(every)) or (every.total or 0) > (plain.total or 0)

    def _hides(self, plain: NewestRows, found: Mapping[str, NewestRows]) -> Asking[bool]:
        """Whether the listing without a language lacks rows of a language."""
        for newest in found.values():
            if plain.lacks(newest):
                return True
            older = sorted(newest.ids - plain.ids)[:_NEWEST]
            if older:
                shown = yield from self._newest(include=",".join(map(str, older)), per_page=str(len(older)))
                if len(shown.ids) < len(older):
                    return True
        return False

    def _in_each(self, languages: Iterable[str]) -> Asking[dict[str, NewestRows]]:
        """Language -> its newest rows, for those of ``languages`` that have rows."""
        found: dict[str, NewestRows] = {}
        for language in languages:
            newest = yield from self._in(language)
            self.empty[language] = newest is not None and not newest.ids
            if newest is not None and newest.ids:
                found[language] = newest
        self.found = found
        return found

    def _in(self, language: str) -> Asking[NewestRows | None]:
        """The newest rows in a language; None where the site does not know the language."""
        try:
            return (yield from self._newest(lang=language))
        except PayloadError as fault:
            if isinstance(fault, Unanswered) or getattr(fault, "status", 400) >= 500:
                raise
            return None

    def _newest(self, **params: str) -> Asking[NewestRows]:
        accepted = self.site.accepted(self.collection.route)
        order = "id" if accepted.orders_by("id") else "date"
        asked = {"per_page": str(accepted.per_page), "orderby": order, "order": "desc", "_fields": "id"} | params
        reply = yield self._query(self.collection.route, asked)
        try:
            rows = rows_of(reply)
        except PayloadError as fault:
            if (limit := lowered_per_page(fault, accepted.per_page)) is None:
                raise
            self.site.accepts[self.collection.route] = replace(accepted, per_page=limit)
            return (yield from self._newest(**params | {"per_page": str(limit)}))
        ids = frozenset(number for row in rows if (number := row_id(row.get("id"))) is not None)
        return NewestRows(ids=ids, total=total_of(reply))

    def _listed(self) -> Asking[list[str]]:
        """The languages that Polylang's route lists, else those that the home page names."""
        if any(name.lower().startswith("pll/") for name in self.site.namespaces):
            reply = yield self._query(LANGUAGES_ROUTE, {})
            try:
                listed: Any = answer(reply)
            except PayloadError:
                listed = []
            slugs = [slug for entry in objects_in(listed) if (slug := text(entry.get("slug")))]
            if slugs:
                return slugs
        page = yield Query(url=f"{self.site.home}/", purpose="languages", type=self.collection.name, expects="any")
        return [language.code for language in read_languages(page)] if page.is_ok else []

    def _query(self, route: str, params: Mapping[str, str]) -> Query:
        return Query(url=self.site.api.url(route, params), purpose="languages", type=self.collection.name)
