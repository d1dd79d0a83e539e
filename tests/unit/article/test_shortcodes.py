"""Raw shortcodes are removed; an author's own brackets are kept."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning import shortcodes
from newsbot.article.cleaning.clean import clean


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[vc_row][vc_column]Words[/vc_column][/vc_row]", "Words"),
        ("[et_pb_text admin_label=”Text”]Words[/et_pb_text]", "Words"),
        ("[float-left]Words[/float-left]", "Words"),
        ('[contact-form-7 id="1" title="x"]', ""),
        ("[unknown_thing key='v']", ""),
        ("[gallery]", ""),
        ('[gallery] [gallery ids="A1"]', " "),
        ("[ngg src = 'galleries']", ""),
        ("[embed]https://a.example/x[/embed]", "https://a.example/x"),
        ("[vc_raw_html]JTNDJTNF[/vc_raw_html]Words", " Words"),
        ('[su_box title="A [b] c"]Words[/su_box]', "Words"),
        ('[su_box title=”[1] or [2]” note="[sic]"]Words', "Words"),
        ('[su_box title="It\'s a [b]"]Words', "Words"),
        ('[su_box title="A ] c"]Words', "Words"),
        ('[su_box title="A]Words [sic] and "more" [x]', 'Words [sic] and "more" [x]'),
    ],
)
def test_shortcodes_are_removed_and_their_content_is_kept(text: str, left: str) -> None:
    assert "".join(shortcodes.strip(text, shortcodes.closers(text))[0]) == left


def test_many_quotes_after_an_unclosed_bracket_are_read_quickly() -> None:
    text = "[Editor " + '"x" ' * 30 + "and so on"
    assert shortcodes.strip(text, frozenset()) == ([text], [], 0)


@pytest.mark.parametrize(
    "text",
    [
        "a [sic] b",
        "[1]",
        "he said […] no",
        "[de 2020]",
        "[Update, 3 pm: closed]",
        "use the [gallery] shortcode",
        "a[i] = b[j]",
        "[Photo: A. B.]",
        "the [Facebook-owned] service and its [poll-takers]",
        "a [fusion-powered] engine",
        "adults [mean age = 34, SD = 5]",
        "[Video]",
        "[AUDIO]",
    ],
)
def test_brackets_of_an_author_are_kept(text: str) -> None:
    assert shortcodes.strip(text, shortcodes.closers(text)) == ([text], [], 0)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[ad_1] Words [ad_2]", " Words "),
        ("[TOC]", ""),
        ("[st_related_posts]", ""),
        ("[Tweet “Look up.”]", "Look up."),
        ('[vc_custom_heading text="The vote" use_theme_fonts="yes"]', " The vote "),
        ("[su_spoiler title=”How long?”]Years.[/su_spoiler]", " How long? Years."),
        ('[caption id="a" caption="The crane"]x[/caption]', " The crane x"),
        ('[pdf-embedder url="https://a.example/x.pdf" width="9"]', " https://a.example/x.pdf "),
        ('[button url="https://a.example/x"]Read[/button]', "Read"),
    ],
)
def test_text_in_an_argument_of_a_shortcode_is_kept(text: str, left: str) -> None:
    assert "".join(shortcodes.strip(text, shortcodes.closers(text))[0]) == left


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<p>[button link=”<a href="https://a.example/">https://a.example/</a>” color=”red”]Read[/button]</p>', "Read"),
        ("<p>[vc_row<br />\nfull_width=”stretch”]<br />\nWords<br />\n[/vc_row]</p>", "Words"),
        ('<p>[see <a href="https://a.example/">this one</a>] and [x < y]</p>', "[see this one] and [x < y]"),
    ],
)
def test_arguments_with_html_are_removed_with_their_shortcode(html: str, text: str) -> None:
    assert clean(html, base_url="https://news.example/").text == text


def test_image_of_a_shortcode_is_an_image() -> None:
    html = "<p>[et_pb_image src=”https://news.example/a.jpg” alt=”x”][/et_pb_image]Words</p>"
    found = clean(html, base_url="https://news.example/")
    assert ([image.url for image in found.images], found.text) == (["https://news.example/a.jpg"], "Words")
    assert not clean(f"<pre>{html}</pre>", base_url="https://news.example/").images
