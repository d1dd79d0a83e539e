"""The reasons why newsbot does not make a request, or does not accept its answer.

IgnoreRequest (Scrapy)
└── Refusal                has ``newsbot_error``, a name of ``wordpress.messages.ERRORS``; the text is one line
    ├── RobotsDisallowed       robots.txt forbids the URL
    │   └── RobotsUnreachable  robots.txt gave no answer, which forbids everything for ``retry_in`` seconds. Where
    │                          the host cannot be reached at all, the name is that of its error (``dns``)
    ├── PrivateAddress         the host is, or resolves to, an address that is not public
    ├── HostGivenUp            in this run the host failed for too long, or asked newsbot to wait for too long
    ├── CrawlStopping          the crawl is being stopped, so waiting requests end at once
    ├── BadUrl                 another scheme than http and https, or a user name or password in the URL
    ├── TooManyRedirects       more redirects than REDIRECT_MAX_TIMES
    └── TooLarge               more bytes than DOWNLOAD_MAXSIZE, before or after decompression

The downloader middlewares raise them. The fetcher catches ``Refusal`` and turns it into a reply.
"""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest


class Refusal(IgnoreRequest):
    """Base class of the refusals."""

    newsbot_error: str = "unknown"


class RobotsDisallowed(Refusal):
    """robots.txt forbids the URL."""

    newsbot_error = "robots"


class RobotsUnreachable(RobotsDisallowed):
    """robots.txt gave no answer. RFC 9309 section 2.3.1.4: then everything is forbidden."""

    newsbot_error = "robots-unreachable"

    def __init__(self, text: str, *, retry_in: float, host_error: str | None = None) -> None:
        """``host_error``: the name of the error where the host itself cannot be reached (``net.download_errors``)."""
        super().__init__(text)
        self.retry_in = retry_in
        if host_error is not None:
            self.newsbot_error = host_error


class PrivateAddress(Refusal):
    """The address is private, loopback, link-local, multicast or reserved. ``host`` is a name of ``host_of``."""

    newsbot_error = "private-address"

    def __init__(self, text: str, *, host: str) -> None:
        super().__init__(text)
        self.host = host


class HostGivenUp(Refusal):
    """This run makes no further request to the host."""

    newsbot_error = "given-up"


class CrawlStopping(Refusal):
    """The crawl is being stopped."""

    newsbot_error = "stopped"


class BadUrl(Refusal):
    """The URL cannot be requested."""

    newsbot_error = "bad-url"


class TooManyRedirects(Refusal):
    """More redirects than REDIRECT_MAX_TIMES."""

    newsbot_error = "redirects"


class TooLarge(Refusal):
    """The answer is larger than DOWNLOAD_MAXSIZE."""

    newsbot_error = "too-large"
