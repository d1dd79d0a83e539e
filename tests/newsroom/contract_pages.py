"""Checks of what visitors see apart from the API: feed, sitemaps, article pages."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape

from tests.newsroom.records import ZERO
from tests.newsroom.truth import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """``url`` is the URL after all redirects."""

    status: int
    url: str
    text: str


Browse = Callable[[str], Shown]
"""GET a path and query under the site's home, or a whole URL."""

PageCheck = Callable[[Browse, Truth], None]
CHECKS: list[PageCheck] = []


def browsing(home: str) -> Browse:
    def browse(path: str) -> Shown:
        url = path if path.startswith("http") else home.rstrip("/") + path
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return Shown(status=answer.status, url=answer.url, text=answer.read().decode())
        except urllib.error.HTTPError as error:
            return Shown(status=error.code, url=error.url or url, text=error.read().decode("utf-8", "replace"))

    return browse


def contract(check: PageCheck) -> PageCheck:
    CHECKS.append(check)
    return check


def item_of(browse: Browse, truth: Truth, post: int) -> str:
    """The feed item of a post, found by the post's place in the order of dates."""
    link = browse(f"/?p={post}").url
    page = sorted(truth.posts.values(), reverse=True).index(truth.posts[post]) // 10 + 1
    for near in (page, page + 1):
        for item in items_of(browse, near):
            if f"<link>{link}</link>" in item:
                return item
    raise AssertionError(f"post {post} is not on the feed's page {page}")


def items_of(browse: Browse, page: int) -> list[str]:
    found: list[str] = re.findall(r"<item>.*?</item>", browse(f"/?feed=rss2&paged={page}").text, re.DOTALL)
    return found


def locations(browse: Browse, url: str) -> list[str]:
    shown = browse(url)
    assert shown.status == 200, url
    return [unescape(found) for found in re.findall(r"<loc>\s*(.*?)\s*</loc>", shown.text)]


@contract
def check_the_feed_gives_ten_whole_posts_a_page_and_ends_in_404(browse: Browse, truth: Truth) -> None:
    first = browse("/?feed=rss2")
    assert (first.status, first.text.count("<item>"), first.text.count("<content:encoded>")) == (200, 10, 10)
    assert re.search(r"<channel>.*?<link>http", first.text, re.DOTALL)
    last = -(-len(truth.posts) // 10)
    assert browse(f"/?feed=rss2&paged={last}").text.count("<item>") == (len(truth.posts) - 1) % 10 + 1
    assert browse(f"/?feed=rss2&paged={last + 1}").status == 404


@contract
def check_a_protected_post_shows_a_form_in_feed_and_page(browse: Browse, truth: Truth) -> None:
    for text in (item_of(browse, truth, truth.protected), browse(f"/?p={truth.protected}").text):
        assert "Protected: " in text
        assert 'class="post-password-form' in text
        assert 'name="post_password"' in text


@contract
def check_a_zero_date_is_an_empty_one_in_the_feed(browse: Browse, truth: Truth) -> None:
    assert ZERO in truth.posts.values()
    last = items_of(browse, -(-len(truth.posts) // 10))
    assert any("<pubDate></pubDate>" in item for item in last)


@contract
def check_an_articles_page_tells_its_id(browse: Browse, truth: Truth) -> None:
    post = truth.authorless
    shown = browse(f"/?p={post}")
    assert re.search(rf"<body class=\"[^\"]*\bsingle-post postid-{post}\b", shown.text)
    assert re.search(rf"<link rel='shortlink' href='[^']*/\?p={post}' />", shown.text)
    assert re.search(rf'type="application/json" href="[^"]*/wp/v2/posts/{post}"', shown.text)
    assert ("?p=" in shown.url) == truth.plain


@contract
def check_sitemaps_of_robots_txt_name_every_post_once(browse: Browse, truth: Truth) -> None:
    # With plain permalinks WordPress does not serve robots.txt.
    named = re.findall(r"^Sitemap: (\S+)", browse("/robots.txt").text, re.M)
    index = named[0] if named or not truth.plain else "/?sitemap=index"
    lists = [url for url in locations(browse, index) if "posts-post" in url or "sitemap-subtype=post&" in url]
    found = [url for sitemap in lists for url in locations(browse, sitemap)]
    assert (len(found), len(set(found))) == (len(truth.posts), len(truth.posts))
