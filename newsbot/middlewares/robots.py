"""robots.txt by RFC 9309."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler

from newsbot.middlewares.host_memory import HostMemory
from newsbot.middlewares.overrides import OVERRIDES
from newsbot.middlewares.politeness import PolitenessMiddleware
from newsbot.net.download_errors import DOWNLOAD_ERRORS, error_name, one_line
from newsbot.net.flags import KEPT
from newsbot.net.hosts import PORTS, host_of
from newsbot.net.refusals import (
    CrawlStopping,
    HostGivenUp,
    PrivateAddress,
    RobotsDisallowed,
    RobotsUnreachable,
    TooManyRedirects,
)
from newsbot.net.stopping import Stopping
from newsbot.politeness.backoff import backoff_seconds
from newsbot.politeness.known import ROBOTS_KEPT, robots_hold
from newsbot.politeness.robots_txt import first_part, for_product
from newsbot.signals import robots_read

logger = logging.getLogger(__name__)

TAKEN_BYTES = 2 * 1024 * 1024
"""A longer body is not a robots.txt and counts as no answer."""

REDIRECTS = 5
"""The most redirects of a robots.txt. RFC 9309 section 2.3.1.2."""

AGAIN_SECONDS = 60.0
"""After this time a robots.txt that did not answer is requested again. The time doubles each time, up to AGAIN_CAP."""

AGAIN_CAP = 1800.0


HOST_ERRORS = frozenset({"dns", "dropped", "refused", "tls"})
"""Errors of the host itself, which would be the same for every URL of the host."""


class _NoAnswer(Exception):
    """The request for a robots.txt gave no usable answer. ``host_error`` is one of HOST_ERRORS, or None."""

    def __init__(self, text: str, *, host_error: str | None = None) -> None:
        super().__init__(text)
        self.host_error = host_error


@dataclass(slots=True)
class RobotsAnswer:
    """The answer to a request for a robots.txt, valid until ``until``.

    ``why``: the reason why there was no answer, so that nothing is allowed. Otherwise ``parser`` holds the rules; None
    means that everything is allowed. ``host_error``: one of HOST_ERRORS if the host itself cannot be reached, else
    None.
    """

    until: float
    parser: RobotParser | None = None
    why: str | None = None
    host_error: str | None = None
    failures: int = 0


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's middleware, reimplemented: no request passes before its robots.txt has answered.

    Since 2.14 Scrapy lets the third and any later request that waits for a robots.txt pass, allows everything after any
    error, and uses one robots.txt for http and https. Here every request awaits the one task that fetches the
    robots.txt of its origin, and then reads the result of that task.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._agent = str(self._robotstxt_useragent or self._default_useragent)
        self._answers: dict[str, RobotsAnswer] = {}
        self._fetches: dict[str, asyncio.Task[RobotsAnswer]] = {}
        self._tries = max(1, crawler.settings.getint("NEWSBOT_ROBOTS_TRIES", 3))
        self._rng = random.Random()  # noqa: S311
        self._stopping = Stopping(crawler, lambda: None)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest as error:
            raise RobotsDisallowed(f"robots.txt disallows {request.url}") from error

    async def process_request(self, request: Request) -> Response | None:  # type: ignore[override]
        if request.meta.get("dont_obey_robotstxt") or urlparse_cached(request).scheme not in PORTS:
            return None
        parser = await self.robot_parser(request)
        origin = _origin(request)
        if request.method == "GET" and request.url == f"{origin}/robots.txt":
            # The site crawl reads the lines "Sitemap:" of robots.txt. This response holds the text that was
            # fetched for the rules, so robots.txt is not fetched again.
            kept = await self._memory.robots(origin)
            if kept is not None and robots_hold(kept, _wall()) > 0:
                return TextResponse(request.url, status=kept.status, body=kept.body, flags=[KEPT])
        self.process_request_2(parser, request)
        return None

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules for the origin of a request; None allows everything. Raises a Refusal if there is no answer."""
        origin = _origin(request)
        answer = self._answers.get(origin)
        if answer is None or answer.until <= _now():
            # shield: the cancellation of one request must not cancel the fetch that other requests wait for.
            overrides = {name: request.meta[name] for name in OVERRIDES if name in request.meta}
            answer = await asyncio.shield(self._fetch(origin, overrides))
        if answer.why is not None:
            wait = max(0.0, answer.until - _now())
            text = answer.why if answer.host_error else f"robots.txt of {origin} gives no answer: {answer.why}"
            raise RobotsUnreachable(text, retry_in=wait, host_error=answer.host_error)
        return answer.parser

    def _fetch(self, origin: str, overrides: dict[str, Any]) -> asyncio.Task[RobotsAnswer]:
        task = self._fetches.get(origin)
        if task is None:
            task = self._fetches[origin] = asyncio.ensure_future(self._learn(origin, overrides))
            task.add_done_callback(lambda _: self._fetches.pop(origin, None))
            task.add_done_callback(_read_exception)
        return task

    async def _learn(self, origin: str, overrides: dict[str, Any]) -> RobotsAnswer:
        """Use the robots.txt in the archive, or request it, several times if necessary, and store the answer."""
        known = await self._memory.robots(origin)
        if known is not None and (left := robots_hold(known, _wall())) > 0:
            self._stats.inc_value("newsbot/robots/kept")
            request = Request(f"{origin}/robots.txt")
            parser = await self._parser(known.status, known.body, request)
            return self._answer(origin, RobotsAnswer(until=_now() + left, parser=parser))
        failures = known.failures + 1 if known is not None and known.status == 0 else 0
        last = self._answers.get(origin)
        if last is not None and last.why is not None:
            failures = last.failures + 1
        # If an earlier run had no answer a short time ago, one try shows whether that has changed.
        recent = known is not None and known.status == 0 and 0 <= _wall() - known.fetched < _pause(known.failures)
        why, host_error = "", None
        for attempt in range(1 if recent else self._tries):
            if attempt:
                await self._stopping.sleep(backoff_seconds(attempt, self._rng))
            try:
                status, body, request = await self._fetch_robots(origin, overrides)
            except _NoAnswer as error:
                why, host_error = str(error), error.host_error
                continue
            self._memory.learn_robots(origin, status=status, body=body)
            parser = await self._parser(status, body, request)
            return self._answer(origin, RobotsAnswer(until=_now() + ROBOTS_KEPT, parser=parser))
        return self._unreachable(origin, why, host_error, failures)

    def _answer(self, origin: str, answer: RobotsAnswer) -> RobotsAnswer:
        self._answers[origin] = answer
        return answer

    def _unreachable(self, origin: str, why: str, host_error: str | None, failures: int) -> RobotsAnswer:
        again = _pause(failures)
        if host_error is not None:
            logger.warning(
                "%s: the host cannot be reached (%s). newsbot requests nothing there for %.0f s", origin, why, again
            )
        else:
            logger.warning(
                "%s: robots.txt gives no answer (%s). newsbot requests nothing there for %.0f s", origin, why, again
            )
        self._stats.inc_value("newsbot/robots/unreachable")
        self._memory.learn_robots(origin, status=0, failures=failures, why=why)
        return self._answer(
            origin, RobotsAnswer(until=_now() + again, why=why, host_error=host_error, failures=failures)
        )

    async def _fetch_robots(self, origin: str, overrides: dict[str, Any]) -> tuple[int, bytes, Request]:
        """The status, the lines that are read, and the request. Raises _NoAnswer, or a Refusal of the host.

        A status from 300 on means that there is no robots.txt.
        """
        meta = {
            "dont_obey_robotstxt": True,
            "dont_retry": True,
            "redirect_ttl": REDIRECTS,
            "download_maxsize": TAKEN_BYTES,
            **overrides,
        }
        request = Request(f"{origin}/robots.txt", priority=self.DOWNLOAD_PRIORITY, meta=meta, callback=NO_CALLBACK)
        self._stats.inc_value("robotstxt/request_count")
        try:
            response = await self.crawler.engine.download_async(request)
        except TooManyRedirects:
            return 300, b"", request  # RFC 9309 section 2.3.1.2: the same as no robots.txt
        except (CrawlStopping, HostGivenUp):
            raise
        except DOWNLOAD_ERRORS as error:
            if isinstance(error, PrivateAddress) and error.host == host_of(request):
                raise
            name = error_name(error)
            host_error = name if name in HOST_ERRORS else None
            raise _NoAnswer(one_line(error) or type(error).__name__, host_error=host_error) from error
        self._stats.inc_value("robotstxt/response_count")
        self._stats.inc_value(f"robotstxt/response_status_count/{response.status}")
        if response.status == 429 or response.status >= 500:
            raise _NoAnswer(f"status {response.status}")
        return response.status, first_part(response.body) if response.status < 300 else b"", request

    async def _parser(self, status: int, body: bytes, request: Request) -> RobotParser | None:
        """The parser of a robots.txt; None if there is none."""
        parser: RobotParser | None = None
        if status < 300:
            parser = build_from_crawler(self._parserimpl, self.crawler, for_product(body, self._agent))
            self._apply_crawl_delay(parser, request)
        self.crawler.signals.send_catch_log(
            robots_read,
            origin=_origin(request),
            status=status,
            body=body,
            crawl_delay=None if parser is None else parser.crawl_delay(self._agent),
        )
        if parser is None:
            return None
        await self.crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=parser, request=request
        )
        return parser

    def _apply_crawl_delay(self, parser: RobotParser, request: Request) -> None:
        seconds = parser.crawl_delay(self._agent)
        if seconds and (politeness := self._politeness()) is not None:
            politeness.crawl_delay(host_of(request), seconds)

    def _politeness(self) -> PolitenessMiddleware | None:
        return self.crawler.get_downloader_middleware(PolitenessMiddleware)

    @cached_property
    def _memory(self) -> HostMemory:
        """The archive's memory of hosts. All middlewares of a crawler are built before its first request."""
        politeness = self._politeness()
        return HostMemory(self.crawler) if politeness is None else politeness.memory


def _origin(request: Request) -> str:
    """Scheme, host and port: each origin has its own robots.txt. RFC 9309 section 2.3."""
    return f"{urlparse_cached(request).scheme}://{urlparse_cached(request).netloc.lower()}"


def _pause(failures: int) -> float:
    return min(AGAIN_CAP, AGAIN_SECONDS * 2.0 ** min(failures, 16))


def _wall() -> float:
    return time.time()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _read_exception(task: asyncio.Task[RobotsAnswer]) -> None:
    # If all waiting requests were cancelled, nobody reads the exception, and asyncio would log it.
    if not task.cancelled():
        task.exception()
