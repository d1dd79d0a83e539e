"""What a conversation calls where the API is shut: everything asked for, by the other ways the site permits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from newsbot.errors import DiscoveryError, PayloadError
from newsbot.wordpress.collection.changes import OVERLAP
from newsbot.wordpress.fallback.collection import FallbackCollection
from newsbot.wordpress.fallback.sources import Sources, find_sources
from newsbot.wordpress.messages import AskState, CollectionState, Steps
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.receipt import SiteFacts

if TYPE_CHECKING:
    from newsbot.wordpress.options import Options


def is_api_closed(fault: Exception | None) -> bool:
    """Whether a fault means that the API is closed, forbidden or absent, while other doors may be open.

    Not where a bot check stands: that is a no to us, whatever the door.
    """
    if isinstance(fault, DiscoveryError):
        return fault.fault == "robots" or fault.verdict == "closed"
    if not isinstance(fault, PayloadError) or fault.name == "challenge":
        return False
    return fault.name == "robots" or getattr(fault, "status", None) in (401, 403, 404, 410)


def fallback_since(options: Options, state: CollectionState) -> str | None:
    """Since when (UTC) new posts are missing, of a collection that is whole but for them; None: all of it is."""
    narrowed = options.full or options.limit or options.since or options.until
    if not state.whole or state.watermark is None or narrowed:
        return None
    return (datetime.fromisoformat(state.watermark) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%S")


@dataclass(slots=True, kw_only=True)
class FallbackSite:
    """The other ways of one site, looked for once. ``key`` is the site's where its API has told it."""

    options: Options
    facts: SiteFacts
    start: str
    key: str | None = None
    ways: Sources | None = None

    def crawl_site(self, failure: Exception, *, verdict: str) -> Steps[None]:
        """Every type asked for, where no API was found; closes ``facts``."""
        reason = str(failure)
        ways = yield from self._ways(reason, verdict)
        if ways is None:
            return
        facts = self.facts
        facts.site, facts.name, facts.why = ways.key, facts.name or ways.name, "not finished"
        for name in self._types(ways):
            state = yield AskState(site=ways.key, type=name)
            yield from self.crawl_type(name, reason, state=state)
            if "all" in self.options.types and not facts.collections[name].seen:
                del facts.collections[name]
        facts.conclude()

    def crawl_type(
        self, name: str, reason: str, *, state: CollectionState, had: set[int] | None = None, sequence: int = 0
    ) -> Steps[None]:
        """One type; ``had`` are ids that the API gave before it shut. Without other ways all stays as it was.

        Of what the archive (``state``) held whole when the API was open, only what was published since is asked for:
        reading it all again from its pages would cost the site a hundred times what its API does.
        """
        ways = yield from self._ways(reason, None)
        # Of "all" types some are not for visitors: those that no sitemap names.
        if ways is None or ("all" in self.options.types and name != "post" and name not in ways.sitemaps):
            return
        facts, since = self.facts.collection(name), fallback_since(self.options, state)
        yield from FallbackCollection(
            type=name, ways=ways, options=replace(self.options, since=since or self.options.since), facts=facts,
            reason=reason, had=had or set(), sequence=sequence,
        ).run()  # fmt: skip
        if since is not None:
            facts.mode, facts.since = "window", since
            if facts.verdict == "complete":
                facts.verdict = "incomplete"
                facts.why += f"; what was edited or deleted since {since} is unknown while the API is shut"

    def _ways(self, reason: str, verdict: str | None) -> Steps[Sources | None]:
        if self.ways is None:
            try:
                options = self.options
                narrowed = options.full or options.limit or options.since or options.until
                self.ways = yield from find_sources(self.start, key=self.key, again=not narrowed)
            except Halt as halt:
                self.ways = Sources(key=self.start)
                if verdict is not None:
                    self.facts.end(halt.verdict, f"{reason}; {halt}")
                    verdict = None
        if self.ways.found:
            return self.ways
        if verdict is not None:
            self.facts.end(verdict, f"{reason}; no feed and no sitemap either")  # type: ignore[arg-type]
        return None

    def _types(self, ways: Sources) -> tuple[str, ...]:
        if "all" not in self.options.types:
            return self.options.types
        named = [name for name in ways.sitemaps if name]
        return tuple(dict.fromkeys(["post", *named]))
