"""The language of an article: declared, detected, or left open."""

from __future__ import annotations

from typing import Any

import pycld2  # type: ignore[import-untyped]
import pytest

from newsbot.article.facts import language
from newsbot.article.facts.language import CERTAIN, GLANCE, SAMPLE, SURE, detect, normalise
from tests.unit.article.language_texts import TEXTS

ENGLISH = (
    "The harbour board voted on Tuesday to replace the two oldest cranes before winter, at a cost it would not name. "
    * 3
)
GERMAN = (
    "Der Brunnen am Markt läuft wieder, nach zwei trockenen Sommern und einem langen Streit um die alte Leitung. " * 4
)


def base(tag: str | None) -> str:
    """Bosnian, Croatian and Serbian count as one, as in the module itself."""
    return language._base(tag or "")


def certain_language(text: str) -> str | None:
    found, confidence = detect(text, declared=None)
    return found if confidence >= SURE else None


def test_detected_language_of_a_long_text_replaces_the_declared_default() -> None:
    language, confidence = detect(GERMAN, declared="en_US")
    assert language == "de"
    assert confidence >= 0.9


def test_matching_declaration_keeps_its_region() -> None:
    assert detect(GERMAN, declared="de_AT_formal")[0] == "de-AT"


def test_declared_language_is_kept_for_short_text() -> None:
    assert detect("Ja.", declared="de_DE") == ("de-DE", 0.7)
    assert detect("Ja.", declared=None) == (None, 0.0)
    assert detect("", declared="") == (None, 0.0)


def test_undeclared_text_is_detected() -> None:
    assert detect(ENGLISH, declared=None)[0] == "en"


@pytest.mark.parametrize(
    ("declared", "tag"),
    [
        ("pt_BR", "pt-BR"),
        ("de_DE_formal", "de-DE"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("ary", "ary"),
        ("english", None),
        (None, None),
    ],
)
def test_a_locale_becomes_a_language_tag(declared: str | None, tag: str | None) -> None:
    assert normalise(declared) == tag


@pytest.mark.parametrize("code", TEXTS)
def test_language_of_a_news_text_is_detected(code: str) -> None:
    found, confidence = detect(TEXTS[code], declared=None)
    assert base(found) == base(code)
    assert confidence >= CERTAIN


@pytest.mark.parametrize("code", TEXTS)
def test_detected_language_of_an_article_replaces_the_declared_default(code: str) -> None:
    assert base(detect(TEXTS[code] * 4, declared="en_US")[0]) == base(code)


@pytest.mark.parametrize("code", TEXTS)
def test_matching_declaration_has_high_confidence(code: str) -> None:
    found, confidence = detect(TEXTS[code], declared=code)
    assert found == code
    assert confidence >= CERTAIN


def test_short_text_has_its_own_language_or_none() -> None:
    pieces = [(code, piece) for code, text in TEXTS.items() for piece in cut(text, 56)]
    answers = [(code, certain_language(piece), piece) for code, piece in pieces]
    assert [answer for answer in answers if answer[1] is not None and base(answer[1]) != base(answer[0])] == []
    assert sum(found is not None for _, found, _ in answers) > 0.85 * len(answers)


def cut(text: str, size: int) -> list[str]:
    """Pieces of about ``size`` characters that begin at words; a script without spaces is cut anywhere."""
    words, pieces = text.split(" "), [""]
    for word in words:
        if len(pieces[-1]) + len(word) >= size:
            pieces.append("")
        pieces[-1] = f"{pieces[-1]} {word}".strip()
    return [piece for piece in pieces if len(piece) > 0.8 * size]


@pytest.mark.parametrize(
    "text",
    [
        "Lagos, Abuja, Kano, Ibadan, Port Harcourt, Kaduna, Jos, Enugu, Benin City, Maiduguri, Zaria, Aba, Sokoto. "
        * 4,
        "Arsenal 2-1 Chelsea, Real Madrid 3-0 Barcelona, Juventus 1-1 Milan, Ajax 4-2 PSV, Porto 0-0 Benfica. " * 4,
        "Home About Contact Login Register Search Menu Facebook Twitter Instagram YouTube Share Print Email",
        "Gold 1,832.40 Silver 22.10 Brent 84.2 WTI 80.1 EUR/USD 1.08 GBP/USD 1.27 BTC 64,200 DAX 18,002",
        "https://example.com/a/b https://news.example/2024/05/01/title https://cdn.example/img.jpg",
        "asdkj qwlek zxmcn qpwoe alskd zmxnc qowie alskdj zxmcnv qpwoei alskdjf zmxncb " * 4,
    ],
)
def test_text_that_is_no_prose_has_no_language(text: str) -> None:
    assert certain_language(text) is None
    assert detect(text, declared="en_US")[0] == "en-US"


def test_words_of_another_language_do_not_change_the_language() -> None:
    chinese = TEXTS["zh"].replace("起重机", " Word Press Notion ") * 6
    assert detect(chinese, declared="en_US")[0] == "zh"
    quoted = TEXTS["de"] * 6 + ENGLISH
    assert detect(quoted, declared="en_US")[0] == "de"


def test_declared_language_is_kept_for_text_in_two_languages() -> None:
    assert detect(TEXTS["fr"] * 3 + TEXTS["en"] * 3, declared="en_US")[0] == "en-US"


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\x7f", "\x9f", "\ufdd0", "\ufffe", "\ud800", "\xa0"])
def test_language_is_detected_despite_characters_that_the_detector_refuses(character: str) -> None:
    assert certain_language(character.join(GERMAN.split(" "))) == "de"


def test_klingon_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pycld2, "detect", lambda *_, **__: (True, 99, (("X_KLINGON", "tlh", 99, 900.0),)))
    assert certain_language(GERMAN) is None


@pytest.mark.parametrize(
    ("declared", "usual", "asked"),
    [("de_DE", None, GLANCE), (None, "de", GLANCE), ("en_US", None, SAMPLE), (None, None, SAMPLE)],
)
def test_expected_language_is_confirmed_from_the_start_of_the_text(
    declared: str | None, usual: str | None, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[int] = []
    original = pycld2.detect

    def noted(text: str, **how: Any) -> Any:
        lengths.append(len(text))
        return original(text, **how)

    monkeypatch.setattr(pycld2, "detect", noted)
    assert detect(GERMAN * 9, declared=declared, usual=usual)[0] in ("de", "de-DE")
    assert max(lengths) == asked
