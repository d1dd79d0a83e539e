"""Pages of articles: ids, titles, authors, images and bodies."""

from __future__ import annotations

import pytest

from tests.unit.site_documents import HOME, page

# Pages.


@pytest.mark.parametrize(
    ("head", "classes", "headers", "expected"),
    [
        ("", "single single-post postid-12", {}, 12),
        (f"<link rel='shortlink' href='{HOME}/?p=13' />", "", {}, 13),
        (f'<link rel="alternate" type="application/json" href="{HOME}/wp-json/wp/v2/posts/14" />', "", {}, 14),
        (f'<link rel="alternate" type="application/json" href="{HOME}/?rest_route=/wp/v2/posts/15">', "", {}, 15),
        ("", "", {"link": f"<{HOME}/?p=16>; rel=shortlink"}, 16),
        ("<link rel='shortlink' href='https://wp.me/p1-2' />", "", {}, None),
        ("<link rel='shortlink' href='https://other.example/?p=5' />", "", {}, None),
        ("<link rel='shortlink' href='http://[::1' />", "", {}, None),
        ("", "", {}, None),
    ],
)
def test_id_of_an_article_page_is_read(head: str, classes: str, headers: dict[str, str], expected: int | None) -> None:
    html = f"<html><head>{head}</head><body class='{classes}'><div class='entry-content'>Words.</div></body></html>"
    found = page(html, **headers)
    assert found.id == expected
    assert found.post is not None
    assert found.post.content_html == "Words."


GRAPH = """<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
{"@type": "WebPage", "datePublished": "1999-01-01"},
{"@type": ["Article", "NewsArticle"], "headline": "Tides &#038; time", "datePublished": "2021-06-15T12:00:00+02:00",
 "dateModified": "2021-06-16T12:00:00+02:00", "author": {"@id": "#ada"}, "image": [{"@id": "#img"}],
 "articleSection": ["Sea"], "keywords": "tide, moon"},
{"@type": "Person", "@id": "#ada", "name": "Ada Marlow"},
{"@type": "ImageObject", "@id": "#img", "url": "/i.jpg"}]}</script>"""


def test_json_ld_takes_precedence_over_open_graph() -> None:
    metas = '<meta property="og:title" content="Other - Site"><meta property="og:description" content="A lead.">'
    body = "<body class='postid-1'><div class='entry-content'>W</div></body>"
    post = page(f"<html lang='en-GB'><head>{GRAPH}{metas}</head>{body}</html>").post
    assert post is not None
    assert (post.title, post.published, post.modified) == (
        "Tides & time",
        "2021-06-15T10:00:00Z",
        "2021-06-16T10:00:00Z",
    )
    assert (post.published_local, post.excerpt, post.language) == ("2021-06-15T12:00:00", "A lead.", "en-GB")
    assert post.author is not None
    assert post.image is not None
    assert (post.author.name, post.image.url) == ("Ada Marlow", f"{HOME}/i.jpg")
    assert (post.categories, post.tags, post.via) == (["Sea"], ["tide", "moon"], "page")


def test_open_graph_and_wordpress_marks_are_read_without_json_ld() -> None:
    html = (
        '<head><meta property="og:site_name" content="The Site"><meta property="og:title" content="Harbour – The Site">'
        '<meta property="article:published_time" content="2021-06-15T10:00:00+00:00"></head><body class="postid-1">'
        '<aside><time class="entry-date" datetime="2001-01-01T00:00:00+00:00"></time></aside>'
        '<a rel="category tag">Sea</a><a rel="tag">moon</a><div class="entry-content">W</div></body>'
    )
    post = page(html).post
    assert post is not None
    assert (post.title, post.published, post.categories, post.tags) == (
        "Harbour",
        "2021-06-15T10:00:00Z",
        ["Sea"],
        ["moon"],
    )


def test_title_of_a_teaser_is_not_the_title_of_the_article() -> None:
    teaser = "<div class='card'><h3 class='entry-title'>Another day</h3></div>"
    body = "<div class='entry-content'>W</div>"
    head = '<html><head><meta property="og:title" content="Cranes"></head>'
    post = page(f"{head}<body class='postid-1'>{teaser}<h1>Cranes!</h1>{body}</body></html>").post
    assert post is not None
    assert post.title == "Cranes"
    post = page(f"<html><body class='postid-1'>{teaser}<main><h1>Cranes!</h1>{body}</main></body></html>").post
    assert post is not None
    assert post.title == "Cranes!"


def test_name_of_an_author_has_no_by() -> None:
    post = page(
        "<body class='postid-1'><a rel='author'>By Ann Writer</a><div class='entry-content'>W</div></body>"
    ).post
    assert post is not None
    assert post.author is not None
    assert post.author.name == "Ann Writer"


@pytest.mark.parametrize(
    ("head", "h1", "title"),
    [
        # JSON-LD and Open Graph: the site's name is removed where another title or heading lacks it.
        ('<meta property="og:title" content="A: B - Cranes | LA Weekly">'
         '<meta property="og:site_name" content="L.A. Weekly">', "A: B - Cranes", "A: B - Cranes"),
        ('<script type="application/ld+json">{"@type": "Article", "headline": "Cranes - The Quay - News", "publisher": '
         '{"name": "The Quay - News"}}</script>', "Cranes", "Cranes"),
        ('<script type="application/ld+json">{"@type": "Article", "headline": "A walk on The Quay", "publisher": '
         '{"name": "The Quay"}}</script>', "A walk on", "A walk on The Quay"),
        ('<script type="application/ld+json">[{"@type": "Article", "headline": "Cranes - Part 2"}, {"@type": '
         '"WebSite", "name": "The Quay"}]</script>', "Cranes", "Cranes - Part 2"),
        ('<script type="application/ld+json">[{"@type": "Article", "headline": "The Quay"}, {"@type": "WebSite", '
         '"name": "The Quay"}]</script><meta property="og:title" content="Cranes">', "The Quay", "Cranes"),
        ("<title>Cranes - Part 2 - The Quay - News of ships</title>", "Cranes - Part 2", "Cranes - Part 2"),
        ("<title>The Quay » Blog Archive » Cranes &amp; ships</title>", "The Quay", "Cranes & ships"),
        ("<title>Ships - Harbour</title>", "", "Ships"),
    ],
)  # fmt: skip
def test_title_of_the_article_is_read_and_not_that_of_the_site(head: str, h1: str, title: str) -> None:
    body = f"<body class='postid-1'><h1>{h1}</h1><div class='entry-content'>W</div></body>"
    post = page(f"<html><head>{head}</head>{body}</html>", url=f"{HOME}/cranes-ships/").post
    assert post is not None
    assert post.title == title


@pytest.mark.parametrize(
    ("head", "image"),
    [
        (f'<meta property="og:image" content="{HOME}/favicon_150x150.png">', None),
        (f'<meta property="og:image" content="{HOME}/i.png"><link rel="shortcut icon" href="/i.png">', None),
        (f'<meta property="og:image" content="{HOME}/favicons/crane.png">', f"{HOME}/favicons/crane.png"),
        ('<script type="application/ld+json">{"@type": "Article", "image": "/logo.png", "publisher": {"logo": {"url": '
         f'"/logo.png"}}}}}}</script><meta property="og:image" content="{HOME}/crane.png">', f"{HOME}/crane.png"),
    ],
)  # fmt: skip
def test_a_logo_or_icon_of_the_site_is_no_image_of_the_article(head: str, image: str | None) -> None:
    post = page(f"<head>{head}</head><body class='postid-1'><div class='entry-content'>W</div></body>").post
    assert post is not None
    assert (post.image.url if post.image else None) == image


@pytest.mark.parametrize(
    ("author", "name"), [("Ann Writer @annw", "Ann Writer"), ("Ann (@a.w)", "Ann"), ("@annw",) * 2]
)
def test_account_after_the_name_of_an_author_is_removed(author: str, name: str) -> None:
    post = page(f"<meta name='author' content='By {author}'><div class='entry-content'>W</div>").post
    assert post is not None
    assert post.author is not None
    assert post.author.name == name


@pytest.mark.parametrize(
    ("head", "classes", "is_list"),
    [
        ("<meta property=og:type content=article>", "blog lang-en", False),
        ("<meta property=og:type content=website>", "blog", True),
        ("<meta property=og:type content=article>", "blog archive", True),
        ("<meta property=og:type content=article><script src=/wp-includes/x.js></script>", "blog", True),
    ],
)
def test_class_of_another_program_does_not_make_an_article_a_list(head: str, classes: str, is_list: bool) -> None:
    shown = page(f"<html><head>{head}</head><body class='{classes}'><div class='entry-content'>Words</div></body>")
    assert (shown.post is None) is is_list


def test_lists_and_pages_without_a_body_give_no_post() -> None:
    assert page("<body class='home blog'><div class='entry-content'>x</div></body>").post is None
    assert page("<body class='tax-beat archive'></body>").post is None
    for html in (
        "<body class='postid-1'><div class='entry-content'><noscript>No scripts?</noscript><script>x</script></div>",
        "<body><div id='root'></div><script src='app.js'></script>",
        "<body class='postid-1'><nav>" + "<a href='/x'>A section of the site</a> " * 40 + "</nav>",
    ):
        post = page(html).post
        assert post is not None
        assert post.content_html is None
    empty = page("<body class='postid-1'><div class='entry-content'> </div>").post
    assert empty is not None
    assert empty.content_html == ""


def test_article_without_a_known_container_is_extracted() -> None:
    words = "<p>" + "The council met again and spoke of the harbour for an hour. " * 6 + "</p>"
    html = (
        f"<body class='postid-3'><nav><a href='/'>Home</a></nav><div class='x1'>{words * 3}</div><footer>Ink</footer>"
    )
    post = page(html).post
    assert post is not None
    assert "spoke of the harbour" in (post.content_html or "")
    assert "Ink" not in (post.content_html or "")


def test_other_pages_of_a_divided_article_are_listed() -> None:
    links = (
        f'<a class="post-page-numbers" href="{HOME}/a/2/">2</a><a class="post-page-numbers" href="{HOME}/a/3/">3</a>'
    )
    assert page(f"<body class='postid-1'><div class='entry-content'>W{links}{links}</div>").parts == [
        f"{HOME}/a/2/",
        f"{HOME}/a/3/",
    ]
