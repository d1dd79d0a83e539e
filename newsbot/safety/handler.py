"""Scrapy's HTTP handler with a limit on headers, wrong lengths mended, and a signal when a request is sent.

Without a limit, a server that never ends its headers fills the memory. A request is sent after its connection was
opened. Without the signal, no component knows this time, which it needs to keep a delay between two requests.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HEADER, STATUS, HTTP11ClientProtocol, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IResponse

from newsbot import signals
from newsbot.numbers import from_digits
from newsbot.safety.tls import NotingPolicy, TlsFailed, tls_fault

HEAD_BYTES = 256 * 1024
"""The limit for status line and headers together, as in browsers. Scrapy and Twisted limit a line, not the number of
lines."""


class CappedProtocol(_LenientHTTP11ClientProtocol):
    """Closes the connection when the headers of an answer exceed the limit."""

    _head_bytes = 0

    def __init__(self, quiescent: Any, written: Callable[[str], None]) -> None:
        super().__init__(quiescent)  # type: ignore[no-untyped-call]
        self._written = written

    def request(self, request: Any) -> Deferred[IResponse]:
        answer = super().request(request)
        if self._parser is not None:
            read = partial(_read_head, self._parser, self._parser.allHeadersReceived)
            self._parser.allHeadersReceived = read  # type: ignore[method-assign]
        self._written(request.absoluteURI.decode("latin-1"))
        return answer

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        if self._parser is None or self._parser.state not in (STATUS, HEADER):
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES and self.transport is not None:
            self.transport.abortConnection()


def _read_head(parser: Any, read: Callable[[], None]) -> None:
    mend_lengths(parser.connHeaders)
    read()


def mend_lengths(headers: Headers) -> None:
    """Change the headers that tell where a body ends, so that Twisted can read them.

    Twisted drops answers whose length is in quotes, is negative, is not a number or has two values, and those with
    ``Transfer-Encoding: identity``. Without a length the body ends with the connection.
    """
    encodings = b",".join(headers.getRawHeaders(b"Transfer-Encoding") or [])
    if encodings:
        headers.removeHeader(b"Transfer-Encoding")
        if encodings.rpartition(b",")[2].strip().lower() == b"chunked":
            headers.setRawHeaders(b"Transfer-Encoding", [b"chunked"])
    lengths = b",".join(headers.getRawHeaders(b"Content-Length") or [])
    numbers = {from_digits(number.strip(b" \t\"'+").decode("latin-1")) for number in lengths.split(b",")}
    headers.removeHeader(b"Content-Length")
    if len(numbers) == 1 and (number := numbers.pop()) is not None:
        headers.setRawHeaders(b"Content-Length", [str(number).encode("ascii")])


class CappedFactory(_LenientHTTP11ClientFactory):
    """Builds CappedProtocols. ``written`` is called with the URL of each request when its connection gets the
    request."""

    def __init__(self, *args: Any, written: Callable[[str], None]) -> None:
        super().__init__(*args)  # type: ignore[no-untyped-call]
        self._written = written

    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: ARG002, N802
        return CappedProtocol(self._quiescentCallback, self._written)


class CappedHandler(HTTP11DownloadHandler):
    """For DOWNLOAD_HANDLERS, http and https."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._signals = crawler.signals
        self._policy = NotingPolicy(self._contextFactory)
        self._contextFactory = self._policy  # type: ignore[assignment]  # it provides the interface of Zope
        self._pool._factory = partial(CappedFactory, written=self._written)  # type: ignore[assignment]

    def _written(self, url: str) -> None:
        self._signals.send_catch_log(signals.request_written, url=url)

    async def download_request(self, request: Request) -> Response:
        try:
            return await super().download_request(request)
        except DownloadFailedError as error:
            cause = error.__cause__
            # Only newsbot aborts a connection before the end of the headers. If a server closes the connection, the
            # error is different.
            if isinstance(cause, ResponseFailed) and any(reason.check(ConnectionAborted) for reason in cause.reasons):
                raise DownloadCancelledError(f"more than {HEAD_BYTES} bytes of headers") from error
            why = tls_fault(error, urlparse_cached(request).hostname or "", self._policy.faults)
            if why is not None:
                raise TlsFailed(why) from error
            raise
