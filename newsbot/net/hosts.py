"""The name of a host, by which paces, passwords and counts are stored."""

from __future__ import annotations

from urllib.parse import ParseResult, SplitResult, urlsplit

from scrapy import Request
from scrapy.utils.httpobj import urlparse_cached

PORTS = {"http": 80, "https": 443}


def host_of(request: Request) -> str:
    """The name of the host, followed by the port if it is not the default of the scheme; "" for no host."""
    return _name(urlparse_cached(request))


def host_of_url(url: str) -> str:
    """The same for a URL without a request."""
    return _name(urlsplit(url))


def as_url(asked: str) -> str:
    """The URL of a site that the user may have given without its scheme."""
    return asked if "://" in asked else f"https://{asked}"


def _name(parts: SplitResult | ParseResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if parts.port is None or parts.port == PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"
