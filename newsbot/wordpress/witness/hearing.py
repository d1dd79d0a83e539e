"""Hears the witnesses of one site: its sitemaps, its feed, and the feeds of the languages that its home page names."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from newsbot.compact import SortedKeys
from newsbot.errors import NotXml, PayloadError
from newsbot.wordpress.api import Site
from newsbot.wordpress.collection.crawl import CollectionCrawl
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.collection.verdict import accept_unexplained
from newsbot.wordpress.fallback.listed import MOST_LISTS
from newsbot.wordpress.fallback.seen import FeedState
from newsbot.wordpress.fallback.sitemaps import Sitemaps, find_sitemaps
from newsbot.wordpress.fallback.verdict import forgive_bodiless, some
from newsbot.wordpress.fallback.worth import spread
from newsbot.wordpress.languages.spoken import in_languages
from newsbot.wordpress.messages import Reply, Steps
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.asking import Halt, ask
from newsbot.wordpress.pages.feed import read_feed
from newsbot.wordpress.pages.hreflang import PageLanguage, read_languages
from newsbot.wordpress.pages.urls import canonical
from newsbot.wordpress.questions import AskLinks, KeepWitness
from newsbot.wordpress.receipt import CollectionFacts
from newsbot.wordpress.replies import Unanswered
from newsbot.wordpress.witness.choice import LEAST, budget, choose, next_first
from newsbot.wordpress.witness.differences import Differences
from newsbot.wordpress.witness.matching import Lacking, is_within, lacking
from newsbot.wordpress.witness.revisit import Revisit
from newsbot.wordpress.witness.sent import LinksSent

AT_MOST_EVERY = timedelta(days=1)
"""How often a witness is heard at most, unless the user asks for a whole listing."""

MOST_URLS = 500_000
"""URLs of one type that one hearing compares."""

MOST_LACKING = 5_000
"""URLs that one hearing asks for."""

FEW_HIDDEN = 0.1
"""Share of the live rows that a site may count and show to nobody, where its sitemap agrees. With more, the sitemap may
hide what the API hides."""

MOST_MISSING = 1_000
"""Missing articles that are kept for later runs."""

MOST_FEEDS = 10
"""Feeds of other languages that one hearing asks for."""


@dataclass(slots=True, kw_only=True)
class Witnesses:
    """The witnesses of one site in one run. ``sitemaps`` are looked for once, and serve all types of the run.

    ``links`` are the URLs that left the crawl in this run; they serve where there is no archive.
    """

    site: Site
    options: Options
    links: LinksSent
    sitemaps: Sitemaps | None = None
    read: int = 0

    def hear(self, crawled: CollectionCrawl) -> Steps[None]:
        """Hear the witnesses on a type whose listing came to its end, as far as it is time. Raises PayloadError where
        the crawl is stopping."""
        intake, listing = crawled.intake, crawled.listing
        if intake is None or listing is None or crawled.fault is not None or self.options.is_windowed:
            return
        whole = bool(listing.outcome and "swept" in listing.outcome) or crawled.facts.mode == "walk"
        hearing = _Hearing(
            witnesses=self,
            intake=intake,
            at=listing.began,
            state=dict(crawled.state.witness),
            shown=listing.seen,
        )
        try:
            yield from hearing.run(whole=whole)
        except Halt as halt:
            if halt.fault == "stopped":
                raise Unanswered(Reply(status=0, url=self.site.home, error="stopped")) from None
            crawled.facts.witnesses.setdefault("sitemap", {})["why"] = str(halt)
            yield from hearing.keep()

    def held(self) -> Steps[Container[int]]:
        """The keys of the URLs of all rows that newsbot holds of the site."""
        kept: SortedKeys | None = yield AskLinks(site=self.site.key)
        return self.links.keys() if kept is None else kept

    def find(self, *, most: int, known: list[str]) -> Steps[Sitemaps]:
        """The sitemaps of the site. ``most`` are read to find them."""
        if self.sitemaps is None:
            self.sitemaps = yield from find_sitemaps(
                self.site.key, most=max(LEAST, most // 2), known=known, whole=False
            )
        return self.sitemaps


@dataclass(slots=True, kw_only=True)
class _Hearing:
    """One hearing on one type. ``state`` is what the last hearing kept, ``shown`` are ids that the listing showed.
    ``at`` (UTC, ISO) is when the listing began. ``agrees``: the sitemaps list all rows of the type, and nothing else.
    ``came`` rows came by this hearing, and by ``brought`` rows more the archive holds.
    """

    witnesses: Witnesses
    intake: Intake
    at: str | None
    state: dict[str, Any]
    shown: Container[int]
    beside: set[int] = field(default_factory=set)
    brought: int = 0
    came: int = 0
    agrees: bool = False
    revisit: Revisit = field(init=False)

    def __post_init__(self) -> None:
        self.revisit = Revisit(intake=self.intake)

    @property
    def facts(self) -> CollectionFacts:
        return self.intake.facts

    @property
    def type(self) -> str:
        return self.intake.queries.collection.name

    def run(self, *, whole: bool) -> Steps[None]:
        """``whole``: the run listed all ids. Otherwise only the feed is heard, and only where something changed."""
        options = self.witnesses.options
        self.beside = {number for number in self.state.get("beside", ()) if number not in self.shown}
        asked = options.full or options.sweep
        if (whole or "heard" not in self.state) and (asked or self._is_time("heard")):
            self.state["heard"] = self.at
            self.state["hidden"], self.state["unheard"] = [], None
            yield from self._ask_missing()
            if not (yield from self._hear_sitemaps()) and self.type == "post":
                yield from self._hear_feed("feed", f"{self.witnesses.site.home}/feed/")
                yield from self._hear_languages()
        elif not (yield from self._go_on()):
            self._conclude()
            return
        yield from self.keep()

    def keep(self) -> Steps[None]:
        """Conclude, and keep what later runs must know. A hearing that was cut short is not repeated in each run."""
        self._conclude()
        self.state["beside"] = sorted(self.beside)
        self.state["missing"] = dict(list(self.facts.missing_urls.items())[:MOST_MISSING])
        queries = self.intake.queries
        yield KeepWitness(site=queries.site.key, type=self.type, facts=self.state)

    def _go_on(self) -> Steps[bool]:
        """Ask again for what was missing, or hear the feed where something changed. Returns whether anything was asked.

        What is known to be missing stays in the receipt until it came.
        """
        asked = bool(self.state.get("missing")) and self._is_time("asked")
        if asked:
            yield from self._ask_missing()
        else:
            self.facts.missing_urls |= self.state.get("missing") or {}
        if self.type == "post" and self.facts.sent and self._is_time("fed"):
            asked = True
            yield from self._hear_feed("feed", f"{self.witnesses.site.home}/feed/")
        return asked

    def _ask_missing(self) -> Steps[None]:
        """Ask again for what an earlier run missed. What is not asked for stays missing."""
        missing: dict[str, str] = self.state.get("missing") or {}
        if not missing:
            return
        self.state["asked"] = self.at
        differences = self._differences((yield from self.witnesses.held()), typed=True)
        differences.proven = True
        told = self.facts.witnesses.setdefault("missing", {"listed": len(missing)})
        yield from self._resolve(differences, [Lacking(url) for url in missing])
        self._take(differences, told)

    def _is_time(self, name: str) -> bool:
        last = self.state.get(name)
        if last is None or self.at is None:
            return True
        return datetime.fromisoformat(self.at) - datetime.fromisoformat(last) >= AT_MOST_EVERY

    def _conclude(self) -> None:
        """Correct the receipt, and the verdict where an article is known to be missing."""
        facts = self.facts
        if facts.live is not None and self.brought:
            before, facts.live = facts.live, facts.live + self.brought
            facts.why = facts.why.replace(f" {before} live", f" {facts.live} live")
        if self.came:
            facts.why += f"; {self.came} more that the sitemap or the feed lists came"
        if hidden := self.state.get("hidden"):
            facts.verdict = "incomplete" if facts.verdict == "complete" else facts.verdict
            facts.why += f"; the API lists no posts in {', '.join(hidden)}: only the newest came, by the feed"
        if unheard := self.state.get("unheard"):
            facts.verdict = "incomplete" if facts.verdict == "complete" else facts.verdict
            facts.why += f"; {unheard}"
        if self._may_be_empty and (empty := forgive_bodiless(facts)) is not None:
            facts.why += f"; {empty}"
        if not facts.missing_urls:
            if self.agrees and 0 < facts.unexplained <= FEW_HIDDEN * (facts.live or 0):
                # The site counts some rows that no listing shows, and its sitemap lists none of them.
                accept_unexplained(facts)
            return
        why = f"{len(facts.missing_urls)} listed by the site and not shown by its API: {some(facts.missing_urls)}"
        if facts.verdict == "complete":
            facts.end("incomplete", why, "rows")
        else:
            facts.why = f"{facts.why}; {why}"

    @property
    def _may_be_empty(self) -> bool:
        """Whether the user asked for all types, and no row of this type ever came. A news site without posts is none:
        its posts are hidden."""
        options, facts = self.intake.queries.options, self.facts
        asked = options.names(self.type) or self.type == "post" or options.render == "never"
        return not asked and not (facts.seen or facts.expected or self.intake.state.live or self.beside)

    # The sitemaps.

    def _hear_sitemaps(self) -> Steps[bool]:
        """Hear the sitemaps. Returns whether they list the type."""
        told = self.facts.witnesses.setdefault("sitemap", {})
        most = budget(self.facts.live or self.facts.seen)
        sitemaps = yield from self.witnesses.find(most=most, known=list(self.state.get("roots", ())))
        self.state["roots"] = sitemaps.roots
        urls = sitemaps.of(self.type)
        if not urls:
            told["why"] = f"no sitemap lists {self.type}" if sitemaps.by_type else "the site has no sitemap"
            return False
        typed = bool(sitemaps.own(self.type))
        held = yield from self.witnesses.held()
        differences = self._differences(held, typed=typed)
        yield from self.revisit.load(sorted(self.beside), when=self.at)
        told |= {"lists": len(urls), "read": 0, "listed": 0, "lacking": 0}
        yield from self._compare_in_turn(urls, sitemaps, differences, told, most=most)
        self._take(differences, told)
        whole = typed and told["read"] == len(urls) and "why" not in told
        yield from self._revisit(differences, whole=whole, told=told)
        if typed and told["read"] == len(urls) and "why" not in told and not told.get("unasked"):
            self.agrees = told["listed"] >= (self.facts.live or 0) + self.brought
        return True

    def _compare_in_turn(
        self, urls: list[str], sitemaps: Sitemaps, differences: Differences, told: dict[str, Any], *, most: int
    ) -> Steps[None]:
        """Compare as many sitemaps as this hearing may read, and go on at the next hearing with those behind them."""
        first = int(self.state.get("next", 0))
        # Lists that were read to find the others cost nothing more.
        ready = [url for url in urls if url in sitemaps.read and url not in sitemaps.emptied]
        others = [url for url in urls if url not in sitemaps.read or url in sitemaps.emptied]
        share = max(1, most - len(sitemaps.read))
        chosen = [*ready, *(choose(others, sitemaps.changed, first=first, most=share) if others else [])]
        visited = yield from self._compare(chosen, sitemaps, differences, told)
        self.state["next"] = next_first(others, first=first, read=max(0, visited - len(ready)), most=share)
        if differences.is_proven:
            # The API hides articles: what the other lists name is needed now.
            done = set(chosen[:visited])
            rest = [url for url in urls if url not in done][:MOST_LISTS]
            yield from self._compare([*spread(rest)], sitemaps, differences, told)
            if told["read"] < len(urls):
                self.state["unheard"] = f"the API hides articles, and {told['read']} of {len(urls)} sitemaps were read"

    def _differences(self, held: Container[int], *, typed: bool) -> Differences:
        return Differences(intake=self.intake, held=held, typed=typed, since=self.at, shown=self.shown)

    def _compare(
        self, urls: list[str], sitemaps: Sitemaps, differences: Differences, told: dict[str, Any]
    ) -> Steps[int]:
        """Read sitemaps, and ask for what they list and newsbot does not hold. Returns how many of ``urls`` were asked
        for."""
        site, visited = self.witnesses.site.key, 0
        found: dict[str, Lacking] = {}
        for url in urls:
            if told["listed"] >= MOST_URLS or len(found) >= MOST_LACKING:
                told["why"] = f"newsbot compares no more than {MOST_URLS} URLs, and asks for {MOST_LACKING}"
                break
            visited += 1
            try:
                sitemap = yield from sitemaps.fetch(url, self.type)
            except NotXml as fault:
                self.facts.faults[fault.name] += 1
                told["why"] = f"{url}: {fault}"
                continue
            sitemaps.release(url)
            told["read"] += 1
            told["listed"] += len(sitemap.urls)
            for url, changed in sitemap.urls.items():
                self.revisit.note(url, changed)
            for one in lacking(sitemap.urls, differences.held, site=site, type_=self.type, typed=differences.typed):
                if one.url not in self.facts.missing_urls:
                    found.setdefault(canonical(one.url), one)
        told["lacking"] += len(found)
        if told["read"] and not told["listed"]:
            told["why"] = f"no URL of {site} is listed"
        wanted = list(found.values())
        yield from self._resolve(differences, wanted[:MOST_LACKING])
        differences.leave(wanted[MOST_LACKING:])
        return visited

    def _revisit(self, differences: Differences, *, whole: bool, told: dict[str, Any]) -> Steps[None]:
        """Ask again for the rows that only a witness showed."""
        if not self.revisit.rows:
            return
        site, route = self.witnesses.site, self.intake.queries.collection.route
        steps = self.revisit.run(differences.reader, whole=whole)
        try:
            yield from in_languages(steps, site=site, route=route, counts=self.facts.languages)
        except PayloadError as fault:
            if getattr(fault, "error", None) == "stopped":
                raise
            told["why"] = str(fault)
        self.beside -= self.revisit.gone
        self.brought -= len(self.revisit.gone)

    def _resolve(self, differences: Differences, wanted: list[Lacking]) -> Steps[None]:
        if not wanted:
            return
        try:
            yield from differences.run(wanted)
        except PayloadError as fault:
            if getattr(fault, "error", None) == "stopped":
                raise
            differences.give_up(wanted, str(fault))

    def _take(self, differences: Differences, told: dict[str, Any]) -> None:
        told |= {str(name): count for name, count in differences.proofs.items() if count}
        if differences.stopped is not None:
            told["why"] = differences.stopped
        self.beside |= differences.beside
        self.brought += differences.brought
        self.came += differences.brought

    # The feeds.

    def _hear_feed(self, name: str, url: str) -> Steps[int]:
        """Hear a feed's newest entries. Returns how many of them newsbot did not hold."""
        told = self.facts.witnesses.setdefault(name, {})
        state = FeedState(site=self.witnesses.site.key, url=url)
        yield from state.recall()
        reply = yield from ask(url, "feed", self.type, headers=state.headers())
        self.state["fed"] = self.at
        if reply.error is None and reply.status == 304:
            told["unchanged"] = 1
            return 0
        try:
            page = read_feed(reply, site=self.witnesses.site.key) if reply.is_ok else None
        except NotXml as fault:
            told["why"] = str(fault)
            return 0
        if page is None:
            told["why"] = reply.reason if reply.error is not None else f"HTTP {reply.status}"
            return 0
        held = yield from self.witnesses.held()
        known = yield self.intake.queries.known([entry.id for entry in page.entries if entry.id is not None])
        listed: Mapping[str, str | None] = {
            entry.url: None for entry in page.entries if entry.id is None or entry.id not in known
        }
        wanted = list(lacking(listed, held, site=self.witnesses.site.key, type_=self.type))
        told |= {"listed": len(page.entries), "lacking": len(wanted)}
        differences = self._differences(held, typed=True)
        yield from self._resolve(differences, wanted)
        self._take(differences, told)
        if not self.facts.missing_urls:
            state.take(reply, home=page.home, name=page.name)
            yield from state.keep()
        return len(wanted)

    def _hear_languages(self) -> Steps[None]:
        """Hear the feeds of the other languages that the home page names, where nothing else lists the posts."""
        site = self.witnesses.site
        reply = yield from ask(f"{site.home}/", "languages", self.type)
        languages = read_languages(reply) if reply.is_ok else []
        home = canonical(site.home)
        others = [language for language in languages if is_within(language.url, home)]
        hidden: list[PageLanguage] = []
        for language in others[:MOST_FEEDS]:
            before = len(self.beside)
            url = language.url.rstrip("/") + "/feed/"
            yield from self._hear_feed(f"feed {language.tag}", url)
            hidden += [language] * (len(self.beside) > before)
        self.state["hidden"] = [language.tag for language in hidden]
