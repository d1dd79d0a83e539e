"""The thin driver: one coroutine per site asks what the site's conversation wants to know.

Every request is made here, by ``engine.download_async``: downloader middlewares apply, the scheduler does not. A stop
(SIGTERM, CLOSESPIDER_*) is looked for before every query and every retry, so that it costs one request at most.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any, ClassVar, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response

from newsbot import signals
from newsbot.archive import archive_of, last_crawled
from newsbot.arguments.models import SiteArguments
from newsbot.arguments.site_list import Target, ignored_columns
from newsbot.arguments.values import validate
from newsbot.browser import Browser
from newsbot.errors import ArchiveError
from newsbot.items import Checkpoint, Record
from newsbot.net.download_errors import DOWNLOAD_ERRORS, error_name, one_line
from newsbot.net.stopping import is_stopping
from newsbot.politeness.backoff import backoff_seconds
from newsbot.spiders.archive_answers import Memory, address_lease
from newsbot.spiders.in_flight import Road
from newsbot.timestamps import iso_utc
from newsbot.wordpress import payload
from newsbot.wordpress.messages import FINAL_ERRORS, Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts, Verdict
from newsbot.wordpress.site_crawl import SiteCrawl, crawl

logger = logging.getLogger(__name__)


class NewsbotSpider(Spider):
    """What all spiders share: arguments, one conversation per site, and its driving."""

    item_class: ClassVar[type[Record]]
    kind: ClassVar[str]
    arguments_model: ClassVar[type[SiteArguments]] = SiteArguments
    road: Road
    browser: Browser

    def __init__(
        self, *args: Any, given: Mapping[str, Any] | None = None, sites_at_once: int = 16, **kwargs: Any
    ) -> None:
        """``given`` are options of a conversation that are settings, not arguments."""
        kwargs.pop("_job", None)  # Scrapyd's name for the run
        super().__init__(*args)
        self.arguments = validate(self.arguments_model, kwargs)
        self.given = dict(given or {})
        self.open_sites = asyncio.Semaphore(sites_at_once)
        self.facts = [(target, SiteFacts(asked=target.url, name=target.name)) for target in self.arguments.targets()]
        self.held_most = HELD_MOST // max(1, min(len(self.facts), sites_at_once or len(self.facts)))
        self.not_due = 0
        self.sites_met: dict[str, str] = {}
        self.chance = random.Random()  # noqa: S311

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        settings = crawler.settings
        spider = cls(
            *args,
            given={
                "personal": settings.getbool("NEWSBOT_PERSONAL"),
                "sweep_days": settings.getfloat("NEWSBOT_SWEEP_DAYS"),
                "max_tombstones": settings.getfloat("NEWSBOT_MAX_TOMBSTONES"),
            },
            sites_at_once=settings.getint("NEWSBOT_SITES_AT_ONCE"),
            **kwargs,
        )
        # The pipelines are built after the spider, from the settings alone.
        settings.set("NEWSBOT_FULL", spider.arguments.full, priority="spider")
        settings.set("NEWSBOT_MEDIA", getattr(spider.arguments, "media", None), priority="spider")
        spider._set_crawler(crawler)
        spider.road = Road(crawler)
        if spider.arguments.sites is not None and (names := ignored_columns(spider.arguments.sites)):
            logger.warning("%s: columns that newsbot does not know: %s", spider.arguments.sites, ", ".join(names))
        if spider.arguments.due:
            spider._leave_out(last_crawled(settings["NEWSBOT_ARCHIVE"], cls.name), datetime.now(UTC))
        spider.browser = Browser(
            crawler,
            allowed=getattr(spider.arguments, "render", "auto") != "never",
            stopping=partial(is_stopping, crawler),
        )
        return spider

    def _leave_out(self, crawled: Mapping[str, datetime], now: datetime) -> None:
        """Take the sites off the run that are not due; ``crawled``: URL as listed -> the last whole crawl."""
        listed = len(self.facts)
        self.facts = [one for one in self.facts if one[0].due(crawled.get(one[0].url), now)]
        self.not_due = listed - len(self.facts)
        logger.info("%d of %d sites are due", len(self.facts), listed)

    async def start(self) -> AsyncIterator[Any]:
        # A seed is no request to anyone: it gives each site a callback of its own, whose items keep their order.
        for index, (target, facts) in enumerate(self.facts):
            # Here, since a seed that waits in its callback costs 30 KiB, and one that is not yet made nothing.
            await self.open_sites.acquire()
            if is_stopping(self.crawler):
                return
            self._tell(signals.site_started, facts, target=target)
            yield Request(
                "data:,", self.parse_site, cb_kwargs={"index": index}, dont_filter=True, meta={"newsbot_seed": True}
            )

    async def parse_site(self, _response: Response, index: int) -> AsyncIterator[Any]:
        """Drive one site's conversation to its end."""
        target, facts = self.facts[index]
        try:
            if is_stopping(self.crawler):
                return
            try:
                async for item in self._drive(crawl(self._options(target), facts), index):
                    self.road.leaves(index)
                    yield item
            except ArchiveError as error:
                facts.end("incomplete", str(error))
                self.crawler.signals.send_catch_log(signals.archive_failed, error=error)
            except Exception as error:
                # A fault of ours must not cost the site its receipt, nor the other sites theirs.
                logger.exception("%s: the crawl broke off", target.url)
                facts.end("incomplete", f"a fault in newsbot: {error!r}")
                self.crawler.stats.inc_value("newsbot/driver/broken")
            finally:
                self._tell(signals.site_ended, facts)
        finally:
            self.open_sites.release()

    def _tell(self, signal: object, facts: SiteFacts, **more: Any) -> None:
        self.crawler.signals.send_catch_log(signal, facts=facts, **more)

    def _options(self, target: Target) -> Options:
        given = self.arguments.model_dump(exclude={"site", "sites", "due", "media"})
        types = target.types or given.pop("types", ())
        follow = frozenset(given.pop("follow", ("author",)))
        given.pop("types", None)
        return Options(url=target.url, kind=self.kind, types=types, follow=follow, **self.given, **given)

    async def _drive(self, talk: SiteCrawl, index: int) -> AsyncIterator[Any]:
        (target, facts), memory = self.facts[index], self._memory()
        # Before the site's key is known, its address stands for it: a second run makes no request at all.
        if (busy := memory.take(address_lease(target.url))) is not None:
            facts.end("incomplete", busy)
            return
        answer: Any = None
        held: deque[Any] = deque()
        while True:
            try:
                message = talk.send(answer)
            except StopIteration:
                break
            answer = None
            if facts.site is not None and self.sites_met.get(target.url) != facts.site:
                if (refusal := self._claim(facts.site, target, memory)) is not None:
                    facts.end(*refusal)
                    return
                for recovered in memory.recovered(facts.site, self.item_class.collection):
                    yield recovered
            if isinstance(message, Query):
                asking = asyncio.ensure_future(self.ask(message, target, facts))
                try:
                    # While the site looks for its answer we clean and keep what came before.
                    while held and (not asking.done() or len(held) > self.held_most):
                        yield held.popleft()
                        await asyncio.sleep(0)  # Scrapy takes items in one breath, and the question would never leave
                    answer = await asking
                finally:
                    await _drop(asking)
            elif isinstance(message, Record | Checkpoint):
                held.append(message)
                if len(held) > 2 * self.held_most:
                    yield held.popleft()
            else:
                while held:
                    yield held.popleft()
                await self.road.clear(index)
                answer = memory.answer(message)
        while held:
            yield held.popleft()

    def _memory(self) -> Memory:
        """The archive that the pipelines opened."""
        settings = self.settings
        full = settings.getbool("NEWSBOT_FULL")
        return Memory(archive_of(self.crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"], full=full))

    def _claim(self, site: str, target: Target, memory: Memory) -> tuple[Verdict, str] | None:
        """Make a site that was just discovered ours for this run; else how its crawl ends."""
        first = next((url for url, met in self.sites_met.items() if met == site), None)
        if first is not None and first != target.url:
            types = {one.url: one.types for one, _ in self.facts}
            if types[first] == target.types:
                return "complete", f"the same site as another of this run: {site}"
            return "incomplete", f"the same site as {first}, which was asked for other types: name them in one entry"
        if (busy := memory.take(site)) is not None:
            return "incomplete", busy
        self.sites_met[target.url] = site
        return None

    async def ask(self, query: Query, target: Target, facts: SiteFacts) -> Reply:
        """The reply to a query, tried again with back-off where that may help."""
        reply = Reply(status=0, url=query.url, error="stopped")
        for attempt in range(query.tries):
            if attempt:
                await self._pause(attempt)
            if is_stopping(self.crawler):
                return Reply(status=0, url=query.url, error="stopped")
            reply = await self._ask_once(query, target, facts)
            if reply.error is not None:
                retryable, name = reply.error not in FINAL_ERRORS and reply.error != "dns", reply.error
            else:
                fault = payload.fault(query, reply)
                if fault is None:
                    return reply
                retryable, name = fault.retryable, fault.name
            if not retryable or (reply.status == 500 and attempt):
                # PHP died over what was asked: it will again, and smaller questions follow.
                return reply
            self._ledger(query, facts).faults[name] += 1
        return reply

    async def _pause(self, attempt: int) -> None:
        ends = monotonic() + backoff_seconds(attempt, self.chance, base=self._delay())
        while (left := ends - monotonic()) > 0 and not is_stopping(self.crawler):
            await asyncio.sleep(min(left, 0.25))

    def _delay(self) -> float:
        return max(0.05, self.settings.getfloat("NEWSBOT_DELAY"))

    def _ledger(self, query: Query, facts: SiteFacts) -> SiteFacts | CollectionFacts:
        return facts.collection(query.type) if query.type is not None else facts

    async def _ask_once(self, query: Query, target: Target, facts: SiteFacts) -> Reply:
        # Redirects are followed below us, where each hop is checked again.
        meta: dict[str, Any] = {"dont_retry": True, "newsbot_linked": query.purpose in _LINKED}
        meta |= target.pace()
        ledger = self._ledger(query, facts)
        if query.render:
            if (absent := self.browser.absent()) is not None:
                return Reply(status=0, url=query.url, error="no-browser", detail=absent)
            meta["playwright"] = True  # no password goes to a page whose scripts will run
        try:
            request = Request(
                query.url,
                method=query.method,
                headers=_ACCEPT["page" if query.render else query.expects] | dict(query.headers),
                dont_filter=True,
                meta=meta,
            )
        except ValueError as error:
            return Reply(status=0, url=query.url, error="bad-url", detail=one_line(error))
        ledger.requests += 1
        assert self.crawler.engine is not None
        last = request
        try:
            response = await self.crawler.engine.download_async(request)
            last = response.request or request
        except DOWNLOAD_ERRORS as error:
            return Reply(status=0, url=query.url, error=error_name(error), detail=one_line(error))
        finally:
            # A redirect's request carries on what the ones before it waited.
            ledger.waited += float(last.meta.get("newsbot_waited", 0.0))
        ledger.bytes += len(response.body)
        self.crawler.stats.inc_value(f"newsbot/requests/{query.purpose}")
        reply = Reply(
            status=response.status,
            url=response.url,
            headers=lower(response.headers),
            body=response.body,
            fetched_at=iso_utc(datetime.now(UTC)),
        )
        return await self.browser.render(reply, ledger, meta) if query.render else reply


async def _drop(asking: asyncio.Future[Reply]) -> None:
    """End what was asked for a crawl that broke off meanwhile; nobody hears of it any more."""
    if not asking.done():
        asking.cancel()
        await asyncio.wait([asking])


HELD_MOST = 400
"""Rows of all sites together that may wait until a question is on its way: four pages, as many as joining lets go at
once."""

_LINKED = frozenset({"article", "feed", "page", "sitemap"})
"""Purposes of queries whose addresses a page or a feed named, rather than the API: they are made as a visitor."""

_ACCEPT = {
    "json": {"Accept": "application/json"},
    "any": {"Accept": "application/json, text/html;q=0.9, */*;q=0.5"},
    "page": {"Accept": "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"},
}
"""With ``Accept: application/json`` core tells its own faults as JSON."""


def lower(headers: Headers) -> dict[str, str]:
    """Scrapy title-cases names (``X-Wp-Total``); HTTP says that case means nothing."""
    names = {bytes(name).decode("latin-1") for name in headers}
    return {name.lower(): b", ".join(headers.getlist(name)).decode("latin-1") for name in names}
