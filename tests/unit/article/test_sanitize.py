"""The final allowlist alone: its output is safe for any input, also without the rules and the walk."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.sanitize import sanitize


@pytest.mark.parametrize(
    ("html", "safe"),
    [
        ('<a href="javascript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href=" java\nscript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href="vbscript:x">a</a>', "<a>a</a>"),
        ('<a href="data:text/html,x">a</a>', "<a>a</a>"),
        ('<a href="file:///etc/passwd">a</a>', "<a>a</a>"),
        ('<img src="data:image/svg+xml,x">', "<img>"),
        ('<video src="javascript:x" poster="javascript:x"></video>', "<video></video>"),
        ("<style>p { display: none }</style>b", "b"),
        ("<script>alert(1)</script>b", "b"),
        ("a<!-- a comment -->b", "ab"),
        ("a<!--[if IE]><script>alert(1)</script><![endif]-->b", "ab"),
        ('<p onclick="alert(1)" class="x" style="color: red" id="i">b</p>', '<p id="i">b</p>'),
        ('<a href="https://a.example/" target="_blank" rel="opener">a</a>', '<a href="https://a.example/">a</a>'),
        ('<iframe src="https://a.example/"></iframe>b', "b"),
        ('<object data="x"><embed src="y"></object>b', "b"),
        ('<form action="/x"><input name="q"><button>go</button></form>', "go"),
        ('<svg><a xlink:href="javascript:x">y</a></svg>', ""),
        ('<math><mtext><style><img src=x onerror="alert(1)"></style></mtext></math>', ""),
        ("<unknown-tag>b</unknown-tag>", "b"),
    ],
)
def test_sanitizer_removes_elements_and_attributes_outside_of_the_allowlist(html: str, safe: str) -> None:
    assert sanitize(html) == safe


@pytest.mark.parametrize(
    "html",
    [
        '<p><a href="https://a.example/">a</a> <a href="mailto:a@a.example">b</a> <a href="tel:+491">c</a></p>',
        '<figure><img src="https://a.example/a.jpg" alt="x" width="1" height="2"><figcaption>y</figcaption></figure>',
        '<ol start="3" reversed=""><li>a</li></ol>',
        '<table><tbody><tr><td colspan="2" rowspan="3">a</td></tr></tbody></table>',
        '<blockquote cite="https://a.example/" data-embed="X"><p>a</p></blockquote>',
        '<p><time datetime="2026-01-01">a</time> <abbr title="b">c</abbr> <bdo dir="rtl">d</bdo></p>',
    ],
)
def test_sanitizer_keeps_elements_and_attributes_of_the_allowlist(html: str) -> None:
    assert sanitize(html) == html
