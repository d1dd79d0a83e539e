"""The errors of a download, and the names of ``messages.ERRORS`` for them."""

from __future__ import annotations

import re

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from twisted.internet.error import ConnectError, ConnectionClosed, ConnectionRefusedError, TCPTimedOutError

_NAMES: dict[type[Exception], str] = {
    CannotResolveHostError: "dns",
    DownloadTimeoutError: "timeout",
    DownloadConnectionRefusedError: "refused",
    DownloadCancelledError: "too-large",
    UnsupportedURLSchemeError: "bad-url",
    DownloadFailedError: "dropped",
    ResponseDataLossError: "dropped",
    OSError: "dropped",
    # Scrapy passes on Twisted's exceptions for a connection that is reset, or a network that is unreachable.
    TCPTimedOutError: "timeout",
    ConnectionRefusedError: "refused",
    ConnectError: "dropped",
    ConnectionClosed: "dropped",
    IgnoreRequest: "unknown",
}
"""Class -> name, subclasses before their bases. A refusal of newsbot carries its own name (``net.refusals``)."""

DOWNLOAD_ERRORS = tuple(_NAMES)
"""The exceptions that ``engine.download_async`` raises for a request that failed or that a middleware refused."""

_FAILURE = re.compile(r"\[?<twisted\.python\.failure\.Failure [\w.]+: (.*?)>\]?")
"""The form in which Twisted writes an error inside another error."""

_READ = 2_000
"""The most characters of an error's text that are read."""


def one_line(error: BaseException) -> str:
    """The text of an error on one line, 200 characters at most."""
    # If a failure in the text has no end, the pattern searches up to the end of the text. The limit keeps this short.
    return _FAILURE.sub(r"\1", " ".join(str(error)[:_READ].split()))[:200]


def error_name(error: BaseException) -> str:
    """The name in ``messages.ERRORS`` of a download's error."""
    named = getattr(error, "newsbot_error", None)
    if isinstance(named, str):
        return named
    text = f"{error!r} {error.__cause__!r}"
    if "SSL" in text or "certificate" in text.lower():
        return "tls"
    if "robots.txt" in text:
        return "robots"
    if "redirections reached" in text:
        return "redirects"
    return name_of_class(error) or "unknown"


def name_of_class(error: BaseException) -> str | None:
    """The name of the first class in the table that ``error`` is an instance of; None where there is none."""
    return next((name for kind, name in _NAMES.items() if isinstance(error, kind)), None)
