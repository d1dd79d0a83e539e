"""Adds the languages of a collection to the queries of a crawl. The crawl itself handles no languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from newsbot.items import Post
from newsbot.numbers import is_digits
from newsbot.wordpress.api import Site
from newsbot.wordpress.languages.merge import Merger
from newsbot.wordpress.languages.plugins import PARAM
from newsbot.wordpress.messages import Query, Result, Steps, answered

_WITHOUT_LANGUAGE = frozenset({"/wp/v2/users", "/wp/v2/types", "/wp/v2/taxonomies"})


def in_languages(steps: Steps[Result], *, site: Site, route: str, counts: Counter[str]) -> Steps[Result]:
    """The ``steps`` of a crawl of the collection at ``route``, with each listing in the languages that it needs.
    ``counts`` gets the number of posts that the crawl sends, by language.

    Listings of linked objects name the languages too: a plugin that hides posts hides their terms and media too.
    """
    languages = site.languages.get(route, ())
    if not languages:
        return steps
    mergers: dict[str, Merger] = {}

    def ask(message: Any) -> Steps[Any]:
        if isinstance(message, Post):
            counts[message.language or "?"] += 1
        found = _listing(message, site, route, many=len(languages) > 1)
        if found is None:
            return (yield message)
        if len(languages) == 1:
            return (yield replace(message, url=site.api.url(found[0], found[1] | {PARAM: languages[0]})))
        query = _querying(site, found[0], message)
        merger = mergers.setdefault(found[0], Merger(languages=languages, query=query))
        merger.query = query
        return (yield from merger.answer(found[1]))

    return answered(steps, ask)


def _listing(message: Any, site: Site, route: str, *, many: bool) -> tuple[str, dict[str, str]] | None:
    """The route and parameters of a query that lists rows which have a language; None for anything else."""
    if not isinstance(message, Query) or message.method != "GET" or message.render:
        return None
    found = site.api.route(message.url)
    if found is None or found[0] in _WITHOUT_LANGUAGE or PARAM in found[1] or is_digits(found[0].rpartition("/")[2]):
        return None
    if found[0] == route:
        return found
    # If the collection declares the parameter, other routes declare it too, or refuse it.
    takes = PARAM in site.accepted(found[0]).params or PARAM not in site.accepted(route).params
    # Each language needs its own request, which would be too many for a listing without ids.
    return found if takes and (not many or "include" in found[1]) else None


def _querying(site: Site, route: str, query: Query) -> Callable[[Mapping[str, str]], Query]:
    def build(params: Mapping[str, str]) -> Query:
        return replace(query, url=site.api.url(route, params))

    return build
