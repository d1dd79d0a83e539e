"""Finds in a site's answers what the site offers, what stands in the way, and what a crawl costs. Pure."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import Any

from newsbot.doctor.cost import Cost, cost_of
from newsbot.doctor.examination import CollectionTotal, Evidence, has_marks
from newsbot.doctor.obstacles import lacks_content, obstacles
from newsbot.doctor.plugins import find_plugins
from newsbot.errors import PayloadError
from newsbot.next_steps import next_step
from newsbot.rights.answers import combined, rights_in_headers
from newsbot.rights.robots_txt import read_robots, robots_for
from newsbot.rights.well_known import AI_TXT, TDMREP, read_ai_txt, read_tdmrep
from newsbot.rights.words import meanings
from newsbot.terminal import in_users_words
from newsbot.wordpress import payload
from newsbot.wordpress.api import Site
from newsbot.wordpress.discovery.declared import declared_language
from newsbot.wordpress.fallback.site import is_api_closed
from newsbot.wordpress.meaning import PARTS
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.hreflang import read_languages
from newsbot.wordpress.pages.page_rights import page_rights
from newsbot.wordpress.receipt import cause_of
from newsbot.wordpress.values import list_in, object_in, text

_GENERATOR = re.compile(
    rb"<meta[^<>]{0,200}content=[\"']WordPress(?:\.com)?[ ]?([0-9][\w.-]{0,20})?[\"']|"
    rb"<generator>https?://wordpress\.org/\?v=([0-9][\w.-]{0,20})</generator>",
    re.I,
)
PRODUCT = "newsbot"
"""The product token by which robots.txt names newsbot (ROBOTSTXT_USER_AGENT)."""

_FEED_LINK = re.compile(rb"<link\b[^<>]{0,500}application/rss\+xml[^<>]{0,500}>", re.I)
_HREF = re.compile(rb"""\bhref\s{0,9}=\s{0,9}["']?([^"'\s>]{1,500})""", re.I)
_HEAD = 200_000
"""The first bytes of a page, which are searched for marks."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """What ``scrapy doctor`` reports of one site. ``--json`` prints these fields.

    ``part`` is the part of the site that the address ``asked`` means; None for the whole site. The findings are always
    about the whole site. ``by``: how a crawl gets posts, ``api`` or ``feed and pages``; None if it gets no posts.
    ``wordpress`` is None if the site did not answer. ``permalinks`` is ``plain`` (``?p=7``) or ``pretty``.
    ``feed_asked``: the feed itself was asked for. ``rights`` are the statements of robots.txt, of the home page and of
    the files at fixed places; ``uses`` is what they mean for each use, in words. ``command`` starts a crawl; ``step``:
    what to do if no crawl can bring anything. ``requests``: how many requests were made. ``asked_all``: no question was
    left out because the budget of requests was spent.
    """

    asked: str
    part: str | None = None
    site: str | None = None
    name: str | None = None
    can_crawl: bool = False
    by: str | None = None
    why: str | None = None
    wordpress: bool | None = None
    version: str | None = None
    api: str | None = None
    permalinks: str | None = None
    example: str | None = None
    timezone: str | None = None
    language: str | None = None
    languages: list[str] = field(default_factory=list)
    collections: list[CollectionTotal] = field(default_factory=list)
    feed: str | None = None
    feed_asked: bool = False
    sitemaps: dict[str, str] = field(default_factory=dict)
    plugins: dict[str, list[str]] = field(default_factory=dict)
    obstacles: list[str] = field(default_factory=list)
    rights: dict[str, Any] = field(default_factory=dict)
    uses: dict[str, str] = field(default_factory=dict)
    cost: Cost | None = None
    command: str | None = None
    step: str | None = None
    requests: int = 0
    asked_all: bool = True


def findings_of(evidence: Evidence, *, delay: float, crawl_delay: float | None, requests: int, spent: bool) -> Findings:
    """``delay``: seconds between two requests that a crawl will wait. ``crawl_delay`` is what robots.txt asks for.
    ``spent``: the examination ended because it may make no more requests."""
    site, home = evidence.site, evidence.home
    found = Findings(asked=evidence.asked, requests=requests)
    found.wordpress, found.version = _wordpress(evidence)
    if home is not None and home.is_ok:
        found.language = declared_language(home)
        found.languages = [language.tag for language in read_languages(home)]
        found.feed = _feed_named(home)
    if site is not None:
        _tell_site(found, site, evidence)
    if evidence.feed is not None:
        found.feed, found.feed_asked = evidence.feed.url, True
        found.site = found.site or evidence.feed.first_page.home
        found.name = found.name or evidence.feed.first_page.name
    found.sitemaps = {
        url: f"index of {len(read.others)}" if read.others else f"{len(read.urls)} URLs"
        for url, read in evidence.sitemaps.items()
    }
    found.plugins = find_plugins(_namespaces(evidence), *_page(home))
    found.rights = _rights(evidence)
    found.uses = meanings(found.rights)
    found.by, found.why = _way(evidence)
    found.can_crawl = found.by is not None
    found.obstacles = obstacles(evidence, crawl_delay=crawl_delay, paywalls=found.plugins.get("paywall", []))
    found.asked_all = not spent
    if found.by == "api" and site is not None:
        found.cost = _cost(evidence, site, delay)
    if found.can_crawl:
        found.command = _command(found.site or evidence.asked, found.collections)
    else:
        found.step = _step(evidence)
    return found


def _step(evidence: Evidence) -> str:
    """What to do about a site that cannot be crawled."""
    error = evidence.failure or evidence.fault
    cause = cause_of(error)
    if cause == "no-api":
        # The step that a crawl would name is this examination.
        return "correct the address, if the site is made with WordPress; newsbot crawls no other"
    halted = getattr(error, "verdict", "blocked" if evidence.halt else "incomplete")
    return next_step(halted, cause, command="scrapy doctor", url=evidence.asked)


def _wordpress(evidence: Evidence) -> tuple[bool | None, str | None]:
    """Whether the site is a WordPress, and its version if a page or a feed shows the version."""
    heard = [reply for _, reply in evidence.exchanges if reply.error is None]
    if not heard:
        return None, None
    versions = (_GENERATOR.search(reply.body[:_HEAD]) for reply in heard)
    version = next((found[1] or found[2] for found in versions if found is not None), None)
    if evidence.site is not None or version is not None or any(map(has_marks, heard)):
        return True, version.decode("ascii", "replace") if version else None
    home = evidence.home
    return (False if home is not None and home.is_ok and not payload.is_challenge(home) else None), None


def _tell_site(found: Findings, site: Site, evidence: Evidence) -> None:
    found.site, found.name, found.api = site.key, site.name, site.api.root
    if (meaning := site.meanings.get(evidence.asked)) is not None and meaning.kind in PARTS:
        found.part = f"{meaning.base or meaning.kind} {meaning.text or meaning.id or ''}".strip()
    found.example = next((link for row in evidence.rows if (link := text(row.get("link")))), None)
    # A site with pretty permalinks may have its API only at ?rest_route=, because /wp-json/ is closed.
    plain = "?p=" in found.example if found.example else site.api.plain
    found.permalinks = "plain" if plain else "pretty"
    found.timezone = site.timezone or (f"UTC{site.gmt_offset:+g}" if site.gmt_offset is not None else None)
    found.language = found.language or site.language
    declared = site.accepted("/wp/v2/posts").languages
    found.languages = list(dict.fromkeys([*declared, *found.languages]))
    found.collections = evidence.collections


def _rights(evidence: Evidence) -> dict[str, Any]:
    """The statements on the use of the site's content. The statements of a page override those of its headers, and
    those of the headers override those of the files (TDMRep)."""
    found: dict[str, Any] = {}
    if (ai_txt := evidence.well_known.get(AI_TXT)) is not None:
        found |= read_ai_txt(ai_txt.body, ai_txt.headers.get("content-type", ""))
    if (tdmrep := evidence.well_known.get(TDMREP)) is not None:
        found |= read_tdmrep(tdmrep.body)
    if evidence.robots is not None and evidence.robots.is_ok:
        found |= robots_for(read_robots(evidence.robots.body, PRODUCT), "/")
    if evidence.sample is not None and evidence.sample.is_ok:
        found = combined(found, rights_in_headers(evidence.sample.headers))
    if evidence.home is not None and evidence.home.is_ok:
        found = combined(found, page_rights(evidence.home))
    return found


def _page(home: Reply | None) -> tuple[bytes, dict[str, str]]:
    return (home.body, dict(home.headers)) if home is not None and home.error is None else (b"", {})


def _namespaces(evidence: Evidence) -> list[str]:
    """The namespaces of the index that discovery read."""
    for query, reply in evidence.exchanges:
        if query.purpose == "index" and reply.is_ok:
            try:
                index = object_in(payload.read(reply))
            except PayloadError:
                continue
            if "namespaces" in index:
                return [name for name in list_in(index["namespaces"]) if isinstance(name, str)]
    return []


def _feed_named(home: Reply) -> str | None:
    for tag in _FEED_LINK.findall(home.body[:_HEAD]):
        if (href := _HREF.search(tag)) and b"comments" not in href[1]:
            return href[1].decode("utf-8", "replace")
    return None


def _way(evidence: Evidence) -> tuple[str | None, str | None]:
    """How a crawl gets posts, and why it cannot use the API."""
    if evidence.site is not None and evidence.fault is None:
        return "api", None
    error = evidence.failure or evidence.fault
    why = f"{error}; {evidence.halt}" if evidence.halt and evidence.halt not in str(error) else str(error)
    listed = any(read.others or read.urls for read in evidence.sitemaps.values())
    if is_api_closed(error) and evidence.halt is None and (evidence.feed is not None or listed):
        return "feed and pages", why
    return None, why


def _cost(evidence: Evidence, site: Site, delay: float) -> Cost | None:
    counted = {collection.type: collection.total for collection in evidence.collections if collection.kind == "posts"}
    if counted.get("post") is None:
        return None
    every = has_others(evidence.collections)
    totals = {name: total or 0 for name, total in counted.items() if name == "post" or (every and total)}
    bare = lacks_content(evidence.rows)
    known = evidence.sample is not None and evidence.rows and not bare
    size = len(evidence.sample.body) / len(evidence.rows) if evidence.sample is not None and known else None
    pages = site.accepted("/wp/v2/posts").per_page
    return cost_of(totals, per_page=pages, delay=delay, bytes_per_post=size, from_pages=bare)


def has_others(collections: list[CollectionTotal]) -> bool:
    """Whether the site has rows of types of its own, which a crawl of posts would leave out."""
    return any(
        collection.kind == "posts" and collection.type not in ("post", "page") and collection.total
        for collection in collections
    )


def _command(address: str, collections: list[CollectionTotal]) -> str:
    others = ["-a", "types=all"] if has_others(collections) else []
    return shlex.join(["scrapy", "crawl", "wp_posts", "-a", f"site={address}", *others])


def as_json(found: Findings) -> dict[str, Any]:
    """The fields of ``--json``, in their order. The commands in them begin with the name of the program that the user
    started."""
    fields = {name: getattr(found, name) for name in Findings.__dataclass_fields__}
    return fields | {name: in_users_words(fields[name]) for name in ("command", "step") if fields[name]}
