"""The page that Prometheus reads. Scrapy's own event loop answers. A worker that hangs gives no answer, so Prometheus
notices it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_LATEST
from twisted.internet.error import CannotListenError
from twisted.web.resource import Resource
from twisted.web.server import Site

logger = logging.getLogger(__name__)


def serve(text: Callable[[], bytes], address: str, port: int) -> int | None:
    """Serve ``text()`` until the process ends. Returns the port; None if the port is in use; the crawl continues
    then."""
    reactor: Any
    from twisted.internet import reactor

    try:
        bound: int = reactor.listenTCP(port, _Site(text), interface=address).getHost().port
    except CannotListenError as error:
        why = getattr(error.socketError, "strerror", None) or str(error.socketError)
        logger.error("Metrics are not served on %s:%d: %s. Give each process its own port", address, port, why)
        return None
    logger.info("Metrics are served on http://%s:%d/metrics", address, bound)
    return bound


class _Site(Site):
    noisy = False

    def __init__(self, text: Callable[[], bytes]) -> None:
        root = Resource()  # type: ignore[no-untyped-call]
        root.putChild(b"metrics", _Page(text))  # type: ignore[arg-type]
        super().__init__(root, timeout=60)  # type: ignore[no-untyped-call]

    def log(self, request: Any) -> None:
        """Write no line for each scrape."""


class _Page(Resource):
    isLeaf = True  # noqa: N815 (Twisted's name)

    def __init__(self, text: Callable[[], bytes]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.text = text

    def render_GET(self, request: Any) -> bytes:  # noqa: N802 (Twisted's name)
        request.setHeader(b"content-type", CONTENT_TYPE_LATEST.encode())
        return self.text()
