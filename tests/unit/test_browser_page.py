"""When a page in the browser counts as loaded, without Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.async_api import Error

from newsbot.browser.page import LONGEST, PageRendering
from newsbot.errors import BrowserError, StuckPage
from newsbot.wordpress.messages import Reply

MAIN, IFRAME = object(), object()


class Navigation:
    """A navigation that the rules refuse. ``frame`` None: a new window, which has no frame yet."""

    resource_type, method, url, headers = "document", "GET", "https://other.example/", dict[str, str]()

    def __init__(self, frame: object | None) -> None:
        self.request, self._frame, self.aborted = self, frame, ""

    def is_navigation_request(self) -> bool:
        return True

    @property
    def frame(self) -> object:
        if self._frame is None:
            raise Error("Frame for this navigation request is not available")
        return self._frame

    async def abort(self, why: str) -> None:
        self.aborted = why


class Refusing:
    """Subresources that are all refused."""

    async def fetch(self, **_: object) -> None:
        return None

    def only_waits(self) -> bool:
        return False


class PageOf:
    main_frame = MAIN

    async def goto(self, url: str, **_: object) -> None:
        return None


class Context:
    """A context whose page gives the texts ``doms``, one after the other. ``before`` runs before each of them. An
    exception: the page cannot be read. None: its text is too long."""

    def __init__(self, doms: Sequence[str | Exception | None], before: Callable[[], None]) -> None:
        self.doms, self.before, self.read = doms, before, 0

    async def new_cdp_session(self, page: object) -> Context:
        return self

    async def send(self, method: str, params: object = None) -> dict[str, Any]:
        if method == "Runtime.evaluate":
            self.before()
            self.read += 1
            value = self.doms[self.read - 1]
            if isinstance(value, Exception):
                raise value
            return {"result": {"value": value}}
        return {"frameTree": {"frame": {"id": 1}}, "executionContextId": 1}


def rendering_of(**options: Any) -> Any:
    known: dict[str, Any] = {"user_agent": "", "subresources": Refusing(), "seconds": 30.0, "largest": 1_000}
    known |= {"stopping": lambda: False, "count": lambda _: None} | options
    build: Any = PageRendering
    return build(reply=Reply(status=200, url="https://news.example/"), **known)


@pytest.mark.parametrize(("frame", "loaded"), [(MAIN, True), (IFRAME, False), (None, False)])
def test_only_a_page_that_navigates_away_itself_counts_as_loaded(frame: object | None, loaded: bool) -> None:
    page, navigation, rendering = PageOf(), Navigation(frame), rendering_of()
    rendering._page, rendering._document_given = page, True
    asyncio.run(rendering._answer(navigation))
    assert (rendering._loaded, navigation.aborted) == (loaded, "aborted")


@pytest.mark.parametrize(("busy", "text", "reads"), [(0, "first", 1), (1, "second", 2), (9, "second", 2)])
def test_page_that_makes_a_request_while_it_is_read_is_read_once_more(
    monkeypatch: pytest.MonkeyPatch, busy: int, text: str, reads: int
) -> None:
    monkeypatch.setattr("newsbot.browser.page.QUIET", 0.0)
    chromium = SimpleNamespace(alive=True)
    rendering = rendering_of()
    rendering._loaded = True

    def request() -> None:
        rendering._requests += context.read < busy

    context = Context(["first", "second"], request)
    reply = asyncio.run(rendering._settled(context, PageOf(), chromium))
    assert (reply.body.decode(), context.read) == (text, reads)


def test_page_whose_time_is_over_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[str] = []
    rendering = rendering_of(seconds=0.0, count=counts.append)

    def request() -> None:
        rendering._requests += 1

    context = Context(["first"], request)
    monkeypatch.setattr(PageRendering, "_in_time", lambda _, work: work)
    reply = asyncio.run(rendering._settled(context, PageOf(), SimpleNamespace(alive=True)))
    assert (reply.body.decode(), context.read, counts) == ("first", 1, ["cut"])


@pytest.mark.parametrize(
    ("then", "is_broken"),
    [(StuckPage("its scripts do not end"), True), (Error("Target crashed"), True), (BrowserError("it stopped"), True),
     (None, False)],
)  # fmt: skip
def test_page_that_cannot_be_read_once_more_keeps_its_first_text(
    monkeypatch: pytest.MonkeyPatch, then: Exception | None, is_broken: bool
) -> None:
    monkeypatch.setattr("newsbot.browser.page.QUIET", 0.0)
    rendering = rendering_of()
    rendering._loaded = True

    def request() -> None:
        rendering._requests += 1

    context = Context(["first", then], request)
    reply = asyncio.run(rendering._settled(context, PageOf(), SimpleNamespace(alive=True)))
    assert (reply.error, reply.body.decode(), rendering.is_broken) == (None, "first", is_broken)


def test_waits_of_both_readings_have_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page asks for something while it is read, and the wait for the answer would never end."""
    monkeypatch.setattr("newsbot.browser.page.QUIET", 0.0)
    counts: list[str] = []
    waiting = SimpleNamespace(only_waits=lambda: True)
    rendering = rendering_of(count=counts.append, subresources=waiting)
    rendering._loaded = True

    def request() -> None:
        rendering._requests += 1
        rendering._loaded = False
        rendering._began -= LONGEST

    context = Context(["first", "second"], request)
    reply = asyncio.run(rendering._settled(context, PageOf(), SimpleNamespace(alive=True)))
    assert (reply.body.decode(), counts) == ("second", ["cut"])
