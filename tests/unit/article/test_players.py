"""Raw shortcodes of buttons and players become links with their targets."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.clean import clean
from newsbot.article.cleaning.players import revive
from newsbot.items import Embed

BASE = "https://news.example/a/"
YOUTUBE = Embed(provider="YouTube", url="https://www.youtube.com/watch?v=abcdefghijk")


@pytest.mark.parametrize(
    ("html", "link"),
    [
        ('<p>[button url="https://a.example/x"]Read[/button]</p>', "https://a.example/x"),
        ("<p>[su_button url=&#8221;/x&#8221; style=&#8221;flat&#8221;]Read[/su_button]</p>", "https://news.example/x"),
        (
            '<p>[button link=”<a href="https://a.example/">https://a.example/</a>”]Read[/button]</p>',
            "https://a.example/",
        ),
        ('<p>[vc_btn link="url:https%3A%2F%2Fa.example%2Fx|title:y||"]Read[/vc_btn]</p>', "https://a.example/x"),
        ('<p>[av_button link="manually,https://a.example/x"]<b>Read</b>[/av_button]</p>', "https://a.example/x"),
    ],
)
def test_button_shortcode_becomes_a_link(html: str, link: str) -> None:
    found = clean(html, base_url=BASE)
    assert (found.text, found.links) == ("Read", [link])
    assert clean(found.html, base_url=BASE).html == found.html


@pytest.mark.parametrize(
    "html",
    ['[button url="javascript:alert(1)//a"]Read[/button]', '[button url="/x"]Read', '[button size="5"]Read[/button]'],
)
def test_button_shortcode_without_an_address_becomes_text(html: str) -> None:
    found = clean(f"<p>{html}</p>", base_url=BASE)
    assert (found.html, found.links) == ("<p>Read</p>", [])


@pytest.mark.parametrize(
    ("shortcode", "embed"),
    [
        ("[youtube id=abcdefghijk]", YOUTUBE),
        ("[youtube id=&#8221;abcdefghijk&#8221; width=&#8221;600&#8243;]", YOUTUBE),
        ("[youtube https://www.youtube.com/watch?v=abcdefghijk]", YOUTUBE),
        ("[youtube=https://www.youtube.com/watch?v=abcdefghijk&#038;w=500]", YOUTUBE),
        ('[su_youtube url="https://youtu.be/abcdefghijk"]', YOUTUBE),
        ("[vimeo 123]", Embed(provider="Vimeo", url="https://vimeo.com/123")),
        ("[vimeo https://vimeo.com/123 w=500]", Embed(provider="Vimeo", url="https://vimeo.com/123")),
        ("[dailymotion id=x8abcde]", Embed(provider="Dailymotion", url="https://www.dailymotion.com/video/x8abcde")),
    ],
)
def test_player_shortcode_becomes_an_embed(shortcode: str, embed: Embed) -> None:
    found = clean(f"<p>One. {shortcode} Two.</p>", base_url=BASE)
    assert (found.text, found.embeds) == ("One.\nTwo.", [embed])
    assert clean(found.html, base_url=BASE).html == found.html


@pytest.mark.parametrize(
    "html",
    [
        "<pre>[vimeo 123]</pre>",
        "<p><code>[youtube id=abcdefghijk]</code></p>",
        '<img alt="a > [vimeo 123]" src="/a.jpg">',
        "<p>use the [youtube link] of [vimeo fame] and [button-makers and so on]</p>",
        '<p>[youtube url="https://a.example/x"]</p>',
    ],
)
def test_shortcodes_in_code_and_attributes_and_other_brackets_are_unchanged(html: str) -> None:
    assert revive(html) == html


def test_media_keep_the_order_of_the_text() -> None:
    found = clean(
        "https://youtu.be/abcdefghijk[vimeo 1]Words[vc_single_image image_url='https://a.example/a.jpg']"
        "<p>https://vimeo.com/2</p>More [vc_image url='https://a.example/b.jpg'] words",
        base_url=BASE,
    )
    assert [embed.url for embed in found.embeds] == [YOUTUBE.url, "https://vimeo.com/1", "https://vimeo.com/2"]
    shown = [
        found.html.find(url) for url in ("watch?v=", "com/1", "Words", "a.jpg", "com/2", "More", "b.jpg", "words<")
    ]
    assert shown == sorted(shown) and shown[0] > 0
