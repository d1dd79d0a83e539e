"""Downloads what a page in the browser requests. These requests use the same middlewares, counts and statistics as
every other request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urljoin

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newsbot.browser import rules
from newsbot.browser.script_cache import BrowserResponse, ScriptCache
from newsbot.net.download_errors import DOWNLOAD_ERRORS
from newsbot.net.header_values import header_values
from newsbot.net.refusals import TooLarge

MOST_REQUESTS = 60
"""The most requests for one page, redirects included."""

_REDIRECTS = (301, 302, 303, 307, 308)

_FAILURES: tuple[type[Exception], ...] = (*DOWNLOAD_ERRORS, ValueError)  # ValueError: the URL cannot be requested


class RequestCounts(Protocol):
    """The counters of a site's requests. ``waited`` is in seconds."""

    requests: int
    bytes: int
    waited: float


@dataclass(kw_only=True)
class Subresources:
    """Fetches the subresources of one page that newsbot allows.

    ``download`` is the engine's method. Every request gets ``meta``. ``count`` takes the name of a stat.
    ``script_cache`` holds scripts of earlier pages.
    """

    page: str
    download: Callable[[Request], Awaitable[Response]]
    meta: Mapping[str, Any]
    counts: RequestCounts
    count: Callable[[str], None]
    script_cache: ScriptCache
    requested: int = 0
    _open: set[Request] = field(default_factory=set)

    async def fetch(self, *, kind: str, method: str, url: str, headers: Mapping[str, str]) -> BrowserResponse | None:
        """The answer to one request, with redirects followed. None where the request is not allowed or failed."""
        first = url
        while True:
            why = rules.refusal(kind=kind, method=method, url=url, page=self.page)
            if why is not None or self.requested >= MOST_REQUESTS:
                self.count("blocked")
                return None
            cached = self.script_cache.get(kind, url)
            if cached is not None:
                self.count("kept")
                return cached
            response = await self._download(url, method, headers)
            if response is None:
                return None
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or location is None:
                answer = BrowserResponse(
                    status=response.status,
                    headers=rules.response_headers(header_values(response.headers)),
                    body=response.body,
                )
                self.script_cache.put(kind, first, answer)
                return answer
            url = _target(url, location)

    def only_waits(self) -> bool:
        """Whether the page only waits for newsbot's delays: none of its requests has been sent yet."""
        return bool(self._open) and not any("newsbot_waited" in request.meta for request in self._open)

    async def _download(self, url: str, method: str, headers: Mapping[str, str]) -> Response | None:
        self.requested += 1
        # Newsbot requests each target of a redirect itself, since a redirect may lead to a third party.
        meta = {**self.meta, "dont_redirect": True}
        try:
            request = Request(url, method=method, headers=rules.request_headers(headers), dont_filter=True, meta=meta)
        except ValueError:
            return None
        self._open.add(request)
        refused = False
        try:
            response = await self.download(request)
        except _FAILURES as error:
            # The refusal or failure was logged where it happened. The page continues without the answer.
            refused = isinstance(error, IgnoreRequest) and not isinstance(error, TooLarge)
            return None
        finally:
            self._open.discard(request)
            self.count("blocked" if refused else "requests")
            self.counts.requests += not refused
            self.counts.waited += float(request.meta.get("newsbot_waited", 0.0))
        self.counts.bytes += len(response.body)
        return response


def _target(url: str, location: bytes) -> str:
    """The target of a redirect, or ""."""
    try:
        return urljoin(url, location.decode("latin-1").strip())
    except ValueError:
        return ""
