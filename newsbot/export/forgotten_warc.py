"""Which records of WARC files ``scrapy forget`` removes. An answer that holds what is removed is removed as a whole."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from html import unescape
from urllib.parse import unquote, urlsplit

from newsbot.archive.forgetting import folded
from newsbot.middlewares.compression import unpacked
from newsbot.warc.reading import DamagedRecord, Record, message_of

_URN = ("urn:newsbot:site:", "urn:newsbot:recalled:")
_COMMENT = re.compile(rb"(?:\bid\s*=\s*[\"']?(?:[a-z]+-)?|#)comment-\d", re.I)
_JSON_ESCAPE = re.compile(r"\\u([0-9a-f]{4})", re.I)


def of_sites(sites: Sequence[str]) -> Callable[[Record], bool]:
    """The records of whole sites, by their hosts."""
    hosts = {_host(site) for site in sites}
    return lambda record: _host_of(record) in hosts


def of_comments(site: str | None) -> Callable[[Record], bool]:
    """The answers that show comments: those of the API, of feeds, and pages."""
    return lambda record: (
        _is_of(record, site) and ("/comments" in unquote(record.uri) or _COMMENT.search(_body(record)) is not None)
    )


def of_person(name: str, site: str | None) -> Callable[[Record], bool]:
    """The answers and notes that name a person, as text, in JSON or in HTML."""
    named = folded(name)

    def is_removed(record: Record) -> bool:
        return _is_of(record, site) and named in folded(_text(_body(record)))

    return is_removed


def _text(body: bytes) -> str:
    """An answer as its reader sees it: without the escapes of JSON and HTML."""
    text = body.decode("utf-8", "replace")
    return unescape(_JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text))


def _is_of(record: Record, site: str | None) -> bool:
    return record.kind != "request" and (site is None or _host_of(record) == _host(site))


def _host_of(record: Record) -> str:
    uri = record.uri
    for urn in _URN:
        uri = uri.removeprefix(urn)
    return _host(uri)


def _host(url: str) -> str:
    parts = urlsplit(url if "://" in url else f"https://{url}")
    return parts.netloc.lower().removeprefix("www.")


def _body(record: Record) -> bytes:
    """What an answer or a note says, unpacked as far as that is possible."""
    if record.kind != "response":
        return record.block
    try:
        _, headers, body = message_of(record)
        return unpacked(body, [value for name, value in headers if name == "content-encoding"])[0]
    except (DamagedRecord, OSError, EOFError, ValueError, zlib.error):
        return record.block
