"""The HTTP handler of a run that records: it hands the bytes of each connection to the recorder.

The bytes are copied after TLS decryption and before HTTP parsing: header names stay as the server wrote them, the
transfer encoding stays, and nothing is decompressed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urldefrag

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError
from scrapy.http import Response
from scrapy.utils.python import to_bytes
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web.client import URI
from twisted.web.iweb import IResponse

from newsbot.safety.handler import CappedFactory, CappedHandler, CappedProtocol
from newsbot.timestamps import iso_utc
from newsbot.warc.exchange import Exchange
from newsbot.warc.recorder import FETCHED_AT, RECORD, SITE, recorder_of

Exchanges = Callable[[str], Exchange | None]
"""URL of a request that is about to be sent -> its exchange."""


class RecordingProtocol(CappedProtocol):
    """Copies what is sent and received into the exchange of the current request."""

    def __init__(self, quiescent: Any, written: Callable[[str], None], exchanges: Exchanges) -> None:
        super().__init__(quiescent, written)
        self._exchanges = exchanges
        self._exchange: Exchange | None = None

    def request(self, request: Any) -> Deferred[IResponse]:
        exchange = self._exchange = self._exchanges(request.absoluteURI.decode("latin-1"))
        if exchange is not None:
            transport: Any = self.transport
            exchange.start(getattr(transport.getPeer(), "host", None))
            write_to = request.writeTo
            request.writeTo = lambda transport: write_to(_Copied(transport, exchange))
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self._exchange is not None:
            self._exchange.receive(data)
        super().dataReceived(data)

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.cut(len(rest))
        super()._finishResponse(rest)


class _Copied:
    """A transport that also copies the written bytes to the exchange."""

    def __init__(self, transport: Any, exchange: Exchange) -> None:
        self._transport = transport
        self._exchange = exchange

    def write(self, data: bytes) -> None:
        self._exchange.sent(data)
        self._transport.write(data)

    def writeSequence(self, lines: Iterable[bytes]) -> None:  # noqa: N802
        self.write(b"".join(lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class RecordingFactory(CappedFactory):
    """Builds RecordingProtocols."""

    def __init__(self, *args: Any, written: Callable[[str], None], exchanges: Exchanges) -> None:
        super().__init__(*args, written=written)
        self._exchanges = exchanges

    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: ARG002, N802
        return RecordingProtocol(self._quiescentCallback, self._written, self._exchanges)


class RecordingHandler(CappedHandler):
    """Records each exchange when it has ended, and names the record in ``Request.meta``."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._recorder = recorder_of(crawler)
        # One request at a time is sent to a host (PolitenessMiddleware), so that a URL names one exchange.
        self._open: dict[str, Exchange] = {}
        factory = partial(RecordingFactory, written=self._written, exchanges=self._open.get)
        self._pool._factory = factory  # type: ignore[assignment]

    async def download_request(self, request: Request) -> Response:
        url = urldefrag(request.url)[0]
        sent = url_as_sent(url)
        exchange = self._open[sent] = Exchange(url=url)
        broken: str | None = "disconnect"
        try:
            response = await super().download_request(request)
            broken = "disconnect" if "dataloss" in response.flags else None
        except DownloadTimeoutError:
            broken = "time"
            raise
        except DownloadCancelledError:
            broken = "length"
            raise
        finally:
            if self._open.get(sent) is exchange:
                del self._open[sent]
            # Always set: a redirect copies the meta of the request before it.
            request.meta[FETCHED_AT] = at = iso_utc(datetime.now(UTC))
            request.meta[RECORD] = self._recorder.record(
                exchange, fetched_at=at, truncated=broken, site=request.meta.get(SITE)
            )
            exchange.close()
        if not exchange.request:
            self._recorder.miss(url)
        return response


def url_as_sent(url: str) -> str:
    """The URL as Twisted names the request to the connection. Twisted leaves out a ``;`` at the end of a path."""
    uri = URI.fromBytes(to_bytes(url))  # type: ignore[no-untyped-call]
    return bytes(uri.toBytes()).decode("latin-1")
