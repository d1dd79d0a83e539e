"""The language of an article: what the site declares, checked against CLD2, whose tables are part of its library."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pycld2  # type: ignore[import-untyped]

_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?(?:[-_.@].*)?\Z", re.I)
# Only many letters can refute a declaration. Fewer letters suffice in a script that few languages use.
PLENTY = 250
PLENTY_OF_A_SCRIPT = 80
SAMPLE = 1_500
# The first letters suffice to confirm the expected language. The detector's time grows with the text.
GLANCE = 200
DECLARED_ALONE = 0.7
# WordPress's default is en_US, and many sites never changed this setting. So this confidence is needed against a
# declaration.
CERTAIN = 0.9
# The smallest confidence for a language that nobody declared.
SURE = 0.7
# Fewer letters prove nothing. There is a limit for Latin letters, which most languages share, and a limit for other
# scripts.
ENOUGH = 32
ENOUGH_OF_A_SCRIPT = 14
# With fewer letters CLD2 mistakes two texts in a hundred for a related language: both halves of the text must agree.
SHORT = 80
# A text with a larger share of names (Lagos, Abuja, Kano) is a list, and a list of names has no language.
MOST_NAMES = 0.6

_LETTERS = re.compile(r"[^\W\d_]")
_WORDS = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_UNPRINTABLE = re.compile("[^\\S\n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]|[\ud800-\udfff]")
# Languages that their script alone identifies.
_BY_SCRIPT = frozenset({"am", "el", "he", "hy", "ja", "ka", "km", "ko", "lo", "ta", "te", "th", "zh"})
# CLD2's name -> newsbot's name. CLD2 mistakes a few English words for Scots.
_NAMES = {"iw": "he", "jw": "jv", "zh-Hant": "zh", "sco": "en"}
# Unknown, Klingon, Pig Latin, and two scripts without a language.
_NO_LANGUAGES = frozenset({"un", "tlh", "zzp", "xx-Bugi", "xx-Goth"})
# Indonesian and Malay share most of their words: a short text does not show which of them it is.
_TWINS = frozenset({"id", "ms"})
# Languages that differ by convention rather than by words count as one language.
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


@dataclass(frozen=True, slots=True)
class Guess:
    """The detector's result: a BCP 47 language, or None where it is unknown, and the confidence from 0 to 1."""

    language: str | None
    confidence: float


UNKNOWN = Guess(None, 0.0)


def detect(text: str, *, declared: str | None, usual: str | None = None) -> tuple[str | None, float]:
    """(BCP 47 tag, confidence 0-1), or (None, 0.0) where the language stays unknown.

    ``declared`` is the language of the post or its site (``en_US``, ``de-AT-formal``). It is kept unless much text is
    certainly in another language. Text that proves nothing lowers the confidence. ``usual`` is the language of the
    site's other posts: it decides nothing, but where the first words confirm it, no further words are read.
    """
    tag = normalise(declared)
    expected = tag or usual
    if expected and len(text) > GLANCE:
        glance = guess(text[:GLANCE])
        if glance.language and glance.confidence >= CERTAIN and _base(glance.language) == _base(expected):
            return tag or glance.language, glance.confidence
    sample = text[:SAMPLE]
    letters = len(_LETTERS.findall(sample))
    found = _guess_of(sample, letters)
    if tag is None:
        return found.language, found.confidence
    if found.language is None:
        return tag, DECLARED_ALONE
    if _base(tag) == _base(found.language):
        return tag, max(found.confidence, DECLARED_ALONE)
    plenty = PLENTY_OF_A_SCRIPT if found.language in _BY_SCRIPT else PLENTY
    if letters >= plenty and found.confidence >= CERTAIN:
        return found.language, found.confidence
    return tag, round(max(0.1, min(DECLARED_ALONE, 1 - found.confidence)), 3)


def without_code(html: str) -> str:
    """Clean HTML without its program code, whose words are English in every language."""
    for name in ("pre", "code"):
        kept, at = [], 0
        while (begins := html.find(f"<{name}", at)) >= 0 and (ends := html.find(f"</{name}>", begins)) >= 0:
            kept.append(html[at:begins])
            at = ends
        html = " ".join((*kept, html[at:]))
    return html


def _guess_of(sample: str, letters: int) -> Guess:
    """The language of a sample that is long enough and not a list of names."""
    if letters < ENOUGH_OF_A_SCRIPT:
        return UNKNOWN
    found = guess(sample)
    if found.language is None or found.language in _BY_SCRIPT:
        return found
    if letters < ENOUGH and _LATIN.search(sample):
        return UNKNOWN
    if letters < SHORT and (found.language in _TWINS or not _halves_agree(sample, found.language)):
        return UNKNOWN
    return UNKNOWN if _is_list_of_names(sample) else found


def _halves_agree(sample: str, language: str) -> bool:
    middle = sample.find(" ", len(sample) // 2)
    middle = middle if middle >= 0 else len(sample) // 2
    return {guess(half, effort=True).language for half in (sample[:middle], sample[middle:])} == {language}


def _is_list_of_names(sample: str) -> bool:
    words: list[str] = _WORDS.findall(sample)
    return sum(word.istitle() and len(word) > 1 for word in words) > MOST_NAMES * len(words)


def guess(text: str, *, effort: bool = False) -> Guess:
    """CLD2's result. ``effort``: detect the language even if the text is too short for a reliable result."""
    try:
        reliable, _, found = pycld2.detect(text, isPlainText=True, bestEffort=effort)
    except (pycld2.error, UnicodeEncodeError):
        # CLD2 refuses control characters and halves of an emoji; few texts have any.
        reliable, _, found = pycld2.detect(_UNPRINTABLE.sub(" ", text), isPlainText=True, bestEffort=effort)
    code: str = found[0][1]
    percent: int = found[0][2]
    if code in _NO_LANGUAGES:
        return UNKNOWN
    language = _NAMES.get(code, code)
    if not reliable:
        # Some words in another script do not change the evidence of the main script.
        return Guess(language, CERTAIN) if language in _BY_SCRIPT and percent >= 70 else UNKNOWN
    return Guess(language, _confidence(percent))


def _confidence(percent: int) -> float:
    """Confidence from the main language's share of the text, in percent: 50 gives SURE, 65 CERTAIN."""
    return round(min(0.99, max(0.1, SURE + (percent - 50) * (CERTAIN - SURE) / 15)), 3)


def normalise(declared: str | None) -> str | None:
    """``pt_BR`` -> ``pt-BR``, ``de_DE_formal`` -> ``de-DE``. None for a text that is not a language tag."""
    found = _TAG.match((declared or "").strip())
    if found is None:
        return None
    language, script, region = found.groups()
    parts = [language.lower(), script and script.title(), region and region.upper()]
    return "-".join(part for part in parts if part)


def _base(tag: str) -> str:
    language = tag.partition("-")[0]
    return _SAME.get(language, language)
