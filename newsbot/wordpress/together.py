"""Resolves and requests together the articles of one site that one run crawls. Pure.

Each article has its own crawl with its own verdict. The crawls send queries that name all of the articles, and by
``Query.shared`` all of them use one answer. If an answer lacks an article, this article is requested alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from newsbot.errors import DiscoveryError, PayloadError
from newsbot.numbers import is_digits
from newsbot.urls import as_url
from newsbot.wordpress.api import PER_PAGE, Params, Site
from newsbot.wordpress.discovery import discover
from newsbot.wordpress.discovery.closed import recall_closed
from newsbot.wordpress.meaning import Meaning
from newsbot.wordpress.messages import Asking, Query, Reply, Result, Steps, answered
from newsbot.wordpress.narrowing.addresses import in_query, place_of
from newsbot.wordpress.pages.urls import place_key, site_host
from newsbot.wordpress.queries import NO_FIELD
from newsbot.wordpress.questions import AskSite
from newsbot.wordpress.replies import is_final, rows_of, with_rows
from newsbot.wordpress.site_json import MOST_ADDRESSES, site_from_json
from newsbot.wordpress.values import row_id
from newsbot.wordpress.witness.matching import Lacking, slug_batches

MOST_TOGETHER = MOST_ADDRESSES
"""The most addresses that are resolved together: as many as the archive stores for a site."""

ENOUGH = 2
"""The number of addresses from which on one query by slug costs less than requesting their pages."""

_PART = re.compile(r"/(?:category|tag|author)/")
"""Paths of terms and authors, with WordPress's own names."""

_BASES = ("posts", "pages")
_PURPOSES = frozenset({"narrow", "relations", "list"})
_LONG = frozenset({"title", "content", "excerpt", "_links"})
"""Fields that name no linked object."""


def find_site(url: str, beside: Sequence[str], *, anew: bool) -> Steps[tuple[Site | None, bool]]:
    """(the site of ``url``, whether an earlier crawl discovered the site). The site's ``meanings`` have the meaning of
    ``url``. ``beside`` are the addresses of the run, with ``url``. ``anew``: discover the site now.

    (None, False) where ``url`` cannot be resolved in this way.
    """
    site = None if anew else (yield from _known(url, beside))
    is_known = site is not None
    if site is None:
        closed = None if anew else (yield from recall_closed(beside[0]))
        try:
            site = yield from answered(discover(beside[0], closed=closed), _share)
        except DiscoveryError:
            return None, False
    yield from answered(find_articles(site, beside), _share)
    return (site, is_known) if url in site.meanings else (None, False)


def _known(url: str, beside: Sequence[str]) -> Steps[Site | None]:
    """The site that the archive stores for another address of the run."""
    for other in beside:
        kept = (yield AskSite(url=other)) if other != url else None
        site = site_from_json(kept) if kept is not None else None
        if site is not None and not site.doubted:
            return site
    return None


def _share(query: Query) -> Asking[Reply]:
    """All addresses of the run send this query, and share its answer."""
    return (yield replace(query, shared=query.url))


def find_articles(site: Site, urls: Iterable[str]) -> Asking[None]:
    """Note in ``site`` which of the addresses are articles, by their queries (``?p=7``), else by their slugs or ids. An
    article counts only if its permalink is the address."""
    left: list[str] = []
    for url in urls:
        if site_host(as_url(url)) != site_host(site.home):
            # The first address may lead to another host, whose site has pages with the same names.
            continue
        known = site.meanings.get(url)
        if (meaning := in_query(as_url(url))) is not None:
            # An address with a query is not a permalink. In another folder, it may belong to another site.
            if place_of(as_url(url)) == urlsplit(site.home).path.rstrip("/"):
                site.meanings[url] = meaning
        elif (known is None or (known.kind == "article" and not known.text)) and not _PART.search(place_of(url)):
            left.append(url)
    # The page of the first address shows whether the list may be a list of articles.
    enough = ENOUGH if any(url in site.meanings for url in left) else ENOUGH + 1
    for base in _BASES:
        if len(left) < enough:
            return
        found = yield from _by_slug(site, base, left)
        site.meanings |= found
        left = [url for url in left if url not in found]
        if not found:
            # Either these are no articles, or the site ignores slugs: their pages show what they are.
            return


def _by_slug(site: Site, base: str, urls: Sequence[str]) -> Asking[dict[str, Meaning]]:
    route, found, several = f"/wp/v2/{base}", dict[str, Meaning](), set[str]()
    wanted = {place_key(as_url(url)): url for url in urls}
    slugs = {url: _slug(url) for url in urls}
    lists: list[dict[str, list[str]]] = []
    if numbers := [slug for slug in slugs.values() if is_digits(slug)]:
        lists.append({"include": numbers})
    named = (Lacking(place_of(as_url(url))) for url, slug in slugs.items() if slug and not is_digits(slug))
    lists += [{"slug": list(batch)} for batch in slug_batches(named)]
    for params in lists:
        if not all(map(site.accepted(route).takes, params)):
            continue
        asked: Params = {**params, "per_page": site.accepted(route).per_page, "_fields": "id,link"}
        reply = yield Query(url=site.api.url(route, asked), purpose="narrow", tries=2)
        try:
            rows = rows_of(reply)
        except PayloadError:
            continue
        for row in rows:
            url, number = wanted.get(place_key(str(row.get("link")))), row_id(row.get("id"))
            if url is None or number is None:
                continue
            meaning = Meaning(kind="article", base=base, id=number, text=slugs[url])
            if found.setdefault(url, meaning).id != number:
                several.add(url)
    # If two rows have the same permalink, only the page of the address shows which row it is.
    return {url: meaning for url, meaning in found.items() if url not in several}


def _slug(url: str) -> str:
    return place_of(as_url(url)).rpartition("/")[2]


def asked_together(steps: Steps[Result], site: Site, url: str, beside: Sequence[str]) -> Steps[Result]:
    """Run the crawl of the article ``url``. A query for only this article is sent as a query for all articles
    ``beside`` it, and the answer is reduced to the article. If the answer lacks the article, the query is sent
    unchanged.
    """

    def ask(message: Any) -> Steps[Any]:
        own, answer = site.meanings.get(url), None
        if isinstance(message, Query) and own is not None and own.kind == "article":
            answer = yield from _among_all(message, site, own, beside)
        return (yield message) if answer is None else answer

    return answered(steps, ask)


def _among_all(query: Query, site: Site, own: Meaning, beside: Sequence[str]) -> Asking[Reply | None]:
    """The answer to ``query``, taken from the answer to a query for all articles; None if no such answer has it, or if
    ``query`` is not a query for only this article."""
    if query.purpose not in _PURPOSES or query.searching or (found := site.api.route(query.url)) is None:
        return None
    (route, params), listed = found, f"/wp/v2/{own.base or 'posts'}"
    is_list = route == listed and params.get("include") == str(own.id)
    ids = _ids(site, own, beside, listed) if is_list or route == f"{listed}/{own.id}" else []
    while len(ids) >= ENOUGH:
        asked = params | {"include": ",".join(map(str, ids)), "per_page": str(len(ids))}
        name = site.api.url(listed, _without_token(asked))
        reply = yield replace(query, url=site.api.url(listed, asked), shared=name, tries=min(query.tries, 2))
        try:
            return _of_one(rows_of(reply), reply, own, is_list=is_list)
        except PayloadError as fault:
            if query.purpose != "list" or is_final(fault) or getattr(fault, "status", 0) < 500:
                return None
        # One article may make the page fail. The site gave the ids of the articles, so it does answer: request the half
        # with this article.
        middle = len(ids) // 2
        ids = ids[:middle] if own.id in ids[:middle] else ids[middle:]
    return None


def _ids(site: Site, own: Meaning, beside: Sequence[str], route: str) -> list[int]:
    """The ids of the articles that go into one query with ``own``."""
    # If an address was resolved only by its page, this happened after the other addresses were resolved, so their
    # crawls do not know the article yet.
    ids = dict.fromkeys(
        meaning.id for other in beside for meaning in (site.meanings.get(other),)
        if meaning is not None and meaning.id is not None and (meaning.kind, meaning.base) == ("article", own.base)
        and (meaning.text or in_query(as_url(other)) is not None)
    )  # fmt: skip
    accepted = site.accepted(route)
    size = min(accepted.per_page, accepted.whole_rows or PER_PAGE)
    every = list(ids)
    if own.id not in ids:
        return []
    first = every.index(own.id) // size * size
    return every[first : first + size]


def _without_token(params: Mapping[str, str]) -> dict[str, str]:
    """The parameters without those that make caches ignore their stored answers: these differ for each article."""
    fields = params.get("_fields")
    kept = {name: value for name, value in params.items() if name != "_"}
    if fields is not None:
        kept["_fields"] = ",".join(name for name in fields.split(",") if not is_digits(name[1:]) or name[0] != NO_FIELD)
    return kept


def _of_one(rows: Sequence[dict[str, Any]], reply: Reply, own: Meaning, *, is_list: bool) -> Reply | None:
    """The answer reduced to one article; None if it does not contain the article. If not ``is_list``, the result has
    the form of an answer of the article's own route."""
    row = next((row for row in rows if row_id(row.get("id")) == own.id), None)
    if row is None:
        return None
    total = 1 if "x-wp-total" in reply.headers else None
    beside = ({name: value for name, value in other.items() if name not in _LONG} for other in rows if other is not row)
    return replace(with_rows(reply, [row] if is_list else row, total=total, size=1), beside=tuple(beside))


def is_deep(url: str) -> bool:
    """Whether an address may be the address of an article."""
    parts = urlsplit(as_url(url))
    return bool(parts.path.strip("/") or parts.query)
