"""Markdown in which text stays text."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.clean import clean
from newsbot.article.cleaning.markdown import markdown

BASE = "https://news.example/a"


@pytest.mark.parametrize(
    ("html", "written"),
    [
        ("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<p>&amp;lt;b&amp;gt; &amp;#60; AT&amp;T</p>", "&amp;lt;b&amp;gt; &amp;#60; AT&T"),
        (
            "<p>[a](javascript:x) `b` *c* _d_ e_f</p>",
            "\\[a\\](javascript:x) \\`b\\` \\*c\\* \\_d\\_ e_f",
        ),
        ("<p>a\\&lt;b&gt;</p>", "a\\\\&lt;b&gt;"),
        ('<p><a href="https://x.example/?a=1&amp;b=2">[k]</a></p>', "[\\[k\\]](https://x.example/?a=1&b=2)"),
        ('<p><img src="https://x.example/a.jpg" alt="] &lt;x&gt;"></p>', "![\\] &lt;x&gt;](https://x.example/a.jpg)"),
        ("<p><code>&lt;i&gt; *x*</code></p>", "`<i> *x*`"),
        ("<pre>&lt;b&gt; [x]</pre>", "```\n<b> [x]\n```"),
        ("<p>\ue100 &lt;b&gt;</p>", "\ue100 &lt;b&gt;"),
        ("<p><strong>a</strong> <em>b</em></p>", "**a** *b*"),
    ],
)
def test_markdown_characters_in_text_are_escaped(html: str, written: str) -> None:
    assert markdown(html) == written


@pytest.mark.parametrize("name", ["javascript:alert(1)", "https://evil.example/x", "x.example/y", "evil.example", ""])
@pytest.mark.parametrize(
    "html",
    ['<p>Words <a data-embed="{}" href="https://x.example/">x</a> go on.</p>',
     '<blockquote data-embed="{}" cite="https://x.example/"><p>Words go on.</p></blockquote>'],
    ids=["link", "quote"],
)  # fmt: skip
def test_data_embed_attribute_of_a_site_is_removed(html: str, name: str) -> None:
    cleaned = clean(html.format(name), base_url=BASE)
    assert "data-embed" not in cleaned.html
    assert cleaned.embeds == []


@pytest.mark.parametrize("name", ["YouTube", "player.example"])
def test_data_embed_attribute_of_newsbot_is_kept(name: str) -> None:
    html = f'<p><a href="https://player.example/v" data-embed="{name}">Film</a></p>'
    cleaned = clean(html, base_url=BASE)
    assert cleaned.html == html
    assert [embed.provider for embed in cleaned.embeds] == [name]
