"""A block of words, formatting and links is read at once, with the same result as node by node."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.article.cleaning.clean import Cleaned, clean
from newsbot.article.cleaning.line import LineReader
from newsbot.article.cleaning.parse import parse
from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.rules import CleaningRules, default_rules
from tests.examples import examples

BASE = "https://news.example/a-post/"
PIECES = [
    *("<p>", "</p>", "<p>", "</p>\n<p>", "<li>", "<ul><li>", "</li></ul>", "<table><tr><td>", "</table>", "<h2>"),
    *("<h3><b>", "</h3>", "<blockquote>", "</blockquote>", "<dl><dt>", "<dd>", "<div>", "</div>", "<pre>", "</pre>"),
    "</h2>",
    *("<b>", "</b>", "<strong>", "</strong>", "<em>", "</em>", "<i>", "</i>", "<u>", "</u>", "<span>", "</span>"),
    *("<span style='font-weight: 400'>", "<span style='display:none'>", "<em class='a b'>", "<b class=sharedaddy>"),
    *("<a href='/x?a=1&amp;b=2'>", "<a href='https://t.me/joinchat'>", "<a href='/a.jpg'>", "<a rel=tag href='/t'>"),
    *("<a href='#n'>", "<p id=n>", "</a>", "<br>", "<br>\n", "<code>", "</code>", "<!-- c -->"),
    *(" ", "\n", "\t", "&nbsp;", "&amp;", "&lt;", "word", "two words", " lead", "trail ", "a  b", "Related"),
    *("Follow us on Telegram", "https://youtu.be/abcdefghijk", "[sic]", "[vc_row a='b']", "**", "|", "%", "&#13;"),
    *("<img src=/a.jpg alt=x>", "Share this", "漢字"),
    *("A sentence long enough to count as one that somebody wrote, of some length.",) * 3,
]  # fmt: skip


def node_by_node(html: str) -> Cleaned:
    with patch.object(LineReader, "read", return_value=None):
        return clean(html, base_url=BASE)


@examples(600)
@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_reading_a_block_at_once_gives_the_result_of_the_walk(html: str) -> None:
    assert clean(html, base_url=BASE) == node_by_node(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>One <b> two</b> <i>three </i>four<br> five<b></b></p>",
        "<p><span style='color:red'>One <a href=/x>two <em>three</em></a></span> four.</p>",
        "<p> <b> </b> <a href=/x> </a></p>",
        "<p><b>one<br>two</b> three</p>",
    ],
)
def test_a_block_of_words_formatting_and_links_is_read_at_once(html: str) -> None:
    block = parse(html).first_child
    assert block is not None
    assert LineReader(default_rules(), BASE, set(), 9).read(block) is not None
    assert clean(html, base_url=BASE) == node_by_node(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>One <img src=/a.jpg></p>",
        "<p>One <b id=x>two</b></p>",
        "<p>One <b class=sharedaddy>two</b></p>",
        "<p>One <b style='display:none'>two</b></p>",
        "<p>One <b hidden>two</b></p>",
        "<p>One <a href='https://www.facebook.com/sharer.php?u=1'>two</a></p>",
        "<p>One [gallery]</p>",
        "<p>One <code>two</code></p>",
        "<p>One <b><i><u><s>two</s></u></i></b></p>",
    ],
)
def test_block_with_other_elements_is_not_read_at_once(html: str) -> None:
    block = parse(html).first_child
    assert block is not None
    assert LineReader(default_rules(), BASE, set(), 9).read(block) is None


def test_rule_that_selects_a_tag_applies_to_a_block_that_is_read_at_once() -> None:
    rules = CleaningRules([Rule(name="r", what="", select=("em",))])
    assert clean("<p>One <em>two</em> three</p>", base_url=BASE, rules=rules).text == "One three"


def test_number_of_different_classes_is_limited() -> None:
    names: set[str | None] = {"a", "b"}
    block = parse("<p>One <b class=c>two</b></p>").first_child
    assert block is not None
    assert LineReader(default_rules(), BASE, names, 2).read(block) is not None
    assert LineReader(default_rules(), BASE, names, 2).read(block) is None, "c was read as the last one"
