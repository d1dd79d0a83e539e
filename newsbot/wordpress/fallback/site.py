"""A site whose API is closed: all requested types, from its other sources."""

from __future__ import annotations

from collections.abc import Container, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from newsbot.errors import DiscoveryError, PayloadError
from newsbot.urls import ascii_url
from newsbot.wordpress.catalog import ALL
from newsbot.wordpress.dates import ZONE_SHIFT
from newsbot.wordpress.fallback.collection import FallbackCollection
from newsbot.wordpress.fallback.sources import Sources, find_sources
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.questions import AskFormer, AskState, CollectionState, Former, RenameSite
from newsbot.wordpress.receipt import SiteFacts, Verdict, cause_of

MOST_TYPES = 300
"""The most types of sitemaps that ``types=all`` means. A site can invent any number of types."""


def is_api_closed(fault: Exception | None) -> bool:
    """Whether a fault means that the API is closed, forbidden or absent, while other sources may be open.

    A bot check does not mean this: it is a refusal for every route.
    """
    if isinstance(fault, DiscoveryError):
        return fault.fault == "robots" or fault.verdict == "closed"
    if not isinstance(fault, PayloadError) or fault.name == "challenge":
        return False
    return fault.name == "robots" or getattr(fault, "status", None) in (401, 403, 404, 410)


def fallback_since(options: Options, state: CollectionState) -> str | None:
    """The time (UTC) since which posts may be missing, if the collection was whole while the API was open. None: all
    posts are missing.
    """
    if not state.whole or state.watermark is None or options.full or options.is_windowed:
        return None
    return (datetime.fromisoformat(state.watermark) - ZONE_SHIFT).strftime("%Y-%m-%dT%H:%M:%S")


@dataclass(slots=True, kw_only=True)
class FallbackSite:
    """The other sources of one site, which are searched once. ``key`` is the site's key, if its API gave one.

    ``halt``: why no more requests may be made to the site.
    """

    options: Options
    facts: SiteFacts
    start: str
    key: str | None = None
    sources: Sources | None = None
    halt: Halt | None = None

    def crawl_site(self, failure: Exception, *, verdict: Verdict) -> Steps[None]:
        """Crawl every requested type of a site without an API. Closes ``facts``: with ``verdict`` if there are no other
        sources."""
        reason, facts = str(failure), self.facts
        sources = yield from self._find()
        if self.halt is not None:
            facts.end(self.halt.verdict, f"{reason}; {self.halt}", cause_of(self.halt))
            return
        if not sources.found:
            facts.end(verdict, f"{reason}; the site has no feed and no sitemap", cause_of(failure))
            return
        if (busy := (yield from self._take_other_form(sources.key))) is not None:
            facts.end("incomplete", busy, "another-run")
            return
        facts.site, facts.name, facts.why = sources.key, facts.name or sources.name, "not finished"
        yield from self.crawl_types(self._types(sources), reason, key=sources.key)
        facts.conclude()

    def _take_other_form(self, key: str) -> Steps[str | None]:
        """Give the key what an older version archived under the other form of its international name. Returns why not,
        where another run has the site."""
        if "xn--" not in key:
            return None
        formers: list[Former] = yield AskFormer(url=self.options.url, site=key, type="post", rows=(), kind="posts")
        old = next((former.site for former in formers if former.site != key and ascii_url(former.site) == key), None)
        if old is None:
            return None
        busy: str | None = yield RenameSite(old=old, new=key)
        self.facts.moved_from = old if busy is None else None
        return busy

    def crawl_types(self, names: Sequence[str], reason: str, *, key: str) -> Steps[None]:
        """Crawl types in turn. With ``types=all`` at most ``MOST_TYPES`` of them, and the receipt says so; a type that
        turns out to have no article is left out of the receipt, unless a failure may have hidden its articles."""
        optional = ALL in self.options.types
        for name in names[:MOST_TYPES] if optional else names:
            state = yield AskState(site=key, type=name)
            yield from self.crawl_type(name, reason, state=state)
            facts = self.facts.collection(name)
            if optional and not facts.seen and not facts.faults:
                self.facts.drop(name)
        if optional and len(names) > MOST_TYPES:
            before = f"{self.facts.collections[ALL].why}; " if ALL in self.facts.collections else ""
            of_all = self.facts.collection(ALL)
            why = f"{before}the sitemaps name {len(names)} types, and newsbot brings {MOST_TYPES} of them"
            of_all.end("incomplete", why, "type")

    def crawl_type(
        self,
        name: str,
        reason: str,
        *,
        state: CollectionState,
        api_ids: Set[int] = frozenset(),
        sequence: int = 0,
        sent: Container[int] = frozenset(),
    ) -> Steps[None]:
        """Crawl one type. ``api_ids`` are ids that the API gave before it was closed, ``sent`` the keys of the URLs of
        these rows. Without other sources the verdict on the API stays.

        If the archive (``state``) held the whole collection while the API was open, only posts that were published
        since then are requested: reading all pages again would need a hundred times the requests of the API.
        """
        sources = yield from self._find()
        if not sources.found or self._is_hidden(name, sources):
            return
        facts, since = self.facts.collection(name), fallback_since(self.options, state)
        options = replace(self.options, since=since or self.options.since)
        collection = FallbackCollection(
            type=name,
            sources=sources,
            options=options,
            facts=facts,
            reason=reason,
            api_ids=api_ids,
            sequence=sequence,
            sent=sent,
            may_be_empty=not (self.options.names(name) or name == "post" or api_ids or state.live or state.whole),
        )
        yield from collection.run()
        if since is None:
            return
        facts.mode, facts.since = "window", since
        if facts.verdict == "complete":
            facts.verdict = "incomplete"
            facts.why += f"; what was edited or deleted since {since} is unknown while the API is closed"

    def _find(self) -> Steps[Sources]:
        if self.sources is None:
            incremental = not (self.options.full or self.options.is_windowed)
            try:
                self.sources = yield from find_sources(self.start, key=self.key, incremental=incremental)
            except Halt as halt:
                self.halt, self.sources = halt, Sources(key=self.start)
        return self.sources

    def _is_hidden(self, name: str, sources: Sources) -> bool:
        """Whether a type is not for visitors: with ``types=all``, a type that no sitemap names."""
        return ALL in self.options.types and name != "post" and name not in sources.sitemaps.by_type

    def _types(self, sources: Sources) -> tuple[str, ...]:
        if ALL not in self.options.types:
            return self.options.types
        return tuple(dict.fromkeys(["post", *filter(None, sources.sitemaps.by_type)]))
