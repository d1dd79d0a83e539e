"""Two readings of a page by trafilatura, and the head of what the judges find."""

from __future__ import annotations

from typing import Any

import pytest
import trafilatura
from selectolax.lexbor import LexborHTMLParser, LexborNode

from newsbot.article.facts.heads import without_head
from newsbot.article.facts.judges import MOST_CHARACTERS, TWICE_BLOCKS, TWICE_ELEMENTS, judge_page
from newsbot.article.facts.readings import merged

FIRST = "<p>The harbour board voted to replace the two oldest cranes before winter, and went home.</p>"
LAST = "<p>A market on the quay sells fish from noon on Friday, and everybody who lives near comes.</p>"
LINKED = FIRST.replace("two oldest cranes", '<a href="/cranes/">two oldest cranes</a>')
SENTENCE = "<p>The third crane of the harbour stays where it was built.</p>"
QUOTE = "<blockquote>Nobody asked us</blockquote>"
SPLIT = "<p>The fourth crane of the harbour goes to the museum.</p>"
ENTRIES = f"<ul><li>{SENTENCE[3:-4]}</li><li>{SPLIT[3:-4]}</li></ul>"
BOTH = SENTENCE.replace("</p>", f"<br>{SPLIT[3:]}")
PICTURE = '<img src="/crane.jpg">'
CAPTION = "<p>The crane. Photo: Ann Writer</p>"
NAMED = '<p class="wp-caption-text"><a href="/crane.jpg">Photo: Ann Writer</a></p>'
LONG = f"<p>{'The crane stands on the quay ' * 12}</p>"
TITLE = "The cranes of the quay"


def body(html: str) -> LexborNode:
    found = LexborHTMLParser(html).body
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("plain", "rich", "expected"),
    [
        (FIRST + LAST, LINKED + PICTURE + CAPTION + LAST, LINKED + PICTURE + CAPTION + LAST),
        (FIRST + LAST, LINKED + NAMED + PICTURE + LAST, LINKED + NAMED + PICTURE + LAST),
        (FIRST + LAST, LINKED + CAPTION + PICTURE + LAST, LINKED + PICTURE + LAST),  # a label above a picture
        (FIRST + LAST, LINKED + CAPTION + LAST, LINKED + LAST),  # a label without a picture
        (FIRST + LAST, LINKED + PICTURE + CAPTION * 2 + LAST, LINKED + PICTURE + CAPTION + LAST),
        (FIRST + "<ul><li>One</li></ul>" + LAST, LINKED + LAST, LINKED + "<ul><li>One</li></ul>" + LAST),
        (FIRST + LAST, LAST + FIRST, FIRST + LAST),  # the order is that of the plain reading
        (FIRST + FIRST, LINKED + LINKED, LINKED + LINKED),
        (FIRST, LINKED + PICTURE, LINKED + PICTURE),
        (FIRST * 3, LINKED * 3 + "<p>Read also</p>" + PICTURE, LINKED * 3),  # a picture of another text
        (FIRST + LAST, FIRST + QUOTE + LAST, FIRST + QUOTE + LAST),  # what the plain reading lost
        (FIRST + LAST, FIRST + SENTENCE + LAST, FIRST + SENTENCE + LAST),
        (FIRST + LAST, FIRST + "<p>Read also</p>" + LAST + QUOTE, FIRST + LAST),  # a label, and words after it
        (FIRST + LAST, FIRST + PICTURE + SENTENCE + LAST, FIRST + PICTURE + SENTENCE + LAST),
        (FIRST + LAST, FIRST + PICTURE + '<p><a href="/b/">Read also</a></p>' + LAST, FIRST + PICTURE + LAST),
        (FIRST + LAST, FIRST + f'<p><a href="/b/">{SENTENCE}</a></p>' + LAST, FIRST + LAST),
        (FIRST + SENTENCE + SPLIT + LAST, FIRST + ENTRIES + LAST, FIRST + SENTENCE + SPLIT + LAST),  # split elsewhere
        (FIRST + BOTH + LAST, FIRST + SENTENCE + LAST, FIRST + BOTH + LAST),  # has it in a longer block
    ],
)
def test_merged_body_has_the_words_of_the_plain_extraction_with_links_and_images(
    plain: str, rich: str, expected: str
) -> None:
    found = merged(body(FIRST * 4 + plain), body(FIRST * 4 + rich))
    assert (found or "").replace("\n", "") == FIRST * 4 + expected


def test_image_above_the_article_keeps_its_caption() -> None:
    found = merged(body(FIRST * 4), body("<p>Label</p>" + PICTURE + CAPTION + FIRST * 4))
    assert (found or "").replace("\n", "") == PICTURE + CAPTION + FIRST * 4


def test_long_text_after_an_image_is_no_caption() -> None:
    found = merged(body(FIRST * 20), body(FIRST + PICTURE + LONG + FIRST * 19))
    assert (found or "").replace("\n", "") == FIRST + PICTURE + FIRST * 19


def test_sentence_above_the_article_that_only_the_rich_extraction_has_is_excluded() -> None:
    assert merged(body(FIRST * 4), body(SENTENCE + FIRST * 4)) == "\n".join([FIRST] * 4)


@pytest.mark.parametrize(("plain", "rich"), [(FIRST, FIRST * 2), (FIRST * 3, FIRST), ("", FIRST)])
def test_extractions_of_very_different_lengths_are_not_merged(plain: str, rich: str) -> None:
    assert merged(body(plain), body(rich)) is None


def test_text_that_consists_of_links_in_the_rich_extraction_is_not_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    def extract(html: str, *, include_links: bool, **options: Any) -> str:
        text = "A section of the site " * 20
        return f"<html><body><p>{f'<a>{text}</a>' if include_links else text}</p></body></html>"

    monkeypatch.setattr(trafilatura, "extract", extract)
    assert judge_page("<html><body><p>x</p></body></html>", "https://news.example/a/") == (None, True)


@pytest.mark.parametrize(
    ("beside", "calls"),
    [
        ("", [True, False]),
        ("<b>x</b>" * TWICE_ELEMENTS, [True]),
        ("<div>x</div>" * TWICE_BLOCKS, [True]),
        ("x" * (MOST_CHARACTERS // 2), [True]),
    ],
    ids=["small", "elements", "blocks", "characters"],
)
def test_page_that_takes_long_is_extracted_once(
    beside: str, calls: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def extract(html: str, *, include_links: bool, **options: Any) -> str:
        asked.append(include_links)
        return f"<html><body>{LINKED if include_links else FIRST}{CAPTION if include_links else ''}{LAST}</body></html>"

    monkeypatch.setattr(trafilatura, "extract", extract)
    html, _ = judge_page(f"<html><body>{beside}{FIRST}</body></html>", "https://news.example/a/")
    assert html is not None
    assert asked == calls
    assert '<a href="/cranes/">' in html
    assert ("Photo" in html) is (len(calls) == 1)


@pytest.mark.parametrize(
    "head",
    [
        f"<h1>{TITLE}</h1>", f"<p>Harbour</p><h2>{TITLE}</h2>", f"<p>{TITLE}</p>", f"<h1>Harbour: {TITLE}</h1>",
        "<p>Harbour</p><p>3 May 2026</p><h1>The Cranes of the Quay!</h1>",
    ],
)  # fmt: skip
def test_title_at_the_start_and_labels_above_it_are_removed(head: str) -> None:
    assert without_head(head + FIRST + LAST, TITLE) == FIRST + LAST


@pytest.mark.parametrize(
    ("html", "title"),
    [
        (FIRST + f"<h2>{TITLE}</h2>" + LAST, TITLE),  # words of the article stand above
        (f"<p>We look at {TITLE}</p>" + FIRST, TITLE),  # a paragraph that ends with the title
        ("<p>Cranes</p>" + FIRST, "Cranes"),
        (FIRST + LAST, TITLE),
        ("<p>x</p>" * 7 + f"<h1>{TITLE}</h1>" + FIRST, TITLE),
    ],
)
def test_text_of_the_article_is_kept_when_the_title_is_removed(html: str, title: str) -> None:
    assert without_head(html, title) == html


def test_image_above_the_title_is_kept() -> None:
    assert without_head(f"<p>{PICTURE} Photo</p><h1>{TITLE}</h1>{FIRST}", TITLE) == f"<p>{PICTURE} Photo</p>{FIRST}"
