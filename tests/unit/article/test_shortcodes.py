"""Raw shortcodes go; an author's own brackets stay."""

from __future__ import annotations

import pytest

from newsbot.article import shortcodes


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
    ],
)
def test_shortcodes_go_and_what_they_enclose_stays(text: str, left: str) -> None:
    assert shortcodes.strip(text, shortcodes.closers(text))[0] == left


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
def test_brackets_of_an_author_stay(text: str) -> None:
    assert shortcodes.strip(text, shortcodes.closers(text)) == (text, 0)
