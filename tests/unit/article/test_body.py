"""The article in a whole page: containers, their share of the paragraphs, and the judges where containers fail."""

from __future__ import annotations

import pytest
import trafilatura
from selectolax.lexbor import LexborHTMLParser

from newsbot.article.facts import body as body_module
from newsbot.article.facts.body import Body, body_of, find_body
from newsbot.article.facts.byline import without_by
from newsbot.article.facts.judges import judge_page
from newsbot.article.facts.paragraphs import densest, prose_by_element

URL = "https://news.example/a/"
STORY = "".join(
    f"<p>The harbour board voted on day {number} to replace the two oldest cranes before winter, and went home.</p>"
    for number in range(8)
)
OTHER = "<p>A market on the quay sells fish from noon on Friday, and everybody who lives near the water comes.</p>"
TEASERS = "".join(f'<div class="card"><h3><a href="/{n}/">Another day</a></h3>{OTHER}</div>' for n in range(12))


def page(inner: str) -> str:
    return f"<html><body><nav><a href='/'>Home</a></nav>{inner}<footer><p>{OTHER}</p></footer></body></html>"


def found(inner: str) -> str:
    return body_of(page(inner), url=URL) or ""


@pytest.mark.parametrize(
    "container",
    [
        '<div class="entry-content">{}</div>', '<div itemprop="articleBody">{}</div>',
        '<div class="post-content">{}</div>',
        '<div class="et_pb_post_content">{}</div>', '<section class="post__content">{}</section>',
    ],
)  # fmt: skip
def test_container_with_the_paragraphs_is_the_body(container: str) -> None:
    assert found(f"<main><h1>Cranes</h1>{container.format(STORY)}</main>{TEASERS}") == STORY


def test_small_container_beside_the_article_is_not_the_body() -> None:
    small = f'<div class="entry-content">{OTHER}</div>'
    assert STORY[3:60] in found(f"{small}<div class='story'>{STORY}</div>")
    assert "A market" not in found(f"{small}<div class='story'>{STORY}</div>")


def test_empty_container_beside_the_article_is_not_the_body() -> None:
    assert STORY[3:60] in found(f"<div class='post-content'></div><div class='story'>{STORY}</div>")


@pytest.mark.parametrize(
    ("container", "body"),
    [
        ("", Body("", "container")),
        ('<div class="wp-block-post-content"></div>', Body("", "container")),
        ('<div class="wp-block-post-content"><p>Gone.</p></div>', Body("<p>Gone.</p>", "container")),
        ('<div class="wp-block-post-content"><div id="here"></div><script>fill()</script></div>', Body(None)),
    ],
    ids=["omitted", "empty", "short", "waits-for-scripts"],
)
def test_body_of_a_block_theme_is_its_content_container(container: str, body: Body) -> None:
    title = '<h1 class="wp-block-post-title">Cranes</h1>'
    inner = f'<div class="wp-site-blocks"><main>{title}{container}</main>{TEASERS}</div>'
    assert find_body(page(inner), url=URL) == body


@pytest.mark.parametrize("inside", ["<script>fill()</script>", "<noscript>Switch on scripts.</noscript>"])
def test_prose_beside_a_container_that_scripts_fill_is_not_the_body(inside: str) -> None:
    about = f"<div class='about'>{STORY}</div>"
    assert find_body(page(f"<div class='entry-content'>{inside}</div>{about}"), url=URL) == Body(None)
    # The same page after its scripts have run, and a container that no script fills.
    filled = find_body(page(f"<div class='entry-content'>{STORY}{inside}</div>{about}"), url=URL)
    assert filled.judge == "container"
    assert STORY[3:60] in found(f"<div class='entry-content'></div>{about}")


def test_body_is_found_beside_a_container_that_scripts_fill() -> None:
    ad = "<div class='entry-content'><script>ad()</script></div>"
    assert STORY[3:60] in found(f"{ad}<div class='post-content'>{STORY}</div>")


def test_body_of_a_short_article_excludes_teasers_and_comments() -> None:
    comments = f'<div id="comments" class="comments-area">{OTHER * 20}</div>'
    short = '<div class="entry-content"><p>The crane is gone.</p></div>'
    assert found(f"{short}{TEASERS}{comments}") == "<p>The crane is gone.</p>"


def test_parts_with_one_class_are_joined_and_the_next_article_is_excluded() -> None:
    second = f'<div class="entry-content">{OTHER}</div>'
    parts = f'<article><div class="entry-content">{STORY}</div><p>An advertisement</p>{second}'
    following = f'</article><article><div class="entry-content">{OTHER * 3}</div></article>'
    assert found(parts + following) == f"{STORY}\n{OTHER}"


def test_excerpts_with_the_class_of_the_body_are_excluded() -> None:
    related = "".join(
        f'<div class="card"><h3><a href="/{n}/">A day</a></h3><div class="entry-content">{OTHER}</div></div>'
        for n in range(4)
    )
    assert found(f'<div class="entry-content">{STORY}</div>{related}') == STORY


def test_smallest_of_nested_containers_with_the_paragraphs_is_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "judge_page", lambda html, url: (None, True))
    inner = f'<div class="article-body">{STORY}</div>'
    assert found(f'<div class="article-content"><p>Ann Writer</p>{inner}<p>Tags: quay</p></div>') == STORY


@pytest.mark.parametrize(
    ("judged", "first"),
    [
        (None, True),  # trafilatura finds nothing
        (STORY + OTHER, True),  # trafilatura has more than the article
        (STORY.partition("</p>")[0] + "</p>", True),  # trafilatura read one part of the article
        (
            "<p>"
            + "A first line that the densest element of the page lacks, of more than a hundred letters, " * 2
            + STORY,
            False,
        ),
    ],
)
def test_shorter_of_two_results_with_all_sentences_is_the_body(
    judged: str | None, first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_module, "judge_page", lambda html, url: (judged, True))
    assert found(f"<div class='story'>{STORY}</div>") == (STORY if first else judged)


def test_extraction_that_consists_of_links_is_not_the_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A page that leads to its parts by links: trafilatura's words alone are the introduction."""
    links = "".join(f"<p><a href='/{n}/'>Part {n} of the guide to the harbour and its cranes</a></p>" for n in range(9))

    def extract(html: str, *, include_links: bool, **_: object) -> str:
        return f"<body>{links}{OTHER}</body>" if include_links else f"<body>{OTHER * 5}</body>"

    monkeypatch.setattr(trafilatura, "extract", extract)
    assert judge_page(page(STORY), URL) == (None, True)
    assert find_body(page(f"<div>{STORY}</div>"), url=URL) == Body(STORY, "paragraphs")


def test_longer_densest_element_with_labels_is_not_the_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_module, "judge_page", lambda html, url: (STORY, True))
    comments = "".join(
        f"<div><b>Reader {n} of the paper</b><i>{n} March, 10:0{n} Reply</i>{OTHER}</div>" for n in range(9)
    )
    assert found(f"<div><div class='story'>{STORY}</div>{comments}</div>") == STORY


def test_named_container_with_one_part_of_the_article_is_not_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "judge_page", lambda html, url: (STORY + OTHER * 4, True))
    assert found(f"<div><div class='post__content'>{STORY}</div><div>{OTHER * 4}</div></div>") == STORY + OTHER * 4


def test_comments_and_boxes_of_links_are_not_counted_in_the_densest_element(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "judge_page", lambda html, url: (STORY, True))
    comments = f"<section id='comments'>{OTHER * 9}<div class='comment'>{OTHER}</div></section>"
    boxes = "<aside>Read also <a href='/b/'>the next day</a></aside><aside>The crane weighed nine tons.</aside>"
    assert found(f"<div>{STORY}{boxes}{comments}</div>") == STORY
    monkeypatch.setattr(body_module, "judge_page", lambda html, url: (None, True))
    assert found(f"<div>{STORY}{boxes}{comments}</div>") == f"{STORY}<aside>The crane weighed nine tons.</aside>"


def test_small_container_in_a_widget_is_the_body_when_trafilatura_finds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_module, "judge_page", lambda html, url: (None, True))
    widget = f"<div class='widget'><div class='post-body'>{OTHER}</div></div>"
    assert found(f"<div><p>{'A word of the page about the other page. ' * 3}</p>{widget}</div>") == OTHER


@pytest.mark.parametrize(("in_full", "whole"), [(True, False), (False, True)])
def test_fast_extraction_that_lacks_most_sentences_is_ignored(
    in_full: bool, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = "".join(f"<p>Label {n}</p>" for n in range(400))
    monkeypatch.setattr(body_module, "judge_page", lambda html, url: (OTHER, in_full))
    inner = f"{STORY}{labels}{OTHER}"
    assert found(f"<div class='story'>{inner}</div>") == (inner if whole else OTHER)


RELATED = f"<article class='post-8 post type-post hentry'><p>Another day</p>{OTHER * 20}</article>"


@pytest.mark.parametrize("own", ["<body class='single postid-7'>", "<link rel=shortlink href='/?p=7'><body>"])
def test_body_excludes_posts_that_a_theme_prints_after_the_post_of_the_page(own: str) -> None:
    entry = f"<div class='post-9 type-live_entry hentry'>{OTHER}</div>"
    article = f"<article class='post-7 post type-post hentry'><h1>Cranes</h1><div>{STORY}{entry}</div></article>"
    body = body_of(f"<html>{own}<main>{article}<section class='post-7 type-post'>{RELATED}</section></main>", url=URL)
    assert body is not None and "on day 7" in body and "A market" in body and "Another day" not in body


def test_body_includes_all_posts_of_a_page_that_does_not_name_its_own() -> None:
    assert "Another day" in found(f"<main><h1>Cranes</h1><p>{'Cranes go. ' * 9}</p>{RELATED}</main>")


def test_body_includes_other_posts_when_the_post_of_the_page_is_nearly_empty() -> None:
    inner = f"<main><article class='post-7 type-post'><p>Hi.</p></article>{RELATED}</main>"
    assert "Another day" in (body_of(f"<html><body class='postid-7'>{inner}", url=URL) or "")


def test_few_words_that_trafilatura_does_not_find_are_not_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "judge_page", lambda html, url: (None, True))
    assert body_of(page(f"<div class='note'>{OTHER}</div>"), url=URL) is None


def test_heading_that_repeats_the_title_is_removed() -> None:
    html = page(
        f'<div class="entry-content"><!-- x --><meta name="x"><h1 class="t">Cranes &amp; quays</h1>{STORY}</div>'
    )
    assert find_body(html, url=URL, title="Cranes & quays") == Body(STORY, "container")
    assert "<h1" in (find_body(html, url=URL, title="Winter").html or "")


def test_densest_element_is_the_element_with_the_paragraphs() -> None:
    html = f"<div id=a><div id=b><h1>Cranes</h1><div id=c>{STORY}</div></div><aside>{OTHER * 20}</aside></div>"
    root = LexborHTMLParser(html).body
    assert root is not None
    prose = prose_by_element(root)
    assert densest(root, prose).attributes == {"id": "b"}
    assert prose[root.mem_id] == 8 * 18


@pytest.mark.parametrize("tag", ["p", "blockquote", "pre"])
def test_a_long_paragraph_is_not_the_whole_article(tag: str) -> None:
    long, short = (
        "The harbour board voted on Tuesday to replace the cranes. " * 20,
        "It was a close vote, and a late one.",
    )
    root = LexborHTMLParser(
        f"<div><div id=a><{tag}>{long}</{tag}><p>{short}</p></div><nav>{OTHER * 20}</nav></div>"
    ).body
    assert root is not None
    assert densest(root, prose_by_element(root)).attributes == {"id": "a"}


def test_links_and_labels_are_no_paragraphs() -> None:
    root = LexborHTMLParser("<p>" + "<a href='/x'>A link of some words here</a> " * 9 + "<p>Photo: Ann Writer").body
    assert root is not None
    assert set(prose_by_element(root).values()) == {0}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("By Ann Writer", "Ann Writer"), ("BY ANN WRITER", "ANN WRITER"), ("by: Ann", "Ann"), ("von Jo Doe", "Jo Doe"),
        ("por Ana Costa", "Ana Costa"), ("Por Ana Costa", "Ana Costa"), ("Par Zoé", "Zoé"), ("di Ugo Po", "Ugo Po"),
        ("Autor: Jo", "Jo"), ("Di Maio", "Di Maio"), ("Von Ahn", "Von Ahn"), ("Byron Lee", "Byron Lee"), ("By", "By"),
        ("Paris Hill", "Paris Hill"), ("Da Silva", "Da Silva"),
    ],
)  # fmt: skip
def test_by_before_the_name_of_an_author_is_removed(name: str, expected: str) -> None:
    assert without_by(name) == expected


@pytest.mark.parametrize("empty", ['<a href="/b/"/>', '<strong class="x" />', "<pre/>", "<img src='/p.png'/>", "<br/>"])
def test_empty_element_of_trafilatura_does_not_enclose_the_following_elements(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trafilatura, "extract", lambda html, **options: f"<html><body>{empty}{STORY}</body></html>")
    body = LexborHTMLParser(judge_page(page(STORY), URL)[0] or "").body
    assert body is not None
    assert all(paragraph.parent == body for paragraph in body.css("p"))
    assert len(body.css("p")) == 8


@pytest.mark.parametrize("element", ['<a title="{}x">a</a>', '<a title="{}x"/>', "<{}p", "<p{}"])
def test_long_run_of_spaces_from_trafilatura_takes_linear_time(element: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A reader that goes back over the spaces for each of them does not end in time.
    found = f"<html><body><p>{element.format(' ' * 1_000_000)}</p>{STORY}</body></html>"
    monkeypatch.setattr(trafilatura, "extract", lambda html, **options: found)
    assert "The harbour board" in (judge_page(page(STORY), URL)[0] or "")
