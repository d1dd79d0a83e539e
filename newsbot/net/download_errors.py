"""What Scrapy or a middleware raised for a request -> the names that ``messages.ERRORS`` lists."""

from __future__ import annotations

import re

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)

DOWNLOAD_ERRORS = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)


_FAILURE = re.compile(r"\[?<twisted\.python\.failure\.Failure [\w.]+: (.*?)>\]?")
"""How Twisted tells a reason of an error within it."""


def one_line(error: BaseException) -> str:
    return _FAILURE.sub(r"\1", " ".join(str(error).split()))[:200]


def error_name(error: BaseException) -> str:
    """The name, of those in ``messages.ERRORS``, for what Scrapy or a middleware raised."""
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
    return next((name for kind, name in _NAMES if isinstance(error, kind)), "unknown")


_NAMES: tuple[tuple[type[BaseException], str], ...] = (
    (CannotResolveHostError, "dns"),
    (DownloadTimeoutError, "timeout"),
    (DownloadConnectionRefusedError, "refused"),
    (DownloadCancelledError, "too-large"),
    (UnsupportedURLSchemeError, "bad-url"),
    (ValueError, "bad-url"),
    (DownloadFailedError, "dropped"),
    (ResponseDataLossError, "dropped"),
    (OSError, "dropped"),
)
