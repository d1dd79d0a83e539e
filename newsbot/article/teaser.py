"""Teasers: recognises an article that ends in an invitation to read the rest elsewhere."""

from __future__ import annotations

import re

_LAST_WORDS = re.compile(
    r"(?:\[\s*(?:…|\.\.\.)\s*\]|\((?:more|mehr|más|lire la suite|leggi tutto|continua)(?:…|\.\.\.)\)"
    r"|(?:continue reading|read (?:the )?(?:more|rest|full (?:story|article))|seguir leyendo|leer más"
    r"|lire la suite|weiterlesen|leggi tutto|ler mais|lees verder"
    r"|читать далее|続きを読む|阅读全文|baca selengkapnya|đọc tiếp)[\s:…»→>.]*(?:\S+(?:\s+|\Z)){0,12})\Z",
    re.I,
)
_TAIL = 160
_SEEDS = (
    "[",
    "(",
    "read",
    "leer",
    "leyendo",
    "suite",
    "lesen",
    "leggi",
    "ler",
    "lees",
    "читать",
    "続き",
    "阅读",
    "baca",
    "đọc",
)
_ENDS = frozenset(".!?。”\"’'")


def ends_as_teaser(text: str) -> bool:
    """Whether the text ends in "[…]", "(more…)" or an invitation to read on elsewhere."""
    # Nearly all articles end with a sentence. This quick check makes the search unnecessary.
    if text[-1:] in _ENDS and not text.endswith("..."):
        return False
    tail = text[-_TAIL:].rpartition("\n")[2].casefold()
    return any(seed in tail for seed in _SEEDS) and _LAST_WORDS.search(tail) is not None
