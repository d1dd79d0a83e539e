"""A site's whole crawl as one generator: it yields queries, items and checkpoints, and is sent replies.

It does no I/O and reads no clock. ``facts`` is filled as it goes, so that a crawl stopped at any moment still has
a receipt.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from newsbot.errors import DiscoveryError, PayloadError
from newsbot.items import Checkpoint, Record
from newsbot.wordpress import discovery
from newsbot.wordpress.api import Collection, Site, read_accepts, read_collections
from newsbot.wordpress.collection.crawl import Collecting
from newsbot.wordpress.course import Moved, has_moved, run
from newsbot.wordpress.fallback.site import FallbackSite, is_api_closed
from newsbot.wordpress.messages import AskSite, KeepSite, Query, Question
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.replies import answer
from newsbot.wordpress.site_json import site_as_json, site_from_json

Message = Query | Question | Record | Checkpoint
Conversation = Generator[Message, Any, None]

INTERNAL_TYPES = frozenset(
    {
        *("attachment", "nav_menu_item", "wp_block", "wp_template", "wp_template_part", "wp_global_styles"),
        *("wp_navigation", "wp_font_family", "wp_font_face", "user_request", "custom_css", "customize_changeset"),
        *("oembed_cache", "revision"),
    }
)
"""Types of WordPress itself that are no articles: ``types=all`` leaves them out; attachments have their own spider."""

INTERNAL_TAXONOMIES = frozenset(
    {"nav_menu", "link_category", "wp_theme", "wp_template_part_area", "wp_pattern_category"}
)

_WELL_KNOWN = {"post": "/wp/v2/posts", "page": "/wp/v2/pages"}


def crawl(options: Options, facts: SiteFacts) -> Conversation:
    """The whole crawl of one site. Ends by closing ``facts`` with a verdict; raises nothing of the site's making."""
    if not (options.full or options.sweep):
        kept = yield AskSite(url=options.url)
        site = site_from_json(kept) if kept is not None else None
        if site is not None:
            _enter(site, facts)
            try:
                yield from collect(site, options, facts, kept=True)
                return
            except Moved:
                # What was learnt of it no longer holds: look again, from the beginning.
                facts.site = None
    try:
        site = yield from discovery.discover(options.url)
    except DiscoveryError as failure:
        facts.end(failure.verdict, str(failure))  # type: ignore[arg-type]
        if options.kind == "posts" and is_api_closed(failure):
            falling = FallbackSite(options=options, facts=facts, start=failure.at)
            yield from falling.crawl_site(failure, verdict=failure.verdict)
        return
    _enter(site, facts)
    yield KeepSite(url=options.url, site=site_as_json(site))
    yield from collect(site, options, facts)


def _enter(site: Site, facts: SiteFacts) -> None:
    # A name from the site list is the user's own word, and stays.
    facts.site, facts.name, facts.why = site.key, facts.name or site.name, "not finished"


def collect(site: Site, options: Options, facts: SiteFacts, *, kept: bool = False) -> Conversation:
    """Everything after discovery: which collections there are, and each of them in turn.

    Raises Moved where what was ``kept`` of the site proves wrong at the first question.
    """
    falling = FallbackSite(options=options, facts=facts, start=site.home, key=site.key)
    try:
        collections, unknown = yield from _collections(site, options)
    except PayloadError as fault:
        if kept and has_moved(fault):
            raise Moved from fault
        facts.end("incomplete", f"the site does not tell its types ({fault})")
        if options.kind == "posts" and is_api_closed(fault):
            yield from falling.crawl_site(fault, verdict="closed")
        return
    for name, offered in unknown:
        facts.collection(name).why = f"no public type {name!r} here; the site offers {', '.join(offered) or 'none'}"
    for collection in collections:
        if collection.route not in site.accepts and not site.api.wordpress_com:
            yield from _ask_options(site, collection)
        one = Collecting(site=site, collection=collection, options=options, facts=facts.collection(collection.name))
        yield from run(one, kept=kept)
        kept = False  # it answered as it did: what another collection says is about that collection
        if options.kind == "posts" and is_api_closed(one.fault):
            yield from falling.crawl_type(
                collection.name, one.facts.why, state=one.state, had=one.walk.seen, sequence=one.sequence
            )
        if one.not_public and "all" in options.types and not one.facts.seen:
            # What visitors may not list is no public type: nothing of it was promised.
            del facts.collections[collection.name]
    facts.conclude()


def _collections(
    site: Site, options: Options
) -> Generator[Query | KeepSite, Any, tuple[list[Collection], Sequence[tuple[str, list[str]]]]]:
    """The collections to bring, and the names asked for that the site does not have, with what it has."""
    if options.kind in ("comments", "media", "users"):
        name = {"comments": "comment", "media": "attachment", "users": "user"}[options.kind]
        return [Collection(name=name, route=f"/wp/v2/{options.kind}")], []
    wanted = options.types
    known = {name: route for name, route in _WELL_KNOWN.items() if route in site.accepts} | site.types
    if options.kind == "posts" and all(name in known for name in wanted):
        # The index lists these routes, or an earlier run learnt them: one request saved.
        return [Collection(name=name, route=known[name]) for name in wanted], []
    listing, internal = ("taxonomies", INTERNAL_TAXONOMIES) if options.kind == "terms" else ("types", INTERNAL_TYPES)
    reply = yield Query(url=site.api.url(f"/wp/v2/{listing}"), purpose=listing)
    offered = read_collections(answer(reply))
    public = {name: one for name, one in offered.items() if name not in internal}
    if "all" in wanted:
        return list(public.values()), []
    found = [offered[name] for name in wanted if name in offered]
    if options.kind == "posts" and found:
        site.types |= {one.name: one.route for one in found}
        yield KeepSite(url=options.url, site=site_as_json(site))
    return found, [(name, sorted(public)) for name in wanted if name not in offered]


def _ask_options(site: Site, collection: Collection) -> Generator[Query, Any, None]:
    """What a collection's route accepts, where the index keeps silent. No answer is no harm: core's limits hold."""
    reply = yield Query(url=site.api.url(collection.route), purpose="options", type=collection.name, method="OPTIONS")
    try:
        described = answer(reply)
    except PayloadError:
        return
    accepts = read_accepts(described.get("endpoints")) if isinstance(described, dict) else None
    if accepts is not None:
        site.accepts[collection.route] = accepts
