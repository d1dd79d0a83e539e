"""Sitemaps and sitemap indexes, and the sitemaps that robots.txt names."""

from __future__ import annotations

import contextlib
import gzip

import pytest

from newsbot.errors import NotXml
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages import urls
from newsbot.wordpress.pages.sitemap import hints, read_sitemap, type_of
from tests.unit.site_documents import CLOSING, HOME, OPENING, reply

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
