"""The difference between two texts, word by word. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher

CONTEXT = 6
"""Words of unchanged text before and after a change."""

LONGEST = 20_000
"""Longer texts are not compared word by word, since difflib takes quadratic time: all between the equal beginning and
end counts as one change.
"""


def word_diff(before: str, after: str) -> str:
    """The form of ``wdiff``: ``[-old words-] {+new words+}``. Unchanged text is shortened to ``...``. "" if equal."""
    old, new = before.split(), after.split()
    if old == new:
        return ""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    changed = _middle(old[head : len(old) - tail], new[head : len(new) - tail])
    lead, trail = old[:head][-CONTEXT:], old[len(old) - tail :][:CONTEXT]
    parts = [["..."] if head > CONTEXT else [], lead, changed, trail, ["..."] if tail > CONTEXT else []]
    return " ".join(word for part in parts for word in part)


def _common(old: list[str], new: list[str]) -> int:
    """The number of equal words at the beginning of both."""
    for place, (old_word, new_word) in enumerate(zip(old, new, strict=False)):
        if old_word != new_word:
            return place
    return min(len(old), len(new))


def _middle(old: list[str], new: list[str]) -> list[str]:
    if len(old) + len(new) > LONGEST:
        return _change(old, new)
    out: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        out += _shortened(old[a:b]) if tag == "equal" else _change(old[a:b], new[c:d])
    return out


def _shortened(words: list[str]) -> list[str]:
    return words if len(words) <= 2 * CONTEXT else [*words[:CONTEXT], "...", *words[-CONTEXT:]]


def _change(old: list[str], new: list[str]) -> list[str]:
    removed = [f"[-{' '.join(old)}-]"] if old else []
    return removed + ([f"{{+{' '.join(new)}+}}"] if new else [])
