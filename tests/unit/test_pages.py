"""Feeds, sitemaps and pages: what is read from them, and that no malformed input breaks a reader."""

from __future__ import annotations

import contextlib
import gzip
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.errors import NotXml
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages import urls
from newsbot.wordpress.pages.article_page import ArticlePage, read_page
from newsbot.wordpress.pages.feed import FeedPage, page_url, read_feed
from newsbot.wordpress.pages.sitemap import hints, read_sitemap, type_of
from newsbot.wordpress.pages.xml import parse
from tests.examples import examples

HOME = "https://news.example"
OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News &amp; Co</title><link>https://news.example/</link>'
)
CLOSING = "</channel></rss>"


def item(
    *,
    link: str = f"{HOME}/a/",
    guid: str = f"{HOME}/?p=7",
    title: str = "A title",
    body: str | None = "<p>Whole.</p>",
    more: str = "",
) -> str:
    content = "" if body is None else f"<content:encoded><![CDATA[{body}]]></content:encoded>"
    return f"<item><title>{title}</title><link>{link}</link><guid>{guid}</guid>{content}{more}</item>"


def reply(body: str | bytes, *, url: str = f"{HOME}/feed/", **headers: str) -> Reply:
    raw = body.encode() if isinstance(body, str) else body
    return Reply(status=200, url=url, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=raw)


def feed(*items: str, before: str = "", **headers: str) -> FeedPage:
    return read_feed(reply(before + OPENING + "".join(items) + CLOSING, **headers), site=HOME)


def page(html: str, *, url: str = f"{HOME}/a/", type_: str = "post", **headers: str) -> ArticlePage:
    return read_page(reply(html, url=url, **headers), url=url, site=HOME, type_=type_)


# Feeds.


def test_feed_item_becomes_a_post() -> None:
    more = (
        "<dc:creator><![CDATA[Ada &amp; Co]]></dc:creator><pubDate>Tue, 15 Jun 2021 12:00:00 +0200</pubDate>"
        "<category><![CDATA[Sea &amp; tide]]></category><category>Sport</category><description>Lead</description>"
    )
    found = feed(item(title="Fish &amp; chips &#8211; &lt;hot&gt;", more=more))
    (entry,) = found.entries
    post = entry.post
    assert (found.home, found.name, entry.id, entry.whole) == (f"{HOME}/", "News & Co", 7, True)
    assert (post.title, post.published) == ("Fish & chips – <hot>", "2021-06-15T10:00:00Z")
    assert post.author is not None
    assert (post.author.name, post.categories, post.via) == ("Ada & Co", ["Sea & tide", "Sport"], "feed")
    assert (post.url, post.slug, post.content_html) == (f"{HOME}/a/", "a", "<p>Whole.</p>")


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("a &#55357;&#56832; b", "a \U0001f600 b"),
        ("a &#xD83D;&#xDE00; b", "a \U0001f600 b"),
        ("a &#xD83D; b", "a \ufffd b"),
        ("a &#57343; &#128512; &#233;", "a \ufffd \U0001f600 é"),
        ("<![CDATA[a &#xD83D; b]]>", "a &#xD83D; b"),
    ],
)
def test_character_references_to_surrogates_are_read(written: str, title: str) -> None:
    root = parse(f"<rss><channel><title>{written}</title></channel></rss>".encode()).root
    assert root.findtext("channel/title") == title


@pytest.mark.parametrize(
    ("link", "guid", "more", "expected"),
    [
        (f"{HOME}/a/", f"{HOME}/?p=7", "", 7),
        (f"{HOME}/?p=8", f"{HOME}/?p=7", "", 8),
        (f"{HOME}/a/", "x", '<post-id xmlns="com-wordpress:feed-additions:1">9</post-id>', 9),
        (f"{HOME}/a/", "http://old.example/?p=7", "", 7),
        (f"{HOME}/a/", f"{HOME}/?post_type=post&amp;#038;p=900&amp;amp;x=1", "", None),
        (f"{HOME}/a/", f"{HOME}/?p=7&amp;from=import", "", None),
        (f"{HOME}/a/", f"{HOME}/?p=99999999999", "", None),
        (f"{HOME}/a/", f"{HOME}/?p=twin", "", None),
        (f"{HOME}/a/", "", "", None),
    ],
)
def test_id_of_a_feed_item_is_read(link: str, guid: str, more: str, expected: int | None) -> None:
    (entry,) = feed(item(link=link, guid=guid, more=more)).entries
    assert entry.id == expected


@pytest.mark.parametrize(
    ("body", "excerpt", "whole"),
    [
        (None, "The lead […]", False),
        ("", "The lead […]", False),
        ("", "", True),
        ("<p>The lead […]</p>", "The lead […]", False),
        ('<img src="x.jpg">', "", True),
        ("<p>All of it.</p>", "All of it.", True),
    ],
)
def test_excerpts_are_distinguished_from_articles(body: str | None, excerpt: str, whole: bool) -> None:
    (entry,) = feed(item(body=body, more=f"<description><![CDATA[{excerpt}]]></description>")).entries
    assert entry.whole is whole


def test_protected_post_is_marked_and_has_no_content() -> None:
    form = '<form class="post-password-form"><input name="post_password" type="password"></form>'
    (entry,) = feed(item(title="Protected: Harbour", body=form)).entries
    assert (entry.post.protected, entry.post.content_html, entry.post.title) == (True, None, "Harbour")


@pytest.mark.parametrize(
    "date", ["Wed, 30 Nov -0001 00:00:00 +0000", "", "soon", "Tue, 15 Jun 21 00:00:00 +0000", "Thu, 99 Foo 2021"]
)
def test_text_that_is_no_date_gives_no_date(date: str) -> None:
    (entry,) = feed(item(more=f"<pubDate>{date}</pubDate>")).entries
    assert entry.post.published is None


def test_footer_of_seo_plugins_is_removed() -> None:
    footer = f'<p>The post <a href="{HOME}/a/">A title</a> appeared first on <a href="{HOME}">News</a>.</p>'
    own = f'<p>See <a href="{HOME}/b/">this</a> and <a href="{HOME}">our home</a>.</p>'
    for body, left in ((f"<p>Whole.</p>\n{footer}\n", "<p>Whole.</p>"), (f"<p>Whole.</p>{own}", f"<p>Whole.</p>{own}")):
        assert feed(item(body=body)).entries[0].post.content_html == left


def test_comments_and_other_documents_are_not_a_feed() -> None:
    for body in (
        OPENING + item(link=f"{HOME}/a/#comment-3") + CLOSING,
        "<!DOCTYPE html><html></html>",
        "",
        "<urlset></urlset>",
    ):
        with pytest.raises(NotXml):
            read_feed(reply(body), site=HOME)


# XML that is broken or hostile.


@pytest.mark.parametrize(
    "before", ["\n\n  ", "<br />\n<b>Notice</b>: Undefined index in x.php\n", "\ufeff", "<!-- x -->"]
)
def test_feed_after_junk_is_read(before: str) -> None:
    assert len(feed(item(), before=before).entries) == 1


def test_broken_feeds_are_repaired_and_marked() -> None:
    control = feed(item(title="Bell \x07 and \ufffe", body="A \x0b B"))
    assert (control.entries[0].post.content_html, control.repaired) == ("A  B", False)
    assert feed(item(title="Caf&eacute;&nbsp;au lait & co")).entries[0].post.title == "Café au lait & co"
    open_ = feed(item(title="<b>bold"), item(link=f"{HOME}/b/"))
    assert open_.repaired


def test_feed_page_with_too_many_items_is_marked_as_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsbot.wordpress.pages.feed.MOST_ITEMS", 2)
    found = feed(*(item(link=f"{HOME}/{name}/") for name in "abc"))
    assert (found.cut, [entry.url for entry in found.entries]) == (True, [f"{HOME}/a/", f"{HOME}/b/"])


def test_last_item_of_a_truncated_feed_is_omitted() -> None:
    whole = OPENING + item() + item(link=f"{HOME}/b/", body="<p>" + "word " * 50 + "</p>")
    found = read_feed(reply(whole[:-60]), site=HOME)
    assert (found.cut, [entry.url for entry in found.entries]) == (True, [f"{HOME}/a/"])


def test_wrong_charset_is_detected() -> None:
    latin = (OPENING + item(title="Café") + CLOSING).encode("cp1252")
    assert read_feed(reply(latin), site=HOME).entries[0].post.title == "Café"
    declared = (OPENING.replace("UTF-8", "windows-1251") + item(title="Море") + CLOSING).encode("cp1251")
    assert read_feed(reply(declared), site=HOME).entries[0].post.title == "Море"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!doctype rss [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]>',
    ],
)
def test_entities_and_document_types_are_refused(doctype: str) -> None:
    body = OPENING.replace("?>", f"?>{doctype}", 1) + item(title="&l9;&x;") + CLOSING
    with pytest.raises(NotXml, match="document type"):
        read_feed(reply(body), site=HOME)


def test_an_entity_without_a_type_expands_to_nothing() -> None:
    (entry,) = feed(item(title="&xxe; here")).entries
    assert "root:" not in (entry.post.title or "")
    # After the start of the root element a document type is a syntax error. It is repaired and ignored.
    late = OPENING.replace("<channel>", '<!DOCTYPE x [<!ENTITY y "boom">]><channel>') + item(title="&y;") + CLOSING
    found = read_feed(reply(late), site=HOME)
    assert (found.repaired, "boom" in (found.entries[0].post.title or "")) == (True, False)


def test_gzip_bombs_are_refused() -> None:
    with pytest.raises(NotXml, match="unpacks to more"):
        parse(gzip.compress(b"<urlset>" + b" " * (51 * 1024 * 1024)))
    with pytest.raises(NotXml, match="gzip"):
        parse(b"\x1f\x8b\x08rubbish of some length, and no gzip at all")
    packed = gzip.compress(("<urlset>" + "".join(f"<url><loc>{HOME}/{n * n}</loc></url>" for n in range(999))).encode())
    assert read_sitemap(reply(packed[: len(packed) // 2])).cut


def test_deeply_nested_page_is_read_in_linear_time() -> None:
    began = time.process_time()
    page = read_page(reply("<body class='postid-7'>" + "<div>" * 150_000 + "Words."), url=HOME, site=HOME, type_="post")
    assert page.id == 7
    # Without a limit the parser would need minutes: for each element it searches all open elements.
    assert time.process_time() - began < 20


# Sitemaps.


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("wp-sitemap-posts-post-1.xml", "post"),
        ("wp-sitemap-posts-my-type-12.xml", "my-type"),
        ("wp-sitemap-taxonomies-category-1.xml", ""),
        ("wp-sitemap-users-1.xml", ""),
        ("?sitemap=posts&sitemap-subtype=page&paged=1", "page"),
        ("?sitemap=users&paged=1", ""),
        ("?sitemap=index", None),
        ("post-sitemap.xml", "post"),
        ("post-sitemap2.xml.gz", "post"),
        ("post_tag-sitemap.xml", ""),
        ("product_cat-sitemap.xml", ""),
        ("author-sitemap.xml", ""),
        ("news-sitemap.xml", ""),
        ("wp-sitemap-posts-news-1.xml", "news"),
        ("sitemap-pt-video-2021-06.xml", "video"),
        ("sitemap-pt-post-2021-06.xml", "post"),
        ("sitemap-pt-page-p1-2021-06.xml", "page"),
        ("sitemap-tax-category.xml", ""),
        ("sitemap-post-type-story-2.xml", "story"),
        ("sitemap-post-type-post.xml", "post"),
        ("sitemap-taxonomy-category.xml", ""),
        ("sitemap_index.xml", None),
        ("sitemap.xml", None),
        ("sitemap-1.xml", None),
        ("image-sitemap-1.xml", ""),
    ],
)
def test_name_of_a_sitemap_shows_its_type(name: str, kind: str | None) -> None:
    assert type_of(f"{HOME}/{name}") == kind


def test_sitemaps_and_sitemap_indexes_are_read() -> None:
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/i/1.1"'
    body = (
        f"<urlset {space}><url><loc>\n {HOME}/a/?x=1&amp;y=2 </loc><lastmod>2024-05-01T10:00:00+00:00</lastmod>"
        f"<image:image><image:loc>{HOME}/i.jpg</image:loc></image:image></url>"
        "<url><loc>https://elsewhere.example/b/</loc></url><url><loc>javascript:x</loc></url><url/></urlset>"
    )
    for raw in (body.encode(), gzip.compress(body.encode())):
        found = read_sitemap(reply(raw))
        assert (found.urls, found.others) == ({f"{HOME}/a/?x=1&y=2": "2024-05-01T10:00:00+00:00"}, [])
    index = (
        f"<?xml-stylesheet href='x'?><sitemapindex><sitemap><loc>{HOME}/post-sitemap.xml</loc></sitemap></sitemapindex>"
    )
    assert read_sitemap(reply(index)).others == [f"{HOME}/post-sitemap.xml"]
    assert read_sitemap(reply(body[:-20])).cut


@pytest.mark.parametrize(
    ("body", "urls", "others"),
    [
        (f"<urlset><urlset><url><loc>{HOME}/a/</loc></url></urlset></urlset>", ["a/"], []),
        (
            f"<urlset><url><loc>{HOME}/a/</loc></url><urlset><url><loc>/b/</loc></url></urlset></urlset>",
            ["a/", "b/"],
            [],
        ),
        (f"<urlset><url><loc><![CDATA[{HOME}/a/?x=1&y=2]]></loc></url></urlset>", ["a/?x=1&y=2"], []),
        (
            "<sitemapindex><sitemapindex><sitemap><loc>/b.xml</loc></sitemap></sitemapindex></sitemapindex>",
            [],
            ["b.xml"],
        ),
        ("<urlset><sitemap><loc>/b.xml</loc></sitemap><url><loc>/a/</loc></url></urlset>", ["a/"], ["b.xml"]),
        ("<sitemapindex><url><loc>/a/</loc></url></sitemapindex>", ["a/"], []),
        ("<urlset>" * 2_000 + f"<url><loc>{HOME}/a/</loc></url>" + "</urlset>" * 2_000, None, None),
    ],
)
def test_nested_sitemaps_are_read(body: str, urls: list[str] | None, others: list[str] | None) -> None:
    if urls is None or others is None:
        with contextlib.suppress(NotXml):  # lxml refuses such a depth: what matters is that nothing else happens
            read_sitemap(reply(body))
        return
    found = read_sitemap(reply(body))
    assert list(found.urls) == [f"{HOME}/{name}" for name in urls]
    assert found.others == list(found.changed) == [f"{HOME}/{name}" for name in others]


ONE = f"<url><loc>{HOME}/a/</loc></url>"
PACKED = gzip.compress(f"<urlset>{ONE}</urlset>".encode(), mtime=0)
DECLARED = '<?xml version="1.0" encoding="UTF-16"?>'


@pytest.mark.parametrize(
    "body",
    [
        '<sm:urlset xmlns:sm="x">' + ONE.replace("<", "<sm:").replace("<sm:/", "</sm:") + "</sm:urlset>",
        f"{DECLARED}<urlset>{ONE}</urlset>",
        f"{DECLARED}<urlset>{ONE}</urlset>".encode("utf-16"),
        f"{DECLARED}<urlset>{ONE}</urlset>".encode("utf-16-le"),
        f"<!DOCTYPE urlset><urlset>{ONE}</urlset>",
        gzip.compress(PACKED, mtime=0),
        gzip.compress(b"<urlset>", mtime=0) + gzip.compress(f"{ONE}</urlset>".encode(), mtime=0),
        f"<urlset></urlset>\n<?xml version='1.0'?><urlset xmlns='x'>{ONE}</urlset>",
        f'<urlset><url><loc>"{HOME}/a/"</loc></url></urlset>',
        f"<urlset><url><loc>{HOME.partition('://')[2]}/a/</loc></url></urlset>",
        f"<urlset><url><loc><a href='{HOME}/a/'>{HOME}/a/</a></loc></url></urlset>",
        f"\ufeff{HOME}/a/\r\n\r\nhttps://elsewhere.example/b/\r\n",
    ],
)
def test_a_sitemap_in_an_odd_form_is_read(body: str | bytes) -> None:
    found = read_sitemap(reply(body))
    assert (list(found.urls), found.cut) == ([f"{HOME}/a/"], False)


@pytest.mark.parametrize("body", ["<urlset/>", '<sitemapindex xmlns="x" />', "<urlset></urlset>"])
def test_empty_sitemap_is_complete(body: str) -> None:
    found = read_sitemap(reply(body))
    assert (found.urls, found.others, found.cut) == ({}, [], False)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b" \n", "XML, got an empty body"),
        (b'{"a": 1}', "XML, got something else"),
        (b"<html>https://x.example/", "XML, got HTML"),
        ((OPENING + CLOSING).encode(), "a sitemap, got rss"),
    ],
)
def test_error_names_the_kind_of_a_document_that_is_no_sitemap(body: bytes, what: str) -> None:
    with pytest.raises(NotXml, match=f"expected {what}"):
        read_sitemap(reply(body))


def test_a_sitemap_on_a_host_for_files_lists_the_urls_of_the_site() -> None:
    answer = Reply(
        status=200,
        url="https://files.example/map.xml",
        body=f"<urlset><url><loc>{HOME}/a/</loc></url><url><loc>https://third.example/b/</loc></url></urlset>".encode(),
    )
    assert list(read_sitemap(answer, host=urls.site_host(HOME)).urls) == [f"{HOME}/a/"]
    assert read_sitemap(answer).urls == {}


def test_element_with_an_undeclared_prefix_does_not_break_a_sitemap() -> None:
    body = f"<urlset><url><loc>{HOME}/a/</loc><news:news><news:title>A</news:title></news:news></url></urlset>"
    found = read_sitemap(reply(body))
    assert (found.urls, found.repaired) == ({f"{HOME}/a/": None}, True)


def test_robots_txt_names_sitemaps() -> None:
    robots = b"User-agent: *\nDisallow:\n sitemap : https://news.example/a.xml \r\nSITEMAP:https://news.example/b.xml\n"
    robots += b"Sitemap: /x.xml\n#Sitemap: https://news.example/c.xml\nSitemap: y.xml\nSitemap: ftp://news.example/z\n"
    expected = [f"{HOME}/a.xml", f"{HOME}/b.xml", f"{HOME}/x.xml", f"{HOME}/y.xml"]
    assert hints(robots, f"{HOME}/robots.txt") == expected


@pytest.mark.parametrize(
    "robots",
    [
        b"\xef\xbb\xbfSitemap: https://news.example/a.xml",
        "Sitemap: /a.xml\r\n".encode("utf-16"),
        b"User-agent: *\rSitemap: /a.xml\r",
        b'Sitemap: "https://news.example/a.xml" # the map',
        b"Sitemap: <https://news.example/a.xml>, /a.xml",
    ],
)
def test_robots_txt_in_an_odd_form_names_sitemaps(robots: bytes) -> None:
    assert hints(robots, f"{HOME}/robots.txt") == [f"{HOME}/a.xml"]


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
def test_a_title_is_that_of_the_article_and_not_of_the_site(head: str, h1: str, title: str) -> None:
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


# URLs.


def test_spellings_of_one_article_url_are_equal() -> None:
    same = (
        f"{HOME}/2021/caf%C3%A9/",
        "http://www.news.example:80/2021/café#comments",
        f"{HOME}/2021/caf%c3%a9?utm_source=rss&fbclid=x",
    )
    assert len({urls.canonical(url) for url in same}) == 1
    assert len({urls.id_of_url(url) for url in same}) == 1
    assert urls.canonical(f"{HOME}/?p=1") != urls.canonical(f"{HOME}/?p=2")
    assert urls.untracked(f"{HOME}/a/?utm_source=x&b=1#c") == f"{HOME}/a/?b=1"


def test_url_of_a_feed_page_is_built() -> None:
    assert page_url(f"{HOME}/feed/", 1) == f"{HOME}/feed/"
    assert page_url(f"{HOME}/?feed=rss2&paged=4", 3) == f"{HOME}/?feed=rss2&paged=3"


@given(st.text())
def test_id_of_a_url_is_never_an_id_of_wordpress(url: str) -> None:
    assert -(2**48) <= urls.id_of_url(url) < 0
    assert urls.id_of_url(url) == urls.id_of_url(url)


@given(st.integers(1, 10**10 - 1), st.sampled_from(["post", "page", "story"]))
def test_id_in_a_url_is_read_for_its_type(row_id: int, type_: str) -> None:
    url = {"post": "?p=%d", "page": "?page_id=%d", "story": "?post_type=story&p=%d"}[type_] % row_id
    assert urls.id_in(f"{HOME}/{url}", type_) == row_id
    others = {"post", "page", "story"} - {type_}
    assert all(urls.id_in(f"{HOME}/{url}", other) is None for other in others)


MARKUP = st.lists(
    st.sampled_from(
        [
            *(
                "<rss>",
                "</rss>",
                "<channel>",
                "<item>",
                "</item>",
                "<link>",
                "http://[",
                "https://a.example/?p=1",
                "]]>",
            ),
            *("<![CDATA[", "&amp", "&#0;", "&nbsp;", "\x00", "\ud800", "<guid>", "<urlset>", "<loc>", "<!DOCTYPE a>"),
            *(
                "<title>",
                "<div class='entry-content'>",
                "<body class='postid-9'>",
                "<time datetime='x'>",
                "<pubDate>1 -0",
            ),
            *(
                '<script type="application/ld+json">',
                '{"@graph":[[{"@type":["Article",null],"author":[[]]',
                "}]}",
                "</script>",
            ),
        ]
    )
    | st.text(max_size=12),
    max_size=40,
).map("".join)


@examples(300)
@given(MARKUP, st.sampled_from(["", "text/xml; charset=utf-16", "text/html; charset=x-none", "charset=idna"]))
def test_malformed_markup_raises_no_unexpected_error(text: str, content_type: str) -> None:
    answer = reply(text.encode("utf-8", "surrogatepass"), content_type=content_type)
    for read in (lambda: read_feed(answer, site=HOME), lambda: read_sitemap(answer)):
        try:
            read()
        except NotXml:
            continue
    found = read_page(answer, url=f"{HOME}/a/", site=HOME, type_="post")
    assert found.id is None or found.id > 0
    hints(answer.body, HOME)
    type_of(f"{HOME}/" + re.sub(r"[^\w.-]", "", text))


@examples(200)
@given(st.binary(max_size=400))
def test_any_bytes_raise_no_unexpected_error(raw: bytes) -> None:
    for read in (lambda: read_feed(reply(raw), site=HOME), lambda: read_sitemap(reply(raw))):
        try:
            read()
        except NotXml:
            continue
    read_page(reply(raw), url=f"{HOME}/a/", site=HOME, type_="post")


@pytest.mark.parametrize("bomb", ["<![CDATA[" * 200_000, "<?xml" * 200_000, "<rss " * 100_000])
def test_unclosed_xml_is_read_in_linear_time(bomb: str) -> None:
    with contextlib.suppress(NotXml):
        read_feed(reply(OPENING + bomb), site=HOME)


def test_codecs_that_are_not_charsets_are_ignored() -> None:
    page = Reply(status=200, url=HOME, headers={"content-type": "text/html; charset=punycode"}, body=b"a-" * 500_000)
    assert read_page(page, url=HOME, site=HOME, type_="post").id is None


@pytest.mark.parametrize("tag", ["<div class='entry-content'>x", "<h1 class='entry-title'>x"])
def test_endless_nesting_is_read_in_linear_time(tag: str) -> None:
    page = Reply(status=200, url=HOME, headers={"link": "<" * 60_000}, body=(tag * 20_000).encode())
    assert read_page(page, url=HOME, site=HOME, type_="post").id is None
