"""Pages that are made to keep the reader of pages busy."""

from __future__ import annotations

from typing import Any

import pytest
import trafilatura

from newsbot.article.cleaning.crowded import MAX_ATTRIBUTES, limit_attributes
from newsbot.article.facts import body as body_module
from newsbot.article.facts.body import body_of
from newsbot.article.facts.judges import MOST_BLOCKS, MOST_CHARACTERS, MOST_ELEMENTS

URL = "https://news.example/a"
STORY = "<p>" + "The council met on Monday and voted for the new bridge across the river. " * 3 + "</p>"


def page(body: str) -> str:
    return f"<!DOCTYPE html><html lang=en><head><title>T</title></head><body>{body}</body></html>"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The calls of trafilatura."""
    calls: list[dict[str, Any]] = []

    def extract(html: str, **options: Any) -> None:
        calls.append({"html": html, **options})

    monkeypatch.setattr(trafilatura, "extract", extract)
    return calls


@pytest.mark.parametrize(
    "blocks",
    ["<table><tr>" + "<td>x</td>" * 2000 + "</table>", "<div>x</div>" * 2000, "<ul>" + "<li>x" * 2000 + "</ul>"],
    ids=["cells", "divs", "items"],
)
def test_short_blocks_are_not_compared_with_each_other(judged: list[dict[str, Any]], blocks: str) -> None:
    body_of(page(blocks), url=URL)
    assert [call["fast"] for call in judged] == [True]


def test_short_blocks_of_a_menu_do_not_make_the_extraction_fast(judged: list[dict[str, Any]]) -> None:
    body_of(page("<nav>" + "<div>x</div>" * 2000 + f"</nav><div>{STORY * 3}</div>"), url=URL)
    assert [call["fast"] for call in judged] == [False]


def test_ordinary_page_gets_the_full_extraction(judged: list[dict[str, Any]]) -> None:
    body_of(page("<div>" + STORY * (MOST_BLOCKS - 10) + "</div>"), url=URL)
    assert [call["fast"] for call in judged] == [False]


@pytest.mark.parametrize(
    "noise",
    ["<div><b>x</b></div>" * MOST_ELEMENTS, "<div>" + "word " * MOST_CHARACTERS + "</div>"],
    ids=["elements", "characters"],
)
def test_body_of_a_huge_page_is_the_element_with_most_paragraphs(judged: list[dict[str, Any]], noise: str) -> None:
    body = body_of(page(f"{noise}<div class=x><h2>Bridge</h2>{STORY * 3}</div>"), url=URL)
    assert body is not None
    assert body.startswith("<h2>Bridge</h2><p>The council")
    assert judged == []


def test_elements_of_a_menu_do_not_make_a_page_huge(judged: list[dict[str, Any]]) -> None:
    menu = "<nav><ul>" + "<li><a href=/x>x</a></li>" * MOST_ELEMENTS + "</ul></nav>"
    body_of(page(f"{menu}<div>{STORY * 3}</div>"), url=URL)
    assert len(judged) == 1
    assert "<nav>" not in judged[0]["html"]


def test_a_huge_page_without_paragraphs_has_no_article(judged: list[dict[str, Any]]) -> None:
    assert body_of(page("<div>x</div>" * MOST_ELEMENTS * 2), url=URL) is None


def test_huge_container_is_not_compared_with_trafilatura(judged: list[dict[str, Any]]) -> None:
    story = f"<div class=post-content>{STORY}{'<i>x</i>' * MOST_ELEMENTS}</div>{STORY}"
    assert "council" in (body_of(page(story), url=URL) or "")
    assert judged == []


def test_a_huge_page_of_links_has_no_article(judged: list[dict[str, Any]]) -> None:
    assert body_of(page("<p><a href=/x>word word</a></p>" * MOST_ELEMENTS), url=URL) is None


@pytest.mark.parametrize("form", ["a{}=b", "a{}", "a{}='b c'", 'a{}="b > c"', "a{}<", "a{} = b"])
def test_a_tag_keeps_its_first_attributes(form: str) -> None:
    def tag(count: int) -> str:
        return "<p " + " ".join(form.format(number) for number in range(count)) + ">y</p>"

    assert limit_attributes(tag(50)) == tag(50)
    cut = limit_attributes(tag(5000))
    assert len(cut) <= len(tag(MAX_ATTRIBUTES))
    assert cut.endswith(">y</p>")
    assert cut.startswith(tag(50)[: -len(">y</p>")])


def test_attributes_whose_values_hold_the_end_of_a_tag_are_limited_too() -> None:
    tag = "<p" + ' a=">"' * (2 * MAX_ATTRIBUTES)
    assert limit_attributes(f"<b>x</b>{tag}>text") == "<b>x</b><p" + ' a=">"' * MAX_ATTRIBUTES + ">text"


def test_attributes_without_space_between_them_are_limited_too() -> None:
    crowded = "<p" + "".join(f' a{number}="b"c{number}="d"' for number in range(5000)) + ">y</p>"
    assert len(limit_attributes(crowded)) < 10_000


@pytest.mark.parametrize("kept", ["<script>{}</script>", "<style>{}</style>", "<!--{}-->", '<p title="{}">y</p>'])
def test_text_that_looks_like_a_tag_is_not_cut(kept: str) -> None:
    text = kept.format("<p " + "a b c " * 1000 + ">")
    assert limit_attributes(text) == text


def test_huge_page_is_not_cleaned_for_a_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned: list[str] = []

    def text(html: str, url: str) -> str:
        cleaned.append(html)
        return ""

    monkeypatch.setattr(body_module, "_text", text)
    assert body_of(page(STORY * MOST_ELEMENTS), url=URL) is not None
    assert cleaned == []
