"""Refuses requests to addresses that are not public, also on redirects."""

from __future__ import annotations

import logging
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.utils.httpobj import urlparse_cached

from newsbot.net.hosts import PORTS, host_of
from newsbot.net.refusals import PrivateAddress
from newsbot.safety.resolver import PublicResolver

logger = logging.getLogger(__name__)


class PrivateAddressesMiddleware:
    """Refuses IP addresses in URLs, which no resolver sees, and gives the reason where the resolver refused a name.

    ``PublicResolver`` checks the addresses of a name for each connection. This middleware installs it if necessary.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def resolver(self) -> PublicResolver:
        # Not stored: CrawlerProcess installs its resolver after the middlewares are built.
        return installed_resolver(self.crawler)

    def process_request(self, request: Request) -> None:
        parts = urlparse_cached(request)
        if parts.scheme not in PORTS:
            return
        why = self.resolver.policy.refusal(parts.hostname or "", parts.port or PORTS[parts.scheme])
        if why is not None:
            raise self._refuse(why, request)

    def process_exception(self, request: Request, exception: Exception) -> None:
        if not isinstance(exception, CannotResolveHostError):
            return
        parts = urlparse_cached(request)
        why = self.resolver.refusal(parts.hostname or "", parts.port or PORTS.get(parts.scheme))
        if why is not None:
            raise self._refuse(why, request) from exception

    def _refuse(self, why: str, request: Request) -> PrivateAddress:
        hops = [*request.meta.get("redirect_urls", []), request.url]
        logger.warning("Refused %s: %s. NEWSBOT_ALLOW_PRIVATE can allow it", " -> ".join(hops), why)
        self.crawler.stats.inc_value("newsbot/private_addresses/refused")
        return PrivateAddress(why, host=host_of(request))


def installed_resolver(crawler: Crawler) -> PublicResolver:
    """The resolver of the reactor, which is replaced by a PublicResolver if necessary.

    Only CrawlerProcess reads the setting TWISTED_DNS_RESOLVER.
    """
    from twisted.internet import reactor

    resolver = reactor.nameResolver
    if not isinstance(resolver, PublicResolver):
        resolver = PublicResolver.from_crawler(crawler, reactor)
        resolver.install_on_reactor()
    return resolver
