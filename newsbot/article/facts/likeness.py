"""How much of their words two texts share. Pure, and light: ``duplicates`` compares many texts with NumPy."""

from __future__ import annotations

import re
from collections.abc import Iterator

SIMILAR = 0.7
"""From this likeness on, two texts are near-duplicates."""

SHINGLE = 4

ENOUGH_SHINGLES = 12
"""Shorter texts are similar by chance: only equal words make them alike."""

LONGEST = 200_000
"""The most characters that are compared: the beginning of a longer text is enough."""

_TOKEN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]|[^\\W_]+")


def words(text: str) -> list[str]:
    """The words of a text, case folded. In scripts without spaces each letter counts as a word."""
    return _TOKEN.findall(text.casefold())


def shingles(text: str) -> Iterator[str]:
    """Runs of four words."""
    listed = words(text)
    return (" ".join(listed[start : start + SHINGLE]) for start in range(len(listed) - SHINGLE + 1))


def are_alike(text: str, other: str) -> bool:
    """Whether two texts are equal in their words, or near-duplicates (their runs of four words, Jaccard)."""
    text, other = text[:LONGEST], other[:LONGEST]
    if text == other:
        return True
    first, second = set(shingles(text)), set(shingles(other))
    if min(len(first), len(second)) < ENOUGH_SHINGLES:
        return words(text) == words(other)
    return len(first & second) >= SIMILAR * len(first | second)
