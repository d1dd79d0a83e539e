"""What changed in a text, word by word. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher

KEEP = 6
"""Words of unchanged text shown on either side of a change."""

LONGEST = 20_000
"""Words beyond which only the part that differs at all is compared: difflib is quadratic."""


def word_diff(before: str, after: str) -> str:
    """As ``wdiff`` writes it: ``[-what was-] {+what is+}``, unchanged stretches shortened to ``...``. "" when equal."""
    old, new = before.split(), after.split()
    if old == new:
        return ""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    middle = slice(head, len(old) - tail), slice(head, len(new) - tail)
    changed = _middle(old[middle[0]], new[middle[1]])
    lead, trail = old[:head][-KEEP:], old[len(old) - tail :][:KEEP]
    parts = [["..."] if head > KEEP else [], lead, changed, trail, ["..."] if tail > KEEP else []]
    return " ".join(word for part in parts for word in part)


def _common(old: list[str], new: list[str]) -> int:
    """How many words both begin with."""
    for place, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return place
    return min(len(old), len(new))


def _middle(old: list[str], new: list[str]) -> list[str]:
    if len(old) + len(new) > LONGEST:
        return _change(old, new)
    out: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            kept = old[a:b]
            out += kept if len(kept) <= 2 * KEEP else [*kept[:KEEP], "...", *kept[-KEEP:]]
        else:
            out += _change(old[a:b], new[c:d])
    return out


def _change(old: list[str], new: list[str]) -> list[str]:
    was = [f"[-{' '.join(old)}-]"] if old else []
    return was + ([f"{{+{' '.join(new)}+}}"] if new else [])
