"""The browser of a run: started for the first page that needs it, replaced after a failure, closed with the spider."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.crawler import Crawler

from newsbot.browser import rules
from newsbot.browser.executable import find_chromium
from newsbot.browser.script_cache import ScriptCache
from newsbot.browser.subresources import RequestCounts, Subresources
from newsbot.errors import BrowserError, StuckPage
from newsbot.extras import missing
from newsbot.wordpress.messages import Reply

if TYPE_CHECKING:
    from newsbot.browser.chromium import Chromium

logger = logging.getLogger(__name__)

PAGES_AT_ONCE = 4
TRIES = 2
"""Raised to render the page once more, with a new browser."""


class _Replaced(Exception):
    """Another page broke the browser that rendered this page, so this page is rendered again."""


class Browser:
    """The browser is imported and started for the first page that needs it. ``allowed``: the spider argument
    ``render=``."""

    def __init__(self, crawler: Crawler, *, allowed: bool, stopping: Callable[[], bool]) -> None:
        self._crawler = crawler
        self._allowed = allowed
        self._stopping = stopping
        self._executable: tuple[str | None, str] | None = None
        self._pages = asyncio.Semaphore(PAGES_AT_ONCE)
        self._launching = asyncio.Lock()
        self._script_cache = ScriptCache()
        self._chromium: Chromium | None = None
        self._broken: str | None = None

    def absent(self) -> str | None:
        """The reason why there is no browser, in one line, or None."""
        if not self._allowed:
            return "render=never"
        if (line := missing("browser", "a page in Chromium")) is not None:
            return line
        if self._executable is None:
            self._executable = find_chromium(self._crawler.settings.get("NEWSBOT_CHROMIUM", ""))
        return None if self._executable[0] else self._executable[1]

    async def render(self, reply: Reply, counts: RequestCounts, meta: Mapping[str, Any]) -> Reply:
        """``reply`` with the document as its scripts changed it; unchanged if the reply is not a page.

        The requests of the scripts are counted in ``counts`` and carry ``meta``. Errors: ``browser-failed``,
        ``too-large``, ``stopped``.
        """
        if not rules.is_page(reply):
            return reply
        async with self._pages:
            failure, tries = "", 0
            while tries < TRIES and self._broken is None:
                if self._stopping():
                    return Reply(status=0, url=reply.url, error="stopped")
                try:
                    return await self._try(reply, counts, meta)
                except _Replaced:
                    continue
                except BrowserError as error:
                    tries += 1
                    failure, again = str(error), not isinstance(error, StuckPage)
                self._count("failed")
                logger.warning("%s: the browser failed: %s", reply.url, failure)
                if not again:
                    break
        return Reply(status=0, url=reply.url, error="browser-failed", detail=self._broken or failure)

    async def close(self) -> None:
        """Close the browser if it runs."""
        chromium, self._chromium = self._chromium, None
        if chromium is not None:
            await chromium.close()

    async def _try(self, reply: Reply, counts: RequestCounts, meta: Mapping[str, Any]) -> Reply:
        from playwright.async_api import Error

        from newsbot.browser.page import PageRendering

        chromium = await self._running()
        settings, engine = self._crawler.settings, self._crawler.engine
        assert engine is not None
        subresources = Subresources(
            page=reply.url,
            download=engine.download_async,
            meta=meta,
            counts=counts,
            count=self._count,
            script_cache=self._script_cache,
        )
        rendering = PageRendering(
            reply=reply,
            subresources=subresources,
            user_agent=settings["USER_AGENT"],
            seconds=settings.getfloat("NEWSBOT_RENDER_SECONDS"),
            largest=settings.getint("DOWNLOAD_MAXSIZE"),
            stopping=self._stopping,
            count=self._count,
        )
        try:
            rendered = await rendering.render(chromium)
        except (BrowserError, Error) as error:
            if self._chromium is not chromium:
                raise _Replaced from error
            # The browser broke, or the page did not end. In both cases the next page gets a new browser.
            await self._discard(chromium)
            raise error if isinstance(error, BrowserError) else BrowserError(_first_line(error)) from error
        if rendering.is_broken:
            await self._discard(chromium)
        self._count("pages")
        return rendered

    async def _running(self) -> Chromium:
        from newsbot.browser.chromium import Chromium

        async with self._launching:
            if self._chromium is not None and not self._chromium.alive:
                await self._discard(self._chromium)
            if self._chromium is None:
                self._chromium = await self._launch(Chromium)
            return self._chromium

    async def _launch(self, chromium: type[Chromium]) -> Chromium:
        assert self._executable is not None
        assert self._executable[0] is not None
        self._crawler.signals.connect(self.close, signals.spider_closed)
        try:
            started = await chromium.launch(self._executable[0])
        except BrowserError as error:
            # A browser that cannot start will not start for the next page either.
            self._broken = str(error)
            raise
        self._count("started")
        return started

    async def _discard(self, chromium: Chromium) -> None:
        if self._chromium is chromium:
            self._chromium = None
        await chromium.close()

    def _count(self, event: str) -> None:
        assert self._crawler.stats is not None
        self._crawler.stats.inc_value(f"newsbot/browser/{event}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
