"""guids: one form for the many ways in which one guid is written. Pure."""

from __future__ import annotations

import html
from hashlib import blake2b
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical_guid(guid: str | None) -> str | None:
    """The form to compare a guid by, or None for an empty one.

    Entities are decoded as often as they were encoded; of a web address the scheme (http is https), the host's case and
    a default port do not count. Everything else does: a guid is an identifier, its path and query are the site's own.
    """
    text = (guid or "").strip()
    while "&" in text and (decoded := html.unescape(text).strip()) != text:
        text = decoded
    scheme, mark, _ = text.partition("://")
    if not mark or scheme.lower() not in _DEFAULT_PORTS:
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


def guid_key(guid: str | None) -> int | None:
    """A canonical guid as a signed 64-bit number, which a database indexes and a set holds cheaply."""
    canonical = canonical_guid(guid)
    if canonical is None:
        return None
    digest = blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
