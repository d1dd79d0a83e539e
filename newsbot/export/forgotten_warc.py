"""Which records of WARC files ``scrapy forget`` removes. If a part of an answer must be removed, the whole answer is
removed."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from html import unescape
from typing import Self
from urllib.parse import unquote, urlsplit

from newsbot.archive.forgetting import folded
from newsbot.middlewares.compression import unpacked
from newsbot.urls import as_url, ascii_host
from newsbot.warc.reading import DamagedRecord, StoredRecord, message_of

_URN = ("urn:newsbot:site:", "urn:newsbot:recalled:")
_COMMENT = re.compile(rb"(?:\bid\s*=\s*[\"']?(?:[a-z]+-)?|#)comment-\d", re.I)
_JSON_ESCAPE = re.compile(r"""\\(?:u([0-9a-f]{4})|(["/\\]))""", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Which records are those of chosen sites. ``chosen`` and ``others``: the keys of sites and the URLs by which they
    were reached, as ``_name`` writes them."""

    chosen: frozenset[str]
    others: frozenset[str]

    @classmethod
    def of(cls, known: Iterable[tuple[str, str]], keys: Collection[str]) -> Self:
        """``known``: key of a site and a URL by which it was reached, for all sites that the archive knows."""
        names: dict[bool, set[str]] = {True: {_name(key) for key in keys}, False: set()}
        for key, url in known:
            names[key in keys] |= {_name(key), _name(url)} - {""}
        return cls(chosen=frozenset(names[True]), others=frozenset(names[False] - names[True]))

    def have(self, record: StoredRecord) -> bool:
        """Whether the record belongs to a chosen site.

        A record that names its site belongs to that site. Any other record belongs to the site whose address its URL
        begins with. If one site is in a folder of another, the longer address counts.
        """
        site = _name(record.headers.get("x-newsbot-site", ""))
        if site in self.chosen or site in self.others:
            return site in self.chosen
        place = _name(_about(record.uri))
        while place:
            if place in self.chosen or place in self.others:
                return place in self.chosen
            place = place.rpartition("/")[0]
        return False


def shows_comments(sites: Sites | None) -> Callable[[StoredRecord], bool]:
    """Whether an answer shows comments: an answer of the API, a feed, or a page. ``sites``: None for all sites."""
    return lambda record: (
        _is_of(record, sites) and ("/comments" in unquote(record.uri) or _COMMENT.search(_body(record)) is not None)
    )


def names_person(name: str, sites: Sites | None) -> Callable[[StoredRecord], bool]:
    """Whether an answer or a note names a person, as text, in JSON or in HTML."""
    named = folded(name)

    def is_removed(record: StoredRecord) -> bool:
        return _is_of(record, sites) and named in folded(_text(_body(record)))

    return is_removed


def _text(body: bytes) -> str:
    """The text of an answer without the escapes of JSON and HTML."""
    # An attribute of HTML may contain JSON, and this JSON may contain HTML.
    return _without_json_escapes(unescape(_without_json_escapes(body.decode("utf-8", "replace"))))


def _without_json_escapes(text: str) -> str:
    text = _JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
    # In JSON, the escape of an emoji or a rare letter has two halves (surrogates).
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _is_of(record: StoredRecord, sites: Sites | None) -> bool:
    return record.kind != "request" and (sites is None or sites.have(record))


def _about(uri: str) -> str:
    """The URL that a record is about."""
    for urn in _URN:
        uri = uri.removeprefix(urn)
    return uri


def _name(url: str) -> str:
    """Host and path of a URL, in small letters, without ``www.`` and the last slash."""
    parts = urlsplit(as_url(url))
    return f"{ascii_host(parts.netloc.lower()).removeprefix('www.')}{parts.path.lower()}".rstrip("/")


def _body(record: StoredRecord) -> bytes:
    """The content of an answer or a note, decompressed as far as possible."""
    if record.kind != "response":
        return record.block
    try:
        _, headers, body = message_of(record)
        return unpacked(body, [value for name, value in headers if name == "content-encoding"])[0]
    except (DamagedRecord, OSError, EOFError, ValueError, zlib.error):
        return record.block
