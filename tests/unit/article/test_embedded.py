"""Embeds that stand as bare addresses, quoted posts with a caption, and pictures that lead to larger ones."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.clean import Cleaned, clean
from newsbot.article.embeds import recognise
from newsbot.article.images import junk_kind
from newsbot.items import Embed, Image

BASE = "https://news.example/a-post/"
FILM = "https://www.youtube.com/watch?v=abcdefghijk"
SHOWN = f'<p><a href="{FILM}" data-embed="YouTube">YouTube</a></p>'
UPLOADS = "https://news.example/wp-content/uploads"


def cleaned(html: str) -> Cleaned:
    return clean(html, base_url=BASE)


@pytest.mark.parametrize(
    "html",
    [
        f"<p>{FILM}</p>",
        f"\n{FILM}\n",
        f'<p class="x"> {FILM} </p>',
        f'<p><a href="{FILM}">{FILM}</a></p>',
        f"<p>[embed]{FILM}[/embed]</p>",
        "<p>https://youtu.be/abcdefghijk</p>",
        f'<figure class="wp-block-embed"><div class="wp-block-embed__wrapper">\n{FILM}\n</div></figure>',
    ],
)
def test_video_url_alone_in_a_block_is_an_embed(html: str) -> None:
    found = cleaned(f"<p>Before.</p>{html}<p>After.</p>")
    assert found.embeds == [Embed(provider="YouTube", url=FILM)]
    assert found.text == "Before.\n\nAfter."
    assert found.html.replace("<figure>", "<p>").replace("</figure>", "</p>") == f"<p>Before.</p>{SHOWN}<p>After.</p>"
    assert cleaned(found.html).html == found.html


def test_failed_embed_block_is_an_embed_for_any_provider() -> None:
    found = cleaned(
        '<figure class="wp-block-embed"><div class="wp-block-embed__wrapper">https://maps.example/x</div></figure>'
    )
    assert found.embeds == [Embed(provider="maps.example", url="https://maps.example/x")]


@pytest.mark.parametrize(
    "html",
    [
        "<p>https://maps.example/x</p>", "<p>https://www.facebook.com/</p>", f"<p>See {FILM}</p>",
        f"<ul><li>{FILM}</li></ul>", f"<p>{FILM} https://youtu.be/abcdefghijl</p>", f"<pre>{FILM}</pre>",
    ],
)  # fmt: skip
def test_other_urls_stay_text(html: str) -> None:
    found = cleaned(html)
    assert found.embeds == []
    assert "https://" in found.text


def test_caption_of_a_quoted_picture_is_kept_without_the_text_of_the_network() -> None:
    post = "https://www.instagram.com/p/AbCdEf/"
    found = cleaned(
        f'<blockquote class="instagram-media" data-instgrm-captioned data-instgrm-permalink="{post}"><div><div>'
        f'<a href="{post}">View this post on Instagram</a></div><p><a href="{post}">The crane goes at noon. Come.'
        f'</a></p><p><a href="{post}">A post shared by The Quay (@thequay)</a> on <time>May 3</time></p></div>'
        "</blockquote>"
    )
    assert found.html == (
        f'<blockquote cite="{post}" data-embed="Instagram"><p>The crane goes at noon. Come.</p></blockquote>'
    )
    assert found.embeds == [Embed(provider="Instagram", url=post)]
    assert cleaned(found.html).html == found.html


def test_caption_of_a_quoted_video_is_kept() -> None:
    film = "https://www.tiktok.com/@quay/video/7"
    found = cleaned(
        f'<blockquote class="tiktok-embed" cite="{film}"><section><a href="https://www.tiktok.com/@quay">@quay</a> '
        '<p>Off it goes <a href="/tag/crane">#crane</a></p> <a href="/music/1">♬ a sound - quay</a></section>'
        "</blockquote>"
    )
    assert found.text == "Off it goes #crane"


def test_article_inside_an_unclosed_quote_is_kept() -> None:
    html = (
        '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/AbCdEf/"><p>'
        + "".join(f"<p>The crane number {number} stood still.</p>" for number in range(5))
    )
    assert cleaned(html + '<p>See <a href="/b/">the list</a> of them.</p>').links == ["https://news.example/b/"]


@pytest.mark.parametrize("folder", ["themes/soledad/images", "plugins/lazy/img", "themes/x/assets"])
def test_lazy_image_is_kept_with_any_placeholder(folder: str) -> None:
    found = cleaned(f'<img src="https://news.example/wp-content/{folder}/holder.png" data-src="{UPLOADS}/crane.jpg">')
    assert [image.url for image in found.images] == [f"{UPLOADS}/crane.jpg"]
    assert cleaned(f'<img src="https://news.example/wp-content/{folder}/holder.png">').removed == {"site-furniture": 1}


def test_thumbnail_is_listed_with_the_full_image_that_it_links_to() -> None:
    thumb, full = f"{UPLOADS}/thumb_moo-150x150.jpg", f"{UPLOADS}/moo.jpg"
    found = cleaned(f'<a href="{full}"><img src="{thumb}" alt="Moo"></a><img src="{UPLOADS}/b.jpg">')
    assert found.images == [Image(url=thumb, alt="Moo", full=full), Image(url=f"{UPLOADS}/b.jpg")]
    assert found.links == [full]
    proxied = cleaned(f'<a href="https://i0.wp.com/news.example/a.jpg?ssl=1"><img src="{thumb}"></a>')
    assert proxied.images[0].full == "https://news.example/a.jpg"


@pytest.mark.parametrize("href", [f"{UPLOADS}/a.jpg", "/gallery/", "/a.pdf", "mailto:a@b.example"])
def test_link_to_the_same_file_or_to_a_page_is_no_full_image(href: str) -> None:
    assert cleaned(f'<a href="{href}"><img src="{UPLOADS}/a.jpg"></a>').images[0].full is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/wp-content/themes/a/logo.PNG?ver=1", "site-furniture"),
        ("/wp-content/themes/a?of=/wp-content/plugins/b/c.png", "site-furniture"),
        ("/wp-includes/images/media/audio.svg", "site-furniture"),
        ("/wp-content/themes/a/timthumb.php?src=/b.jpg", None),
        ("/wp-content/uploads/a.png?of=/wp-content/plugins/b", None),
    ],
)
def test_layout_file_is_recognised_by_its_path(path: str, kind: str | None) -> None:
    assert junk_kind(f"https://news.example{path}", {}) == kind


def test_player_is_not_recognised_in_a_url_beyond_the_maximum_length() -> None:
    page = "https://platform.twitter.com/embed/Tweet.html?features={}&id=12"
    assert recognise(page.format("a" * 1_600)) == ("X", "https://x.com/i/status/12")
    assert recognise(huge := page.format("a" * 5_000)) == ("X", huge)
