"""The queue of requests to one host, and the middleware's hosts, on an event loop and without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from newsbot.middlewares import politeness
from newsbot.middlewares.host_queue import HostQueue
from newsbot.middlewares.politeness import PolitenessMiddleware
from newsbot.net.hosts import host_of, host_of_url
from newsbot.net.refusals import HostGivenUp
from newsbot.politeness.pace import Limits, Outcome, Pace

GOOD = Outcome(latency=0.01)


def on_a_loop(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        async def limited() -> None:
            await asyncio.wait_for(test(), 60)

        asyncio.run(limited())

    run.__name__ = test.__name__
    return run


async def settle() -> None:
    """Let every task run until it waits for something."""
    for _ in range(20):
        await asyncio.sleep(0)


def host_queue(delay: float = 0.0) -> HostQueue:
    return HostQueue("host", Pace(limits=Limits(delay=delay)))


async def turns(queue: HostQueue, count: int) -> tuple[list[asyncio.Task[None]], list[int]]:
    """``count`` tasks that wait for their turn. A task that gets its turn records its number and keeps the turn."""
    through: list[int] = []

    async def enter(number: int) -> None:
        await queue.acquire()
        through.append(number)

    tasks = [asyncio.ensure_future(enter(number)) for number in range(count)]
    await settle()
    return tasks, through


@on_a_loop
async def test_requests_pass_one_at_a_time_in_their_order() -> None:
    queue = host_queue()
    _, through = await turns(queue, 3)
    assert through == [0]
    for expected in ([0, 1], [0, 1, 2]):
        queue.release(GOOD)
        await settle()
        assert through == expected


@on_a_loop
async def test_cancelled_waiting_request_does_not_block_the_queue() -> None:
    queue = host_queue()
    tasks, through = await turns(queue, 3)
    tasks[1].cancel()
    await settle()
    queue.release(GOOD)
    await settle()
    assert through == [0, 2]


@on_a_loop
async def test_request_cancelled_at_its_turn_passes_the_turn_on() -> None:
    queue = host_queue()
    tasks, through = await turns(queue, 3)
    queue.release(GOOD)  # the second task has the turn, and has not run yet
    tasks[1].cancel()
    await settle()
    assert through == [0, 2]


@on_a_loop
async def test_waiting_requests_are_refused_when_the_host_is_given_up() -> None:
    queue = host_queue()
    tasks, _ = await turns(queue, 3)
    queue.release(Outcome(failed=True, retry_after=1e9))
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), HostGivenUp, HostGivenUp]
    with pytest.raises(HostGivenUp, match="host: it asks to wait"):
        await queue.acquire()


@on_a_loop
async def test_hold_applies_to_requests_that_already_wait_for_the_delay() -> None:
    queue = host_queue(delay=0.05)
    loop = asyncio.get_running_loop()
    _, through = await turns(queue, 2)
    held_from = loop.time()
    queue.release(Outcome(latency=0.01, retry_after=0.4))
    while len(through) < 2:
        await asyncio.sleep(0.005)
    assert loop.time() - held_from >= 0.4


def middleware(**settings: Any) -> PolitenessMiddleware:
    crawler = get_crawler(Spider, {"NEWSBOT_CONTACT": "x", "NEWSBOT_DELAY": 0} | settings)
    # An engine that is running and not stopping.
    setattr(crawler, "_engine", SimpleNamespace(_slot=SimpleNamespace(closing=None)))  # noqa: B010
    return PolitenessMiddleware.from_crawler(crawler)


@on_a_loop
async def test_a_download_that_is_cancelled_frees_its_host() -> None:
    politeness_middleware = middleware()

    async def download(request: Request, seconds: float) -> None:
        await politeness_middleware.process_request(request)
        await asyncio.sleep(seconds)  # what Scrapy's downloader does between the middleware's calls

    first = asyncio.ensure_future(download(Request("http://a.example/1"), 60))
    await settle()
    second = asyncio.ensure_future(download(Request("http://a.example/2"), 0))
    await settle()
    assert not second.done()
    first.cancel()
    await second


@on_a_loop
async def test_usage_of_a_host_is_counted() -> None:
    politeness_middleware = middleware()
    for number in range(3):
        request = Request(f"http://a.example/{number}")
        await politeness_middleware.process_request(request)
        politeness_middleware.process_response(request, Response(request.url, body=b"12345"))
    account = politeness_middleware.usage("a.example")
    assert (account.requests, account.bytes) == (3, 15)


async def ask(politeness_middleware: PolitenessMiddleware, host: str, **response: Any) -> None:
    request = Request(f"http://{host}/")
    await politeness_middleware.process_request(request)
    politeness_middleware.process_response(request, Response(request.url, **response))


@pytest.mark.parametrize(
    ("status", "headers", "failures", "slowed", "held"),
    [
        (200, {}, 0, False, False),
        # On a successful answer, Retry-After describes the document, not the host.
        (200, {"Retry-After": "60"}, 0, False, False),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"}, 0, False, True),
        (302, {"Retry-After": "60"}, 0, False, True),
        (404, {}, 0, False, False),
        (404, {"Retry-After": "60"}, 0, False, True),
        (429, {}, 1, True, False),
        (429, {"Retry-After": "60"}, 1, True, True),
        (500, {}, 1, False, False),
        (503, {}, 1, True, False),
    ],
)
def test_answer_changes_the_pace_of_its_host(
    status: int, headers: dict[str, str], failures: int, slowed: bool, held: bool
) -> None:
    async def run() -> None:
        politeness_middleware = middleware()
        await ask(politeness_middleware, "a.example", status=status, headers=headers)
        pace = politeness_middleware._queue("a.example", politeness_middleware.limits).pace
        assert (pace.failures, pace.penalty > 0, pace.held_until is not None) == (failures, slowed, held)

    asyncio.run(run())


@on_a_loop
async def test_crawl_delay_is_limited_to_its_cap() -> None:
    politeness_middleware = middleware()
    for host, asked, kept in (("a.example", 299.0, 299.0), ("b.example", 86_400.0, 300.0)):
        politeness_middleware.crawl_delay(host, asked)
        assert politeness_middleware._queue(host, politeness_middleware.limits).pace.delay() == kept


def test_delay_of_the_site_list_applies_to_the_host_of_its_site(monkeypatch: pytest.MonkeyPatch) -> None:
    entered: list[tuple[str, float | None]] = []

    class Noting(HostQueue):
        async def acquire(self, delay: float | None = None) -> None:
            entered.append((self.name, delay))
            await super().acquire(delay)

    monkeypatch.setattr(politeness, "HostQueue", Noting)

    async def run() -> None:
        politeness_middleware = middleware(NEWSBOT_DELAY=5, NEWSBOT_GIVE_UP=900)
        request = Request("http://site.example/", meta={"newsbot_delay": 0.5, "newsbot_give_up": 60.0})
        await politeness_middleware.process_request(request)
        # A redirect inherits the meta of the first request.
        await politeness_middleware.process_request(Request("http://other.example/", meta=dict(request.meta)))
        assert politeness_middleware._queue("site.example", politeness_middleware.limits).pace.limits.give_up == 60
        assert politeness_middleware._queue("other.example", politeness_middleware.limits).pace.limits.give_up == 900

    asyncio.run(run())
    assert entered == [("site.example", 0.5), ("other.example", 5.0)]


@on_a_loop
async def test_delay_counts_from_the_cancellation_of_a_sent_request() -> None:
    politeness_middleware = middleware(NEWSBOT_DELAY=1)
    loop = asyncio.get_running_loop()
    for host, leaves in (("sent.example", True), ("kept.example", False)):
        request = Request(f"http://{host}/")

        async def download(request: Request) -> None:
            await politeness_middleware.process_request(request)
            await asyncio.sleep(60)

        task = asyncio.ensure_future(download(request))
        await settle()
        began = loop.time()
        if leaves:
            politeness_middleware.request_written(request.url)
        await asyncio.sleep(0.02)
        task.cancel()
        await settle()
        last_start = politeness_middleware._queue(host, politeness_middleware.limits).pace.last_start
        assert last_start is not None
        assert (last_start > began) is leaves


def test_idle_hosts_are_dropped_and_hosts_with_penalties_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(politeness, "_now", lambda: now)

    async def run() -> None:
        nonlocal now
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", lambda: now)
        politeness_middleware = middleware()
        for number in range(50):
            await ask(politeness_middleware, f"quiet-{number}.example")
        await ask(politeness_middleware, "failing.example", status=500)
        await ask(politeness_middleware, "gone.example", status=429, headers={"Retry-After": "999999"})
        await ask(
            politeness_middleware, "held.example", headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3000"}
        )
        politeness_middleware.crawl_delay("slow.example", 7)
        now += 2000
        await ask(politeness_middleware, "new.example")
        assert set(politeness_middleware._queues) == {"failing.example", "gone.example", "held.example", "new.example"}
        # The Crawl-delay of robots.txt holds after the host's state was dropped.
        assert politeness_middleware._queue("slow.example", politeness_middleware.limits).pace.delay() == 7

    asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://A.Example/x", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("http://a.example:443/", "a.example:443"),
        ("http://a.example.:8080/", "a.example:8080"),
        ("http://[::1]:81/", "::1:81"),
        ("data:,", ""),
    ],
)
def test_host_is_name_with_a_port_that_is_not_the_default(url: str, host: str) -> None:
    assert host_of(Request(url)) == host


@pytest.mark.parametrize(
    "url", ["https://b\u00fccher.example/a", "https://B\u00dcCHER.example.:443/", "https://xn--bcher-kva.example/"]
)
def test_spellings_of_an_international_name_are_one_host(url: str) -> None:
    assert host_of_url(url) == host_of(Request(url)) == "xn--bcher-kva.example"
    assert host_of_url("https://b\u00fccher.example:8443/") == "xn--bcher-kva.example:8443"
