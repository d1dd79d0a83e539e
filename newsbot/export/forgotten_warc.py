"""Which records of WARC files ``scrapy forget`` removes. An answer that holds what is removed is removed as a whole."""

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
        """Whether the record is one of a chosen site.

        A record that names its site is of that site. Any other is of the site whose address its URL begins with. If one
        site is in a folder of another, the longer address counts.
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
    """The answers that show comments: those of the API, of feeds, and pages. ``sites``: None for all."""
    return lambda record: (
        _is_of(record, sites) and ("/comments" in unquote(record.uri) or _COMMENT.search(_body(record)) is not None)
    )


def names_person(name: str, sites: Sites | None) -> Callable[[StoredRecord], bool]:
    """The answers and notes that name a person, as text, in JSON or in HTML."""
    named = folded(name)

    def is_removed(record: StoredRecord) -> bool:
        return _is_of(record, sites) and named in folded(_text(_body(record)))

    return is_removed


def _text(body: bytes) -> str:
    """An answer as its reader sees it: without the escapes of JSON and HTML."""
    # JSON may stand in an attribute of HTML, and hold HTML itself.
    return _without_json_escapes(unescape(_without_json_escapes(body.decode("utf-8", "replace"))))


def _without_json_escapes(text: str) -> str:
    text = _JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
    # JSON writes an emoji, and a rare letter, as two halves.
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
    """What an answer or a note says, unpacked as far as that is possible."""
    if record.kind != "response":
        return record.block
    try:
        _, headers, body = message_of(record)
        return unpacked(body, [value for name, value in headers if name == "content-encoding"])[0]
    except (DamagedRecord, OSError, EOFError, ValueError, zlib.error):
        return record.block
