"""What cleaning keeps, converts, repairs, and refuses to remove."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborNode

from newsbot.article.cleaning import junk_elements
from newsbot.article.cleaning.clean import Cleaned, clean
from newsbot.article.cleaning.hidden import is_hidden
from newsbot.article.cleaning.markdown import markdown
from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.rules import default_rules
from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.text import count_words, plain_text
from tests.examples import examples

BASE = "https://news.example/2026/05/a-post/"
PROSE = "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter.</p>"


def cleaned(html: str) -> Cleaned:
    return clean(html, base_url=BASE)


@pytest.mark.parametrize(
    "html",
    [
        "<h2>Heading</h2><p>words</p>",
        "<ul><li>one</li><li>two<ul><li>inner</li></ul></li></ul>",
        '<ol start="3"><li>three</li></ol>',
        "<dl><dt>term</dt><dd>meaning</dd></dl>",
        '<table><thead><tr><th colspan="2">Head</th></tr></thead><tbody><tr><td>a</td><td>b</td></tr></tbody></table>',
        "<blockquote><p>Said.</p><cite>Someone</cite></blockquote>",
        "<pre><code>if a &lt; b:\n    c</code></pre>",
        "<details><summary>Ask</summary><p>Answer</p></details>",
        "<p>H<sub>2</sub>O and E=mc<sup>2</sup>, <em>so</em> <mark>it</mark> is.</p>",
        "<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>",
    ],
)
def test_html_of_an_article_is_kept_unchanged(html: str) -> None:
    assert cleaned(html).html == html


def test_text_of_lists_and_tables_has_bullets_numbers_and_tabs() -> None:
    lists = "<ul><li>one</li><li>two<ol><li>inner</li></ol></li></ul>"
    table = "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"
    assert cleaned(lists + table).text == "- one\n- two\n  1. inner\n\na\tb\nc"


def test_loose_text_and_wrappers_become_paragraphs() -> None:
    assert cleaned("<div>One</div><div><span>Two</span> more</div>three<br>four").html == (
        "<p>One</p><p>Two more</p><p>three<br>four</p>"
    )


def test_link_around_blocks_is_moved_into_each_block() -> None:
    assert cleaned('<a href="/x"><h3>Title</h3><p>Teaser</p></a>').html == (
        '<h3><a href="https://news.example/x">Title</a></h3><p><a href="https://news.example/x">Teaser</a></p>'
    )


def test_empty_elements_are_removed() -> None:
    assert cleaned("<p>&nbsp;</p><p><strong> </strong></p><ul><li></li></ul><div><br></div>" + PROSE).html == PROSE


def test_self_closed_tag_does_not_enclose_the_following_text() -> None:
    assert cleaned('<p>a <i class="icon"/>b</p><p>c</p>').html == "<p>a b</p><p>c</p>"
    assert cleaned('<p>a</p><iframe src="https://youtu.be/abcdefghijk"/><p>b</p>').text == "a\n\nb"
    assert cleaned("<p>a</p><script>x()</script><script>y(<p>b</p>").text == "a\n\nb"
    assert cleaned("<p>a</p><title>t<p>b</p>").text == "a\n\nt\n\nb"
    assert cleaned("<p><a href=https://a.example/>word</a></p>").links == ["https://a.example/"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("/a/b", "https://news.example/a/b"),
        ("../c", "https://news.example/2026/05/c"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("httpss://a.example/x", "https://a.example/x"),
        ("http//a.example/x", "http://a.example/x"),
        ("www.a.example/x", "https://www.a.example/x"),
        ("”https://a.example/x”", "https://a.example/x"),
        ("https://a.example/x?utm_source=b&amp;id=7&amp;fbclid=c#top", "https://a.example/x?id=7#top"),
        ("https://a.example/x?gclid=1", "https://a.example/x"),
        ("mailto:desk@news.example", "mailto:desk@news.example"),
    ],
)
def test_links_are_made_absolute_repaired_and_freed_of_tracking_parameters(written: str, read: str) -> None:
    assert cleaned(f'<p><a href="{written}">x</a></p>').links == [read]


def test_link_without_an_address_becomes_its_text() -> None:
    assert cleaned('<p><a href="javascript:void(0)">a</a> <a>b</a> <a href="#gone">c</a></p>').html == "<p>a b c</p>"


@pytest.mark.parametrize(
    "tag",
    [
        '<img src="data:image/gif;base64,R0" data-src="/a.jpg">',
        '<img src="/wp-content/plugins/lazy/blank.gif" data-lazy-src="/a.jpg">',
        '<img src="/placeholder.png" data-original="/a.jpg">',
        '<img data-lazy-srcset="/a-300x200.jpg 300w, /a.jpg 1200w" src="data:image/svg+xml,x">',
        '<img srcset="/a-300x200.jpg 1x, /a.jpg 2x">',
        '<img src="image/gif;base64,R0" data-srcset="/a.jpg">',
        '<img src="data:x" class="lazyload" data-src="/a.jpg"><noscript><img src="/a.jpg"></noscript>',
        '<noscript><img src="/a.jpg"></noscript><img src="data:x" data-src="/a.jpg">',
        '<noscript><img src="/a.jpg"></noscript>',
        '<picture><source srcset="/a.webp"><img src="/a.jpg"></picture>',
        '<amp-img src="/a.jpg"></amp-img>',
        '<img data-src-fg="/a.jpg" src="data:image/svg+xml,x">',
        '<img data-img-url="/a.jpg" src="data:image/png;base64,R0">',
    ],
)
def test_lazy_image_gets_its_real_source(tag: str) -> None:
    found = cleaned(f"<p>{tag}</p>")
    assert [image.url for image in found.images] == ["https://news.example/a.jpg"]
    assert found.html.count("<img") == 1


def test_image_that_occurs_twice_is_listed_twice() -> None:
    assert len(cleaned('<p><img src="/a.jpg"><img src="/b.jpg"><img src="/a.jpg"></p>').images) == 3


def test_image_of_a_proxy_is_listed_with_its_original_url() -> None:
    found = cleaned('<p><img src="https://i0.wp.com/a.example/x.jpg?resize=1%2C1&amp;ssl=1" alt=" A  b "></p>')
    assert found.images[0].url == "https://a.example/x.jpg"
    assert found.images[0].alt == "A b"
    assert "https://i0.wp.com/a.example/x.jpg" in found.html


def test_caption_belongs_to_the_images_of_its_figure() -> None:
    found = cleaned(
        '<img src="/0.jpg"><figure><img src="/1.jpg"><figcaption>One</figcaption></figure>'
        '<div class="wp-caption"><img src="/2.jpg"><p class="wp-caption-text">Two</p></div>'
    )
    assert [image.caption for image in found.images] == [None, "One", "Two"]


def test_emoji_images_become_characters() -> None:
    assert (
        cleaned('<p>Fine <img class="emoji" alt="🙂" src="https://s.w.org/images/core/emoji/1f642.svg"></p>').text
        == "Fine 🙂"
    )


@pytest.mark.parametrize(
    ("frame", "provider", "url"),
    [
        ("https://www.youtube.com/embed/a1B2c3D4e5F?rel=0", "YouTube", "https://www.youtube.com/watch?v=a1B2c3D4e5F"),
        (
            "https://www.youtube-nocookie.com/embed/a1B2c3D4e5F",
            "YouTube",
            "https://www.youtube.com/watch?v=a1B2c3D4e5F",
        ),
        ("//player.vimeo.com/video/123", "Vimeo", "https://vimeo.com/123"),
        ("https://open.spotify.com/embed/episode/x1", "Spotify", "https://open.spotify.com/episode/x1"),
        (
            "https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fa%2Fvideos%2F1%2F&amp;w=5",
            "Facebook",
            "https://www.facebook.com/a/videos/1/",
        ),
        ("https://www.google.com/maps/embed?pb=x", "Google Maps", "https://www.google.com/maps/embed?pb=x"),
        ("https://charts.example/1", "charts.example", "https://charts.example/1"),
        ("https://nottypeform.com/to/1", "nottypeform.com", "https://nottypeform.com/to/1"),
        ("https://a.typeform.com/to/1", "Typeform", "https://a.typeform.com/to/1"),
    ],
)
def test_iframe_becomes_a_link_with_its_provider(frame: str, provider: str, url: str) -> None:
    found = cleaned(f'<p><iframe src="{frame}" width="640" height="360"></iframe></p>')
    assert [(embed.provider, embed.url) for embed in found.embeds] == [(provider, url)]
    assert f'href="{url}"' in found.html
    assert found.text == ""


def test_iframe_of_a_known_provider_is_kept_in_the_size_of_an_advertisement() -> None:
    assert cleaned('<iframe src="https://www.youtube.com/embed/a1B2c3D4e5F" width="300" height="250"></iframe>').embeds


def test_quoted_post_is_an_embed_and_keeps_its_text() -> None:
    found = cleaned(
        '<blockquote class="twitter-tweet"><p>Words. <a href="https://t.example/x">x</a></p>'
        '<a href="https://twitter.com/a/status/12?s=20">May 3</a></blockquote>'
    )
    assert found.embeds[0].url == "https://twitter.com/a/status/12"
    assert found.text.startswith("Words.")


def test_content_of_an_accordion_is_kept() -> None:
    answer = (
        '<button class="accordion">How long?</button><div class="panel" style="display:none"><p>Two years.</p></div>'
    )
    assert cleaned(PROSE + answer).text.endswith("How long?\n\nTwo years.")


def test_long_hidden_prose_is_kept_and_short_hidden_text_is_removed() -> None:
    long = "It was not clear at first who had ordered the work. " * 5
    assert "who had ordered" in cleaned(f'{PROSE}<div style="display:none">{long}</div>').text
    assert cleaned(f'{PROSE}<div style="display: none">0 shares</div>').removed == {"hidden": 1}


def test_rule_that_would_remove_most_of_a_post_is_held_back_and_reported() -> None:
    found = cleaned(f'<div class="share-box">{PROSE * 3}</div><p>More.</p>')
    assert found.held_back == ("theme-share",)
    assert "cranes" in found.text
    assert "theme-share" not in found.removed


def test_broad_rule_keeps_a_list_that_is_most_of_a_post() -> None:
    names = "".join(f"<li>Gate {number}: the northern ferry</li>" for number in range(9))
    found = cleaned(f'<p>Today:</p><div class="share-box"><ul>{names}</ul></div>')
    assert (found.held_back, found.removed) == (("theme-share",), {})
    assert found.text.count("ferry") == 9
    found = cleaned(f'<p>Today:</p><div class="share-box"><ul>{names}</ul></div><div class="share-box">Share it</div>')
    assert (found.held_back, found.removed) == (("theme-share",), {"theme-share": 1})
    assert found.text.endswith("ferry")


def test_element_with_the_class_of_a_plugin_is_removed_from_a_short_post() -> None:
    bar = (
        '<div class="sharedaddy"><ul><li>Share on one</li><li>Share on another</li><li>Share on a third</li></ul></div>'
    )
    found = cleaned(f"<p>A photograph.</p>{bar}")
    assert (found.text, found.held_back) == ("A photograph.", ())


def test_unclosed_plugin_wrapper_does_not_remove_the_article() -> None:
    found = cleaned(f'<p>First.</p><div class="sharedaddy">Share{PROSE * 12}')
    assert found.held_back == ("jetpack-share",)
    assert found.text.count("cranes") == 12


def test_content_of_a_wrapper_with_a_held_back_rule_is_cleaned() -> None:
    found = cleaned(f'<div class="sharedaddy">{PROSE * 12}<h3 class="sd-title">Share this:</h3></div>')
    assert "Share this" not in found.text


def test_site_can_add_rules_and_disable_others() -> None:
    html = f'{PROSE}<div class="house-box">ours</div><div class="yarpp">theirs</div>'
    rules = default_rules().derive(add=[Rule(name="house", what="", select=(".house-*",))], without=["yarpp"])
    found = clean(html, base_url=BASE, rules=rules)
    assert found.removed == {"house": 1}
    assert found.text.endswith("theirs")


@pytest.mark.parametrize(
    "sentence",
    [
        'Shares of <a href="https://www.criteo.com/">Criteo</a> fell on Monday.',
        'The lamp is <a href="https://www.awin1.com/cread.php?awinmid=1">sold</a> in three colours.',
        'Gifts reach the clinic by <a href="https://www.paypal.com/donate/?id=1">PayPal</a>.',
        'He wrote so on <a href="https://t.me/mayor">Telegram</a> on Monday.',
        'Photo: <a href="https://t.me/harbour">the harbour</a>',
        'The company behind <a href="https://www.whatsapp.com/">WhatsApp</a> denied it.',
        'The <a href="https://apps.apple.com/app/id1">app</a> was withdrawn on Friday.',
        '<a href="https://twitter.com/intent/user?user_id=1">The mayor</a> answered at noon.',
        'The post by <a href="https://blog.example/x">the mayor</a> was first read on <a href="/b">Monday</a>.',
        'Tap <a class="popup" href="/uploads/map.jpg">the map</a> or <span class="popmake-12">the key</span>.',
        'The <a class="email-link" href="mailto:desk@news.example">desk</a> answers.',
    ],
)
def test_link_in_a_sentence_is_kept_for_any_address(sentence: str) -> None:
    found = cleaned(f"<p>{sentence}</p>")
    assert found.removed == {}
    assert found.links


def test_quote_with_a_share_link_keeps_its_text() -> None:
    quote = "Nobody had looked up at that boom for thirty years without a thought."
    html = (
        f'{PROSE}<p><a href="https://twitter.com/intent/tweet?text=Nobody">{quote}</a> '
        '<a class="bctt-ctt-btn" href="https://twitter.com/intent/tweet?text=Nobody">Click to tweet</a></p>'
    )
    assert cleaned(html).html == f"{PROSE}<p>{quote}</p>"


def test_follow_line_is_removed_only_when_all_its_links_lead_to_social_networks() -> None:
    line = '<p>Follow us on <a href="https://www.facebook.com/gazette">Facebook</a> or <a href="{}">here</a></p>'
    assert cleaned(PROSE + line.format("https://t.me/gazette")).html == PROSE
    assert len(cleaned(PROSE + line.format("https://gazette.example/why")).links) == 2


@pytest.mark.parametrize(
    "html",
    [
        '<p>The story begins here <a class="more-link href="/x/">Continue reading</a></p>',
        PROSE + "<p>It then turned out that [&hellip;]</p>",
        PROSE + '<div class="pmpro_content_message">Join to read on.</div>',
        PROSE + "<p>Continue reading A post</p>",
    ],
)
def test_stub_is_marked_as_truncated(html: str) -> None:
    assert cleaned(html).truncated


@pytest.mark.parametrize(
    "html",
    [
        PROSE + '<p><a class="more-link" href="/b/">Read more</a></p>' + PROSE * 3,
        PROSE + '<div class="paywall"><a href="/join/">Join</a></div>' + PROSE * 3,
        PROSE + '<p>Read more: <a href="/b/">The cranes of the eastern quay</a></p>',
    ],
)
def test_invitation_followed_by_an_article_does_not_mark_it_as_truncated(html: str) -> None:
    assert not cleaned(html).truncated


@pytest.mark.parametrize(
    "line",
    [
        "This content is for members only.", "Log in to continue reading",
        "Dieser Artikel ist nur für Abonnenten lesbar",
        "Este contenido es exclusivo para suscriptores.", "Cet article est réservé aux abonnés",
        "この記事は有料会員限定です",
        "Questo contenuto è riservato agli abbonati", "Войдите, чтобы читать дальше",
    ],
)  # fmt: skip
def test_paywall_phrase_marks_a_post_as_truncated_and_is_removed(line: str) -> None:
    found = cleaned(f"{PROSE}<p>{line}</p>")
    assert (found.truncated, found.html) == (True, PROSE)


def test_complete_article_is_not_truncated() -> None:
    assert not cleaned(PROSE + "<p>“And so on…” he wrote, and left.</p>").truncated


def test_text_has_no_soft_hyphens_and_html_keeps_them() -> None:
    cleaned = clean("<p>The har\u00adbour board, the har&shy;bour</p>", base_url=BASE)
    assert cleaned.text == "The harbour board, the harbour"
    assert cleaned.html == "<p>The har\u00adbour board, the har\u00adbour</p>"
    assert plain_text("Har&shy;bour\u00ads") == "Harbours"


PHP = "<br /><b>Notice</b>:  Undefined index: x in [<a href='f'>f</a>] in <b>/srv/a.php</b> on line <b>3</b><br />"


@pytest.mark.parametrize("message", ["", PHP])
def test_text_of_an_author_beside_php_messages_is_kept(message: str) -> None:
    html = "<p><b>Warning</b>: do not look in <b>the box</b> on line <b>12</b></p><p>Stay at home.</p>"
    cleaned = clean(html + message, base_url=BASE)
    assert cleaned.html == html
    assert cleaned.removed == ({"php-message": 1} if message else {})


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Plain", "Plain"),
        ("Fish &amp; chips &#8211; &lt;b&gt;", "Fish & chips – <b>"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("A <em>bold</em>\n  move<br>twice", "A bold move twice"),
        ("<script>x</script>Words<!-- c -->", "Words"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a\ud800b\x00", "ab"),
        ("<p></p>", None),
        ("", None),
        ("&nbsp;", None),
    ],
)
def test_plain_text_decodes_entities_once_and_keeps_none(html: str, text: str | None) -> None:
    assert plain_text(html) == text


def test_markdown_keeps_the_structure() -> None:
    found = markdown('<h2>Head</h2><p>a <strong>b</strong> <a href="https://a.example/">c</a></p><ul><li>d</li></ul>')
    assert found == "## Head\n\na **b** [c](https://a.example/)\n\n- d"


@pytest.mark.parametrize(
    ("html", "count"),
    [
        ("<p>One two, three – four.</p>", 4),
        ("<p>漢字かな</p>", 4),
        ("<p>สวัสดีชาวโลก</p>", 3),
        ("<ul><li>a b</li><li>c</li></ul>", 3),
        ("", 0),
    ],
)
def test_words_are_counted_in_every_script(html: str, count: int) -> None:
    assert cleaned(html).word_count == count


def test_unclosed_formatting_is_dropped_from_its_start() -> None:
    # A browser reopens the element in each of thousands of paragraphs. Elements closed before that stay unchanged.
    start = "<p>One <em>clear</em> word.</p>"
    html = start + '<p>Then <a href="https://a.example/x">a <b>link' + "<p><i><b><u>many paragraphs" * 9_000
    cleaned = clean(html, base_url="https://news.example/a/")
    assert cleaned.html.startswith("<p>One <em>clear</em> word.</p><p>Then a link</p><p>many paragraphs</p>")
    assert cleaned.text.count("many paragraphs") == 9_000
    assert "<b>" not in cleaned.html


def test_words_are_counted_between_any_white_space() -> None:
    assert count_words("one two\n\nthree\tfour\n  - five – six\n- seven") == 7
    assert count_words("- 日本語の text") == 5
    assert count_words("") == count_words("- ") == count_words(" \n") == 0


@given(st.text(st.sampled_from("ab \n\u3000\u65e5"), max_size=40), st.integers(1, 7))
@examples(200)
def test_reading_a_huge_text_in_pieces_gives_the_same_result(words: str, piece: int) -> None:
    count, folded = count_words(words), plain_text(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("newsbot.article.text._PIECE", piece)
        assert (count_words(words), plain_text(words)) == (count, folded)


def test_image_in_a_list_leaves_no_empty_bullet_in_the_text() -> None:
    picture = '<img src="https://a.example/uploads/a.jpg">'
    html = (
        f"<p>One.</p><ul><li>{picture}</li><li>two</li><li>{picture}<ul><li>{picture}</li></ul></li></ul><p>Three.</p>"
    )
    cleaned = clean(html, base_url="https://a.example/p/")
    assert cleaned.text == "One.\n\n- two\n\nThree."
    assert len(cleaned.images) == 3
    assert cleaned.html.count("<li>") == 4
    assert clean(f"<ol><li>{picture}</li><li>two</li></ol>", base_url="https://a.example/p/").text == "2. two"


@pytest.mark.parametrize("base", ["http://[half/", "nothing", "", "mailto:a@b.example"])
def test_article_with_an_invalid_base_url_is_cleaned_without_links(base: str) -> None:
    cleaned = clean('<p>One. <a href="/b/">two</a></p><img src="/uploads/a.jpg"><img src="c.jpg">', base_url=base)
    assert cleaned.text == "One. two"
    assert (cleaned.links, cleaned.images) == ([], [])


def test_link_that_occurs_several_times_is_listed_once() -> None:
    html = '<p><a href="/x">a</a> and <a href="/y">b</a> and <a href="https://news.example/x">c</a> again</p>'
    assert cleaned(html).links == ["https://news.example/x", "https://news.example/y"]


def test_words_around_a_removed_block_stay_separated() -> None:
    assert cleaned('Before<div class="sharedaddy">Share</div>after').text == "Before\n\nafter"
    assert cleaned('<p>Bef<span class="sharedaddy">Share</span>ore</p>').text == "Before"


def test_huge_text_with_any_characters_is_kept() -> None:
    # Huge texts are set aside while the rest is sanitised; these characters mark their places.
    marks = "".join(f"\ue000{number}\ue000" for number in range(20))
    huge = "Lorem ipsum &amp; so on. " * 3_000
    # Without the list, all elements are of the kinds that need no sanitiser.
    found = cleaned(f"<p>{marks}</p><dl><dt>Harbour</dt><dd>A port</dd></dl><p>{huge}</p>")
    assert found.text.count("Lorem ipsum") == found.html.count("Lorem ipsum") == 3_000
    assert marks in found.html


def test_number_of_elements_that_are_searched_for_hidden_text_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = 0

    def count(tag: str, attributes: Attributes, node: LexborNode) -> bool:
        nonlocal searched
        searched += 1
        return is_hidden(tag, attributes, node)

    monkeypatch.setattr(junk_elements, "is_hidden", count)
    html = f'<div style="visibility: hidden">{"Words of the article. " * 12}</div>' * 700
    assert cleaned(html).text.count("Words of the article.") == 12 * 700
    assert 0 < searched <= junk_elements.PATIENCE


def test_a_paragraph_with_attributes_folds_its_white_space() -> None:
    assert cleaned('<p class="lead">one\ttwo\n\tthree</p>').html == "<p>one two three</p>"


def test_characters_that_no_feed_can_hold_are_removed() -> None:
    html = "<p>a\x08b\ufeffc\x00d\ud800e\x85f &#8;g</p><p><a href='https://a.example/\x08x'>h</a></p>"
    found = cleaned(html)
    assert found.html == '<p>abcdef g</p><p><a href="https://a.example/x">h</a></p>'
    assert found.text == "abcdef g\n\nh"


def test_text_of_a_stub_rule_marks_a_post_as_truncated() -> None:
    rules = default_rules().derive(add=[Rule(name="house", what="", texts=("members only",), stub=True)], without=[])
    html = f"{PROSE}<p>Members only</p>{PROSE}"
    assert clean(html, base_url=BASE, rules=rules).truncated
    assert not cleaned(html).truncated
