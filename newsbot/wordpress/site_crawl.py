"""A site's whole crawl as one generator: it yields queries, items and checkpoints, and is sent replies.

The generator does no I/O and reads no clock. ``facts`` is filled while the generator runs, so that a crawl that is
stopped at any moment still has a receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from newsbot.errors import DiscoveryError, NoSuchPart, PayloadError
from newsbot.wordpress.api import Site
from newsbot.wordpress.catalog import (
    ALL,
)
from newsbot.wordpress.collection.crawl import Moved, has_moved
from newsbot.wordpress.discovery import discover
from newsbot.wordpress.discovery.closed import recall_closed, remember_closed
from newsbot.wordpress.fallback.site import FallbackSite, is_api_closed
from newsbot.wordpress.kinds import tell_closed
from newsbot.wordpress.login import note_login
from newsbot.wordpress.meaning import PARTS
from newsbot.wordpress.messages import Query, Reply, Steps, answered
from newsbot.wordpress.moves import former_key, is_below, lost_site
from newsbot.wordpress.narrowing.addresses import is_bare
from newsbot.wordpress.narrowing.finding import find_scope
from newsbot.wordpress.offered import crawl_kinds
from newsbot.wordpress.options import Options
from newsbot.wordpress.other_forms import OtherForms
from newsbot.wordpress.questions import AskSite, KeepSite, RenameSite, SiteCrawl
from newsbot.wordpress.receipt import SiteFacts, cause_of
from newsbot.wordpress.site_json import site_as_json, site_from_json
from newsbot.wordpress.together import asked_together, find_site


def crawl(options: Options, facts: SiteFacts, also: Sequence[Options] = (), *, beside: Sequence[str] = ()) -> SiteCrawl:
    """The whole crawl of one site. Closes ``facts`` with a verdict. Raises no error, whatever the site does.

    ``also``: the other kinds of rows of the same site. They are crawled after the kind of ``options``. ``beside``: the
    addresses of the run that may be articles of this site, including the address of this crawl.
    """
    every = [options, *also]
    facts.kind = options.kind
    kept = yield AskSite(url=options.url)
    known, site = site_from_json(kept) if kept is not None else None, None
    if beside and (known is None or not _is_current(known, options)):
        anew = options.full or options.sweep
        site, is_known = yield from find_site(options.url, beside, anew=anew)
        known, site = (site, None) if is_known else (known, site)
    if known is not None and _is_current(known, options):
        try:
            yield from _crawl_known(known, every, facts, beside)
            return
        except Moved:
            # The results of an earlier discovery are out of date: discover the site again.
            facts.site = None
    try:
        site = site or (yield from _discover(options))
    except DiscoveryError as failure:
        yield from remember_closed(options.url, failure, failure.first, failure.when)
        yield from _crawl_without_api(failure, options, facts, also)
        return
    during = OtherForms(site).during
    if (former := (yield from during(former_key(site, options)))) is not None:
        if (busy := (yield RenameSite(old=former, new=site.key))) is not None:
            facts.end("incomplete", busy, "another-run")
            return
        facts.moved_from = former
    elif known is not None and (lost := (yield from during(lost_site(known, site, options)))) is not None:
        facts.end("incomplete", lost, "address")
        return
    if known is not None and ALL in options.types:
        site.types |= known.types
    if (yield from asked_together(_narrow(site, every, facts), site, options.url, beside)):
        # An address without a meaning now may have a meaning in the next run, which asks again.
        yield KeepSite(url=options.url, site=site_as_json(site), discovered=True)
        crawled = asked_together(crawl_kinds(site, every, facts), site, options.url, beside)
        yield from _learning(site, options, crawled)


def _discover(options: Options) -> Steps[Site]:
    """Discover the site. Raises DiscoveryError."""
    closed = None if options.full or options.sweep else (yield from recall_closed(options.url))
    return (yield from discover(options.url, closed=closed))


def _is_current(known: Site, options: Options) -> bool:
    """Whether this run needs no discovery: an earlier run stored the meaning of the user's address."""
    asked_anew = options.full or options.sweep or known.doubted
    return not asked_anew and (options.url in known.meanings or is_bare(options.url))


def _crawl_known(site: Site, every: list[Options], facts: SiteFacts, beside: Sequence[str]) -> SiteCrawl:
    """Crawl a site as an earlier run discovered it. Raises Moved where the site has changed."""
    url = every[0].url
    if (yield from asked_together(_narrow(site, every, facts, discovered_before=True), site, url, beside)):
        # ``_narrow`` puts the part of the site into the options.
        crawled = asked_together(crawl_kinds(site, every, facts, discovered_before=True), site, url, beside)
        yield from _at_its_address(site, _learning(site, every[0], crawled))


def _crawl_without_api(
    failure: DiscoveryError, options: Options, facts: SiteFacts, also: Sequence[Options]
) -> SiteCrawl:
    """Close ``facts`` after a failed discovery, and bring posts from other sources if the API is closed."""
    facts.end(failure.verdict, str(failure), cause_of(failure))
    if _asks_for_a_part(options, failure):
        facts.why += "; only the API lists a part of a site, and newsbot takes no part without the API"
    elif options.kind == "posts" and is_api_closed(failure):
        fallback = FallbackSite(options=options, facts=facts, start=failure.at)
        yield from fallback.crawl_site(failure, verdict=failure.verdict)
        if also:
            tell_closed(facts, also, failure)


def _narrow(site: Site, every: list[Options], facts: SiteFacts, *, discovered_before: bool = False) -> Steps[bool]:
    """Put the part of the site that the user asked for into the options. Returns False, and ends ``facts``, if there is
    no such part. Raises Moved as ``crawl_collections`` does."""
    options = every[0]
    earlier = site.scopes.get(options.scope_key)
    try:
        scope = yield from OtherForms(site).during(find_scope(site, options))
        if scope is not None and len(every) > 1:
            raise NoSuchPart(f"{options.url} is {scope.told}, and wp_site brings whole sites: give {site.home}")
    except NoSuchPart as fault:
        # The site's key is not set: rows of the whole site must not count as the part.
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
            # The crawl requests one row by its id, so no count of rows needs to be compared.
            every[0] = replace(every[0], types=(scope.type,), limit=1)
    return True


def _asks_for_a_part(options: Options, failure: DiscoveryError) -> bool:
    meant = getattr(failure.meaning, "kind", "site")
    return bool(options.category or options.tag or options.author or options.search) or meant in PARTS


def _at_its_address(site: Site, crawled: SiteCrawl) -> SiteCrawl:
    """Pass the messages of ``crawled``. Raise Moved if a redirect leads the first request of the API to another
    place."""
    is_first = True

    def ask(message: Any) -> Steps[Any]:
        nonlocal is_first
        reply = yield message
        if is_first and isinstance(message, Query) and is_below(message.url, site.api.root):
            is_first = False
            if isinstance(reply, Reply) and reply.is_ok and _left(reply.url, site.api.root):
                raise Moved
        return reply

    return answered(crawled, ask)


def _left(url: str, root: str) -> bool:
    """Whether ``url`` is not one of the API at ``root``, or answers over HTTPS although ``root`` does not."""
    return not is_below(url, root) or url.partition("://")[0] != root.partition("://")[0]


def _enter(site: Site, facts: SiteFacts) -> None:
    # The user chose the name in the site list, so the name stays.
    facts.site, facts.name, facts.why = site.key, facts.name or site.name, "not finished"


def _learning(site: Site, options: Options, site_crawl: SiteCrawl) -> SiteCrawl:
    """Run a crawl of ``site``. Learn the targets of redirects from each reply, and store the results for later runs:
    the form of the site's URLs, and the page sizes that its server can send."""
    before, forms = site_as_json(site), OtherForms(site)

    def ask(message: Any) -> Steps[Any]:
        if not isinstance(message, Query):
            return (yield message)
        answer = yield from forms.ask(message)
        if answer.error is None:
            yield from note_login(site, answer)
            site.api = site.api.landed(message.url, answer.url)
        return answer

    yield from answered(site_crawl, ask)
    forms.settle_doubts()
    if (learnt := site_as_json(site)) != before:
        yield KeepSite(url=options.url, site=learnt)
