"""The kinds of nodes in a parsed post, by Lexbor's numbers."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

TEXT = 2
"""The number of text nodes."""

NAMES: dict[int, str] = {}
"""The names of elements that were read. Reading a name again costs more than all other work on a node."""

_NUMBERED = 256
"""Lexbor gives the elements of HTML lower numbers than this. A document numbers all other elements itself."""


def tag_of(node: LexborNode) -> str:
    """The name of an element."""
    number = node.tag_id
    tag = NAMES.get(number)
    if tag is None:
        tag = node.tag or ""
        if number < _NUMBERED:
            NAMES[number] = tag
    return tag
