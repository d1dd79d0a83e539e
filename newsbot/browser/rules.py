"""Which requests a page in the browser may make, and which headers of requests and answers are passed on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from newsbot.urls import ascii_host
from newsbot.wordpress.messages import Reply

ALLOWED_KINDS = frozenset({"script", "xhr", "fetch"})
"""Resources that may carry an article's text. The other kinds (images, styles, fonts, media, frames, streams, beacons)
carry no text."""

METHODS = frozenset({"GET", "HEAD"})
"""Methods that change nothing on the server."""

BOT_CHECK = "/cdn-cgi/challenge-platform/"
"""The path of Cloudflare's bot checks. Newsbot does not run them."""

_PORTS = {"http": 80, "https": 443}
_SENT = ("accept", "x-requested-with")
_WITHHELD = frozenset(
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
    if kind not in ALLOWED_KINDS:
        return f"newsbot loads no {kind}"
    if method not in METHODS:
        return f"the method {method} may change the site"
    if site_of(url) is None or site_of(url) != site_of(page):
        return "a third party"
    if urlsplit(url).path.startswith(BOT_CHECK):
        return "a bot check"
    return None


def site_of(url: str) -> tuple[str, int | None] | None:
    """The site of a URL: its host without ``www.``, and the port if it is not the scheme's default.

    None for a URL without a host.
    """
    try:
        parts = urlsplit(url)
        host, port = ascii_host(parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if not host or parts.scheme not in _PORTS:
        return None
    return host.removeprefix("www."), None if port == _PORTS[parts.scheme] else port


def request_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of the browser that newsbot sends: no cookie, no Referer, no password, no User-Agent."""
    return {name: value for name, value in headers.items() if name.lower() in _SENT}


def response_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers for the browser, out of an answer's headers (lower-case names)."""
    return {name: value for name, value in headers.items() if name not in _WITHHELD}
