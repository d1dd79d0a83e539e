"""No request to an address that is not public, at any hop."""

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
    """Refuses addresses spelled in the URL, which no resolver sees, and names the reason when the resolver refused.

    What a name resolves to is judged by ``PublicResolver`` for each connection; this installs it if nothing has yet.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def resolver(self) -> PublicResolver:
        # Not kept: CrawlerProcess installs its own after the middlewares are built.
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
        logger.warning("Refused %s: %s (NEWSBOT_ALLOW_PRIVATE)", " -> ".join(hops), why)
        self.crawler.stats.inc_value("newsbot/private_addresses/refused")
        return PrivateAddress(why, host=host_of(request))


def installed_resolver(crawler: Crawler) -> PublicResolver:
    """The reactor's resolver, made ours where it is not: without CrawlerProcess no resolver setting is read."""
    from twisted.internet import reactor

    resolver = reactor.nameResolver
    if not isinstance(resolver, PublicResolver):
        resolver = PublicResolver.from_crawler(crawler, reactor)
        resolver.install_on_reactor()
    return resolver
