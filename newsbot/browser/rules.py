"""Which requests a page in the browser may make, and which headers of requests and answers are passed on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from newsbot.wordpress.messages import Reply

ASKED_FOR = frozenset({"script", "xhr", "fetch"})
"""Resources that may carry an article's text. Images, styles, fonts, media, frames, streams and beacons carry none."""

METHODS = frozenset({"GET", "HEAD"})
"""Methods that change nothing on the server."""

BOT_CHECK = "/cdn-cgi/challenge-platform/"
"""The path of Cloudflare's bot checks. Newsbot does not run them."""

_PORTS = {"http": 80, "https": 443}
_PASSED_ON = ("accept", "x-requested-with")
_OURS = frozenset(
    {
        *("connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding", "trailer", "upgrade"),
        *(
            "set-cookie",
            "refresh",
            "content-disposition",
            "report-to",
            "reporting-endpoints",
            "nel",
            "alt-svc",
            "strict-transport-security",
        ),
        *("content-security-policy-report-only", "clear-site-data", "speculation-rules", "critical-ch", "accept-ch"),
    }
)
"""Headers about a connection, a cache or background requests, which this browser does not have."""


def is_page(reply: Reply) -> bool:
    """Whether an answer is a page whose scripts should run: HTML with a success status."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return reply.error is None and reply.status == 200 and kind in ("text/html", "application/xhtml+xml")


def refusal(*, kind: str, method: str, url: str, page: str) -> str | None:
    """The reason why a page at ``page`` may not request ``url``, or None. ``kind`` is Playwright's type of resource."""
    if kind not in ASKED_FOR:
        return f"a page is read without its {kind}"
    if method not in METHODS:
        return f"{method} is not for readers"
    if house_of(url) is None or house_of(url) != house_of(page):
        return "a third party"
    if urlsplit(url).path.startswith(BOT_CHECK):
        return "a bot check"
    return None


def house_of(url: str) -> tuple[str, int | None] | None:
    """The owner of a URL: its host without ``www.``, with the port where it is not the scheme's default. None without a
    host."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if not host or parts.scheme not in _PORTS:
        return None
    return host.removeprefix("www."), None if port == _PORTS[parts.scheme] else port


def request_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers to send, out of the browser's headers: no cookie, no Referer, no password, and newsbot's
    User-Agent."""
    return {name: value for name, value in headers.items() if name.lower() in _PASSED_ON}


def response_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers for the browser, out of an answer's headers (lower-case names)."""
    return {name: value for name, value in headers.items() if name not in _OURS}
