"""At most one request in flight for each host, at a pace that the host can handle. See docs/politeness.md."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import replace
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from newsbot.middlewares.host_memory import HostMemory
from newsbot.middlewares.host_queue import HostQueue
from newsbot.middlewares.overrides import delay_of, limits_of
from newsbot.middlewares.permit import FLUSHED_AFTER, HostUsage, Permit, after_turns
from newsbot.middlewares.private_addresses import installed_resolver
from newsbot.net.download_errors import error_name
from newsbot.net.header_values import header_values
from newsbot.net.hosts import PORTS, host_of, host_of_url
from newsbot.net.refusals import CrawlStopping, HostGivenUp, Refusal
from newsbot.net.stopping import Stopping
from newsbot.net.user_agent import NO_CONTACT
from newsbot.politeness.hints import rate_limit_seconds, retry_after_seconds
from newsbot.politeness.known import user_time
from newsbot.politeness.pace import CRAWL_DELAY_CAP, Limits, Outcome, Pace, asked_wait
from newsbot.signals import host_waits, request_written

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0
"""How often the state of idle hosts is removed."""

SPREAD_FROM = 16
"""Number of hosts from which on each new host gets its own phase (``Pace.phase``)."""


class PolitenessMiddleware:
    """Makes every request wait in the queue of its host, and reports the outcome to the host's pace."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.limits = Limits(
            delay=settings.getfloat("NEWSBOT_DELAY", 1.0),
            max_wait=settings.getfloat("NEWSBOT_MAX_WAIT", 3600.0),
            give_up=settings.getfloat("NEWSBOT_GIVE_UP", 900.0),
        )
        # newsbot never stops requests to a shared address, since one dead site must not block the other sites at its
        # address.
        self._shared_limits = replace(self.limits, shared=True)
        self._share_ip = settings.getbool("NEWSBOT_SHARE_IP")
        self._queues: dict[str, HostQueue] = {}
        self._permits: dict[Request, Permit] = {}
        self._sending: dict[str, Permit] = {}
        self._usage: dict[str, HostUsage] = {}
        self._crawl_delays: dict[str, float] = {}
        self._total_waited = 0.0
        self._last_sweep = 0.0
        self._rng = random.Random()  # noqa: S311
        self.memory = HostMemory(crawler)
        self.stopping = Stopping(crawler, self._refuse_waiting)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.get("NEWSBOT_CONTACT"):
            logger.warning(NO_CONTACT)
        middleware = cls(crawler)
        crawler.signals.connect(middleware.spider_closed, signals.spider_closed)
        crawler.signals.connect(middleware.request_written, request_written)
        return middleware

    def usage(self, host: str) -> HostUsage:
        """The use of ``host`` (a name of ``host_of``) so far, with robots.txt and redirects."""
        return self._usage.setdefault(host, HostUsage())

    def crawl_delay(self, host: str, seconds: float) -> None:
        """Apply the Crawl-delay of the host's robots.txt."""
        if seconds > CRAWL_DELAY_CAP:
            logger.warning(
                "%s: robots.txt has a Crawl-delay of %.0f s; newsbot waits %.0f s", host, seconds, CRAWL_DELAY_CAP
            )
        # The delay is stored outside the queue, since the queue of an idle host is removed long before its robots.txt
        # is read again.
        self._crawl_delays[host] = min(seconds, CRAWL_DELAY_CAP)
        self._queue(host, self.limits).pace.crawl_delay = self._crawl_delays[host]

    async def process_request(self, request: Request) -> None:
        host = host_of(request)
        if not host:
            return
        # This is set for redirects and robots.txt too, since their meta may be a copy from a request to another host.
        request.meta["download_slot"] = host
        permit, asked = Permit(host), _now()
        try:
            await self._acquire(permit, request)
        except BaseException:
            permit.end(None)
            raise
        finally:
            waited = _now() - asked
            self._waited(request, host, waited)
        self._permits[request] = self._sending[host] = permit
        task = asyncio.current_task()
        assert task is not None
        # A cancelled download reaches neither process_response nor process_exception: the host would stay blocked.
        task.add_done_callback(lambda _: self._end(request, None))
        self.usage(host).requests += 1
        self._sweep()

    def process_response(self, request: Request, response: Response) -> Response:
        if request in self._permits:
            self.usage(self._permits[request].host).bytes += len(response.body)
            self._end(request, self._outcome(request, response))
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        # A name that does not resolve puts no load on a server, but counts as a failure of the host.
        refused = isinstance(exception, Refusal)
        unresolved = isinstance(exception, CannotResolveHostError) and not refused
        if unresolved:
            self._count("unresolved")
        sent = self._permits[request].sent if request in self._permits else None
        calm = bool(request.meta.get("newsbot_searching"))
        cause = error_name(exception)
        outcome = Outcome(failed=True, cause=cause, calm=calm, sent=sent, unresolved=unresolved)
        self._end(request, None if refused else outcome)

    def request_written(self, url: str) -> None:
        """Note when the request is on the wire. The next delay counts from this moment, so a late moment is better than
        an early one."""
        permit = self._sending.get(host_of_url(url))
        if permit is not None:
            permit.sent = float("inf")
            after_turns(FLUSHED_AFTER, permit.flushed)

    async def spider_closed(self) -> None:
        self.stopping.end()
        self._refuse_waiting()
        await self.memory.close()

    async def _acquire(self, permit: Permit, request: Request) -> None:
        self.stopping.check()
        delay = delay_of(request, permit.host, self.limits.delay)
        self.stopping.watch()
        try:
            queue = self._queue(permit.host, self.limits)
            if (limits := limits_of(request, permit.host, self.limits)) is not self.limits:
                queue.pace.limits = limits
            await queue.acquire(delay)
            permit.queues.append(queue)
            await self._take_turn(queue, delay)
            if self._share_ip:
                shared = await self._address_queue(request)
                self.usage(permit.host).address = shared.name
                await shared.acquire()
                permit.queues.append(shared)
                await self._take_turn(shared, None)  # another process may crawl another site of the address
        finally:
            self.stopping.unwatch()

    async def _take_turn(self, queue: HostQueue, delay: float | None) -> None:
        """Wait until the archive permits the request: other runs and processes may have made requests to the host."""
        pace, is_reported = queue.pace, False
        while True:
            turn = await self.memory.take_turn(queue.name, delay=pace.plain_delay(delay), penalty=pace.penalty)
            pace.penalty, pace.failed_before = turn.penalty, pace.failed_before or turn.failed_before
            if turn.wait <= 0:
                pace.started(_now())
                return
            if turn.closed_until:
                why = "the host asked for it" if turn.asked else "an earlier run gave the host up"
                if turn.wait > pace.limits.max_wait:
                    pace.given_up = f"no request before {user_time(turn.closed_until)}, since {why}"
                    self._count("given_up")
                    logger.warning("%s: given up for this run: %s", queue.name, pace.given_up)
                    raise HostGivenUp(f"{queue.name}: {pace.given_up}")
                if not is_reported:
                    logger.info("%s: newsbot waits for %.0f s, since %s", queue.name, turn.wait, why)
                    self._tell_wait(queue.name, turn.wait, why)
                is_reported = True
            await self.stopping.sleep(turn.wait)

    async def _address_queue(self, request: Request) -> HostQueue:
        parts = urlparse_cached(request)
        host = parts.hostname or ""
        found = await installed_resolver(self.crawler).addresses(host, parts.port or PORTS.get(parts.scheme))
        # The smallest address is used, since the addresses of a name come in a different order each time.
        return self._queue("ip:" + min(found, default=host), self._shared_limits)

    def _queue(self, name: str, limits: Limits) -> HostQueue:
        queue = self._queues.get(name)
        if queue is None:
            queue = self._queues[name] = HostQueue(name, self._pace(name, limits))
        return queue

    def _pace(self, name: str, limits: Limits) -> Pace:
        phase = self._rng.random() if len(self._queues) >= SPREAD_FROM else 0.0
        return Pace(limits=limits, crawl_delay=self._crawl_delays.get(name, 0.0), phase=phase)

    def _end(self, request: Request, outcome: Outcome | None) -> None:
        permit = self._permits.pop(request, None)
        if permit is None:
            return
        if self._sending.get(permit.host) is permit:
            del self._sending[permit.host]
        if outcome is None and permit.sent is not None:
            # The request was cancelled after it was sent, so the next delay counts from it.
            for queue in permit.queues:
                queue.pace.started(_now())
        pace = permit.queues[0].pace
        before = (pace.penalty, pace.held_until, pace.given_up)
        failed_before = pace.failed_before
        permit.end(outcome)
        self._report(permit.host, pace, before)
        if outcome is not None:
            self._keep(permit.host, pace, outcome, learnt=pace.penalty != before[0], failed_before=failed_before)

    def _keep(self, host: str, pace: Pace, outcome: Outcome, *, learnt: bool, failed_before: bool) -> None:
        """Store in the archive what newsbot learnt from an answer. The next request is not made before this is
        written."""
        hold = asked_wait(outcome, pace.limits)
        failed_for = None
        if pace.only_failed and not outcome.unresolved:
            # The next run makes no request for as long as this run would have tried, up to its longest wait.
            failed_for = min(pace.limits.give_up, pace.limits.max_wait)
        elif failed_before and not pace.failed_before:
            failed_for = 0.0
        if learnt or hold or failed_for is not None:
            started = max(0.0, _now() - (pace.last_start or 0.0))
            self.memory.learn(host, penalty=pace.penalty, hold=hold, failed_for=failed_for, started=started)

    def _report(self, host: str, pace: Pace, before: tuple[float, float | None, str | None]) -> None:
        """Log and count how the outcome of a request changed the pace. ``before`` is the state of the pace before this
        request."""
        penalty, held_until, given_up = before
        if pace.penalty > penalty:
            self._count("backed_off")
            logger.info("%s: newsbot now waits %.1f s between two requests", host, pace.delay())
            self._tell_wait(host, pace.delay(), "the host fails or is slow")
        if pace.held_until != held_until and pace.held_until is not None:
            self._count("held")
            logger.info("%s: newsbot waits for %.0f s, as the host asks", host, pace.held_until - _now())
            self._tell_wait(host, pace.held_until - _now(), "the host asks for it")
        if pace.given_up != given_up:
            self._count("given_up")
            logger.warning("%s: given up for this run: %s", host, pace.given_up)

    def _tell_wait(self, host: str, seconds: float, why: str) -> None:
        self.crawler.signals.send_catch_log(host_waits, host=host, seconds=seconds, why=why)

    def _outcome(self, request: Request, response: Response) -> Outcome:
        headers = header_values(response.headers)
        now = time.time()
        # Retry-After in a successful answer is about the document, not about the host.
        wanted_wait = retry_after_seconds(headers, now=now) if response.status >= 300 else None
        return Outcome(
            failed=response.status == 429 or response.status >= 500,
            cause=f"HTTP {response.status}",
            # Status 500 is a fault in the site's code, mostly of one post, and says nothing about the server's load. A
            # failure in the search for a post that makes its page fail says nothing about the load either, since light
            # queries are made between the failures.
            calm=response.status == 500 or bool(request.meta.get("newsbot_searching")),
            latency=request.meta.get("download_latency"),
            retry_after=wanted_wait,
            budget_in=rate_limit_seconds(headers, now=now),
            # Another download handler does not report when it sent a request. Its delay counts from the answer.
            sent=self._permits[request].sent or float("inf"),
            at=now,
        )

    def _waited(self, request: Request, host: str, seconds: float) -> None:
        request.meta["newsbot_waited"] = request.meta.get("newsbot_waited", 0.0) + seconds
        self.usage(host).waited += seconds
        self._total_waited += seconds
        self.crawler.stats.set_value("newsbot/politeness/waited_seconds", round(self._total_waited, 3))

    def _count(self, event: str) -> None:
        self.crawler.stats.inc_value(f"newsbot/politeness/{event}")

    def _refuse_waiting(self) -> None:
        for queue in self._queues.values():
            queue.refuse_waiting(lambda: CrawlStopping("the crawl is stopping"))

    def _sweep(self) -> None:
        now = _now()
        if now - self._last_sweep < SWEEP_SECONDS:
            return
        self._last_sweep = now
        for name in [name for name, queue in self._queues.items() if queue.is_idle(now - 10 * SWEEP_SECONDS)]:
            del self._queues[name]


def _now() -> float:
    return asyncio.get_running_loop().time()
