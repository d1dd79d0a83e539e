"""HTML that is not given to the sanitizer is HTML that the sanitizer would return unchanged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsbot.article.cleaning.clean import clean
from newsbot.article.cleaning.closed_list import is_of_closed_list
from newsbot.article.cleaning.sanitize import sanitize

POSTS = Path(__file__).with_name("posts")
LINK = '<a href="https://a.example/">'


def pieces_of(html: str) -> list[str]:
    return [piece for piece in re.split(r"(<[^>]*>)", html) if piece]


@pytest.mark.parametrize(
    "piece",
    [
        "<script>", "<style>", "<iframe>", "<svg>", "<math>", "<textarea>", "<template>", "<!--",
        "<table>", "<P>", "<p >",
        '<p onclick="x">', '<p id="x">', '<p style="x">', "a < b", "a <script>", "<", "</script>", "<p><script>",
        "<p>\n",
        '<a href="javascript:x">', '<a href="data:text/html,x">', '<a href="//a.example/">', '<a href="/x">',
        '<a href="https://a.example/" onclick="x">', '<a href="https://a.example/"onclick="x">',
        "<a href='https://a.example/'>", '<a href="https://a.example/"><script></a>', '<a href="https://user@a.example/">',
        '<a href="https://a.example:99999/">', '<a href="https://xn--zz.example/">', '<a href="https://a.1/">',
        '<a href="https://a%3Cb.example/">', '<a href="https://a.example/ x">', '<a href="https://a.example/<x">',
        '<a href="https://a.example/&quot; onclick=x">', '<a href="https://a.example/&x">',
        '<img src="javascript:x" alt="">', '<img src="https://a.example/b.png" alt="x" onerror="x">',
        '<img src="https://a.example/b.png" alt="">x', '<img src="https://a.example/b.png">',
        '<blockquote cite="javascript:x" data-embed="X">',
    ],
)  # fmt: skip
def test_html_with_any_other_piece_is_not_of_the_closed_list(piece: str) -> None:
    pieces = ["<p>", piece, "words", "</p>"]
    assert not is_of_closed_list(pieces, "".join(pieces))


def test_link_in_a_link_is_not_of_the_closed_list() -> None:
    embed = '<a href="https://a.example/" data-embed="X">X</a>'
    for pieces in ([LINK, LINK, "x", "</a>", "</a>"], [LINK, "x", embed, "</a>"]):
        assert not is_of_closed_list(pieces, "".join(pieces))
    beside = [LINK, "x", "</a>", embed, LINK, "y", "</a>"]
    assert is_of_closed_list(beside, "".join(beside))


def test_list_item_in_a_list_item_is_not_of_the_closed_list() -> None:
    item = ["<li>", "x", "<li>", "y", "</li>", "</li>"]
    for pieces in (item, ["<ul>", *item, "</ul>"]):
        assert sanitize("".join(pieces)) != "".join(pieces)
        assert not is_of_closed_list(pieces, "".join(pieces))
    beside = ["<ul>", "<li>", "x", "<ol>", "<li>", "y", "</li>", "</ol>", "</li>", "<li>", "z", "</li>", "</ul>"]
    assert is_of_closed_list(beside, "".join(beside))


def test_sanitizer_does_not_change_cleaned_posts_of_the_closed_list() -> None:
    cleaned = [
        clean(path.read_text(encoding="utf-8"), base_url="https://news.example/a/").html
        for path in sorted(POSTS.glob("*/input.html"))
    ]
    closed = [html for html in cleaned if is_of_closed_list(pieces_of(html), html)]
    assert [html for html in closed if sanitize(html) != html] == []
    assert len(closed) >= len(cleaned) / 3


@given(url=st.text(max_size=30), words=st.text(max_size=20), host=st.text("ab-.1x_n:@%[]", max_size=9))
@example(url="/", words="", host="a-.b")
@example(url="?a=&amp;b", words="a &amp; b &nbsp;", host="a.b")
@example(url="/", words="\x00", host="a.b")
def test_sanitizer_does_not_change_html_of_the_closed_list(url: str, words: str, host: str) -> None:
    address = f"https://{host}.example{url}"
    for pieces in (
        ["<p>", f'<a href="{address}">', words.replace("&", "&amp;"), "</a>", "</p>"],
        ["<figure>", f'<img src="{address}" alt="{words}" width="9">', "</figure>"],
        ["<p>", f'<a href="{address}" data-embed="{words}">X</a>', "</p>"],
    ):
        html = "".join(pieces)
        if "\r" not in html and "\x00" not in html and is_of_closed_list(pieces, html):
            assert sanitize(html) == html
