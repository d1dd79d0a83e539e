"""One form for the many ways in which a guid is written. Pure."""

from __future__ import annotations

import html
from hashlib import blake2b
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical_guid(guid: str | None) -> str | None:
    """The form in which guids are compared; None for an empty guid.

    Entities are decoded until none is left. In a web address the scheme (http equals https), the case of the host and a
    default port do not count. All other characters count: a guid is an identifier, and its site chose path and query.
    """
    text = (guid or "").strip()
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


def guid_key(guid: str | None) -> int | None:
    """A hash of the canonical guid as a signed 64-bit number: cheap to index in a database and to hold in a set."""
    canonical = canonical_guid(guid)
    if canonical is None:
        return None
    digest = blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
