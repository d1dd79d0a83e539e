"""Which records of WARC files ``scrapy forget`` removes. An answer that holds what is removed is removed as a whole."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from html import escape
from urllib.parse import unquote, urlsplit

from newsbot.middlewares.compression import unpacked
from newsbot.warc.reading import DamagedRecord, Record, message_of

_URN = ("urn:newsbot:site:", "urn:newsbot:recalled:")
_COMMENT = (b'id="comment-', b"#comment-")


def of_sites(sites: Sequence[str]) -> Callable[[Record], bool]:
    """The records of whole sites, by their hosts."""
    hosts = {_host(site) for site in sites}
    return lambda record: _host_of(record) in hosts


def of_comments(site: str | None) -> Callable[[Record], bool]:
    """The answers that show comments: those of the API, of feeds, and pages."""
    return lambda record: (
        _is_of(record, site) and ("/comments" in unquote(record.uri) or any(mark in _body(record) for mark in _COMMENT))
    )


def of_person(name: str, site: str | None) -> Callable[[Record], bool]:
    """The answers and notes that name a person, as text, in JSON or in HTML."""
    forms = {name, json.dumps(name)[1:-1], escape(name)}
    named = [form.casefold() for form in forms]

    def is_removed(record: Record) -> bool:
        text = _body(record).decode("utf-8", "replace").casefold()
        return _is_of(record, site) and any(form in text for form in named)

    return is_removed


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
