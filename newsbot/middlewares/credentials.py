"""Reads one's own sites logged in, by an application password."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from newsbot.errors import BadArgument
from newsbot.net.hosts import host_of
from newsbot.safety.addresses import AddressPolicy, address_of, is_loopback_name
from newsbot.safety.credentials import Credential, parse_auth, read_netrc

logger = logging.getLogger(__name__)


_NEVER = ("redirect_times", "dont_obey_robotstxt", "playwright", "newsbot_file", "newsbot_linked")
"""Marks of requests that go where somebody else sent us: they are a visitor's."""


def _has_method(request: Request) -> bool:
    """Whether the address asks WordPress to take a GET for another method (``_method=DELETE``)."""
    return "_method" in unquote(unquote(urlparse_cached(request).query)).lower()


class CredentialsMiddleware:
    """Adds Authorization for the time a request is on the wire, and takes it off again.

    Sent over verified TLS only (to this machine itself also without, where NEWSBOT_ALLOW_PRIVATE names it), to the very
    host and port it is for (443 unless named), never on a redirect, to robots.txt or through a browser.
    """

    def __init__(self, credentials: dict[str, Credential], policy: AddressPolicy) -> None:
        self.credentials = credentials
        self.policy = policy
        self._told: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        credentials: dict[str, Credential] = {}
        path = settings.get("NEWSBOT_NETRC", "")
        if path:
            try:
                credentials |= read_netrc(Path(path).expanduser())
            except BadArgument as error:
                # The file serves other programs too; a site that needs it will answer 401 and be told of.
                logger.warning("No passwords from .netrc: %s", error)
        credentials |= parse_auth(settings.get("NEWSBOT_AUTH", ""))
        if not credentials:
            raise NotConfigured
        if not settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES"):
            raise BadArgument("passwords are set, but DOWNLOAD_VERIFY_CERTIFICATES is off: anyone could read them")
        middleware = cls(credentials, AddressPolicy.parse(settings.get("NEWSBOT_ALLOW_PRIVATE", "")))
        # Scrapy may keep requests after they were answered: in a queue, a trace, an exception.
        crawler.signals.connect(middleware.forget, signals.request_left_downloader)
        return middleware

    def process_request(self, request: Request) -> None:
        self.forget(request)
        if any(request.meta.get(mark) for mark in _NEVER) or _has_method(request):
            return
        credential = self.credentials.get(host_of(request))
        if credential is None or not self._private_channel(request):
            return
        request.headers["Authorization"] = credential.header()
        if host_of(request) not in self._told:
            self._told.add(host_of(request))
            logger.info("%s: read logged in as %s", host_of(request), credential.user)

    def process_response(self, request: Request, response: Response) -> Response:
        self.forget(request)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:  # noqa: ARG002
        self.forget(request)

    def forget(self, request: Request) -> None:
        """Take the header off; one that a redirect copied from another request goes too."""
        request.headers.pop("Authorization", None)

    def _private_channel(self, request: Request) -> bool:
        parts = urlparse_cached(request)
        if parts.scheme == "https":
            return True
        host = parts.hostname or ""
        address = address_of(host)
        loopback = is_loopback_name(host) or (address is not None and address.is_loopback)
        return loopback and self.policy.allows(host, parts.port or 80)
