"""The resolver for every connection: a name never resolves to an address that newsbot must not connect to.

Twisted connects to the addresses from this resolver and does not resolve again, so that no DNS answer can change
between the check and the connection.
"""

from __future__ import annotations

import logging
import socket
from collections import OrderedDict
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.resolver import HostResolution
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution
from twisted.internet.threads import deferToThreadPool
from zope.interface import implementer  # type: ignore[import-untyped]

from newsbot.safety.addresses import AddressPolicy

logger = logging.getLogger(__name__)

Lookup = Callable[[str], tuple[str, ...]]

CACHE_SECONDS = 300.0
"""Seconds for which an answer is kept. The system's resolver does not give a record's time to live; for most records it
is at least this long."""


def system_lookup(host: str) -> tuple[str, ...]:
    """Every address of a name from the system's resolver; empty if the name has no address. This call blocks."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


@implementer(IHostnameResolver)
class PublicResolver:
    """Resolves names by the system, in threads, and removes forbidden addresses. For TWISTED_DNS_RESOLVER."""

    def __init__(
        self,
        reactor: Any,
        *,
        policy: AddressPolicy,
        timeout: float,
        cache_size: int,
        lookup: Lookup | None = None,
    ) -> None:
        self.reactor = reactor
        self.policy = policy
        self._timeout = timeout
        self._cache_size = cache_size
        self._lookup = lookup
        self._known: OrderedDict[str, tuple[float, tuple[str, ...]]] = OrderedDict()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        settings = crawler.settings
        return cls(
            reactor,
            policy=AddressPolicy.parse(settings.get("NEWSBOT_ALLOW_PRIVATE", "")),
            timeout=settings.getfloat("DNS_TIMEOUT"),
            cache_size=settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 1,
        )

    def install_on_reactor(self) -> None:
        self.reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: ARG002, N803
    ) -> IHostResolution:
        """See IHostnameResolver. If no address is allowed, Twisted gets no address and reports a DNS failure."""
        resolution = HostResolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)

        def deliver(found: tuple[str, ...]) -> None:
            for address in self._allowed(hostName, portNumber, found):
                kind = IPv6Address if ":" in address else IPv4Address
                if addressTypes is None or kind in addressTypes:
                    resolutionReceiver.addressResolved(kind("TCP", address, portNumber))
            resolutionReceiver.resolutionComplete()

        self._resolve(hostName).addCallback(deliver)
        return resolution  # type: ignore[return-value]

    async def addresses(self, host: str, port: int | None) -> tuple[str, ...]:
        """The addresses of ``host`` that newsbot may connect to; empty where there is none."""
        return self._allowed(host, port, await maybe_deferred_to_future(self._resolve(host)))

    def refusal(self, host: str, port: int | None) -> str | None:
        """The reason why the addresses of ``host`` were forbidden in its last resolution; None if they were not."""
        _, found = self._known.get(host.lower(), (0.0, ()))
        if not found or self._allowed(host, port, found):
            return None
        return self.policy.refusal(host, port, found)

    def _allowed(self, host: str, port: int | None, found: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(address for address in found if self.policy.refusal(host, port, (address,)) is None)

    def _resolve(self, host: str) -> Deferred[tuple[str, ...]]:
        expires, found = self._known.get(host.lower(), (0.0, ()))
        if found and monotonic() < expires:
            return succeed(found)
        pool = self.reactor.getThreadPool()
        answer: Deferred[tuple[str, ...]] = deferToThreadPool(self.reactor, pool, self._lookup or system_lookup, host)
        # After the timeout the thread runs until the system's resolver gives up. Its result is discarded.
        answer.addTimeout(self._timeout, self.reactor)
        answer.addCallbacks(self._keep, self._give_up, callbackArgs=(host,), errbackArgs=(host,))
        return answer

    def _keep(self, found: tuple[str, ...], host: str) -> tuple[str, ...]:
        self._known[host.lower()] = (monotonic() + CACHE_SECONDS, found)
        self._known.move_to_end(host.lower())
        while len(self._known) > self._cache_size:
            self._known.popitem(last=False)
        return found

    def _give_up(self, failure: Any, host: str) -> tuple[str, ...]:
        failure.trap(DeferredTimeout)
        logger.warning("%s: no answer from DNS within %.0f s", host, self._timeout)
        return ()
