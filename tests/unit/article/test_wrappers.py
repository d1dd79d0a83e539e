"""A rule that names a plugin's element, while the element holds an author's sentences."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.clean import Cleaned, clean

BASE = "https://news.example/a-post/"
PROSE = "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter, and went home.</p>"
REST = PROSE * 6
STORY = (
    "<p>Nobody had looked up at that boom for thirty years without a thought. Now it stands still, and the dockers "
    "count the days.</p><p>“It was time,” one of them said on Friday, while the others nodded.</p>"
    "<p>Nobody had asked them, and nobody would have listened if they had said it before the storms of spring.</p>"
)


def cleaned(html: str) -> Cleaned:
    return clean(html, base_url=BASE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<div class="adn ads" data-message-id="#msg-1">', "</div>"),
        ('<div class="ads-wrap-of-mail">', "</div>"),
        ('<div class="wprt-container">', "</div>"),
        ('<div class="teads-inread"><div><div id="teads0" class="teads-player">', "</div></div></div>"),
        ('<div class="tinypass-wrapper">', "</div>"),
        ('<header class="entry-header">', "</header>"),
        ('<div class="entry-meta">', "</div>"),
        ('<div class="share-container">', "</div>"),
        ('<div class="related-content">', "</div>"),
        ('<div class="wpcp-guard">', "</div>"),
        ('<div class="swiper-pagination-wrap"><div class="swiper-button-x">', "</div></div>"),
        ('<div class="listen-to-article">', "</div>"),
        ('<div class="donation-box">', "</div>"),
        ('<div class="paywall">', "</div>"),
        ('<div class="optin-box">', "</div>"),
    ],
)
def test_sentences_of_an_author_in_a_wrapper_with_a_plugin_name_are_kept(before: str, after: str) -> None:
    found = cleaned(REST + before + STORY + after + PROSE)
    assert found.html == REST + STORY + PROSE
    assert found.held_back
    assert not found.truncated


def test_junk_inside_a_kept_wrapper_is_removed() -> None:
    share = '<div class="sharedaddy"><a href="https://www.facebook.com/sharer.php?u=x">Share</a></div>'
    found = cleaned(f'{REST}<div class="ads">{STORY}{share}</div>')
    assert found.html == REST + STORY
    assert found.removed == {"jetpack-share": 1}
    assert found.held_back == ("ad-names",)


@pytest.mark.parametrize(
    "html",
    [
        '<div class="ads"><p>Zap is best. <a href="https://shop.example/">Buy a zap today</a>, it is so.</p></div>',
        '<div class="entry-meta"><p>Posted on Tuesday by the desk. Filed under harbour.</p></div>',
        '<div class="related-content"><h3><a href="/b/">Zap</a></h3><p>A zap was seen on the quay. It left '
        'at once, and nobody '
        'knows where to. Those who saw it go said that it was grey, and slow.</p><a href="/b/">Read</a></div>',
        '<div class="donation-box"><p>We are read by many and paid by few. If each of you gave a coin, the zap would '
        'last for another year, and so would we.</p><a href="https://site.example/give/">Give</a></div>',
        '<div class="newsletter-signup"><p>A letter from the quay, each Friday at noon. It tells what the week '
        'has brought, and what it has taken away again.</p><form><input type="email"></form></div>',
        '<div class="author-box"><p>Jo Zap has written of harbours for twenty years. Before that she was on a ship, '
        "which she liked better than any desk she has had since.</p></div>",
    ],
)  # fmt: skip
def test_sentences_of_a_plugin_are_removed(html: str) -> None:
    assert cleaned(REST + html).html == REST


def test_headings_with_the_class_of_kept_paragraphs_are_kept() -> None:
    html = "".join(f'<h2 class="paywall">Crane {n}</h2><p class="paywall">{STORY[3:-4]}</p>' for n in range(3))
    found = cleaned(REST + html)
    assert [f"Crane {n}" in found.text for n in range(3)] == [True] * 3
    assert not found.truncated


def test_headings_with_classes_of_the_block_editor_are_kept() -> None:
    html = '<h2 class="block-editor-rich-text__editable rich-text">Why so late?</h2>'
    assert cleaned(REST + html + PROSE).html == REST + "<h2>Why so late?</h2>" + PROSE


@pytest.mark.parametrize("label", ["<h2>分享</h2>", "<h3>Compartir</h3>", "<p><strong>More Information:</strong></p>"])
def test_label_with_text_under_it_is_kept(label: str) -> None:
    assert cleaned(REST + label + PROSE).html == REST + label + PROSE
    assert cleaned(REST + label).html == REST
    assert cleaned(REST + label + "<h2>Winter</h2>" + PROSE).html == REST + "<h2>Winter</h2>" + PROSE


def test_line_that_is_only_a_label_is_removed() -> None:
    assert cleaned(REST + "<p>More information</p>" + PROSE).html == REST + PROSE


def test_line_with_the_address_of_a_feed_is_kept() -> None:
    line = '<p>Blog: <a href="https://feeds.feedburner.com/quay">https://feeds.feedburner.com/quay</a></p>'
    assert cleaned(REST + line).html == REST + line
    assert cleaned(REST + line.replace("Blog:", "Subscribe to our feed:")).html == REST


def test_text_in_thousands_of_wrappers_is_kept() -> None:
    html = '<div class="ads">' * 3_000 + STORY
    assert "Nobody had looked up" in cleaned(html).text


def test_numbered_box_with_text_or_images_of_the_post_is_kept() -> None:
    box = '<div class="examp-wrap" id="examp-1191367904">{}</div>'
    for inner in (STORY, '<img src="https://a.example/uploads/a.jpg">',
                  '<a href="https://a.example/up/a.jpg"><img src="https://a.example/up/a-1.jpg"></a>'):  # fmt: skip
        found = cleaned(REST + box.format(inner))
        assert "numbered-ad" not in found.removed
    assert cleaned(REST + box.format('<a href="/shop/"><img src="/a.jpg"></a>')).removed == {"numbered-ad": 1}


def test_numbered_row_or_slider_of_a_page_builder_is_kept() -> None:
    banner = '<a href="/shop/"><img src="/a.jpg"></a>'
    for name in ("slider-1191367904", "row-845774557", "image-191367904", "other-191367904"):
        html = f'<div class="{name.partition("-")[0]}-wrap" id="{name}">{banner}</div>'
        assert cleaned(REST + html).removed == {}, name


def test_plea_without_a_link_to_an_action_is_kept() -> None:
    line = '<p>He asked them to subscribe now, and told of <a href="https://a.example/history/">the hospital</a>.</p>'
    assert cleaned(REST + line).html == REST + line


def test_long_text_with_links_in_a_paywall_wrapper_is_kept() -> None:
    plain = "<p>The quay stays open until the crane is gone, the harbour board said on Monday night.</p>"
    part = plain * 3 + plain.replace("quay", '<a href="/q">quay</a>', 1)
    found = clean(f'{plain * 40}<div class="paywall">{part * 5}</div>', base_url="https://news.example/a/")
    assert found.text.count("harbour board") == 60
