"""The language of an article: what the site declares, checked against a detector whose model ships in its wheel."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?(?:[-_.@].*)?\Z", re.I)
# Fewer letters tell a detector nothing; a declaration is doubted only by many.
ENOUGH = 40
PLENTY = 250
SAMPLE = 1_500
# What is expected is confirmed by a glance: the detector takes time by the letter.
GLANCE = 200
DECLARED_ALONE = 0.7
# WordPress's default is en_US: many sites never touched it.
CERTAIN = 0.9
# A language that nobody declared is told from here on.
SURE = 0.7
_LETTERS = re.compile(r"[^\W\d_]")
# The detector knows one of a pair that readers and sites tell apart by habit rather than by words.
_SAME = {
    "nb": "no",
    "nn": "no",
    "no": "no",
    "in": "id",
    "iw": "he",
    "fil": "tl",
    "mo": "ro",
    "sh": "sr",
    "bs": "sr",
    "hr": "sr",
}


def detect(text: str, *, declared: str | None, usual: str | None = None) -> tuple[str | None, float]:
    """(BCP 47 tag, confidence 0-1); (None, 0.0) where nothing tells.

    ``declared`` is what the post or its site says (``en_US``, ``de-AT-formal``). It stands unless plenty of text is
    certainly in another language; text that says nothing leaves it standing with less confidence. ``usual`` is what
    other posts of the site were in: it decides nothing, but where the first words confirm it no more are read.
    """
    tag = normalise(declared)
    identifier = _identifier()
    if identifier is None:
        return (tag, DECLARED_ALONE) if tag else (None, 0.0)
    expected = tag or usual
    if expected and len(text) > GLANCE:
        found, confidence = identifier.classify(text[:GLANCE])
        if confidence >= CERTAIN and _base(found) == _base(expected):
            return tag or found, round(float(confidence), 3)
    sample = text[:SAMPLE]
    letters = len(_LETTERS.findall(sample))
    if letters < ENOUGH and not (letters and not sample.isascii() and letters * 3 > ENOUGH):
        return (tag, DECLARED_ALONE) if tag else (None, 0.0)
    found, confidence = identifier.classify(sample)
    if tag is None:
        return (found, round(float(confidence), 3))
    if _base(tag) == _base(found):
        return tag, round(max(float(confidence), DECLARED_ALONE), 3)
    if letters >= PLENTY and confidence >= CERTAIN:
        return found, round(float(confidence), 3)
    return tag, round(max(0.1, min(DECLARED_ALONE, 1 - float(confidence))), 3)


def normalise(declared: str | None) -> str | None:
    """``pt_BR`` -> ``pt-BR``, ``de_DE_formal`` -> ``de-DE``; None for what is no language tag."""
    found = _TAG.match((declared or "").strip())
    if found is None:
        return None
    language, script, region = found.groups()
    parts = [language.lower(), script and script.title(), region and region.upper()]
    return "-".join(part for part in parts if part)


def _base(tag: str) -> str:
    language = tag.partition("-")[0]
    return _SAME.get(language, language)


@cache
def _identifier() -> LanguageIdentifier | None:
    # Loading takes tens of milliseconds and some memory: only a crawl that meets text pays for it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError:
        # The model is unpacked into a temporary file: on a full disk languages stay unknown, and rows come.
        return None
