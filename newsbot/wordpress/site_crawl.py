"""A site's whole crawl as one generator: it yields queries, items and checkpoints, and is sent replies.

The generator does no I/O and reads no clock. ``facts`` is filled while the generator runs, so that a crawl that is
stopped at any moment still has a receipt.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

from newsbot.errors import DiscoveryError, NoSuchPart, PayloadError
from newsbot.items import Checkpoint, Record
from newsbot.wordpress.api import Collection, Site
from newsbot.wordpress.catalog import (
    ALL,
    INTERNAL_TYPES,
    MOST_OF_ALL,
    SINGLE,
    Catalog,
    ask_options,
    find_collections,
    remember_types,
)
from newsbot.wordpress.collection.crawl import CollectionCrawl, Moved, has_moved
from newsbot.wordpress.collection.verdict import conclude_by, is_absent
from newsbot.wordpress.discovery.search import discover
from newsbot.wordpress.empty_fields import is_empty, without_fields
from newsbot.wordpress.fallback.site import FallbackSite, is_api_closed
from newsbot.wordpress.fallback.sources import Sources
from newsbot.wordpress.kinds import name_failure, tell_closed
from newsbot.wordpress.languages.search import SPOKEN, LanguageSearch, shows_languages
from newsbot.wordpress.languages.spoken import in_languages
from newsbot.wordpress.meaning import PARTS
from newsbot.wordpress.messages import Query, Reply, Steps
from newsbot.wordpress.moves import former_key, is_below
from newsbot.wordpress.narrowing.addresses import is_bare
from newsbot.wordpress.narrowing.finding import find_scope
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import AskSite, KeepSite, Question, RenameSite
from newsbot.wordpress.receipt import SiteFacts, cause_of
from newsbot.wordpress.site_json import site_as_json, site_from_json
from newsbot.wordpress.witness.choice import unlisted_types
from newsbot.wordpress.witness.hearing import Witnesses
from newsbot.wordpress.witness.sent import LinksSent

OTHER_SPIDERS = {
    **dict.fromkeys(("comment", "comments"), "wp_comments"),
    **dict.fromkeys(("attachment", "media"), "wp_media"),
    **dict.fromkeys(("user", "users", "author"), "wp_users"),
    **dict.fromkeys(("category", "categories", "post_tag", "tag", "tags"), "wp_terms"),
}
"""Names that users give as types, and the spiders that bring these rows."""

Message = Query | Question | Record | Checkpoint
SiteCrawl = Generator[Message, Any, None]


def crawl(options: Options, facts: SiteFacts, also: Sequence[Options] = ()) -> SiteCrawl:
    """The whole crawl of one site. Closes ``facts`` with a verdict. Raises nothing that the site causes.

    ``also``: the same site's other kinds of rows, which are crawled after that of ``options``.
    """
    every = [options, *also]
    facts.kind = options.kind
    kept = yield AskSite(url=options.url)
    known = site_from_json(kept) if kept is not None else None
    if not (options.full or options.sweep):
        site = known
        if site is not None and (options.url in site.meanings or is_bare(options.url)):
            try:
                if not (yield from _narrow(site, every, facts, discovered_before=True)):
                    return
                crawled = crawl_kinds(site, every, facts, discovered_before=True)
                yield from _at_its_address(site, _learning(site, options, crawled))
                return
            except Moved:
                # What an earlier run discovered no longer holds: discover the site again.
                facts.site = None
    try:
        site = yield from discover(options.url)
    except DiscoveryError as failure:
        facts.end(failure.verdict, str(failure), cause_of(failure))
        if _asks_for_a_part(options, failure):
            facts.why += "; only the API lists a part of a site, and without it newsbot takes none"
        elif options.kind == "posts" and is_api_closed(failure):
            fallback = FallbackSite(options=options, facts=facts, start=failure.at)
            yield from fallback.crawl_site(failure, verdict=failure.verdict)
            if also:
                tell_closed(facts, also, failure)
        return
    if (former := (yield from former_key(site, options))) is not None:
        if (busy := (yield RenameSite(old=former, new=site.key))) is not None:
            facts.end("incomplete", busy, "another-run")
            return
        facts.moved_from = former
    if known is not None and ALL in options.types:
        site.types |= known.types
    found = yield from _narrow(site, every, facts)
    yield KeepSite(url=options.url, site=site_as_json(site))
    if found:
        yield from _learning(site, options, crawl_kinds(site, every, facts))


def _narrow(site: Site, every: list[Options], facts: SiteFacts, *, discovered_before: bool = False) -> Steps[bool]:
    """Put the part of the site that the user asked for into the options. False where there is no such part, which ends
    ``facts``. Raises Moved as ``crawl_collections`` does."""
    options = every[0]
    earlier = site.scopes.get(options.scope_key)
    try:
        scope = yield from find_scope(site, options)
        if scope is not None and len(every) > 1:
            raise NoSuchPart(f"{options.url} is {scope.told}, and wp_site brings whole sites: give {site.home}")
    except NoSuchPart as fault:
        # Without the site's key: no row of the whole site may stand in for the part.
        facts.end("incomplete", str(fault), cause_of(fault))
        return False
    except PayloadError as fault:
        if discovered_before and has_moved(fault):
            raise Moved from fault
        facts.end("incomplete", f"the part of the site that was asked for is not found ({fault})", cause_of(fault))
        return False
    if discovered_before and scope != earlier:
        yield KeepSite(url=options.url, site=site_as_json(site))
    facts.part = scope
    _enter(site, facts)
    if scope is not None:
        every[0] = replace(options, scope=scope)
        if scope.type is not None and options.kind == "posts":
            # One row by its id: no count of rows needs to be compared.
            every[0] = replace(every[0], types=(scope.type,), limit=1)
    return True


def _asks_for_a_part(options: Options, failure: DiscoveryError) -> bool:
    meant = getattr(failure.meaning, "kind", "site")
    return bool(options.category or options.tag or options.author or options.search) or meant in PARTS


def _at_its_address(site: Site, crawled: SiteCrawl) -> SiteCrawl:
    """Pass the messages of ``crawled``. Raise Moved where a redirect takes the first answer of the API elsewhere."""
    reply, is_first = None, True
    while True:
        try:
            message = crawled.send(reply)
        except StopIteration:
            return
        reply = yield message
        if is_first and isinstance(message, Query) and is_below(message.url, site.api.root):
            is_first = False
            if isinstance(reply, Reply) and reply.is_ok and _left(reply.url, site.api.root):
                crawled.close()
                raise Moved


def _left(url: str, root: str) -> bool:
    """Whether ``url`` is not one of the API at ``root``, or answers over HTTPS where ``root`` does not."""
    return not is_below(url, root) or url.partition("://")[0] != root.partition("://")[0]


def _enter(site: Site, facts: SiteFacts) -> None:
    # The user chose the name in the site list, so the name stays.
    facts.site, facts.name, facts.why = site.key, facts.name or site.name, "not finished"


def _learning(site: Site, options: Options, site_crawl: SiteCrawl) -> SiteCrawl:
    """Run a crawl of ``site``. Learn from each reply where redirects lead, and keep for later runs what was learnt: the
    form of the site's URLs, and the page sizes that its server survives."""
    before, answer = site_as_json(site), None
    while True:
        try:
            message = site_crawl.send(answer)
        except StopIteration:
            break
        answer = yield message
        if isinstance(message, Query) and (plain := without_fields(message, answer)) is not None:
            # A plugin breaks answers to ``_fields``: ask without, from now on.
            again = yield plain
            if not is_empty(again):
                answer, site.api = again, replace(site.api, takes_fields=False)
        if isinstance(message, Query) and answer.error is None:
            site.api = site.api.landed(message.url, answer.url)
    if (learnt := site_as_json(site)) != before:
        yield KeepSite(url=options.url, site=learnt)


def crawl_kinds(
    site: Site, every: Sequence[Options], facts: SiteFacts, *, discovered_before: bool = False
) -> SiteCrawl:
    """Crawl each kind of rows in turn. Closes ``facts``. Raises Moved as ``crawl_collections`` does."""
    if len(every) == 1:
        yield from crawl_collections(site, every[0], facts, discovered_before=discovered_before)
        return
    for options in every:
        facts.kind = options.kind
        yield from crawl_collections(site, options, facts, discovered_before=discovered_before)
        # The site answered as it did: what another kind answers says nothing about the site.
        discovered_before = False
        name_failure(facts)
        facts.end("incomplete", "not finished", "stopped")
    facts.conclude()


def crawl_collections(site: Site, options: Options, facts: SiteFacts, *, discovered_before: bool = False) -> SiteCrawl:
    """Everything after discovery: find the collections that were asked for, and crawl each in turn.

    Raises Moved where the site was ``discovered_before``, by an earlier run, and does not answer the first query as it
    did then.
    """
    fallback = FallbackSite(options=options, facts=facts, start=site.home, key=site.key)
    try:
        catalog = yield from find_collections(site, options)
    except PayloadError as fault:
        if discovered_before and has_moved(fault):
            raise Moved from fault
        facts.end("incomplete", f"the site does not list its types ({fault})", cause_of(fault))
        if options.kind == "posts" and options.scope is None and is_api_closed(fault):
            yield from fallback.crawl_site(fault, verdict="closed")
        return
    for name in catalog.unknown:
        offered = ", ".join(catalog.public[:MOST_OF_ALL]) or "none"
        spider = OTHER_SPIDERS.get(name)
        hint = f". {spider} brings this type" if spider is not None else ""
        why = f"no public type {name!r} here; the site offers {offered}{hint}"
        facts.collection(name).end("incomplete", why, "type")
    if catalog.left:
        total = MOST_OF_ALL + catalog.left
        why = f"the site names {total} collections, and newsbot brings {MOST_OF_ALL} of them"
        facts.collection(ALL).end("incomplete", why, "type")
    links = LinksSent()
    witnesses = Witnesses(site=site, options=options, links=links)
    for collection in _listing_part(site, catalog, options, facts):
        crawl = _crawl_collection(
            site, collection, options, facts, fallback, witnesses, discovered_before=discovered_before
        )
        yield from links.of(crawl)
        # The first collection was answered. The answers to the others say nothing about the discovery.
        discovered_before = False
    if options.kind == "posts" and ALL in options.types and options.scope is None:
        remember_types(site, catalog, lambda name: facts.find(name, options.kind) is not None)
        yield from _crawl_unlisted_types(site, catalog, fallback, witnesses)
    facts.conclude()


def _listing_part(site: Site, catalog: Catalog, options: Options, facts: SiteFacts) -> Iterator[Collection]:
    """The collections that can be listed by the user's part of the site. A type that was named and cannot is reported:
    its whole listing would come instead."""
    params = options.scope.params(options.kind) if options.scope is not None else {}
    for collection in catalog.collections:
        accepted = site.accepted(collection.route)
        refused = [f"{name}=" for name in params if not accepted.takes(name)]
        if not refused:
            yield collection
        elif collection.name in options.types:
            why = f"the site does not list {collection.name} by {', '.join(refused)}"
            facts.collection(collection.name).end("incomplete", why, "part")


def _crawl_unlisted_types(site: Site, catalog: Catalog, fallback: FallbackSite, witnesses: Witnesses) -> SiteCrawl:
    """Crawl the types that the site's sitemaps list and its API does not, by their pages."""
    if witnesses.sitemaps is None:
        return
    known = INTERNAL_TYPES | {collection.name for collection in catalog.collections}
    names = unlisted_types(witnesses.sitemaps.by_type, known)
    if names and fallback.sources is None:
        fallback.sources = Sources(key=site.key, incremental=not fallback.options.full, sitemaps=witnesses.sitemaps)
    yield from fallback.crawl_types(names, "the API does not list this type", key=site.key)


def _crawl_collection(
    site: Site,
    collection: Collection,
    options: Options,
    facts: SiteFacts,
    fallback: FallbackSite,
    witnesses: Witnesses,
    *,
    discovered_before: bool,
) -> SiteCrawl:
    """Crawl one collection, by other sources where its API is shut."""
    if collection.route not in site.accepts and not site.api.wordpress_com:
        yield from ask_options(site, collection)
    name = collection.name
    crawled = CollectionCrawl(
        queries=Queries(site=site, collection=collection, options=options), facts=facts.collection(name)
    )
    try:
        yield from _find_languages(site, collection, options)
    except PayloadError as fault:
        conclude_by(crawled.facts, fault)
        return
    crawl = crawled.run(discovered_before=discovered_before)
    yield from in_languages(crawl, site=site, route=collection.route, counts=crawled.facts.languages)
    if crawled.facts.check == "quick":
        # Nothing changed. The sitemap and the feed are read with the next full check.
        return
    if crawled.fault is not None and is_absent(crawled.fault):
        # The type may have another route by now: the next run asks the site for it.
        site.types.pop(name, None)
    if options.kind == "posts":
        try:
            yield from witnesses.hear(crawled)
        except PayloadError as fault:
            conclude_by(crawled.facts, fault)
    if options.kind == "posts" and options.scope is None and is_api_closed(crawled.fault):
        yield from fallback.crawl_type(
            name, crawled.facts.why, state=crawled.state, api_ids=crawled.seen, sequence=crawled.sequence
        )
    single = options.kind in SINGLE
    optional = options.optional if single else ALL in options.types and name not in options.types
    if crawled.is_not_public and not crawled.was_held and optional:
        # ``types=all`` and ``kinds=all`` ask for what is public, and what visitors may not list is not public. What the
        # user named, or of which the archive holds rows, is told.
        facts.drop(name)
        if single:
            facts.not_public.append(options.kind)


def _find_languages(site: Site, collection: Collection, options: Options) -> SiteCrawl:
    """Find out which languages the queries of a collection must name, once, and keep the answer for later runs.

    Raises PayloadError where the site stops to answer. A site that does not answer at all is left to the crawl.
    """
    route = collection.route
    if options.kind not in SPOKEN or route in site.languages or not shows_languages(site, route):
        return
    search = LanguageSearch(site=site, collection=collection)
    try:
        site.languages[route] = yield from search.run()
    except PayloadError:
        if search.answered:
            raise
        return
    yield KeepSite(url=options.url, site=site_as_json(site))
