"""The clean pipeline: the facts in an article are written to its row."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy.settings import Settings
from scrapy.statscollectors import StatsCollector
from scrapy.utils.test import get_crawler

from newsbot.items import Comment, Post
from newsbot.pipelines.clean import CleanPipeline
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.records import read_post

SITE = "https://copy.example"
GERMAN = "<p>Der Brunnen am Markt läuft wieder, nach zwei trockenen Sommern und einem langen Streit um die Leitung.</p>"
ENGLISH = "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter, at any cost.</p>"


@pytest.fixture
def pipeline() -> CleanPipeline:
    return CleanPipeline.from_crawler(get_crawler(settings_dict={"NEWSBOT_MARKDOWN": "0"}))


def post(html: str, **fields: Any) -> Post:
    return Post(**{"site": SITE, "type": "post", "id": 1, "url": f"{SITE}/a/", "content_html": html, **fields})


def cleaned(pipeline: CleanPipeline, html: str, **fields: Any) -> Post:
    item = pipeline.process_item(post(html, **fields))
    assert isinstance(item, Post)
    return item


@pytest.mark.parametrize(
    ("html", "declared", "language"),
    [
        (GERMAN * 4, None, "de"),
        (GERMAN * 4, "de_AT", "de-AT"),
        (GERMAN * 4, "en_US", "de"),
        # So few words are no evidence against the language of the site.
        (GERMAN, "nl_NL", "nl-NL"),
        ("<p>Ja.</p>", "de_DE", "de-DE"),
        ("<p>Ja.</p>", None, None),
        ("<p>Ok ok 12 km, Lantern, Quay Street 4, Lantern, Ok ok ok, 14-15, Lantern Lantern</p>", None, None),
    ],
)
def test_language_is_detected_or_unknown(
    pipeline: CleanPipeline, html: str, declared: str | None, language: str | None
) -> None:
    assert cleaned(pipeline, html, language=declared).language == language


CODE = "apt-get update and then install the server package with all of its files, select the name from the table. " * 9


@pytest.mark.parametrize("block", ["<pre>{}</pre>", "<p><code>{}</code></p>", '<pre class="a"><code>{}</code></pre>'])
def test_program_code_does_not_decide_the_language(pipeline: CleanPipeline, block: str) -> None:
    code = block.format(CODE)
    assert cleaned(pipeline, GERMAN + code + GERMAN * 2 + code).language == "de"
    assert cleaned(pipeline, GERMAN + code + GERMAN * 2, language="de_DE").language == "de-DE"
    # An article that is nothing but code has the language of the code's words.
    assert cleaned(pipeline, code).language == "en"


def test_usual_language_of_a_site_does_not_decide_the_language_of_a_post(pipeline: CleanPipeline) -> None:
    assert [cleaned(pipeline, html * 4).language for html in (GERMAN, GERMAN, ENGLISH, GERMAN)] == [
        "de",
        "de",
        "en",
        "de",
    ]
    # The text is too short to detect its language, and the language of other posts proves nothing.
    assert cleaned(pipeline, "<p>Nein.</p>").language is None


def test_language_of_a_short_article_is_detected_with_title_and_excerpt(pipeline: CleanPipeline) -> None:
    title, excerpt = "Der Brunnen am Markt läuft wieder", "Nach zwei trockenen Sommern fließt endlich wieder Wasser."
    assert cleaned(pipeline, "<p>Bilder.</p>", title=title, excerpt=excerpt).language == "de"


def test_byline_and_agency_are_read_from_the_text(pipeline: CleanPipeline) -> None:
    item = cleaned(pipeline, "<p>By Jo Doe</p><p>LAGOS, May 3 (Reuters) - The board voted.</p>")
    assert item.byline == "Jo Doe"
    assert item.source is not None
    assert (item.source.publisher, item.source.confidence) == ("Reuters", 0.8)


def test_stub_is_marked_as_truncated_and_counted(pipeline: CleanPipeline) -> None:
    assert cleaned(pipeline, "<p>The board voted and then [&hellip;]</p>").truncated is True
    assert cleaned(pipeline, ENGLISH).truncated is False
    assert pipeline.process_item(post("", content_html=None)).truncated is None
    assert pipeline.stats.get_value("newsbot/article/truncated") == 1


def test_held_back_rule_is_counted(pipeline: CleanPipeline) -> None:
    cleaned(pipeline, f'<div class="yarpp">{ENGLISH * 9}</div>')
    held = {name: n for name, n in pipeline.stats.get_stats().items() if name.startswith("newsbot/clean_held_back/")}
    assert held == {"newsbot/clean_held_back/yarpp": 1}


def read(**fields: Any) -> Post:
    site = Site(key=SITE, api=Api(root=f"{SITE}/wp-json/"), home=SITE, language="nl-NL")
    raw = {"id": 1, "link": f"{SITE}/a/", "content": {"rendered": ENGLISH}, **fields}
    return read_post(raw, site=site, type_="post", fetched_at="2026-11-24T00:00:00Z", request_url="")


def test_image_of_the_excerpt_names_the_source_of_a_copy(pipeline: CleanPipeline) -> None:
    picture = '<img src="https://gazette.test/wp-content/uploads/2026/a.jpg">'
    item = pipeline.process_item(read(excerpt={"rendered": f"<div>{picture} Words</div>"}))
    assert item.excerpt == "Words"
    assert (item.source.publisher, item.source.confidence) == ("gazette.test", 0.7)


def test_images_from_the_former_domain_of_a_site_are_no_source(pipeline: CleanPipeline) -> None:
    html = ENGLISH + '<p><img src="https://old.test/wp-content/uploads/a.jpg"></p>'
    assert cleaned(pipeline, html, guid="https://old.test/?p=1").source is None
    assert cleaned(pipeline, html, guid=f"{SITE}/?p=1").source is not None


@pytest.mark.parametrize(
    ("fields", "language"),
    [
        ({"lang": "de"}, "de"),
        ({"lang": {"code": "de", "locale": "de_DE"}}, "de_DE"),
        ({"wpml_current_locale": "de_DE"}, "de_DE"),
        ({"lang": "", "wpml_current_locale": False}, "nl-NL"),
        ({}, "nl-NL"),
    ],
)
def test_language_is_declared_by_the_post_or_its_site(fields: dict[str, Any], language: str) -> None:
    assert read(**fields).language == language


def test_comments_are_cleaned_and_deleted_rows_are_unchanged(pipeline: CleanPipeline) -> None:
    comment = Comment(site=SITE, type="comment", id=1, content_html="<p onclick='x()'>Yes.</p>")
    assert pipeline.process_item(comment).content_html == "<p>Yes.</p>"
    gone = post("<p>clean <script>already</script></p>", change="deleted", language="de_DE")
    assert pipeline.process_item(gone).content_html == "<p>clean <script>already</script></p>"
    assert gone.language == "de_DE"


def test_setting_adds_markdown() -> None:
    crawler = get_crawler(settings_dict={"NEWSBOT_MARKDOWN": "1"})
    assert isinstance(crawler.settings, Settings)
    assert isinstance(crawler.stats, StatsCollector)
    item = CleanPipeline.from_crawler(crawler).process_item(post("<h2>Water</h2>" + ENGLISH))
    assert item.content_markdown.startswith("## Water")
