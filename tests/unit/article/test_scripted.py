"""Players and pictures that need a script or a style sheet to appear."""

from __future__ import annotations

from base64 import b64encode

import pytest

from newsbot.article.cleaning.clean import Cleaned, clean

BASE = "https://news.example/a/"
VIDEO = "https://www.youtube.com/watch?v=a1B2c3D4e5F"
SEALED = b64encode(
    b'<iframe width="9" src="https://www.youtube-nocookie.com/embed/a1B2c3D4e5F?a=1&amp;b=2"></iframe>'
).decode()


def cleaned(html: str) -> Cleaned:
    return clean(f"<p>Before.</p>{html}<p>After.</p>", base_url=BASE)


@pytest.mark.parametrize(
    ("html", "url"),
    [
        (
            '<div class="elementor-widget elementor-widget-video" data-settings="{&quot;youtube_url&quot;:&quot;https:'
            '\\/\\/youtu.be\\/a1B2c3D4e5F&quot;,&quot;video_type&quot;:&quot;youtube&quot;}"><div></div></div>',
            VIDEO,
        ),
        ('<div class="epyt-facade" data-facadesrc="https://www.youtube.com/embed/a1B2c3D4e5F?x=1"></div>', VIDEO),
        ('<div class="pL" id="lyte_a1B2c3D4e5F" data-src="/thumb.jpg"></div>', VIDEO),
        ('<lite-youtube videoid="a1B2c3D4e5F"></lite-youtube>', VIDEO),
        (
            '<div class="rll-youtube-player" data-src="https://www.youtube.com/embed/a1B2c3D4e5F"></div>'
            '<noscript><iframe src="https://www.youtube.com/embed/a1B2c3D4e5F?feature=oembed"></iframe></noscript>',
            VIDEO,
        ),
        ('<iframe consent-original-src-_="https://www.youtube.com/embed/a1B2c3D4e5F"></iframe>', VIDEO),
        (f'<div class="borlabs-hide"><script type="text/template">{SEALED}</script></div>', VIDEO),
        (f'<div class="brlbs-cmpnt-container" data-borlabs-cookie-content="{SEALED}"></div>', VIDEO),
        ('<div class="fb-video" data-href="https://www.facebook.com/a/videos/1/"></div>', "https://www.facebook.com/a/videos/1/"),
        ('<a data-pin-do="embedPin" href="https://www.pinterest.com/pin/1/"></a>', "https://www.pinterest.com/pin/1/"),
        ('<script src="https://telegram.org/js/telegram-widget.js?22" data-telegram-post="a/1"></script>', "https://t.me/a/1"),
        ('<script src="https://gist.github.com/jo/1a.js"></script>', "https://gist.github.com/jo/1a"),
        ('<script src="https://datawrapper.dwcdn.net/Ab1/embed.js"></script>', "https://datawrapper.dwcdn.net/Ab1/"),
        (
            '<div class="flourish-embed" data-src="visualisation/1"><script src="x.js"></script></div>',
            "https://public.flourish.studio/visualisation/1/",
        ),
        ('<div class="infogram-embed" data-id="1a-2b"></div>', "https://infogram.com/1a-2b"),
        ('<object data="/uploads/report.pdf" type="application/pdf"></object>', "https://news.example/uploads/report.pdf"),
    ],
)  # fmt: skip
def test_player_with_its_url_in_an_attribute_is_an_embed(html: str, url: str) -> None:
    found = cleaned(html)
    assert [embed.url for embed in found.embeds] == [url]
    assert found.html.count(f'href="{url}"') == 1
    assert found.text == "Before.\n\nAfter."


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://platform.twitter.com/widgets.js"></script>',
        '<script type="text/template">bm90IGEgZnJhbWU=</script>',
        '<script type="text/template"><b>no base64</b></script>',
        '<div class="elementor-widget-video" data-settings="{&quot;video_type&quot;:&quot;hosted&quot;}"></div>',
        '<div class="elementor-section" data-settings="{&quot;video_type&quot;:&quot;youtube&quot;}"></div>',
        '<div class="fb-page" data-href="https://www.facebook.com/gazette"></div>',
        '<div class="hero" style="background-image:url(/texture.png)"></div>',
    ],
)
def test_element_without_content_of_the_article_is_no_embed(html: str) -> None:
    found = cleaned(html)
    assert (found.embeds, found.images, found.text) == ([], [], "Before.\n\nAfter.")


def test_a_quoted_post_with_its_words_is_shown_once() -> None:
    address = "https://www.facebook.com/a/posts/1"
    quote = f'<blockquote cite="{address}" class="fb-xfbml-parse-ignore"><p>Said.</p></blockquote>'
    assert cleaned(f'<div class="fb-post" data-href="{address}">{quote}</div>').html.count(address) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<div class="wp-block-cover has-parallax" style="background-image:url(/a.jpg)"><p>On it.</p></div>',
        '<div><div role="img" style="background-image: url(&quot;/a.jpg&quot;)"></div><p>On it.</p></div>',
        '<div class="elementor-gallery-item__image e-gallery-image" data-thumbnail="/a.jpg"></div><p>On it.</p>',
    ],
)  # fmt: skip
def test_background_image_behind_text_is_an_image(html: str) -> None:
    found = cleaned(html)
    assert [image.url for image in found.images] == ["https://news.example/a.jpg"]
    assert "On it." in found.text


def test_a_gallery_item_keeps_the_link_to_its_full_size() -> None:
    found = cleaned(
        '<a href="/b.jpg"><div class="e-gallery-image" role="img" data-thumbnail="/b-300x200.jpg"></div></a>'
    )
    assert (found.links, len(found.images)) == (["https://news.example/b.jpg"], 1)


def test_tracks_of_a_playlist_and_audio_of_a_podcast_are_kept() -> None:
    playlist = '<noscript><ol><li><a href="/1.mp3">One</a></li><li><a href="/2.mp3">Two</a></li></ol></noscript>'
    assert len(cleaned(f'<div class="wp-playlist"><audio controls></audio>{playlist}</div>').links) == 2
    player = (
        '<div class="castos-player"><div class="player__artwork"><img src="/art.jpg"></div><div class="player__body">'
        '<div class="currently-playing">zap</div><audio><source src="/5.mp3"></audio></div></div>'
    )
    found = cleaned(player + '<audio controls><a href="/6.mp3">6</a></audio>')
    assert 'src="https://news.example/5.mp3"' in found.html
    assert 'src="https://news.example/6.mp3"' in found.html
    assert "zap" not in found.html


def test_question_in_the_button_of_an_accordion_is_kept() -> None:
    button = '<h5><button class="btn btn-link" data-toggle="collapse" data-target="#c1">How long?</button></h5>'
    assert "How long?" in cleaned(button).text


def test_line_breaks_in_preformatted_text_are_kept() -> None:
    assert "<pre>One<br><br>Two</pre>".replace("<br>", "\n") in cleaned("<pre>One<br><br>Two</pre>").html


def test_images_of_a_slideshow_in_a_data_attribute_are_kept() -> None:
    first = '{"src":"https:\\/\\/a.example\\/1.jpg","alt":"","caption":"The &lt;b&gt;quay&lt;\\/b&gt;"}'
    gallery = f'[{first},{{"src":"/2.jpg"}},3]'
    html = f"<div class='slideshow-window jetpack-slideshow' data-gallery='{gallery}'></div>"
    found = clean(html, base_url="https://news.example/a/")
    assert [(image.url, image.alt) for image in found.images] == [
        ("https://a.example/1.jpg", "The quay"), ("https://news.example/2.jpg", None)
    ]  # fmt: skip
    assert clean(found.html, base_url="https://news.example/a/").images == found.images
    assert not clean(html.replace("[{", "{["), base_url="https://news.example/a/").images
