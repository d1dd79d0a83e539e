"""Feeds: their items, excerpts, dates and charsets, and feeds that are broken."""

from __future__ import annotations

import pytest

from newsbot.errors import NotXml
from newsbot.wordpress.pages.feed import page_url, read_feed
from tests.unit.site_documents import CLOSING, HOME, OPENING, feed, item, reply

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


def test_url_of_a_feed_page_is_built() -> None:
    assert page_url(f"{HOME}/feed/", 1) == f"{HOME}/feed/"
    assert page_url(f"{HOME}/?feed=rss2&paged=4", 3) == f"{HOME}/?feed=rss2&paged=3"
