"""The headers of an answer as text."""

from __future__ import annotations

from scrapy.http.headers import Headers


def header_values(headers: Headers) -> dict[str, str]:
    """Headers by lower-case name; the values of a repeated header are joined with a comma.

    Scrapy title-cases the names (``X-Wp-Total``); HTTP ignores their case. HTTP does not say how bytes beyond ASCII
    are encoded (RFC 9110, section 5.5): any byte is a character of Latin-1, so that no answer is lost by its headers.
    """
    found: dict[str, str] = {}
    for name in headers:
        key = bytes(name)
        found[key.decode("latin-1").lower()] = b", ".join(headers.getlist(key)).decode("latin-1")
    return found
