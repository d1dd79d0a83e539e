"""One page in the browser: its document handed in, its questions answered, its DOM taken out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from playwright.async_api import BrowserContext, Error, Page, Route

from newsbot.browser import rules
from newsbot.browser.asking import Asking
from newsbot.browser.chromium import CLOSE_SECONDS, Chromium
from newsbot.errors import BrowserError, StuckPage
from newsbot.wordpress.messages import Reply

QUIET = 0.5
"""Seconds without a question after which a loaded page is taken for done."""

TICK = 0.1

PATIENCE = 10.0
"""Seconds in which a page that is done must let itself be looked at, and close."""

LONGEST = 300.0
"""Seconds after which a page is taken as it stands, however politely it had to wait."""

_WITHOUT = (
    """for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) delete globalThis[name];"""
)
"""They open connections that no route sees."""

_DOM = """new Promise(done => requestIdleCallback(() => {
    const root = document.documentElement;
    const text = (document.doctype ? "<!DOCTYPE html>\\n" : "") + (root ? root.outerHTML : "");
    done(text.length > %d ? null : text);
}, {timeout: 2000}))"""
"""Read when the page has nothing more to do, so that what came last is in it."""


@dataclass(kw_only=True)
class Showing:
    """``reply`` is the document as downloaded; ``seconds`` is what its scripts get, waits for politeness not counted.

    ``stopping`` is asked as often as the clock is looked at; ``count`` takes the name of a stat.
    """

    reply: Reply
    asking: Asking
    user_agent: str
    seconds: float
    largest: int
    stopping: Callable[[], bool]
    count: Callable[[str], None]
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _handed_in: bool = False
    _loaded: bool = False
    _crashed: bool = False
    _stuck: bool = False

    async def show(self, chromium: Chromium) -> Reply:
        """The reply with the DOM as its body. Raises BrowserError, or Playwright's Error, when the browser breaks."""
        context = await chromium.connection.new_context(
            user_agent=self.user_agent, service_workers="block", accept_downloads=False, permissions=[]
        )
        try:
            await context.route("**/*", self._routed)
            await context.add_init_script(_WITHOUT)
            page = await context.new_page()
            page.on("load", self._load)
            page.on("crash", self._crash)
            if not await self._settle(page, chromium):
                return Reply(status=0, url=self.reply.url, error="stopped")
            return self._rendered(await self._in_time(self._dom(context, page)))
        finally:
            await self._end(context)

    async def _settle(self, page: Page, chromium: Chromium) -> bool:
        """Wait until the page is loaded and quiet, or its time is over; False where the crawl is stopping."""
        loop = asyncio.get_running_loop()
        loading = asyncio.ensure_future(page.goto(self.reply.url, timeout=0, wait_until="commit"))
        began = last = loop.time()
        spent = quiet = 0.0
        try:
            while not self._loaded or quiet < QUIET:
                if self.stopping():
                    return False
                if loading.done():
                    loading.result()
                if self._crashed or not chromium.alive:
                    raise BrowserError("it broke while it showed the page")
                if spent >= self.seconds or last - began >= LONGEST:
                    self.count("cut")
                    return True
                await asyncio.sleep(TICK)
                passed, last = loop.time() - last, loop.time()
                quiet = 0.0 if self._tasks else quiet + passed
                spent += 0.0 if self.asking.holds_back() else passed
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        return True

    def _routed(self, route: Route) -> None:
        task = asyncio.ensure_future(self._answer(route))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, route: Route) -> None:
        # Whatever Playwright raises here means that the page is gone, and those who wait for it are told.
        with contextlib.suppress(Error):
            if route.request.is_navigation_request() and not self._handed_in:
                self._handed_in = True
                headers = rules.response_headers(self.reply.headers)
                await route.fulfill(status=self.reply.status, headers=headers, body=self.reply.body)
                return
            try:
                answer = await self.asking.ask(
                    kind=route.request.resource_type,
                    method=route.request.method,
                    url=route.request.url,
                    headers=route.request.headers,
                )
            except asyncio.CancelledError:
                answer = None  # the page is over; Playwright still waits for a word on each question
            if answer is None:
                # A page that wants to go elsewhere may never say that it is loaded.
                self._loaded |= route.request.is_navigation_request()
                # "aborted" leaves it standing; other words replace it by an error page.
                await route.abort("aborted")
                return
            await route.fulfill(status=answer.status, headers=dict(answer.headers), body=answer.body)

    def _load(self, _page: Page) -> None:
        self._loaded = True

    def _crash(self, _page: Page) -> None:
        self._crashed = True

    async def _dom(self, context: BrowserContext, page: Page) -> str | None:
        # In a world of its own: the page's scripts cannot change what our question means.
        session = await context.new_cdp_session(page)
        tree = await session.send("Page.getFrameTree")
        world = await session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
        asked = {"contextId": world["executionContextId"], "expression": _DOM % self.largest}
        told = await session.send("Runtime.evaluate", {**asked, "awaitPromise": True, "returnByValue": True})
        value = told["result"].get("value")
        return value if isinstance(value, str) else None

    def _rendered(self, dom: str | None) -> Reply:
        body = dom.encode("utf-8", "replace") if dom is not None else None
        if body is None or len(body) > self.largest:
            why = f"{self.reply.url}: rendered it is larger than DOWNLOAD_MAXSIZE"
            return Reply(status=0, url=self.reply.url, error="too-large", detail=why)
        told = {"content-type": "text/html; charset=utf-8", "content-length": str(len(body))}
        return replace(self.reply, body=body, headers={**self.reply.headers, **told})

    async def _in_time(self, work: Awaitable[Any]) -> Any:
        try:
            return await asyncio.wait_for(work, min(self.seconds, PATIENCE))
        except TimeoutError:
            self._stuck = True
            raise StuckPage("the page's scripts keep it from answering") from None

    async def _end(self, context: BrowserContext) -> None:
        """Give up what is still asked for, and with the context all that the page left behind."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
        if not self._stuck:
            with contextlib.suppress(Error):
                await self._in_time(context.close())
