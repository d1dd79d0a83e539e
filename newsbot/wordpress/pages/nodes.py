"""The attributes of an HTML element, which selectolax gives as None where they have no value."""

from __future__ import annotations

from selectolax.lexbor import LexborNode


def value_of(node: LexborNode, name: str) -> str:
    """The value of an attribute; "" where the element does not have it."""
    return node.attributes.get(name) or ""


def words_in(node: LexborNode, name: str) -> list[str]:
    """The words of an attribute such as ``class`` or ``rel``."""
    return value_of(node, name).split()
