"""Posts that are made to keep the cleaner busy: what they cost is counted, not timed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from newsbot.article.cleaning import shortcodes
from newsbot.article.cleaning.clean import clean
from newsbot.article.cleaning.markdown import markdown
from newsbot.article.cleaning.media import MOST_FRAMES
from newsbot.article.cleaning.nesting import MAX_TAGS, limit_tags
from newsbot.article.cleaning.repair import repair
from newsbot.article.cleaning.tree_walk import TreeWalk

URL = "https://news.example/a"
MANY = MAX_TAGS + 5_000

FLOODS = {
    "items": "<ul>" + "<li>x" * MANY,
    "cells": "<table><tr>" + "<td>x</td>" * (MANY // 2),
    "blocks": "<div>x</div>" * (MANY // 2),
    "headings": "<h2>x</h2>" * (MANY // 2),
    "breaks": "x<br/>" * MANY,
    "comments": "<!-- > -->x" * MANY,
    "scripts": "<script>'<b>'</script>x" * (MANY // 2),
}


@pytest.mark.parametrize("name", FLOODS)
def test_number_of_entered_elements_is_limited(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entered: Counter[str] = Counter()
    enter = TreeWalk._enter

    def counted(walk: TreeWalk, tag: str, node: Any) -> Any:
        entered[tag] += 1
        return enter(walk, tag, node)

    monkeypatch.setattr(TreeWalk, "_enter", counted)
    words = "".join(clean(FLOODS[name], base_url=URL).text.split())
    assert words.count("x") == FLOODS[name].count("x")
    assert "b" not in words
    assert entered.total() <= 2 * MAX_TAGS


def test_iframes_beyond_the_maximum_are_counted_and_not_read() -> None:
    frames = "".join(f"<iframe src=https://a.example/{number}></iframe>" for number in range(MOST_FRAMES + 3))
    cleaned = clean(f"{frames}<p>x</p>", base_url=URL)
    assert (len(cleaned.embeds), cleaned.removed, cleaned.text) == (MOST_FRAMES, {"frame-flood": 3}, "x")


def test_text_after_the_last_allowed_tag_is_kept_without_scripts_and_comments() -> None:
    html = "<p>a</p><p>b<script>c</script><!-- > d --><i title='e'>f</i> 1 < 2 &lt;g"
    assert limit_tags(html, 3) == "<p>a</p><p>b   f  1 < 2 &lt;g"


def test_a_script_counts_as_one_tag_and_is_not_cut() -> None:
    html = "<script>'<p>'; '<p>'</script><p>a<p>b"
    assert limit_tags(html, 2) == "<script>'<p>'; '<p>'</script><p>a b"


def test_limit_of_tags_ends_a_tag_like_the_html_parser() -> None:
    html = """<p title="<b> > <i>">a<script><!--<script></script>'<b>'</script>b<a\nc='>'>c</a d=">"><!--> e"""
    assert limit_tags(html, 0) == " a b c   e"
    assert limit_tags(html, 2) == html.partition("<a")[0] + " c   e"


def test_article_with_many_tags_is_unchanged() -> None:
    html = "<p>a</p>" * 2_000
    assert repair(html) == html


def test_known_shortcode_name_beside_other_words_is_no_shortcode() -> None:
    (text,), _, count = shortcodes.strip("[row] [column]  [/column] [/row]", frozenset())
    assert (text.strip(), count) == ("", 4)
    assert shortcodes.strip("a [row]", frozenset()) == (["a [row]"], [], 0)


def _lines(action: Callable[[str], object], html: str) -> int:
    """The lines of newsbot's code that an action runs."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace if "newsbot" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action(html)
    finally:
        sys.settrace(before)
    return count


def _clean(html: str) -> object:
    return clean(html, base_url=URL)


@pytest.mark.parametrize(
    "piece",
    [
        '<img src="/a.jpg"><figcaption>x</figcaption>',
        '<img src="/a.jpg"><figure></figure>',
        '<iframe src="https://www.youtube.com/embed/abcdefghijk" title="a&quot;b"></iframe>',
    ],
)
def test_images_captions_and_iframes_take_linear_time(piece: str) -> None:
    few, many = (_lines(_clean, f"<figure>{piece * number}</figure>") for number in (1_000, 2_000))
    assert many < 2.2 * few


@pytest.mark.parametrize("sign", ["`", "_ ", "~", "*", "&lt;", "&amp;lt;", "["])
def test_markdown_characters_take_less_than_one_line_of_code_each(sign: str) -> None:
    few, many = (_lines(markdown, f"<p>{sign * number}</p>") for number in (10, 1_000))
    assert many < few + 100


def test_escaped_characters_in_a_link_take_less_than_one_line_of_code_each() -> None:
    few, many = (_lines(_clean, f'<a href="https://a.example/{"&quot;b" * n}">x</a>') for n in (10, 1_000))
    assert many < few + 100
