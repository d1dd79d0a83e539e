"""Lists of a post's own tags go; a tag in a sentence and a hashtag stay."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.clean import clean

BASE = "https://news.example/a/"
STORY = "<p>The crane is gone.</p>"


@pytest.mark.parametrize(
    "tags",
    [
        '<p>Tags: <a href="/t/a" rel="tag">quay</a>, <a href="/t/b" rel="tag">crane</a></p>',
        '<strong>Etiquetas<br><a href="/t/a" rel="tag">muelle</a>, <a href="/t/b" rel="tag">obra</a></strong>',
        '<div>Категории <a href="/c" rel="category tag">порт</a><br>Метки: <a href="/t/a" rel="tag">кран</a></div>',
        '<h4>タグ</h4><ul><li><a href="/t/a" rel="tag">港</a></li><li><a href="/t/b" rel="tag">橋</a></li></ul>',
        '<p><a href="/c" rel="category tag">Quay</a></p>',
    ],
)
def test_list_of_tags_is_removed_with_its_label(tags: str) -> None:
    found = clean(STORY + tags, base_url=BASE)
    assert (found.html, found.removed["post-tags"] > 0) == (STORY, True)


@pytest.mark.parametrize(
    "words",
    [
        '<p>The <a href="https://news.example/t/a" rel="tag">quay</a> is dry.</p>',
        '<p><a href="https://news.example/t/a" rel="tag">Quay</a> is the word of the year</p>',
        '<p><a href="https://news.example/t" rel="tag">#quay</a> <a href="https://news.example/u" rel="tag">#x</a></p>',
        '<p><a href="https://news.example/t/a" rel="tag">Quay</a>, <a href="https://news.example/b">plan</a></p>',
    ],
)
def test_text_of_an_author_with_tags_is_kept(words: str) -> None:
    assert clean(words, base_url=BASE).html == words.replace(' rel="tag"', "")


def test_loose_sentence_with_a_tag_is_kept() -> None:
    found = clean('<div>The <em><a href="/t/a" rel="tag">quay</a></em> is dry.</div>', base_url=BASE)
    assert found.text == "The quay is dry."
