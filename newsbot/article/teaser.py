"""Teasers: recognises an article that ends in an invitation to read the rest elsewhere."""

from __future__ import annotations

import re

_INVITATION = (
    r"continue reading|(?:read|view) (?:more|on|the (?:rest|full (?:story|article)|whole story))"
    r"|read full (?:story|article)"
    r"|seguir leyendo|leer más|sigue leyendo|continuar leyendo|lire la suite|lire plus|weiterlesen|mehr lesen"
    r"|leggi tutto|continua a leggere|ler mais|leia mais|continue lendo|lees (?:verder|meer)|czytaj (?:dalej|więcej)"
    r"|читать (?:далее|дальше|полностью)|читати далі|devamını oku|baca selengkapnya|đọc tiếp"
    r"|続きを読む|阅读全文|閱讀全文|더 보기"
)
# Only marks may follow the invitation. "Read more: a title" leads to another article. Only "Continue reading" is
# followed by the title of its own article, as WordPress writes it: without a colon.
_LAST_WORDS = re.compile(
    rf"(?:\[\s*(?:…|\.\.\.)\s*\]|\((?:more|mehr|más|lire la suite|leggi tutto|continua)(?:…|\.\.\.)\)"
    rf"|(?:\A|[\s….!?\]])(?:{_INVITATION})[\s:…»→>.\])]*"
    r"|continue reading\s(?![\s]*[:–—-])(?:\S+(?:\s+|\Z)){1,12})\Z",
    re.I,
)
_ALONE = re.compile(rf"\W*(?:{_INVITATION})\W*", re.I).fullmatch
_TAIL = 160
_SEEDS = (
    *(
        "[",
        "(",
        "read",
        "view",
        "leer",
        "leyendo",
        "suite",
        "plus",
        "lesen",
        "leggi",
        "leggere",
        "ler",
        "leia",
        "lendo",
    ),
    *("lees", "czytaj", "читат", "devam", "続き", "阅读", "閱讀", "baca", "đọc", "더"),
)
_ENDS = frozenset(".!?。”\"'’")
_LONG = 2_500
"""Characters. A teaser is shorter. At the end of a longer text, an invitation leads to another article."""


def ends_as_teaser(text: str) -> bool:
    """Whether the text ends in "[…]", "(more…)" or an invitation to read on, with nothing after it."""
    # Nearly all articles end with a sentence. This quick check makes the search unnecessary.
    if text[-1:] in _ENDS and not text.endswith("..."):
        return False
    tail = text[-_TAIL:].rpartition("\n")[2].casefold()
    if not any(seed in tail for seed in _SEEDS) or _LAST_WORDS.search(tail) is None:
        return False
    return len(text) <= _LONG or tail.endswith(("]", "…)", "...)"))


def invites_to_read_on(words: str) -> bool:
    """Whether words are an invitation to read on and nothing else: "Read more »"."""
    return _ALONE(words) is not None
