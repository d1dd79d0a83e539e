"""The browser of a run: it is started once, replaced once for a page, and given up when it does not start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from scrapy.crawler import Crawler
from scrapy.spiders import Spider
from scrapy.statscollectors import MemoryStatsCollector

from newsbot.browser import Browser
from newsbot.browser.chromium import Chromium
from newsbot.browser.page import PageRendering
from newsbot.errors import BrowserError, StuckPage
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.receipt import SiteFacts

Show = Callable[[str, "Rendering"], Any]


class Started:
    def __init__(self) -> None:
        self.alive = True

    async def close(self) -> None:
        self.alive = False


class Rendering:
    """A Browser with invented Chromium processes. ``show`` decides the result of a page."""

    def __init__(self, show: Show, monkeypatch: pytest.MonkeyPatch, *, starts: bool = True) -> None:
        self.started: list[Started] = []
        self.stopping = False
        crawler = Crawler(Spider, {"NEWSBOT_CHROMIUM": "/bin/sh", "NEWSBOT_RENDER_SECONDS": 1, "USER_AGENT": "newsbot"})
        crawler.stats = MemoryStatsCollector(crawler)
        crawler.engine = type("Engine", (), {"download_async": None})()
        self.crawler = crawler
        self.browser = Browser(crawler, allowed=True, stopping=lambda: self.stopping)
        assert self.browser.absent() is None

        async def launch(executable: str) -> Started:
            if not starts:
                self.started.append(Started())
                raise BrowserError("no")
            self.started.append(Started())
            return self.started[-1]

        async def shown(showing: PageRendering, chromium: Chromium) -> Reply:
            result = show(showing.reply.url, self)
            result = await result if asyncio.iscoroutine(result) else result
            if isinstance(result, Exception):
                raise result
            return showing.reply

        monkeypatch.setattr(Chromium, "launch", launch)
        monkeypatch.setattr(PageRendering, "render", shown)

    async def render(self, path: str = "/") -> str | None:
        reply = Reply(status=200, url=f"https://news.example{path}", headers={"content-type": "text/html"}, body=b"x")
        return (await self.browser.render(reply, SiteFacts(asked=""), {})).error

    def render_all(self, *paths: str) -> list[str | None]:
        async def together() -> list[str | None]:
            return await asyncio.gather(*(self.render(path) for path in paths))

        return asyncio.run(together())


def test_one_browser_serves_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    rendering = Rendering(lambda url, rendering: None, monkeypatch)
    assert rendering.render_all(*"abcdefgh") == [None] * 8
    assert len(rendering.started) == 1


def test_a_browser_that_breaks_is_replaced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[Exception | None] = [BrowserError("a"), None, BrowserError("b"), BrowserError("c"), None]
    rendering = Rendering(lambda url, rendering: faults.pop(0), monkeypatch)
    assert [rendering.render_all("/") for _ in range(3)] == [[None], ["browser-failed"], [None]]
    assert [browser.alive for browser in rendering.started] == [False, False, False, True]


def test_stuck_page_is_not_rendered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rendering = Rendering(lambda url, rendering: StuckPage("for (;;);"), monkeypatch)
    assert rendering.render_all("/") == ["browser-failed"]
    assert [browser.alive for browser in rendering.started] == [False]


def test_page_is_rendered_again_when_another_page_breaks_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    async def show(url: str, rendering: Rendering) -> Exception | None:
        mine = rendering.started[-1]
        if url.endswith("/stuck"):
            await asyncio.sleep(0)
            return StuckPage("for (;;);")
        for _ in range(20):
            if not mine.alive:
                return BrowserError("the browser is gone")
            await asyncio.sleep(0)
        return None

    rendering = Rendering(show, monkeypatch)
    stuck = ["/stuck"] * 5
    assert rendering.render_all("/a", *stuck, "/b") == [None, *["browser-failed"] * 5, None]
    assert len(rendering.started) >= 3


def test_a_browser_that_does_not_start_is_not_started_for_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    rendering = Rendering(lambda url, rendering: None, monkeypatch, starts=False)
    assert rendering.render_all(*"abcdef") == ["browser-failed"] * 6
    assert len(rendering.started) == 1


def test_a_browser_that_died_between_two_pages_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    rendering = Rendering(lambda url, rendering: None, monkeypatch)
    assert rendering.render_all("/") == [None]
    rendering.started[0].alive = False
    assert rendering.render_all("/") == [None]
    assert len(rendering.started) == 2


def test_nothing_is_started_while_the_crawl_is_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    rendering = Rendering(lambda url, rendering: None, monkeypatch)
    rendering.stopping = True
    assert rendering.render_all("/") == ["stopped"]
    assert rendering.started == []


def test_the_browser_ends_with_the_spider(monkeypatch: pytest.MonkeyPatch) -> None:
    rendering = Rendering(lambda url, rendering: None, monkeypatch)
    assert rendering.render_all("/") == [None]
    asyncio.run(rendering.browser.close())
    assert [browser.alive for browser in rendering.started] == [False]
