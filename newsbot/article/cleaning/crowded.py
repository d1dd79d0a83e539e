"""Limits the number of attributes of a tag before a parser reads it.

A parser compares each attribute with all earlier ones of its tag, so that a tag with 100,000 attributes costs minutes.
"""

from __future__ import annotations

import re

from newsbot.article.cleaning.markup import ATTRIBUTE, NAME

MAX_ATTRIBUTES = 200
"""More than any page builder writes into one tag."""

_PIECES = 2 * MAX_ATTRIBUTES
"""The pieces of MOST attributes: an attribute and the space before it are two pieces."""

_STEPS = 1_000
"""An atomic group keeps each of its repeats in memory: this many of them are matched at once."""

# Each alternative matches wherever it begins, and none gives characters back, so that the search takes linear time.
_FEW = re.compile(
    r"(?>(?:[^<]++"
    r"|<(?:!--(?:[^-]++|(?!-->)-)*+"
    r"|(?:script|style)\b(?:[^<]++|(?!</(?:script|style))<)*+"
    rf"|{NAME}{ATTRIBUTE}{{0,{_PIECES}}}+(?!{ATTRIBUTE})"
    rf"|(?![a-zA-Z]))){{0,{_STEPS}}})",
    re.I,
)
"""Text, comments, scripts, and tags that have few attributes: nearly always all of a post."""
_LONG = re.compile(rf"<[a-zA-Z][^>]{{{_PIECES}}}")
_ANGLE_IN_VALUE = re.compile(r"""=(?:"[^">]*+>|'[^'>]*+>|\s)""")
"""A quick check: a tag with this many attributes either has many characters before its first ``>``, or has this ``>``
in a value. The check reads no value after a space.
"""
_CROWDED = re.compile(rf"<{NAME}{ATTRIBUTE}{{0,{_PIECES}}}+")
_ATTRIBUTES = re.compile(rf"{ATTRIBUTE}*+")


def limit_attributes(html: str) -> str:
    """``html`` with the first MAX_ATTRIBUTES attributes of each tag. Scripts, styles and comments are not changed."""
    if not (_LONG.search(html) or _ANGLE_IN_VALUE.search(html)):
        return html
    pieces, done, at = [], 0, _behind_few(html, 0)
    while at < len(html):
        few = _end(_CROWDED, html, at)
        pieces.append(html[done:few])
        done = _end(_ATTRIBUTES, html, few)
        at = _behind_few(html, done)
    return "".join([*pieces, html[done:]]) if pieces else html


def _behind_few(html: str, at: int) -> int:
    """Where the next tag with too many attributes begins, or the end of ``html``."""
    while (end := _end(_FEW, html, at)) > at:
        at = end
    return at


def _end(pattern: re.Pattern[str], html: str, at: int) -> int:
    """The end of the match that begins at ``at``."""
    found = pattern.match(html, at)
    # a pattern matches the part of the tag that the pattern before it did not match, or nothing
    assert found is not None
    return found.end()
