"""One request in flight per host, and never faster than the host can bear. Told in docs/politeness.md."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from newsbot.middlewares.gate import Gate
from newsbot.middlewares.private_addresses import installed_resolver
from newsbot.net.hosts import PORTS, host_of, host_of_url
from newsbot.net.refusals import CrawlStopping, Refusal
from newsbot.net.stopping import Stopping
from newsbot.net.user_agent import NO_CONTACT
from newsbot.politeness.hints import rate_limit_seconds, retry_after_seconds
from newsbot.politeness.pace import Outcome, Pace, Rules
from newsbot.signals import request_written

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0
"""How often the state of hosts that have been quiet is let go."""

SPREAD_FROM = 16
"""From so many hosts on, a new one is asked out of step with the others."""

CRAWL_DELAY_CAP = 300.0

FLUSHED_AFTER = 4
"""Turns of the loop after which a request handed to its connection is on the wire: Twisted's TLS passes it on in the
next turn, and a socket writes it in the turn after."""

OVERRIDES = ("newsbot_delay", "newsbot_max_wait", "newsbot_give_up", "newsbot_delay_host")
"""Request meta by which the site list speaks for a site's own host, its robots.txt included."""


@dataclass(slots=True)
class Account:
    """What one host was asked in this run: requests sent, bytes of bodies as they came, seconds waited for its turn."""

    requests: int = 0
    bytes: int = 0
    waited: float = 0.0


@dataclass(slots=True)
class Turn:
    """A request that is through its gates. ``sent``: when it was on the wire; infinite while that is not certain."""

    host: str
    gates: list[Gate] = field(default_factory=list)
    sent: float | None = None

    def flushed(self) -> None:
        self.sent = _now()

    def end(self, outcome: Outcome | None) -> None:
        gates, self.gates = self.gates, []
        for gate in gates:
            gate.leave(outcome)


class PolitenessMiddleware:
    """Holds every request at its host's gate, and tells the host's pace what came of it."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.rules = Rules(
            delay=settings.getfloat("NEWSBOT_DELAY", 1.0),
            max_wait=settings.getfloat("NEWSBOT_MAX_WAIT", 3600.0),
            give_up=settings.getfloat("NEWSBOT_GIVE_UP", 900.0),
        )
        # A shared address never gives up: one dead site must not take its neighbours with it.
        self._shared = replace(self.rules, shared=True)
        self._share_ip = settings.getbool("NEWSBOT_SHARE_IP")
        self._gates: dict[str, Gate] = {}
        self._turns: dict[Request, Turn] = {}
        self._sending: dict[str, Turn] = {}
        self._accounts: dict[str, Account] = {}
        self._crawl_delays: dict[str, float] = {}
        self._total_waited = 0.0
        self._swept = 0.0
        self._rng = random.Random()  # noqa: S311
        self.stopping = Stopping(crawler, self._turn_away)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.get("NEWSBOT_CONTACT"):
            logger.warning(NO_CONTACT)
        middleware = cls(crawler)
        crawler.signals.connect(middleware.spider_closed, signals.spider_closed)
        crawler.signals.connect(middleware.request_written, request_written)
        return middleware

    def account(self, host: str) -> Account:
        """What ``host`` (as ``host_of`` names it) was asked so far, robots.txt and redirects included."""
        return self._accounts.setdefault(host, Account())

    def crawl_delay(self, host: str, seconds: float) -> None:
        """robots.txt of ``host`` asks for this delay."""
        if seconds > CRAWL_DELAY_CAP:
            logger.warning("%s: Crawl-delay of %.0f s taken for %.0f s", host, seconds, CRAWL_DELAY_CAP)
        # Kept beside the gates: those are let go when a host is quiet, and robots.txt is not read again by then.
        self._crawl_delays[host] = min(seconds, CRAWL_DELAY_CAP)
        self._gate(host, self.rules).pace.crawl_delay = self._crawl_delays[host]

    async def process_request(self, request: Request) -> None:
        host = host_of(request)
        if not host:
            return
        # Redirects and robots.txt too are queued under the host they go to, whatever their meta was copied from.
        request.meta["download_slot"] = host
        turn, asked = Turn(host), _now()
        try:
            await self._enter(turn, request)
        except BaseException:
            turn.end(None)
            raise
        finally:
            waited = _now() - asked
            self._waited(request, host, waited)
        self._turns[request] = self._sending[host] = turn
        task = asyncio.current_task()
        assert task is not None
        # A cancelled download reaches neither process_response nor process_exception, and the host would stay shut.
        task.add_done_callback(lambda _: self._end(request, None))
        self.account(host).requests += 1
        self._sweep()

    def process_response(self, request: Request, response: Response) -> Response:
        if request in self._turns:
            self.account(self._turns[request].host).bytes += len(response.body)
            self._end(request, self._outcome(request, response))
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        # A name that does not resolve troubled no server, but is a failure for the breaker all the same.
        refused = isinstance(exception, Refusal)
        if isinstance(exception, CannotResolveHostError) and not refused:
            self._count("unresolved")
        sent = self._turns[request].sent if request in self._turns else None
        self._end(request, None if refused else Outcome(failed=True, sent=sent))

    def request_written(self, url: str) -> None:
        """Note when the request is on the wire, rather late than early: whoever is next counts from there."""
        turn = self._sending.get(host_of_url(url))
        if turn is not None:
            turn.sent = float("inf")
            _after_turns(FLUSHED_AFTER, turn.flushed)

    def spider_closed(self) -> None:
        self.stopping.end()
        self._turn_away()

    async def _enter(self, turn: Turn, request: Request) -> None:
        self.stopping.check()
        override = _override(request, turn.host, self.rules.delay)
        self.stopping.watch()
        try:
            gate = self._gate(turn.host, self.rules)
            if (rules := _rules(request, turn.host, self.rules)) is not self.rules:
                gate.pace.rules = rules
            await gate.enter(override)
            turn.gates.append(gate)
            if self._share_ip:
                shared = await self._shared_gate(request)
                await shared.enter()
                turn.gates.append(shared)
        finally:
            self.stopping.unwatch()

    async def _shared_gate(self, request: Request) -> Gate:
        parts = urlparse_cached(request)
        host = parts.hostname or ""
        found = await installed_resolver(self.crawler).addresses(host, parts.port or PORTS.get(parts.scheme))
        # The least of them: a name's addresses come in another order each time.
        return self._gate("ip:" + min(found, default=host), self._shared)

    def _gate(self, name: str, rules: Rules) -> Gate:
        gate = self._gates.get(name)
        if gate is None:
            gate = self._gates[name] = Gate(name, self._pace(name, rules))
        return gate

    def _pace(self, name: str, rules: Rules) -> Pace:
        phase = self._rng.random() if len(self._gates) >= SPREAD_FROM else 0.0
        return Pace(rules=rules, crawl_delay=self._crawl_delays.get(name, 0.0), phase=phase)

    def _end(self, request: Request, outcome: Outcome | None) -> None:
        turn = self._turns.pop(request, None)
        if turn is None:
            return
        if self._sending.get(turn.host) is turn:
            del self._sending[turn.host]
        if outcome is None and turn.sent is not None:
            # Cancelled after it had left: it was a request to the host all the same.
            for gate in turn.gates:
                gate.pace.started(_now())
        pace = turn.gates[0].pace if turn.gates else None
        before = None if pace is None else (pace.penalty, pace.held_until, pace.given_up)
        turn.end(outcome)
        if pace is not None and before is not None:
            self._tell(turn.host, pace, before)

    def _tell(self, host: str, pace: Pace, before: tuple[float, float | None, str | None]) -> None:
        penalty, held_until, given_up = before
        if pace.penalty > penalty:
            self._count("backed_off")
            logger.info("%s: backing off, %.1f s between requests", host, pace.delay())
        if pace.held_until != held_until and pace.held_until is not None:
            self._count("held")
            logger.info("%s: held for %.0f s as it asks", host, pace.held_until - _now())
        if pace.given_up != given_up:
            self._count("given_up")
            logger.warning("%s: given up for this run: %s", host, pace.given_up)

    def _outcome(self, request: Request, response: Response) -> Outcome:
        headers = {str(name).lower(): value for name, value in response.headers.to_unicode_dict().items()}
        now = time.time()
        # On an answer that brings what was asked for, Retry-After speaks of that document, not of the host.
        asked = retry_after_seconds(headers, now=now) if response.status >= 300 else None
        return Outcome(
            failed=response.status == 429 or response.status >= 500,
            # A 500 is a fault in the site's code, mostly of one post: it says nothing of the server's load.
            calm=response.status == 500,
            latency=request.meta.get("download_latency"),
            retry_after=asked,
            budget_in=rate_limit_seconds(headers, now=now),
            # What another downloader sent at a moment we do not know counts from its answer.
            sent=self._turns[request].sent or float("inf"),
        )

    def _waited(self, request: Request, host: str, seconds: float) -> None:
        request.meta["newsbot_waited"] = request.meta.get("newsbot_waited", 0.0) + seconds
        self.account(host).waited += seconds
        self._total_waited += seconds
        self.crawler.stats.set_value("newsbot/politeness/waited_seconds", round(self._total_waited, 3))

    def _count(self, what: str) -> None:
        self.crawler.stats.inc_value(f"newsbot/politeness/{what}")

    def _turn_away(self) -> None:
        for gate in self._gates.values():
            gate.fail(lambda: CrawlStopping("the crawl is stopping"))

    def _sweep(self) -> None:
        now = _now()
        if now - self._swept < SWEEP_SECONDS:
            return
        self._swept = now
        for name in [name for name, gate in self._gates.items() if gate.idle(now - 10 * SWEEP_SECONDS)]:
            del self._gates[name]


def _override(request: Request, host: str, delay: float) -> float | None:
    """The delay from the site list. It speaks for the site's own host: elsewhere it may slow us, not hurry us."""
    given = request.meta.get("newsbot_delay")
    if given is None:
        return None
    first = request.meta.setdefault("newsbot_delay_host", host)
    return float(given) if first == host else max(float(given), delay)


def _rules(request: Request, host: str, rules: Rules) -> Rules:
    """The run's rules, or those with the patience that the site list gives the site's own host."""
    told = {name: request.meta.get(f"newsbot_{name}") for name in ("max_wait", "give_up")}
    given = {name: float(seconds) for name, seconds in told.items() if seconds is not None}
    if not given or request.meta.setdefault("newsbot_delay_host", host) != host:
        return rules
    return replace(rules, max_wait=given.get("max_wait", rules.max_wait), give_up=given.get("give_up", rules.give_up))


def _after_turns(turns: int, then: Callable[[], None]) -> None:
    if turns == 0:
        then()
    else:
        asyncio.get_running_loop().call_soon(_after_turns, turns - 1, then)


def _now() -> float:
    return asyncio.get_running_loop().time()
