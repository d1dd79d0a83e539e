"""What a page in the browser may ask for, and what of its questions and answers is passed on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from newsbot.wordpress.messages import Reply

ASKED_FOR = frozenset({"script", "xhr", "fetch"})
"""What an article may come by. Images, styles, fonts, media, frames, streams and beacons bring none of its text."""

METHODS = frozenset({"GET", "HEAD"})
"""A reader changes nothing."""

BOT_CHECK = "/cdn-cgi/challenge-platform/"
"""Where Cloudflare keeps the scripts that try a visitor. We do not stand for the test."""

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
"""Headers that speak of a connection, of a memory or of errands that the browser does not have."""


def is_page(reply: Reply) -> bool:
    """Whether an answer is a page whose scripts are worth running: HTML that came with success."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    return reply.error is None and reply.status == 200 and kind in ("text/html", "application/xhtml+xml")


def refusal(*, kind: str, method: str, url: str, page: str) -> str | None:
    """Why a page at ``page`` may not ask for ``url``, or None. ``kind`` is Playwright's type of resource."""
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
    """Whose a URL is: its host without ``www.``, and the port where that is not the scheme's own; None for nobody's."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if not host or parts.scheme not in _PORTS:
        return None
    return host.removeprefix("www."), None if port == _PORTS[parts.scheme] else port


def request_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Of the headers a browser would send, those we send: no cookie, no Referer, no password, our own name."""
    return {name: value for name, value in headers.items() if name.lower() in _PASSED_ON}


def response_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Of an answer's headers (lower-case names), those the browser is shown."""
    return {name: value for name, value in headers.items() if name not in _OURS}
