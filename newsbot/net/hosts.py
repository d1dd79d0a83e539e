"""The name of a host, by which paces, passwords and counts are stored."""

from __future__ import annotations

from urllib.parse import ParseResult, SplitResult, urlsplit

from scrapy import Request
from scrapy.utils.httpobj import urlparse_cached

from newsbot.urls import as_url, ascii_host

PORTS = {"http": 80, "https": 443}


def host_of(request: Request) -> str:
    """The name of the host, followed by the port if it is not the default of the scheme; "" for no host."""
    return _name(urlparse_cached(request))


def host_of_url(url: str) -> str:
    """The name of the host of a URL, in the same form as ``host_of`` gives it for a request."""
    return _name(urlsplit(url))


def one_spelling(asked: str) -> str:
    """The same text for two spellings of one address: ``X.org``, ``https://x.org:443`` and ``https://x.org/`` are one.

    Only what makes no difference to a request is left out: the case of scheme and host, a default port, a dot at the
    end of the host, the form of an international name, a fragment, the path of a bare host. http and https, and a host
    with and without www, may be different sites.
    """
    parts = urlsplit(as_url(asked))
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{_name(parts)}{parts.path or '/'}{query}"


def likely_site(asked: str) -> str:
    """The same text for addresses that are most often one site: without the scheme, www and a slash at the end."""
    _, _, rest = one_spelling(asked).partition("://")
    return rest.removeprefix("www.").rstrip("/")


def _name(parts: SplitResult | ParseResult) -> str:
    host = ascii_host(parts.hostname or "").rstrip(".")
    if parts.port is None or parts.port == PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"
