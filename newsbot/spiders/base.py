"""The base of all spiders: arguments, and one seed request a site whose callback drives the crawl of that site."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, ClassVar, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response

from newsbot import signals
from newsbot.archive import archive_of, last_crawled
from newsbot.archive.answers import Asked
from newsbot.archive.due_sites import SitesToCrawl, followed_sites
from newsbot.archive.followed import FollowedSite
from newsbot.arguments.entries import entry_of, target_of
from newsbot.arguments.models import SiteArguments
from newsbot.arguments.site_list import Target, ignored_columns
from newsbot.arguments.values import validate
from newsbot.arguments.warc import check_warc, warc_folder
from newsbot.browser import Browser
from newsbot.errors import ArchiveError, BadArgument
from newsbot.items import Record
from newsbot.net.stopping import is_stopping
from newsbot.schedule.due import needs_full_check
from newsbot.spiders.archive_answers import Answers, answers_of
from newsbot.spiders.claims import Claims
from newsbot.spiders.declared import DeclaredRights
from newsbot.spiders.driver import MAX_WAITING, SiteDriver
from newsbot.spiders.fetcher import Fetcher
from newsbot.spiders.in_flight import InFlight
from newsbot.spiders.shared_answers import SharedAnswers, beside_each
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import Question, SiteCrawl
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.scope import Scope, asked_part
from newsbot.wordpress.site_crawl import crawl

logger = logging.getLogger(__name__)


REFUSED = 100
"""A priority above that of the command line. The settings of a refused run need it."""


class NewsbotSpider(Spider):
    """Arguments, and the crawl of each site. ``facts`` holds each target of the run with its part of the receipt."""

    item_class: ClassVar[type[Record]]
    kind: ClassVar[str]
    arguments_model: ClassVar[type[SiteArguments]] = SiteArguments
    in_flight: InFlight
    declared: DeclaredRights
    fetcher: Fetcher

    def __init__(
        self, *args: Any, given: Mapping[str, Any] | None = None, sites_at_once: int = 16, **kwargs: Any
    ) -> None:
        """``given`` are options of a site crawl that come from settings, not from arguments."""
        kwargs.pop("_job", None)  # Scrapyd's name for the run
        super().__init__(*args)
        self.arguments = validate(self.arguments_model, kwargs)
        self.given = dict(given or {})
        self.open_sites = asyncio.Semaphore(sites_at_once)
        self.sites_at_once = sites_at_once
        self.not_due = 0
        self.shared_answers = SharedAnswers(())
        self.beside: Mapping[str, Sequence[str]] = {}
        self._followed: dict[str, FollowedSite] = {}
        """The followed sites that are being crawled, as the archive had them when their crawls began."""
        self._aim_at(self.arguments.targets())

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        settings = crawler.settings
        from_settings: dict[str, Any] = {
            "given": {
                "personal": settings.getbool("NEWSBOT_PERSONAL"),
                "sweep_days": settings.getfloat("NEWSBOT_SWEEP_DAYS"),
                "max_tombstones": settings.getfloat("NEWSBOT_MAX_TOMBSTONES"),
            },
            "sites_at_once": settings.getint("NEWSBOT_SITES_AT_ONCE"),
        }
        try:
            if "NEWSBOT_SITES_AT_ONCE" not in settings:
                raise BadArgument("the settings are not those of newsbot: set SCRAPY_SETTINGS_MODULE=newsbot.settings")
            spider = cls(*args, **from_settings, **kwargs)
            check_warc(settings, asked=spider.arguments.warc)
        except BadArgument as error:
            # Only a script can have these wrong arguments, since the command has checked its own. Without this line
            # Scrapy would show tracebacks of Twisted.
            logger.error("%s: %s. No site is crawled", cls.name, error)
            spider = cls(**from_settings, site="no-site.invalid")
            spider._aim_at([])
            settings.set("FEEDS", {}, priority=REFUSED)  # no file of an earlier run is overwritten
        # The pipelines are built after the spider, and they read settings, not the spider.
        settings.set("NEWSBOT_FULL", spider.arguments.full, priority="spider")
        settings.set("NEWSBOT_WARC", warc_folder(settings, asked=spider.arguments.warc), priority=REFUSED)
        settings.set("NEWSBOT_MEDIA", getattr(spider.arguments, "media", None), priority="spider")
        spider._set_crawler(crawler)
        spider.in_flight = InFlight(crawler)
        spider.declared = DeclaredRights(crawler)
        spider.choose_sites()
        allowed = getattr(spider.arguments, "render", "auto") != "never"
        browser = Browser(crawler, allowed=allowed, stopping=partial(is_stopping, crawler))
        spider.fetcher = Fetcher(crawler, browser, delay=settings.getfloat("NEWSBOT_DELAY"))
        return spider

    def choose_sites(self) -> None:
        """Set the targets of the run from the archive, where it names them, and leave out those that are not due."""
        settings, now = self.crawler.settings, datetime.now(UTC)
        if self.arguments.follows:
            self._aim_at_followed(now)
        elif self.arguments.sites is not None and (names := ignored_columns(self.arguments.sites)):
            logger.warning("%s: columns that newsbot does not know: %s", self.arguments.sites, ", ".join(names))
        if not self.arguments.follows:
            targets = [target for target, _ in self.facts]
            settings.set("NEWSBOT_ASKED", self.asked(targets), priority="spider")
            if self.arguments.due:
                listed = [target.url for target in targets]
                self._leave_out(last_crawled(settings["NEWSBOT_ARCHIVE"], self.name, listed), now)

    def _aim_at_followed(self, now: datetime) -> None:
        """Set the followed sites as targets: all, or those that are due."""
        settings, due = self.crawler.settings, self.arguments.due
        feeds = settings.getdict("FEEDS").values()
        # Only a file that is overwritten holds rows of sites that are not due.
        answers = not due or any(options.get("overwrite") for options in feeds)
        url, only = settings["NEWSBOT_ARCHIVE"], self.arguments.site
        every = followed_sites(url, self.name, only=only) if answers else SitesToCrawl([])
        chosen = followed_sites(url, self.name, due=now, only=only) if due else every
        targets = [target_of(site.entry) for site in (every if answers else chosen).sites]
        settings.set("NEWSBOT_ASKED", self.asked(targets), priority="spider")
        self._aim_at([target_of(site.entry) for site in chosen.sites])
        if due:
            self.not_due = chosen.not_due
            logger.info("%d of %d sites are due", len(self.facts), len(self.facts) + self.not_due)

    @cached_property
    def archive(self) -> Answers:
        """The archive that the pipelines opened. They open it after the spider was built."""
        settings = self.settings
        full = settings.getbool("NEWSBOT_FULL")
        archive = archive_of(self.crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"], full=full)
        return answers_of(archive)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of rows that the run brings."""
        return (self.kind,)

    @cached_property
    def claims(self) -> Claims:
        """The sites that this run has taken."""
        return Claims(self.archive, kinds=self.kinds, shares=self.arguments.due, whole_holds=self._whole_holds)

    def _whole_holds(self, part: Scope, target: Target) -> bool:
        """Whether a crawl of the whole site for this target brings every row of a part of the site."""
        types = target.types or tuple(getattr(self.arguments, "types", ("all",)))
        has_type = self.kind != "posts" or part.type is None or "all" in types or part.type in types
        return has_type and not self.arguments.limit

    def asked(self, targets: Sequence[Target]) -> list[Asked]:
        """What the user asked for, including sites that are not due. An update requests only the changes of these
        rows."""
        chosen = self.arguments
        own = getattr(chosen, "types", None)
        types = {target.url: all_as_none(target.types or own) for target in targets}
        window = {name: getattr(chosen, name, None) for name in ("since", "until")}
        category, tag, author = (getattr(chosen, name, ()) for name in ("category", "tag", "author"))
        part = asked_part(category, tag, author, getattr(chosen, "search", None))
        return [Asked(kind=self.kind, types=types, limit=chosen.limit, part=part, **window)]

    def _aim_at(self, targets: Sequence[Target]) -> None:
        self.facts = [(target, SiteFacts(asked=target.url, name=target.name)) for target in targets]
        self.max_waiting = MAX_WAITING // max(1, min(len(targets), self.sites_at_once or len(targets)))

    def _leave_out(self, crawled: Mapping[str, datetime], now: datetime) -> None:
        """Leave out the sites that are not due, and begin with the one that was not crawled for the longest time.
        ``crawled``: URL as listed -> the time of the last complete crawl."""
        listed = len(self.facts)
        due = [pair for pair in self.facts if pair[0].due(crawled.get(pair[0].url), now)]
        never = datetime.min.replace(tzinfo=UTC)
        self.facts = sorted(due, key=lambda pair: crawled.get(pair[0].url, never))
        self.not_due = listed - len(self.facts)
        logger.info("%d of %d sites are due", len(self.facts), listed)

    async def start(self) -> AsyncIterator[Any]:
        self.shared_answers = SharedAnswers(target.url for target, _ in self.facts)
        self.beside = beside_each(target for target, _ in self.facts)
        # A seed request goes to no server. It gives each site a callback of its own, whose items keep their order.
        for index, (target, facts) in enumerate(self.facts):
            # newsbot waits here and not in the callback, since a seed request that waits in its callback takes 30 KiB
            # of memory.
            await self.open_sites.acquire()
            if is_stopping(self.crawler):
                return
            self._send(signals.site_started, facts, target=target)
            yield Request(
                "data:,", self.parse_site, cb_kwargs={"index": index}, dont_filter=True, meta={"newsbot_seed": True}
            )

    async def parse_site(self, _response: Response, index: int) -> AsyncIterator[Any]:
        """Crawl one site to its end: the callback of the site's seed request."""
        target, facts = self.facts[index]
        self.crawler.stats.inc_value("newsbot/driver/begun")
        try:
            if is_stopping(self.crawler):
                return
            try:
                async for item in self._driver(index, target, facts).run():
                    self.in_flight.add(index)
                    yield item
            except ArchiveError as error:
                facts.end("incomplete", str(error))
                self.crawler.signals.send_catch_log(signals.archive_failed, error=error)
            except Exception as error:
                # A defect of newsbot must not cost this site its receipt, nor the other sites their rows.
                logger.exception("%s: the crawl broke off", target.url)
                facts.end("incomplete", f"a fault in newsbot: {error!r}")
                self.crawler.stats.inc_value("newsbot/driver/broken")
            finally:
                facts.rights = self.declared.of(facts.site or facts.asked)
                self._send(signals.site_ended, facts, followed=self._followed.pop(target.url, None))
        finally:
            self.shared_answers.ended(target.url)
            self.open_sites.release()

    def _driver(self, index: int, target: Target, facts: SiteFacts) -> SiteDriver:
        return SiteDriver(
            crawl=self._crawl(target, facts),
            target=target,
            facts=facts,
            kinds=self.kinds,
            archive=self.archive,
            claims=self.claims,
            fetch=partial(self._fetch, target=target, facts=facts),
            delivered=partial(self.in_flight.delivered, index),
            is_closed=self.in_flight.is_closed,
            is_due=partial(self._is_due, target),
            answered=partial(self._tell_answer, target) if self.settings["NEWSBOT_WARC"] else None,
            part_began=partial(self._send, signals.part_began, facts),
            max_waiting=self.in_flight.most_waiting(self.max_waiting),
        )

    async def _fetch(self, query: Query, target: Target, facts: SiteFacts) -> Reply:
        ask = partial(self.fetcher.fetch, query, target, facts)
        return await self.shared_answers.answer(query, target.url, ask)

    def _crawl(self, target: Target, facts: SiteFacts) -> SiteCrawl:
        # The options are made when the crawl begins, after the followed site was read.
        first, *also = self.options(target)
        yield from crawl(first, facts, also, beside=() if also else self.beside.get(target.url, ()))

    def _tell_answer(self, target: Target, asked: Question, answer: Any) -> None:
        self.crawler.signals.send_catch_log(
            signals.archive_answered, asked=asked, answer=answer, options=self.options(target), target=target
        )

    def _is_due(self, target: Target) -> bool:
        """Whether the site is still due, if the run crawls only due sites: another run may have checked it."""
        now = datetime.now(UTC)
        if not self.arguments.due:
            return True
        if self.arguments.follows:
            followed = self.followed_site(target)
            if followed is None:
                return True
            self._followed[target.url] = followed
            return followed.is_due(now)
        return target.due(self.archive.last_crawled(target.url, self.name), now)

    def followed_site(self, target: Target) -> FollowedSite | None:
        """The followed site of a target, as the archive has it now."""
        return self.archive.followed_site(target.url, self.name)

    def _send(self, signal: object, facts: SiteFacts, **more: Any) -> None:
        self.crawler.signals.send_catch_log(signal, facts=facts, **more)

    def options(self, target: Target) -> list[Options]:
        """The options of each kind of rows to crawl, in their order."""
        given = self.arguments.model_dump(exclude={"site", "sites", "due", "media", "warc"})
        types = target.types or given.pop("types", ())
        follow = frozenset(given.pop("follow", ("author",)))
        given.pop("types", None)
        quick = self.may_check_quickly(target)
        return [Options(url=target.url, kind=self.kind, types=types, follow=follow, quick=quick, **self.given, **given)]

    def may_check_quickly(self, target: Target) -> bool:
        """Whether one request may show that nothing changed: in a run over due followed sites, if the last check found
        no problem and the last full check is less than a day old."""
        if not (self.arguments.due and self.arguments.follows):
            return False
        site = self._followed.get(target.url)
        if site is None or site.verdict != "complete" or dict(site.entry) != entry_of(target):
            return False
        return not needs_full_check(site.full_check, datetime.now(UTC))


def all_as_none(types: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The types that a user named; None for all types."""
    return None if types is None or "all" in types else types
