"""Decode the bytes of a site, which may name a wrong charset or one that is unsafe to use. Imports nothing of
newsbot."""

from __future__ import annotations

import re
from collections.abc import Iterable

BOMS = (b"\xff\xfe", b"\xfe\xff")
"""The first bytes of a text with two bytes for each letter."""

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    *((mark, "utf-16") for mark in BOMS),
)
_CHARSET = re.compile(r"charset=[\"']?([A-Za-z0-9._-]{1,40})")
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "utf_7", "undefined"})
"""Codecs of Python that are not charsets of text, or that take quadratic time."""


def charset_in(content_type: str) -> str:
    """The charset that a ``Content-Type`` header names, or ""."""
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


def marked_charset(body: bytes) -> str:
    """The charset of the byte-order mark at the beginning of ``body``, or ""."""
    return next((charset for mark, charset in _MARKS if body.startswith(mark)), "")


def decode_page(body: bytes, charsets: Iterable[str]) -> str:
    """The same as ``decode``, but Windows-1252 is used if most of the letters beyond ASCII are not UTF-8, as in
    browsers."""
    text = decode(body, charsets)
    wrong = text.count("\ufffd")
    if wrong and wrong > sum(not each.isascii() for each in text) - wrong:
        return body.decode("cp1252", "replace")
    return text


def decode(body: bytes, charsets: Iterable[str]) -> str:
    """``body`` in the first of ``charsets`` that is usable and fits, else as UTF-8 with replacement characters."""
    for charset in filter(is_usable, charsets):
        try:
            return body.decode(charset)
        except (ValueError, LookupError):
            continue
    return body.decode("utf-8", "replace")


def is_usable(charset: str) -> bool:
    """Whether it is safe to decode text with a charset that a site names."""
    return bool(charset) and charset.lower().replace("-", "_") not in _NO_CHARSETS
