"""Documents that are malformed or made to harm: no reader fails, and each reads in linear time."""

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
from newsbot.wordpress.pages.article_page import read_page
from newsbot.wordpress.pages.feed import read_feed
from newsbot.wordpress.pages.sitemap import hints, read_sitemap, type_of
from newsbot.wordpress.pages.xml import parse
from tests.examples import examples
from tests.unit.site_documents import CLOSING, HOME, OPENING, feed, item, reply


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


def test_undeclared_entity_expands_to_nothing() -> None:
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
