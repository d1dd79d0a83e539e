"""Limits the number of attributes of a tag before a parser reads it.

A parser compares each attribute with all earlier ones of its tag, so that a tag with 100,000 attributes costs minutes.
"""

from __future__ import annotations

import re

MAX_ATTRIBUTES = 200
"""More than any page builder writes into one tag."""

_PIECES = 2 * MAX_ATTRIBUTES
"""An attribute and the space before it are two pieces."""

_PIECE = r"""(?:[\s/]++|=?[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+|=)"""
# Each alternative matches wherever it begins, and none gives characters back, so that the search takes linear time.
_TAG = re.compile(
    r"<!--(?:[^-]++|-(?!->))*+"
    r"|<(?:script|style)\b(?:[^<]++|<(?!/(?:script|style)))*+"
    rf"|<[a-zA-Z][^\s/>]*+(?P<attributes>{_PIECE}*+)",
    re.I,
)
_FIRST = re.compile(rf"{_PIECE}{{0,{_PIECES}}}")


def limit_attributes(html: str) -> str:
    """``html`` with the first MAX_ATTRIBUTES attributes of each tag. Scripts, styles and comments are not changed."""
    pieces, done = [], 0
    for tag in _TAG.finditer(html):
        begin, end = tag.span("attributes")
        if end - begin < _PIECES:
            continue
        found = _FIRST.match(html, begin, end)
        if found is not None and found.end() < end:
            pieces.append(html[done : found.end()])
            done = end
    return "".join([*pieces, html[done:]]) if pieces else html
