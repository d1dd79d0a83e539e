"""The kinds of nodes in a parsed post, by Lexbor's numbers."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

TEXT = 2
"""The number of text nodes."""

NAMES: dict[int, str] = {}
"""The names of elements that were read. Reading a name again costs more than all other work on a node."""

_NUMBERED = 256
"""Lexbor gives the elements of HTML lower numbers than this. A document numbers all other elements itself."""


def name(node: LexborNode) -> str:
    """The name of an element, to be called where NAMES does not have it."""
    tag = node.tag or ""
    if node.tag_id < _NUMBERED:
        NAMES[node.tag_id] = tag
    return tag
