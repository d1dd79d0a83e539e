"""The crawl of the contents of a discovered site: its kinds of rows, and their collections in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from newsbot.errors import PayloadError
from newsbot.wordpress.api import Collection, Site
from newsbot.wordpress.catalog import (
    ALL,
    INTERNAL_TYPES,
    MOST_OF_ALL,
    SINGLE,
    Catalog,
    ask_options,
    find_collections,
    forget_type,
    remember_types,
)
from newsbot.wordpress.collection.crawl import CollectionCrawl, Moved, has_moved
from newsbot.wordpress.collection.verdict import conclude_by, has_no_route
from newsbot.wordpress.fallback.site import FallbackSite, is_api_closed
from newsbot.wordpress.fallback.sources import Sources
from newsbot.wordpress.kinds import name_failure
from newsbot.wordpress.languages.finding import find_languages
from newsbot.wordpress.languages.spoken import in_languages
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import SiteCrawl
from newsbot.wordpress.receipt import SiteFacts, cause_of
from newsbot.wordpress.witness.account import Witnesses
from newsbot.wordpress.witness.choice import unlisted_types
from newsbot.wordpress.witness.hearing import hear
from newsbot.wordpress.witness.sent import LinksSent

OTHER_SPIDERS = {
    **dict.fromkeys(("comment", "comments"), "wp_comments"),
    **dict.fromkeys(("attachment", "media"), "wp_media"),
    **dict.fromkeys(("user", "users", "author"), "wp_users"),
    **dict.fromkeys(("category", "categories", "post_tag", "tag", "tags"), "wp_terms"),
}
"""Names that users give as types, and the spiders that bring these rows."""


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
        # The site answered in the same way as at its discovery. The answers for other kinds say nothing about the
        # discovery.
        discovered_before = False
        name_failure(facts)
        facts.end("incomplete", "not finished", "stopped")
    facts.conclude()


def crawl_collections(site: Site, options: Options, facts: SiteFacts, *, discovered_before: bool = False) -> SiteCrawl:
    """Everything after discovery: find the requested collections, and crawl one after the other.

    Raises Moved if the site was ``discovered_before``, by an earlier run, and answers the first query in another way
    than then.
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
    _name_absent(catalog, facts)
    links = LinksSent()
    witnesses = Witnesses(site=site, options=options, links=links)
    for collection in _listing_part(site, catalog, options, facts):
        crawl = _crawl_collection(
            site,
            collection,
            options,
            facts,
            fallback,
            witnesses,
            discovered_before=discovered_before,
            gone=collection.name in catalog.gone,
        )
        yield from links.of(crawl)
        # The site answered for the first collection. The answers for the others say nothing about the discovery.
        discovered_before = False
    if options.kind in ("posts", "terms") and ALL in options.types and options.scope is None:
        remember_types(site, catalog, options.kind, lambda name: facts.find(name, options.kind) is not None)
    if options.kind == "posts" and ALL in options.types and options.scope is None:
        yield from _crawl_unlisted_types(site, catalog, fallback, witnesses)
    facts.conclude()


def _name_absent(catalog: Catalog, facts: SiteFacts) -> None:
    """Add the requested collections that will not come to the receipt."""
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


def _listing_part(site: Site, catalog: Catalog, options: Options, facts: SiteFacts) -> Iterator[Collection]:
    """The collections that can be listed by the user's part of the site. If a type that the user named cannot be listed
    by this part, it is reported: otherwise its whole listing would come.
    """
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
    """Crawl the types that the site's sitemaps list and its API does not list, by their pages."""
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
    gone: bool,
) -> SiteCrawl:
    """Crawl one collection, by other sources if its API is closed. ``gone``: the site no longer names the type."""
    if collection.route not in site.accepts and not site.api.wordpress_com:
        yield from ask_options(site, collection)
    name = collection.name
    try:
        further = yield from find_languages(site, collection, options)
    except PayloadError as fault:
        conclude_by(facts.collection(name), fault)
        return
    # The rows of a new language may have any age, so only a comparison of all ids brings them.
    asked = replace(options, sweep=True, quick=False) if further else options
    crawled = CollectionCrawl(
        queries=Queries(site=site, collection=collection, options=asked), facts=facts.collection(name)
    )
    crawl = crawled.run(discovered_before=discovered_before)
    yield from in_languages(crawl, site=site, route=collection.route, counts=crawled.facts.languages)
    if crawled.facts.check == "quick":
        # Nothing changed, so the sitemap and the feed are not read now. The next full check reads them.
        return
    absent = crawled.fault is not None and has_no_route(crawled.fault)
    if absent:
        # The type may have another route now: the next run asks the site for the route.
        forget_type(site, options.kind, name)
        if gone and crawled.was_held and options.confirm_deletions:
            yield from crawled.bury_all()
            return
    if options.kind == "posts":
        yield from _look_beside_api(crawled, options, fallback, witnesses)
    if gone and absent and crawled.state.live and crawled.facts.verdict == "incomplete":
        crawled.tell_gone()
    held = crawled.state.live > 0 if gone else crawled.was_held
    if crawled.is_not_public and not held and _is_optional(name, options):
        # ``types=all`` and ``kinds=all`` ask for public collections, and this one is not public. The receipt keeps the
        # collection only if the user named it, or if the archive holds its rows.
        facts.drop(name)
        if options.kind in SINGLE:
            facts.not_public.append(options.kind)


def _look_beside_api(
    crawled: CollectionCrawl, options: Options, fallback: FallbackSite, witnesses: Witnesses
) -> SiteCrawl:
    """Compare the posts of a type with the lists of the site outside of the API. If the API is closed, bring the posts
    from there."""
    try:
        yield from hear(witnesses, crawled)
    except PayloadError as fault:
        conclude_by(crawled.facts, fault)
    if options.scope is None and is_api_closed(crawled.fault):
        yield from fallback.crawl_type(
            crawled.queries.collection.name,
            crawled.facts.why,
            state=crawled.state,
            api_ids=crawled.seen,
            sequence=crawled.sequence,
            sent=witnesses.links.keys(),
        )


def _is_optional(name: str, options: Options) -> bool:
    """Whether the user did not name the collection, but asked for all public collections."""
    if options.kind in SINGLE:
        return options.optional
    return ALL in options.types and name not in options.types
