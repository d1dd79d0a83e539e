"""For any input: cleaning raises no error, its output is safe, and cleaning the output again changes nothing."""

from __future__ import annotations

import re
import time
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from bench.clean import hostile
from newsbot.article.cleaning.clean import clean
from newsbot.article.cleaning.sanitize import sanitize
from tests.examples import SOAK, examples

BASE = "https://news.example/2026/05/a-post/"
OPENINGS = [
    "<p>", "<div>", "<div class='sharedaddy'>", "<ul>", "<ol start=3>", "<li>", "<table>", "<tr>", "<td colspan=2>",
    "<a href='/x'>",
    "<a href='#fn1'>", "<a rel=tag href='/t'>",
    "<sup id=fn1>", "<b>", "<i/>", "<em>", "<strong>", "<span>", "<h2>", "<h3 class=sd-title>",
    "<blockquote>",
    "<blockquote class='twitter-tweet'>",
    "<blockquote class='instagram-media' data-instgrm-permalink='https://www.instagram.com/p/a1/'>",
    "<figure>", "<figcaption>", "<pre>", "<code>", "<details>", "<summary>", "<button aria-expanded=false>",
    "<form>", "<noscript>",
    "<section>", "<aside>", "<center>", "<font color=red>", "<dl>", "<dt>", "<dd>", "<object>", "<svg>", "<math>",
    "<select>", "<option>",
    "<div style='display:none'>", "<p class='wp-caption-text'>", "<div class='wp-caption'>", "<audio src=/a.mp3>",
    "<video>", "<template>",
    "<script>", "<style>", "<textarea>", "<title>", "<iframe src='https://www.youtube.com/embed/abcdefghijk'>",
    "<caption>", "<thead>",
]  # fmt: skip
PIECES = [
    *OPENINGS, *sorted({f"</{re.match('<([a-z0-9]+)', opening)[1]}>" for opening in OPENINGS}),  # type: ignore[index]
    "<br>", "<hr>", "<img src=/a.jpg alt='a &amp; b'>", "<img src='data:image/gif;base64,R0' data-src=/b.jpg>",
    "<!-- c -->", "<!--",
    "words", " ", "\n", "&nbsp;", "&amp;", "&lt;b&gt;", "&#8230;", "Share this", "Related", "Tags:", ", ",
    "[vc_row a=\"b\"]",
    "[/vc_row]", "[gallery]", "[button url='/x']", "[/button]", "[vimeo 1]",
    "[sic]", "\u00a0", "\ufeff", "\ud800", "\x00", "漢字", "🙂", "<", ">", "\"", "'", "javascript:alert(1)",
    "<a href='javascript:x'>",
    "https://youtu.be/abcdefghijk", "[vc_image url='https://a.example/c.jpg']",
    "<a data-embed=YouTube href='https://youtu.be/abcdefghijk'>",
    "A sentence long enough to count as one that somebody wrote.", "- ", "1. ",
]  # fmt: skip
HARMFUL = [
    "<img src=/a.jpg onerror=alert(1)>", "<a href='JavaScript&colon;alert(1)'>", "<a href='\tjava\nscript:alert(1)'>",
    "<a href='data:text/html,<script>alert(1)</script>'>", "<img src='data:text/html,x'>", "<p style='color:red'>",
    "<script>alert(1)</script>", "<style>p{}</style>", "<svg onload=alert(1)></svg>",
    "<math><mtext></mtext></math>", "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form action='javascript:alert(1)'><button formaction='javascript:alert(1)'></button></form>",
    "<object data='/x.swf'></object>", "<embed src=/x.swf>", "<base href=//elsewhere.example/>", "<input autofocus>",
    "<meta http-equiv=refresh content='0;url=//x'>", "<link rel=stylesheet href=/x.css>",
    "<video poster='javascript:alert(1)'></video>",
]  # fmt: skip
SOUP = st.lists(st.sampled_from([*PIECES, *HARMFUL]), max_size=24).map("".join)

LINKS = {"href", "src", "poster"}
"""Attributes whose address a browser loads or follows. It does neither with ``cite``."""


def harm(html: str) -> list[str]:
    """The parts of ``html`` that are not plain text or media, as another HTML parser than the sanitizer's sees it."""
    found = []
    for node in LexborHTMLParser(html).css("*"):
        if node.tag not in TAGS | {"html", "head", "body"}:
            found.append(f"<{node.tag}>")
        for name, value in node.attributes.items():
            scheme = re.match(r"[a-z][a-z0-9+.-]*(?=:)", re.sub(r"[\x00-\x20]", "", value or "").lower())
            if name not in ATTRIBUTES:
                found.append(f"<{node.tag} {name}>")
            elif name in LINKS and scheme and scheme[0] not in {"http", "https", "mailto", "tel"}:
                found.append(f"<{node.tag} {name}={value}>")
    return found


@examples(600)
@given(SOUP)
@example("<p>a<table><tr><td>b</table>c")
@example("<a href=/x><h3>t</h3><p>x</p></a>")
@example("<pre><p> ")
@example("<pre>a<p>b</p><audio src=/a.mp3></audio>c")
@example("<textarea>&amp;[vimeo 1]")
@example("<ul><li>Share this</li><li>words</li></ul>")
# The parser of the sanitizer moves the quote out of the link, and the link's target is lost with its words.
@example("<a href='/x'><blockquote class='instagram-media' data-instgrm-permalink='https://www.instagram.com/p/a1/'>")
@example("<sup id=fn1>words<a href='#fn1'><details><dd>")
@example("https://youtu.be/abcdefghijk[vimeo 1]")
@example("https://vimeo.com/12345\u201c")
@example("<h2><pre>https://youtu.be/abcdefghijk[vimeo 1]")
@example("[vc_row][vc_image url='https://a.example/c.jpg'][caption]")
@example("<a data-embed=YouTube href='https://youtu.be/abcdefghijk'><pre>[vimeo 2]")
@example("<blockquote class='instagram-media' cite='https://www.instagram.com/p/a1/'>Words a b[vc_row a='b']")
def test_cleaning_twice_changes_nothing(html: str) -> None:
    assert_settled(html)


FIGURES = st.lists(
    st.sampled_from([
        "<figure>", "</figure>", "<figcaption>", "</figcaption>", "<p class='wp-caption-text'>", "<p>", "</p>", "<pre>",
        "<div class='wp-caption'>", "<div>", "</div>", "<img src=/a.jpg>", "<img src=/b.jpg alt=B>", "words", "&amp;",
        "Advertisement", "<a href=/x>", "</a>", "<li>", "<table><tr><td>", "<details>", "<blockquote>",
    ]),
    max_size=9,
).map("".join)  # fmt: skip


@examples(100)
@given(FIGURES)
@example("<figcaption>&amp;<p class='wp-caption-text'><p><img src=/a.jpg>")
@example("<figcaption>words<img src=/a.jpg><figure>")
@example("<img src=/b.jpg><figcaption>words<div class=wp-caption>")
@example("<figure><a href=/x><p class='wp-caption-text'>Advertisement")
@example("<li><pre><img src=/a.jpg><details><img src=/a.jpg>")
@example("<figure><p class='wp-caption-text'>Advertisement<figcaption>")
def test_cleaning_figures_twice_changes_nothing(html: str) -> None:
    assert_settled(html)


def assert_settled(html: str) -> None:
    once = clean(html, base_url=BASE)
    twice = clean(once.html, base_url=BASE)
    assert twice.html == once.html
    assert twice.text == once.text
    assert twice.images == once.images
    assert twice.links == once.links
    assert twice.embeds == once.embeds


# These lists repeat the sanitizer's allowlist on purpose. A test that used the allowlist itself would not notice a
# mistake in it.
TAGS = {
    *("a", "abbr", "audio", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details"),
    *("dfn", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins"),
    *("kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "small", "strong", "sub", "summary"),
    *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "video", "-text"),
}
ATTRIBUTES = {
    *("alt", "cite", "colspan", "controls", "data-embed", "datetime", "dir", "height", "href", "id", "poster"),
    *("reversed", "rowspan", "src", "start", "title", "width"),
}
ADDRESS = re.compile(r"(?:https?://[^/]|mailto:|tel:|#)")


@examples(300)
@given(SOUP)
@example("<p>a</p><script>alert(1)</script><style>p{}</style><!-- c --><p onclick='x' style='y'>b</p>")
@example("<a href=' javascript:x'>a</a><img src='javascript:x'><video poster='javascript:x' src='data:x'></video>")
def test_cleaned_html_is_safe(html: str) -> None:
    cleaned = clean(html, base_url=BASE)
    body = LexborHTMLParser(cleaned.html).body
    assert body is not None
    for node in body.iter(include_text=True) if cleaned.html else ():
        for inner in node.traverse(include_text=True):
            assert inner.tag in TAGS
            attributes = inner.attributes if inner.tag != "-text" else {}
            assert attributes.keys() <= ATTRIBUTES
            for name in ("href", "src", "poster", "cite"):
                assert name not in attributes or ADDRESS.match(attributes[name] or "")
    cleaned.html.encode()
    cleaned.text.encode()


@examples(300)
@given(SOUP)
@example("".join(HARMFUL))
def test_sanitizer_is_safe_without_the_walk_before_it(html: str) -> None:
    """The walk before the sanitizer removes most of this by itself; the sanitizer must be safe without the walk."""
    assert harm(sanitize(html.replace("\ud800", ""))) == []  # the sanitizer takes only what UTF-8 can hold


@pytest.mark.parametrize("html", HARMFUL)
def test_check_for_harm_finds_harmful_html(html: str) -> None:
    assert harm(f"<p>{html}</p>") != []


@examples(200)
@given(st.text(max_size=200))
def test_any_text_can_be_cleaned(text: str) -> None:
    clean(text, base_url=BASE)


@pytest.mark.parametrize("trouble", sorted(hostile(size=0)))
def test_hostile_html_of_megabytes_takes_linear_time(trouble: str) -> None:
    html = megabytes()[trouble]
    if not SOAK:
        # One megabyte shows quadratic time as well as two, in less than half of the time.
        html = html[: len(html) // 2]
    # Quadratic code is slow in every round. Another process on the same core slows only some rounds.
    assert any(_is_linear(html) for _ in range(4))


@cache
def megabytes() -> dict[str, str]:
    return hostile()


def _is_linear(html: str) -> bool:
    whole = _seconds(html)
    # Twice the text takes twice the time where the cost is linear, and four times where it is quadratic. Below a
    # second the measurement is too inexact. The bench checks the limit of one second.
    return whole < 1.2 or whole < 3.2 * _seconds(html[: len(html) // 2])


def _seconds(html: str) -> float:
    started = time.process_time()
    clean(html, base_url=BASE)
    return time.process_time() - started
