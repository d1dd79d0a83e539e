"""One page in the browser: gives the browser the document, answers the page's requests, and reads the DOM."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from playwright.async_api import BrowserContext, Error, Page, Request, Route

from newsbot.browser import rules
from newsbot.browser.chromium import CLOSE_SECONDS, Chromium
from newsbot.browser.memory import PAGE_MIB
from newsbot.browser.subresources import Subresources
from newsbot.errors import BrowserError, StuckPage
from newsbot.wordpress.messages import Reply

QUIET = 0.5
"""Seconds without a request after which a loaded page counts as done."""

TICK = 0.1

PATIENCE = 10.0
"""Seconds for reading the DOM of a finished page, and for closing the page."""

LONGEST = 300.0
"""Seconds after which the DOM is read in any case, waits for politeness included."""

_REMOVE_CONNECTIONS = (
    """for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) delete globalThis[name];"""
)
"""Browser interfaces that open connections which Playwright's routes do not see."""

_DOM = """new Promise(done => requestIdleCallback(() => {
    const root = document.documentElement;
    const text = (document.doctype ? "<!DOCTYPE html>\\n" : "") + (root ? root.outerHTML : "");
    done(text.length > %d ? null : text);
}, {timeout: 2000}))"""
"""Reads the DOM when the page has no more work, so that the last changes are included."""


@dataclass(kw_only=True)
class PageRendering:
    """Renders one page. ``reply`` is the downloaded document.

    ``seconds`` is the time for the scripts, without the time that requests wait for politeness.
    ``stopping`` is called as often as the clock is read. ``count`` takes the name of a stat.
    ``is_broken``: the page was read, and broke the browser afterwards.
    """

    reply: Reply
    subresources: Subresources
    user_agent: str
    seconds: float
    largest: int
    stopping: Callable[[], bool]
    count: Callable[[str], None]
    is_broken: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _page: Page | None = None
    _requests: int = 0
    _asked_before: int = 0
    _began: float = 0.0
    _spent: float = 0.0
    _is_over: bool = False
    _document_given: bool = False
    _loaded: bool = False
    _crashed: bool = False
    _stuck: bool = False

    async def render(self, chromium: Chromium) -> Reply:
        """The reply with the DOM as its body. Raises BrowserError, or Playwright's Error, where the browser breaks."""
        began = time.monotonic()
        try:
            return await self._render(chromium)
        except (BrowserError, Error) as error:
            if chromium.memory.ended_since(began):
                # Another page may have used most of the memory. The reason is the same: Chromium gets no more memory.
                raise StuckPage(f"its pages took more than {PAGE_MIB} MiB of memory") from error
            raise

    async def _render(self, chromium: Chromium) -> Reply:
        context = await chromium.connection.new_context(
            user_agent=self.user_agent, service_workers="block", accept_downloads=False, permissions=[]
        )
        try:
            await context.route("**/*", self._routed)
            await context.add_init_script(_REMOVE_CONNECTIONS)
            page = self._page = await context.new_page()
            page.on("load", self._load)
            page.on("crash", self._crash)
            return await self._settled(context, page, chromium)
        finally:
            await self._close(context)

    async def _settled(self, context: BrowserContext, page: Page, chromium: Chromium) -> Reply:
        """Load the page, wait until it is done, and read its DOM.

        On a busy machine the browser is slow to report a request, so that the page seems to be done. The DOM is read
        when the browser has no more work. If a request was reported meanwhile, newsbot waits and reads once more.
        """
        self._began = asyncio.get_running_loop().time()
        loading = asyncio.ensure_future(page.goto(self.reply.url, timeout=0, wait_until="commit"))

        async def read() -> Reply:
            if not await self._settle(loading, chromium):
                return Reply(status=0, url=self.reply.url, error="stopped")
            return self._rendered(await self._in_time(self._dom(context, page)))

        try:
            first, requests = await read(), self._asked_before
            if first.error is not None or self._is_over or requests == self._requests:
                return first
            return await self._once_more(first, read)
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)

    async def _once_more(self, first: Reply, read: Callable[[], Awaitable[Reply]]) -> Reply:
        """What ``read`` gives, or ``first`` where the page has become unreadable: its article was there."""
        try:
            second = await read()
        except (BrowserError, Error):
            self.is_broken = True
            return first
        return first if second.error == "too-large" else second

    async def _settle(self, loading: asyncio.Future[Any], chromium: Chromium) -> bool:
        """Wait until the page is loaded and makes no requests, or until its time is over.

        Returns False if the crawl is being stopped.
        """
        loop = asyncio.get_running_loop()
        last, quiet = loop.time(), 0.0
        while not self._loaded or quiet < QUIET:
            if self.stopping():
                return False
            if loading.done():
                loading.result()
            if self._crashed or not chromium.alive:
                raise BrowserError("it stopped while it rendered the page")
            if self._spent >= self.seconds or last - self._began >= LONGEST:
                self._is_over = True
                self.count("cut")
                break
            await asyncio.sleep(TICK)
            passed, last = loop.time() - last, loop.time()
            quiet = 0.0 if self._tasks else quiet + passed
            self._spent += 0.0 if self.subresources.only_waits() else passed
        self._asked_before = self._requests
        return True

    def _routed(self, route: Route) -> None:
        self._requests += 1
        task = asyncio.ensure_future(self._answer(route))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, route: Route) -> None:
        # Every error of Playwright here means that the page is gone. The waiting tasks get the error.
        with contextlib.suppress(Error):
            if route.request.is_navigation_request() and not self._document_given:
                self._document_given = True
                headers = rules.response_headers(self.reply.headers)
                await route.fulfill(status=self.reply.status, headers=headers, body=self.reply.body)
                return
            try:
                answer = await self.subresources.fetch(
                    kind=route.request.resource_type,
                    method=route.request.method,
                    url=route.request.url,
                    headers=route.request.headers,
                )
            except asyncio.CancelledError:
                answer = None  # the page is done, but Playwright still waits for an answer to each request
            if answer is None:
                self._loaded |= self._leaves(route.request)
                # "aborted" keeps the page; other error codes replace it by an error page.
                await route.abort("aborted")
                return
            await route.fulfill(status=answer.status, headers=dict(answer.headers), body=answer.body)

    def _leaves(self, request: Request) -> bool:
        """Whether the page itself navigates away. Such a page may never fire its load event.

        A frame or a window that the page opens navigates too. Such a navigation does not end the page.
        """
        with contextlib.suppress(Error):  # a new window has no frame yet
            return request.is_navigation_request() and self._page is not None and request.frame == self._page.main_frame
        return False

    def _load(self, _page: Page) -> None:
        self._loaded = True

    def _crash(self, _page: Page) -> None:
        self._crashed = True

    async def _dom(self, context: BrowserContext, page: Page) -> str | None:
        # The script runs in an isolated world: the scripts of the page cannot change its result.
        session = await context.new_cdp_session(page)
        tree = await session.send("Page.getFrameTree")
        world = await session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
        script = {"contextId": world["executionContextId"], "expression": _DOM % self.largest}
        evaluated = await session.send("Runtime.evaluate", {**script, "awaitPromise": True, "returnByValue": True})
        value = evaluated["result"].get("value")
        return value if isinstance(value, str) else None

    def _rendered(self, dom: str | None) -> Reply:
        body = dom.encode("utf-8", "replace") if dom is not None else None
        if body is None or len(body) > self.largest:
            why = f"{self.reply.url}: the rendered page is larger than DOWNLOAD_MAXSIZE"
            return Reply(status=0, url=self.reply.url, error="too-large", detail=why)
        headers = {"content-type": "text/html; charset=utf-8", "content-length": str(len(body))}
        return replace(self.reply, body=body, headers={**self.reply.headers, **headers})

    async def _in_time(self, work: Awaitable[Any]) -> Any:
        try:
            return await asyncio.wait_for(work, min(self.seconds, PATIENCE))
        except TimeoutError:
            self._stuck = True
            raise StuckPage("the page did not answer, because its scripts do not end") from None

    async def _close(self, context: BrowserContext) -> None:
        """Cancel the open requests, and close the context with all data of the page."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
        if not self._stuck:
            with contextlib.suppress(Error):
                await self._in_time(context.close())
