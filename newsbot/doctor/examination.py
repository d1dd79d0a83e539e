"""Asks a site what it offers. A generator that yields queries and receives replies, as the crawl of a site does. Pure.

The most important questions come first, since the number of requests is limited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from newsbot.errors import DiscoveryError, NotXml, PayloadError
from newsbot.rights.well_known import AI_TXT, TDMREP
from newsbot.wordpress.api import Collection, Site, read_collections
from newsbot.wordpress.catalog import ALL, INTERNAL_TYPES, choose
from newsbot.wordpress.discovery import discover
from newsbot.wordpress.discovery.declared import REL
from newsbot.wordpress.fallback.feeds import FeedSearch, FoundFeed
from newsbot.wordpress.fallback.site import is_api_closed
from newsbot.wordpress.fallback.sitemaps import Sitemaps, find_sitemaps
from newsbot.wordpress.messages import Asking, Query, Reply, Steps, answered
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.pages.sitemap import USUAL, Sitemap, hints, read_sitemap
from newsbot.wordpress.pages.urls import site_host
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.replies import answer, rows_of, total_of

SAMPLE = 10
"""Posts that are asked for as a sample."""

MOST_SITEMAPS = 2
"""Sitemaps that are read where there is no API."""

_MARKS = re.compile(rb"/wp-(?:content|includes)/|<generator>https?://wordpress\.(?:org|com)/", re.I)
_HEAD = 200_000
"""The first bytes of a page, which are searched for marks."""

_POSTS = Collection(name="post", route="/wp/v2/posts")
_BESIDE = (
    ("media", "attachment", "/wp/v2/media"),
    ("comments", "comment", "/wp/v2/comments"),
)
"""Kind, type and route of the largest collections that other spiders than ``wp_posts`` bring."""


@dataclass(slots=True, kw_only=True)
class CollectionTotal:
    """One collection of the site. ``total`` is None if it was not asked for or is not known; ``why`` is then the
    reason.
    """

    kind: str
    type: str
    route: str
    total: int | None = None
    why: str | None = None


@dataclass(slots=True, kw_only=True)
class Evidence:
    """What a site answered. ``failure``: why no API was found. ``fault``: why the API gives no posts. ``halt``: why no
    further request was possible. ``exchanges`` are all queries with their replies."""

    asked: str
    site: Site | None = None
    failure: DiscoveryError | None = None
    fault: PayloadError | None = None
    halt: str | None = None
    home: Reply | None = None
    robots: Reply | None = None
    sample: Reply | None = None
    rows: list[dict[str, object]] = field(default_factory=list)
    collections: list[CollectionTotal] = field(default_factory=list)
    types_fault: PayloadError | None = None
    feed: FoundFeed | None = None
    sitemaps: dict[str, Sitemap] = field(default_factory=dict)
    well_known: dict[str, Reply] = field(default_factory=dict)
    exchanges: list[tuple[Query, Reply]] = field(default_factory=list)


def examine(url: str) -> Steps[Evidence]:
    """Examine the site of ``url``. Raises no error, whatever the site does."""
    evidence = Evidence(asked=url)
    try:
        yield from _once_each(_examine(evidence), evidence.exchanges)
    except Halt as halt:
        evidence.halt = str(halt)
    return evidence


def _once_each(steps: Asking[None], exchanges: list[tuple[Query, Reply]]) -> Asking[None]:
    """Run ``steps``, record each query with its reply, and request no URL twice."""

    def ask(query: Query) -> Asking[Reply]:
        reply = next((came for asked, came in exchanges if asked.url == query.url), None)
        if reply is None:
            reply = yield query
            exchanges.append((query, reply))
        return reply

    return answered(steps, ask)


def _examine(evidence: Evidence) -> Asking[None]:
    try:
        evidence.site = yield from discover(evidence.asked)
    except DiscoveryError as failure:
        evidence.failure = failure
    yield from _ask_home(evidence)
    if evidence.site is not None:
        yield from _ask_posts(evidence, evidence.site)
        if evidence.fault is None:
            yield from _ask_types(evidence, evidence.site)
            yield from _ask_sitemap(evidence, evidence.site.key)
            yield from _ask_rights(evidence, evidence.site.key)
            yield from _ask_totals(evidence, evidence.site)
            return
    if is_api_closed(evidence.failure or evidence.fault):
        yield from _ask_other_sources(evidence)


def has_marks(reply: Reply) -> bool:
    """Whether an answer has the marks of WordPress: paths of its files, the link to its API, WordPress's own error
    message."""
    if reply.error is not None:
        return False
    marked = _MARKS.search(reply.body[:_HEAD]) is not None or REL in reply.headers.get("link", "")
    return marked or (b'"rest_' in reply.body[:100] and b'"code"' in reply.body[:100])


def home_of(evidence: Evidence) -> str:
    """The URL of the home page, if it is known."""
    if evidence.site is not None:
        return f"{evidence.site.home}/"
    start = evidence.failure.at if evidence.failure is not None and evidence.failure.at else evidence.asked
    return start if "://" in start else f"https://{start}/"


def _ask_home(evidence: Evidence) -> Asking[None]:
    """The home page: its marks, languages, feed and headers. The home page is not requested if the host does not
    answer."""
    if evidence.failure is not None and not is_api_closed(evidence.failure):
        evidence.home = next((reply for _, reply in reversed(evidence.exchanges) if reply.status), None)
        return
    evidence.home = yield Query(url=home_of(evidence), purpose="page", expects="any")


def _ask_posts(evidence: Evidence, site: Site) -> Asking[None]:
    """The newest posts, with the fields that a crawl requests."""
    queries = Queries(site=site, collection=_POSTS, options=Options(url=evidence.asked))
    size = min(SAMPLE, queries.per_page)
    params = {"per_page": size, "orderby": "date", "order": "desc"} | queries.fields(())
    evidence.sample = yield queries.query(params, "list")
    try:
        evidence.rows = rows_of(evidence.sample)
    except PayloadError as fault:
        evidence.fault = fault


def _ask_types(evidence: Evidence, site: Site) -> Asking[None]:
    """The public types of posts. The total of one type is known from the sample."""
    assert evidence.sample is not None
    evidence.collections.append(
        CollectionTotal(kind="posts", type="post", route=_POSTS.route, total=total_of(evidence.sample))
    )
    try:
        offered = read_collections(answer((yield Query(url=site.api.url("/wp/v2/types"), purpose="types"))))
    except PayloadError as fault:
        evidence.types_fault = fault
        offered = {}
    for collection in choose(offered, (ALL,), INTERNAL_TYPES).collections:
        if collection.name != "post":
            evidence.collections.append(CollectionTotal(kind="posts", type=collection.name, route=collection.route))
    evidence.collections += [CollectionTotal(kind=kind, type=name, route=route) for kind, name, route in _BESIDE]


def _ask_sitemap(evidence: Evidence, key: str) -> Asking[None]:
    """The first sitemap that answers: one that robots.txt names, else one at a usual place."""
    named = yield from _named_in_robots(evidence, key)
    for url in named[:1] or [f"{key}/{name}" for name in USUAL[:2]]:
        reply = yield Query(url=url, purpose="sitemap", expects="any")
        try:
            evidence.sitemaps[url] = read_sitemap(reply, host=site_host(key))
        except NotXml:
            continue
        return


def _named_in_robots(evidence: Evidence, key: str) -> Asking[list[str]]:
    parts = urlsplit(key)
    evidence.robots = yield Query(url=f"{parts.scheme}://{parts.netloc}/robots.txt", purpose="robots", expects="any")
    return hints(evidence.robots.body, evidence.robots.url) if evidence.robots.is_ok else []


def _ask_rights(evidence: Evidence, key: str) -> Asking[None]:
    """The files at fixed places that say how content may be used. They belong to the host, not to a folder."""
    parts = urlsplit(key)
    for path in (TDMREP, AI_TXT):
        reply = yield Query(url=f"{parts.scheme}://{parts.netloc}{path}", purpose="rights", expects="any", tries=1)
        if reply.is_ok:
            evidence.well_known[path] = reply


def _ask_totals(evidence: Evidence, site: Site) -> Asking[None]:
    """How many rows each collection has: first the types, then media and comments."""
    for counted in evidence.collections:
        if counted.total is not None or counted.type == "post":
            continue
        url = site.api.url(counted.route, {"per_page": 1, "_fields": "id"})
        reply = yield Query(url=url, purpose="count")
        if reply.error == "stopped":
            return
        try:
            rows_of(reply)
        except PayloadError as fault:
            counted.why = str(fault)
        else:
            counted.total = total_of(reply)
            counted.why = None if counted.total is not None else "the site sends no X-WP-Total"


def _ask_other_sources(evidence: Evidence) -> Asking[None]:
    """The feed and the sitemaps. If the API is closed, a crawl gets posts from them."""
    home = evidence.home
    key = evidence.site.key if evidence.site is not None else home_of(evidence).rstrip("/")
    if evidence.site is None and home is not None and home.error is None:
        parts = urlsplit(home.url)
        key = f"{parts.scheme}://{parts.netloc}"
    search = FeedSearch(key=key, incremental=False)
    evidence.feed = yield from search.named_by(home.url if home is not None and home.error is None else f"{key}/")
    if evidence.feed is None and (
        evidence.site is not None or any(has_marks(reply) for _, reply in evidence.exchanges)
    ):
        # Only WordPress uses the usual places of a feed.
        evidence.feed = yield from search.of_site()
    yield from _named_in_robots(evidence, key)
    found: Sitemaps = yield from find_sitemaps(key, most=MOST_SITEMAPS)
    evidence.sitemaps = dict(found.read)
    yield from _ask_rights(evidence, key)
