"""Why a request of ours was not made, or its answer not taken.

IgnoreRequest (Scrapy)
└── Refusal              carries ``newsbot_error``, a name of ``wordpress.messages.ERRORS``; its text is one line
    ├── RobotsDisallowed   robots.txt says no
    │   └── RobotsUnreachable  robots.txt gave no answer, which means no until it does; ``retry_in`` seconds
    ├── PrivateAddress     the host is, or resolves to, an address that is not public
    ├── HostGivenUp        the host failed for too long, or asked to wait too long, for this run
    ├── CrawlStopping      the crawl is being stopped; what waited for its turn ends at once
    ├── BadUrl             a scheme we do not speak, or a user name or password inside a URL
    ├── TooManyRedirects   more hops than REDIRECT_MAX_TIMES
    └── TooLarge           more than DOWNLOAD_MAXSIZE, on the wire or unpacked

Raised by the downloader middlewares; the driver catches ``Refusal`` and turns it into a reply.
"""

from __future__ import annotations

from typing import ClassVar

from scrapy.exceptions import IgnoreRequest


class Refusal(IgnoreRequest):
    """Root of the refusals."""

    newsbot_error: ClassVar[str] = "unknown"


class RobotsDisallowed(Refusal):
    """robots.txt says no."""

    newsbot_error = "robots"


class RobotsUnreachable(RobotsDisallowed):
    """robots.txt gave no answer: RFC 9309 section 2.3.1.4 takes that for a complete disallow."""

    newsbot_error = "robots-unreachable"

    def __init__(self, text: str, *, retry_in: float) -> None:
        super().__init__(text)
        self.retry_in = retry_in


class PrivateAddress(Refusal):
    """The address is private, loopback, link-local, multicast or reserved; ``host`` is as ``host_of`` names it."""

    newsbot_error = "private-address"

    def __init__(self, text: str, *, host: str) -> None:
        super().__init__(text)
        self.host = host


class HostGivenUp(Refusal):
    """The breaker is open: no request to this host in this run any more."""

    newsbot_error = "given-up"


class CrawlStopping(Refusal):
    """The crawl is being stopped."""

    newsbot_error = "stopped"


class BadUrl(Refusal):
    """The URL cannot be requested."""

    newsbot_error = "bad-url"


class TooManyRedirects(Refusal):
    """More hops than are allowed."""

    newsbot_error = "redirects"


class TooLarge(Refusal):
    """The answer is larger than we take."""

    newsbot_error = "too-large"
