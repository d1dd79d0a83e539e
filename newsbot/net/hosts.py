"""What a host is: the name that paces, passwords and accounts go by."""

from __future__ import annotations

from urllib.parse import ParseResult, SplitResult, urlsplit

from scrapy import Request
from scrapy.utils.httpobj import urlparse_cached

PORTS = {"http": 80, "https": 443}


def host_of(request: Request) -> str:
    """The host's name, with the port where that is not the scheme's own; "" for no host."""
    return _name(urlparse_cached(request))


def host_of_url(url: str) -> str:
    """The same for a URL that is no longer, or not yet, a request."""
    return _name(urlsplit(url))


def _name(parts: SplitResult | ParseResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if parts.port is None or parts.port == PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"
