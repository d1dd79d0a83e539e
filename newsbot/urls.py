"""The spellings of an address: a URL without its scheme, and the two forms of an international host name. Pure."""

from __future__ import annotations

from contextlib import suppress


def as_url(asked: str) -> str:
    """The URL of a site that the user may have given without its scheme."""
    return asked if "://" in asked else f"https://{asked}"


def ascii_host(host: str) -> str:
    """A host's name, with its port where it has one, as DNS and Scrapy's requests have it: ``xn--bcher-kva.example``
    for ``bücher.example``. One host must have one key, in whichever form a user or a site writes its name.

    Nothing but an international name changes. A name that has no form in DNS stays as it is.
    """
    if not host.isascii():
        with suppress(UnicodeError):
            return host.encode("idna").decode()
    return host


def ascii_url(url: str) -> str:
    """A URL with the name of its host as ``ascii_host`` writes it."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{ascii_host(host)}{slash}{path}"


def unicode_host(host: str) -> str:
    """The name of a host in the form that people read: ``bücher.example`` for ``xn--bcher-kva.example``."""
    if "xn--" in host:
        with suppress(UnicodeError):
            return host.encode().decode("idna")
    return host
