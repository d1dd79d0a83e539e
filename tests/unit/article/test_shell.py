"""Content without its article: what page builders, shortcodes and themes leave, and which posts are whole without
words.
"""

from __future__ import annotations

import time

import pytest

from newsbot.article.shell import Shell, is_more, shell_of

ARTICLE = "<p>" + "A sentence of eight words that says something. " * 5 + "</p>"
LEAD = "The council met on Tuesday evening and decided to build the long awaited bridge over the river."


@pytest.mark.parametrize(
    "html",
    [
        '<section class="kc-elm kc_row"><div class="kc-row-container"><div></div></div></section>',
        '<div class="et_pb_section et_pb_section_0 et_section_regular"><div class="et_pb_row"></div></div>',
        '<div data-elementor-type="wp-post" class="elementor elementor-12"><div></div></div>',
        '<div class="fl-builder-content"><div class="fl-row"></div></div>',
        '<section class="brxe-section"><div class="brxe-container">Loading</div></section>',
        '<div class="ct-section"><div class="ct-section-inner-wrap"></div></div>',
        '<div class="vc_row wpb_row"><div class="wpb_column"><h2>Read it here</h2></div></div>',
        '<div class="thrv_wrapper thrv_text_element"></div>',
        '<div class="fusion-fullwidth"><div class="fusion-builder-row"></div></div>',
        '<div class="brz-root__container"></div>',
        '<div class="breakdance"><div class="bde-section-12"></div></div>',
        "[vc_row][vc_column][vc_column_text]The council met.[/vc_column_text][/vc_column][/vc_row]",
        '[et_pb_section global_module="123"][/et_pb_section]',
        '<p>[elementor-template id="77"]</p>',
        "[fl_builder_insert_layout slug=article]",
        "<p>[my_article]</p>",
    ],
)
def test_wrappers_of_page_builders_are_shells(html: str) -> None:
    assert shell_of(html, excerpt=None) is Shell.SURE
    assert shell_of(html, excerpt=LEAD, pictured=True) is Shell.SURE


@pytest.mark.parametrize(
    "html",
    [
        ARTICLE,
        f'<div class="elementor elementor-12"><div class="elementor-widget-container">{ARTICLE}</div></div>',
        f"[vc_row][vc_column_text]{ARTICLE}[/vc_column_text][/vc_row]",
        '<figure class="wp-block-image"><img src="/a.jpg" alt=""></figure>',
        '<div class="elementor"><div class="elementor-widget-image"><img src="/a.jpg"></div></div>',
        '<div class="elementor-widget-video" data-settings="{&quot;youtube_url&quot;:&quot;x&quot;}"></div>',
        '<iframe src="https://player.vimeo.com/video/1"></iframe>',
        "<p>https://www.youtube.com/watch?v=abc</p>",
        '[gallery ids="1,2,3"]',
        "[video src=/a.mp4]",
        '<p><a href="/report.pdf">The report</a></p>',
        "<p>Happy new year to all of our readers!</p>",
        "<p>We moved [sic] the date.</p>",
    ],
)
def test_articles_photos_and_videos_are_no_shells(html: str) -> None:
    assert shell_of(html, excerpt="Our photo of the day") is Shell.NONE


@pytest.mark.parametrize(
    ("html", "excerpt", "features", "shell"),
    [
        (None, LEAD, {}, Shell.SURE),
        ("", LEAD, {"pictured": True}, Shell.LIKELY),
        ("", None, {}, Shell.LIKELY),
        ("", None, {"pictured": True}, Shell.LIKELY),
        ("", None, {"wordless": True}, Shell.NONE),
        ("<p>Read the full story on our site.</p>", LEAD, {}, Shell.LIKELY),
        ("<p>The council met on Tuesday evening.</p>", "The council met.", {}, Shell.NONE),
        ("<p>議会は火曜日の夜に会合を開き、長く待たれた橋を川に架けることを決めた。</p>", LEAD, {}, Shell.NONE),
    ],
)
def test_few_words_are_a_shell_when_the_excerpt_has_more(
    html: str | None, excerpt: str | None, features: dict[str, bool], shell: Shell
) -> None:
    assert shell_of(html, excerpt=excerpt, **features) is shell


def test_more_words_are_counted_without_tags() -> None:
    assert is_more(ARTICLE, "<p>A few words.</p>")
    assert not is_more("<p class='a b c d e f'>One</p>", "<p>A few words.</p>")
    assert is_more("", None, by=0)


@pytest.mark.parametrize("part", ["<", "[a ", "<!--", "class='a ", "[", '<a class="' + "x " * 90])
def test_hostile_content_takes_little_time(part: str) -> None:
    began = time.process_time()
    shell_of(part * (120_000 // len(part)), excerpt=None)
    assert time.process_time() - began < 2
