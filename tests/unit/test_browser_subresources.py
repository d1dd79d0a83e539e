"""The requests of a page in the browser are downloaded redirect by redirect, within limits, and counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response

from newsbot.browser.script_cache import BrowserResponse, ScriptCache
from newsbot.browser.subresources import MOST_REQUESTS, Subresources
from newsbot.net.refusals import RobotsDisallowed, TooLarge
from newsbot.wordpress.receipt import SiteFacts

PAGE = "https://news.example/ferry/"

Site = Callable[[Request], Response]


class RecordedRequests:
    """Subresources with invented downloads, and a record of their results."""

    def __init__(self, site: Site) -> None:
        self.requests: list[Request] = []
        self.counts: Counter[str] = Counter()
        self.facts = SiteFacts(asked=PAGE)

        async def download(request: Request) -> Response:
            self.requests.append(request)
            request.meta["newsbot_waited"] = 0.25
            return site(request)

        def count(what: str) -> None:
            self.counts[what] += 1

        self.subresources = Subresources(
            page=PAGE,
            download=download,
            meta={"playwright": True},
            counts=self.facts,
            count=count,
            script_cache=ScriptCache(),
        )

    def ask(self, url: str, **question: Any) -> BrowserResponse | None:
        question = {"kind": "fetch", "method": "GET", "headers": {"accept": "*/*", "cookie": "a=1"}, **question}
        return asyncio.run(self.subresources.fetch(url=url, **question))

    def urls(self) -> list[str]:
        return [request.url for request in self.requests]


def plain(request: Request) -> Response:
    return Response(request.url, body=b"text", headers={"Content-Type": "text/plain", "Set-Cookie": "a=1"})


def to(*locations: str) -> Site:
    left = list(locations)
    return lambda request: (
        Response(request.url, status=302, headers={"Location": left.pop(0)}) if left else plain(request)
    )


def test_answer_is_returned_and_counted() -> None:
    recorded = RecordedRequests(plain)
    assert recorded.ask("https://www.news.example/a") == BrowserResponse(
        status=200, headers={"content-type": "text/plain"}, body=b"text"
    )
    assert recorded.requests[0].headers == {b"Accept": [b"*/*"]}
    assert recorded.requests[0].meta["playwright"] is True
    assert (recorded.facts.requests, recorded.facts.bytes, recorded.facts.waited) == (1, 4, 0.25)
    assert recorded.counts == {"requests": 1}


def test_each_redirect_is_checked_and_counted() -> None:
    recorded = RecordedRequests(to("/b", "//www.news.example/c"))
    assert recorded.ask("https://news.example/a") is not None
    assert recorded.urls() == ["https://news.example/a", "https://news.example/b", "https://www.news.example/c"]
    assert all(request.meta["dont_redirect"] for request in recorded.requests)
    assert recorded.facts.requests == 3


@pytest.mark.parametrize(
    "location", ["https://evil.example/", "file:///etc/passwd", "http://[", "https://news.example:1/"]
)
def test_redirect_to_another_host_is_blocked(location: str) -> None:
    recorded = RecordedRequests(to(location))
    assert recorded.ask("https://news.example/a") is None
    assert recorded.urls() == ["https://news.example/a"]
    assert recorded.counts == {"requests": 1, "blocked": 1}


def test_redirect_without_a_location_is_returned_as_an_answer() -> None:
    answer = RecordedRequests(lambda request: Response(request.url, status=302)).ask("https://news.example/a")
    assert answer is not None
    assert answer.status == 302


def test_requests_of_one_page_are_limited() -> None:
    recorded = RecordedRequests(to(*["/again"] * 1000))
    assert recorded.ask("https://news.example/a") is None
    assert len(recorded.requests) == MOST_REQUESTS
    assert recorded.ask("https://news.example/b") is None
    assert len(recorded.requests) == MOST_REQUESTS


@pytest.mark.parametrize(
    ("error", "counted", "requests"),
    [
        (RobotsDisallowed("no"), "blocked", 0),
        (TooLarge("33 MiB"), "requests", 1),
        (DownloadTimeoutError("slow"), "requests", 1),
    ],
)
def test_failed_request_is_counted_and_refused_request_is_not(error: Exception, counted: str, requests: int) -> None:
    def fail(request: Request) -> Response:
        raise error

    recorded = RecordedRequests(fail)
    assert recorded.ask("https://news.example/a") is None
    assert recorded.counts == {counted: 1}
    assert recorded.facts.requests == requests


def test_a_script_is_downloaded_once() -> None:
    recorded = RecordedRequests(to("/b"))
    first = recorded.ask("https://news.example/a.js", kind="script")
    assert recorded.ask("https://news.example/a.js", kind="script") is first
    assert len(recorded.requests) == 2
    assert recorded.counts == {"requests": 2, "kept": 1}


def test_page_only_waits_while_all_its_requests_wait_for_their_turn() -> None:
    seen: list[bool] = []

    async def download(request: Request) -> Response:
        seen.append(subresources.only_waits())
        request.meta["newsbot_waited"] = 1.0
        seen.append(subresources.only_waits())
        return plain(request)

    facts = SiteFacts(asked=PAGE)
    subresources = Subresources(
        page=PAGE, download=download, meta={}, counts=facts, count=lambda _: None, script_cache=ScriptCache()
    )
    asyncio.run(subresources.fetch(kind="fetch", method="GET", url="https://news.example/a", headers={}))
    assert [*seen, subresources.only_waits()] == [True, False, False]
