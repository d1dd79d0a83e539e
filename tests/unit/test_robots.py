"""How long a robots.txt is valid, and which requests wait for it, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
)
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from newsbot.middlewares import robots
from newsbot.middlewares.robots import RobotsMiddleware
from newsbot.net.refusals import HostGivenUp, PrivateAddress, RobotsDisallowed, RobotsUnreachable, TooManyRedirects

HOUR = 3600.0
CLOSED = b"User-agent: *\nDisallow: /"


class Site:
    """Replaces the engine: answers each request for a robots.txt, and records the requests."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        self.asked: list[str] = []
        self.answer: Callable[[Request], Awaitable[Response]] = self.text(CLOSED)
        self._slot = SimpleNamespace(closing=None)
        self.downloader = SimpleNamespace(middleware=SimpleNamespace(middlewares=()))
        monkeypatch.setattr(robots, "_now", lambda: self.now)
        monkeypatch.setattr(robots, "backoff_seconds", lambda *_: 0.0)
        crawler = get_crawler(settings_dict={"ROBOTSTXT_OBEY": True, "ROBOTSTXT_USER_AGENT": "newsbot"})
        setattr(crawler, "_engine", self)  # noqa: B010
        self.middleware = RobotsMiddleware(crawler)

    @staticmethod
    def text(body: bytes, status: int = 200) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            await asyncio.sleep(0)
            return Response(request.url, status=status, body=body)

        return answer

    @staticmethod
    def error(failure: Exception) -> Callable[[Request], Awaitable[Response]]:
        async def answer(_: Request) -> Response:
            raise failure

        return answer

    async def download_async(self, request: Request) -> Response:
        self.asked.append(request.url)
        return await self.answer(request)

    async def allows(self, url: str = "https://news.example/wp-json/") -> bool:
        try:
            await self.middleware.process_request(Request(url))
        except RobotsUnreachable:
            raise
        except RobotsDisallowed:
            return False
        return True


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


def test_robots_txt_is_used_for_a_day_and_then_requested_again(site: Site) -> None:
    async def run() -> None:
        assert await site.allows() is False
        site.answer = site.text(b"")
        site.now += 24 * HOUR - 1
        assert await site.allows() is False
        site.now += 1
        assert await site.allows() is True

    asyncio.run(run())
    assert site.asked == ["https://news.example/robots.txt"] * 2


def test_each_origin_has_its_own_robots_txt(site: Site) -> None:
    urls = ["https://news.example/a", "http://news.example/a", "https://news.example:8443/a", "https://NEWS.example/b"]

    async def run() -> None:
        for url in urls:
            assert await site.allows(url) is False

    asyncio.run(run())
    assert site.asked == [
        "https://news.example/robots.txt",
        "http://news.example/robots.txt",
        "https://news.example:8443/robots.txt",
    ]


def test_unreachable_robots_txt_is_requested_after_doubling_pauses(site: Site) -> None:
    site.answer = site.text(b"", status=503)
    pauses = []

    async def run() -> None:
        for _ in range(7):
            with pytest.raises(RobotsUnreachable) as refused:
                await site.allows()
            pauses.append(refused.value.retry_in)
            tries = len(site.asked)
            site.now += refused.value.retry_in - 1
            with pytest.raises(RobotsUnreachable):
                await site.allows()
            assert len(site.asked) == tries, "it is asked for before its pause is over"
            site.now += 1
        site.answer = site.text(b"")
        assert await site.allows() is True

    asyncio.run(run())
    assert pauses == [60, 120, 240, 480, 960, 1800, 1800]


def test_answer_after_a_failure_resets_the_pauses(site: Site) -> None:
    async def run() -> list[float]:
        pauses = []
        for body, status in ((b"", 503), (b"", 200), (b"", 503)):
            site.answer = site.text(body, status)
            try:
                await site.allows()
            except RobotsUnreachable as refused:
                pauses.append(refused.retry_in)
            site.now += 25 * HOUR
        return pauses

    assert asyncio.run(run()) == [60, 60]


def test_cancelled_request_does_not_cancel_the_request_for_robots_txt(site: Site) -> None:
    came = asyncio.Event()

    async def slow(request: Request) -> Response:
        await came.wait()
        return Response(request.url, body=CLOSED)

    site.answer = slow

    async def run() -> None:
        first = asyncio.ensure_future(site.allows())
        await asyncio.sleep(0)
        second = asyncio.ensure_future(site.allows())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        came.set()
        assert await second is False

    asyncio.run(run())
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410])
def test_missing_robots_txt_allows_all(site: Site, status: int) -> None:
    site.answer = site.text(CLOSED, status)
    assert asyncio.run(site.allows()) is True


def test_too_many_redirects_count_as_a_missing_robots_txt(site: Site) -> None:
    site.answer = site.error(TooManyRedirects("again and again"))
    assert asyncio.run(site.allows()) is True


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (DownloadTimeoutError("slow"), RobotsUnreachable),
        (OSError("gone"), RobotsUnreachable),
        (CannotResolveHostError("no such host"), RobotsUnreachable),
        (HostGivenUp("given up"), HostGivenUp),
        (PrivateAddress("private", host="news.example"), PrivateAddress),
        # A redirect to a private address does not count as an answer of the host.
        (PrivateAddress("private", host="127.0.0.1"), RobotsUnreachable),
    ],
)
def test_a_failure_at_robots_txt_allows_nothing(site: Site, failure: Exception, raised: type[Exception]) -> None:
    site.answer = site.error(failure)

    async def run() -> Any:
        return await site.allows()

    with pytest.raises(raised):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("failure", "name"),
    [
        (CannotResolveHostError("DNS lookup failed"), "dns"),
        (DownloadConnectionRefusedError("refused"), "refused"),
        (DownloadFailedError("[SSL: certificate verify failed]"), "tls"),
        (DownloadFailedError("Connection to the other side was lost"), "dropped"),
        (DownloadTimeoutError("slow"), "robots-unreachable"),
    ],
)
def test_unreachable_host_is_reported_with_its_own_error(site: Site, failure: Exception, name: str) -> None:
    site.answer = site.error(failure)
    with pytest.raises(RobotsUnreachable) as raised:
        asyncio.run(site.allows())
    assert raised.value.newsbot_error == name
    assert ("robots.txt" in str(raised.value)) == (name == "robots-unreachable")
