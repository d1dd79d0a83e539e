"""Posts that are made to keep the cleaner busy: what they cost is counted, not timed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from newsbot.article.cleaning import shortcodes
from newsbot.article.cleaning.clean import clean
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
def test_no_more_elements_are_entered_than_an_article_has(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_words_behind_the_last_tag_stay_without_scripts_and_comments() -> None:
    html = "<p>a</p><p>b<script>c</script><!-- > d --><i title='e'>f</i> 1 < 2 &lt;g"
    assert limit_tags(html, 3) == "<p>a</p><p>b   f  1 < 2 &lt;g"


def test_a_script_counts_as_one_tag_and_is_not_cut() -> None:
    html = "<script>'<p>'; '<p>'</script><p>a<p>b"
    assert limit_tags(html, 2) == "<script>'<p>'; '<p>'</script><p>a b"


def test_an_article_of_many_tags_keeps_all() -> None:
    html = "<p>a</p>" * 2_000
    assert repair(html) == html


def test_a_known_name_is_a_shortcode_only_where_no_words_stand_beside_it() -> None:
    (text,), _, count = shortcodes.strip("[row] [column]  [/column] [/row]", frozenset())
    assert (text.strip(), count) == ("", 4)
    assert shortcodes.strip("a [row]", frozenset()) == (["a [row]"], [], 0)
