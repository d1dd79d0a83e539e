"""When a page in the browser counts as loaded, without Chromium."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Error

from newsbot.browser.page import PageRendering
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


class PageOf:
    main_frame = MAIN


@pytest.mark.parametrize(("frame", "loaded"), [(MAIN, True), (IFRAME, False), (None, False)])
def test_only_a_page_that_navigates_away_itself_counts_as_loaded(frame: object | None, loaded: bool) -> None:
    refusing, page, navigation = Refusing(), PageOf(), Navigation(frame)
    options: dict[str, Any] = {"user_agent": "", "subresources": refusing, "seconds": 30.0, "largest": 1_000}
    options |= {"stopping": lambda: False, "count": lambda _: None}
    rendering: Any = PageRendering(reply=Reply(status=200, url="https://news.example/"), **options)
    rendering._page, rendering._document_given = page, True
    asyncio.run(rendering._answer(navigation))
    assert (rendering._loaded, navigation.aborted) == (loaded, "aborted")
