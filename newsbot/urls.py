"""The spellings of an address: a URL without its scheme, and the two forms of an international host name. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

_NAME = re.compile(r"\A(?P<user>[^?#]*@)?(?P<name>[^:?#@]*)", re.S)
"""The name in a host: what follows is a port, or a query where a URL has no path."""


def as_url(asked: str) -> str:
    """The URL of a site that the user may have given without its scheme."""
    return asked if "://" in asked else f"https://{asked}"


def ascii_host(host: str) -> str:
    """A host's name, with its port where it has one, as DNS and Scrapy's requests have it: ``xn--bcher-kva.example``
    for ``bücher.example``. One host must have one key, in whichever form a user or a site writes its name.

    Nothing but an international name changes. A name that has no form in DNS stays as it is.
    """
    if host.isascii():
        return host
    return _with_name(host, lambda name: name.encode("idna").decode())


def ascii_url(url: str) -> str:
    """A URL with the name of its host as ``ascii_host`` writes it."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{ascii_host(host)}{slash}{path}"


def unicode_host(host: str) -> str:
    """The name of a host in the form that people read: ``bücher.example`` for ``xn--bcher-kva.example``."""
    if "xn--" not in host:
        return host
    return _with_name(host, lambda name: name.encode().decode("idna"))


def _with_name(host: str, changed: Callable[[str], str]) -> str:
    """``host`` with its name ``changed``. Python's codec would take a port for a part of the last label."""
    found = _NAME.match(host)
    with suppress(UnicodeError):
        return host if found is None else f"{found['user'] or ''}{changed(found['name'])}{host[found.end() :]}"
    return host
