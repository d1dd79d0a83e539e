"""Gives different spellings of a guid one form, and tells which site a guid names. Pure."""

from __future__ import annotations

import html
import ipaddress
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import urlsplit

from newsbot.numbers import is_digits
from newsbot.urls import ascii_host

_DEFAULT_PORTS = {"http": 80, "https": 443}
_RECENT = 1_024
"""The number of guids whose canonical form is kept in memory. The guid of a row is compared several times, and the
address of a site is compared with each row."""
_LONG = 2_000
"""Characters. The canonical form of a longer guid is not kept, so that no site fills the memory."""


def canonical_guid(guid: str | None) -> str | None:
    """The form in which guids are compared; None for an empty guid.

    Entities are decoded until none is left. In a web address the scheme (http equals https), the case of the host and a
    default port do not count. All other characters count: a guid is an identifier, and its site chose path and query.
    """
    if not guid:
        return None
    return _kept_form(guid) if len(guid) <= _LONG else _form(guid)


def _form(guid: str) -> str | None:
    text = guid.strip()
    while "&" in text and (decoded := html.unescape(text).strip()) != text:
        text = decoded
    scheme, separator, _ = text.partition("://")
    if not separator or scheme.lower() not in _DEFAULT_PORTS:
        return text or None
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return text
    host = (parts.hostname or "").rstrip(".")
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    tail = text[len(scheme) + 3 + len(parts.netloc) :]
    return f"https://{host}{tail if tail not in ('', '/') else '/'}"


_kept_form = lru_cache(_RECENT)(_form)


def guid_key(guid: str | None) -> int | None:
    """A hash of the canonical guid as a signed 64-bit number: which a database index or a set stores cheaply."""
    canonical = canonical_guid(guid)
    if canonical is None:
        return None
    digest = blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


_PRIVATE_DOMAINS = ("localhost", "local", "test", "invalid", "internal", "example", "lan", "home", "corp", "home.arpa")
"""Domains that are reserved, or that no registry gives away: many sites were developed under one of them."""


def is_evidence(guid: str) -> bool:
    """Whether two sites with this guid must have it from one source.

    A guid without a host (``?p=1``), and one whose host is private, reserved or a placeholder (``localhost``,
    ``10.0.0.5``, ``mysite.test``, ``example.com``), may be used by many independent sites.
    """
    canonical = canonical_guid(guid) or ""
    scheme, separator, _ = canonical.partition(":")
    if separator and scheme in ("tag", "urn"):
        return True
    host = _host(canonical)
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        pass
    labels = host.split(".")
    if len(labels) < 2 or is_digits(labels[-1]) or host.endswith(tuple(f".{name}" for name in _PRIVATE_DOMAINS)):
        return False
    return "example" not in labels[:2] if len(labels) > 2 else labels[0] != "example"


def names_site(guid: str, site: str) -> bool:
    """Whether a guid is an address of the site with the key ``site``: its host, and its folder if it has one."""
    address, home = _address(canonical_guid(guid) or ""), _address(canonical_guid(site) or "")
    if address is None or home is None or address[0] != home[0]:
        return False
    folder = home[1].rstrip("/")
    return address[1] == folder or address[1].startswith((f"{folder}/", f"{folder}?"))


def _host(url: str) -> str | None:
    address = _address(url)
    return None if address is None else address[0].rpartition(":")[0] if _has_port(address[0]) else address[0]


def _has_port(netloc: str) -> bool:
    return is_digits(netloc.rpartition(":")[2]) and not netloc.endswith("]")


def _address(url: str) -> tuple[str, str] | None:
    """Host with port, without ``www.``, and the rest of a canonical web address; None for other guids."""
    if not url.startswith("https://"):
        return None
    netloc, slash, rest = url.removeprefix("https://").partition("/")
    host, question, query = netloc.partition("?")
    return (ascii_host(host).removeprefix("www."), question + query + slash + rest) if host else None
