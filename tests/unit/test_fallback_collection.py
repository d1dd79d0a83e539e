"""Site crawls where the API is closed: which id a page has, when the browser is used, and when the crawl stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from newsbot.items import Checkpoint, Post
from newsbot.spiders.archive_answers import NoArchive
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.urls import id_of_url
from newsbot.wordpress.questions import Recall, Remember, SiteCrawl
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts
from newsbot.wordpress.site_crawl import crawl
from tests.unit.outgoing import outgoing
from tests.unit.site_documents import CLOSING, HOME, OPENING, item

CLOSED = Reply(status=401, url="", body=b'{"code":"closed","message":"No.","data":{"status":401}}')
SCRIPTED = "<body class='postid-{id}'><div class='entry-content'><script>x</script></div></body>"
PLAIN = "<body class='single-post postid-{id}'><div class='entry-content'><p>Words of {id}.</p></div></body>"


@dataclass
class ClosedSite:
    """A site by its URLs' paths; what is not there is a 404. ``browser`` answers rendered queries."""

    pages: dict[str, str | Reply]
    browser: Callable[[Query], Reply] | None = None
    asked: list[str] = field(default_factory=list)

    def reply(self, query: Query) -> Reply:
        parts = urlsplit(query.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self.asked.append(("browser " if query.render else "") + path)
        if "wp-json" in path or "rest_route" in path:
            return Reply(status=401, url=query.url, body=CLOSED.body)
        if query.render and self.browser is not None:
            return self.browser(query)
        found = self.pages.get(path)
        if isinstance(found, Reply):
            return found
        status, body = (404, "<html>") if found is None else (200, found)
        return Reply(status=status, url=query.url, body=body.encode(), fetched_at="2026-01-01T00:00:00Z")

    def count(self, part: str) -> int:
        return sum(part in path for path in self.asked)


class KeptObjects:
    """The part of an archive that is kept between two runs."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[int, Any]] = {}

    def answer(self, message: Any) -> Any:
        if isinstance(message, Remember):
            self.objects.setdefault((message.site, message.relation), {}).update(message.objects)
        elif isinstance(message, Recall):
            known = self.objects.get((message.site, message.relation), {})
            return {row_id: known[row_id] for row_id in message.ids if row_id in known}
        return NoArchive().answer(message)


def drive(site_crawl: SiteCrawl, site: ClosedSite, kept: KeptObjects | None = None) -> list[Post]:
    posts: list[Post] = []
    for message in outgoing(site_crawl, site.reply, (kept or KeptObjects()).answer, most=2_000):
        if isinstance(message, Checkpoint):
            assert message.sequence == len(posts), "a checkpoint counts every row before it"
        else:
            assert isinstance(message, Post)
            posts.append(message)
    return posts


def bring(site: ClosedSite, kept: KeptObjects | None = None, **options: Any) -> tuple[dict[int, Post], CollectionFacts]:
    facts = SiteFacts(asked=HOME)
    posts = drive(crawl(Options(url=HOME, **options), facts), site, kept)
    assert facts.site == HOME
    assert len({post.id for post in posts}) == len(posts)
    return {post.id: post for post in posts}, facts.collections["post"]


def sitemap(*paths: str) -> dict[str, str | Reply]:
    urls = "".join(f"<url><loc>{HOME}{path}</loc></url>" for path in paths)
    index = f"<sitemapindex><sitemap><loc>{HOME}/post-sitemap.xml</loc></sitemap></sitemapindex>"
    return {"/sitemap_index.xml": index, "/post-sitemap.xml": f"<urlset>{urls}</urlset>"}


def feed(*items: str) -> dict[str, str | Reply]:
    return {"/feed/": OPENING + "".join(items) + CLOSING}


def articles(**ids: int) -> dict[str, str | Reply]:
    return {f"/{name}/": PLAIN.format(id=row_id) for name, row_id in ids.items()}


def entry(name: str, guid: str, **more: Any) -> str:
    return item(link=f"{HOME}/{name}/", guid=guid, title=name, **more)


def test_post_in_feed_and_sitemap_is_sent_once() -> None:
    site = ClosedSite(sitemap("/a/", "/b/") | feed(entry("a", f"{HOME}/?p=1")) | articles(a=1, b=2))
    posts, facts = bring(site)
    assert {row_id: post.via for row_id, post in posts.items()} == {1: "feed", 2: "page"}
    assert (facts.verdict, facts.expected_before, facts.seen, site.count("/a/")) == ("complete", 2, 2, 0)
    assert facts.via == {"feed": 1, "page": 1}


def test_pages_decide_between_two_posts_with_one_id() -> None:
    # An import repeated the guid of another post, and the copy comes first.
    items = [entry("copy", f"{HOME}/?p=1"), entry("true", f"{HOME}/?p=1"), entry("other", f"{HOME}/?p=3")]
    site = ClosedSite(sitemap("/copy/", "/true/", "/other/") | feed(*items) | articles(copy=2, true=1))
    posts, facts = bring(site)
    assert {row_id: post.title for row_id, post in posts.items()} == {1: "true", 2: "copy", 3: "other"}
    assert (facts.verdict, site.count("/other/")) == ("complete", 0)
    assert {post.via for post in posts.values()} == {"feed"}


@pytest.mark.parametrize(("moved", "pages_asked"), [(True, 2), (False, 6)])
def test_guids_of_another_host_are_used_after_pages_confirm_two(moved: bool, pages_asked: int) -> None:
    ids = {f"n{number}": number for number in range(1, 7)}
    items = [entry(name, f"http://old.example/?p={number if moved else number + 50}") for name, number in ids.items()]
    site = ClosedSite(sitemap(*(f"/{name}/" for name in ids)) | feed(*items) | articles(**ids))
    posts, facts = bring(site)
    assert (set(posts), facts.verdict) == (set(ids.values()), "complete")
    assert site.count("/n") == pages_asked


def test_article_without_an_id_gets_an_id_from_its_url() -> None:
    page = "<body><div class='entry-content'>Words.</div></body>"
    site = ClosedSite(sitemap("/a/", "/b/") | feed(entry("b", "urn:x")) | {"/a/": page, "/b/": page})
    posts, facts = bring(site)
    assert set(posts) == {id_of_url(f"{HOME}/a/"), id_of_url(f"{HOME}/b/")}
    assert all(row_id < 0 for row_id in posts)
    assert (facts.verdict, facts.faults["no-id"]) == ("complete", 2)


def test_article_of_an_excerpt_keeps_facts_that_only_the_feed_has() -> None:
    more = "<description>Lead […]</description><pubDate>Tue, 15 Jun 2021 10:00:00 +0000</pubDate>"
    site = ClosedSite(sitemap("/a/") | feed(entry("a", f"{HOME}/?p=1", body=None, more=more)) | articles(a=1))
    (post,) = bring(site)[0].values()
    assert (post.via, post.guid, post.published) == ("page", f"{HOME}/?p=1", "2021-06-15T10:00:00Z")
    assert (post.content_html, post.title) == ("<p>Words of 1.</p>", "a")


def rendered(query: Query) -> Reply:
    return Reply(status=200, url=query.url, body=PLAIN.format(id=1).encode())


def no_browser(query: Query) -> Reply:
    return Reply(status=0, url=query.url, error="no-browser")


@pytest.mark.parametrize(
    ("render", "browser", "via", "asked"),
    [
        ("auto", rendered, {"browser": 2}, 2),
        ("always", rendered, {"browser": 2}, 2),
        ("never", rendered, {}, 0),
        ("auto", no_browser, {}, 1),
        ("always", no_browser, {}, 2),
    ],
)
def test_browser_is_used_when_a_page_needs_it(
    render: str, browser: Callable[[Query], Reply], via: dict[str, int], asked: int
) -> None:
    def answer(query: Query) -> Reply:
        found = browser(query)
        return Reply(
            status=found.status,
            url=found.url,
            error=found.error,
            body=found.body.replace(b"1", urlsplit(query.url).path[2:3].encode()),
        )

    pages: dict[str, str | Reply] = {f"/n{n}/": SCRIPTED.format(id=n) for n in (1, 2)}
    site = ClosedSite(sitemap("/n1/", "/n2/") | pages, browser=answer)
    posts, facts = bring(site, render=render)
    assert (dict(facts.via), site.count("browser")) == (via, asked)
    if via:
        assert (facts.verdict, set(posts)) == ("complete", {1, 2})
    else:
        assert (facts.verdict, set(facts.missing_urls)) == ("incomplete", {f"{HOME}/n1/", f"{HOME}/n2/"})


def test_no_more_pages_are_requested_after_failures_in_a_row() -> None:
    names = [f"/n{number}/" for number in range(30)]
    broken: dict[str, str | Reply] = {name: Reply(status=403, url=HOME + name) for name in names}
    site = ClosedSite(sitemap(*names) | broken)
    posts, facts = bring(site)
    assert (posts, facts.verdict, site.count("/n")) == ({}, "incomplete", 8)
    assert "8 pages in a row failed (HTTP 403)" in facts.why


def test_bot_check_with_status_200_is_not_rendered() -> None:
    check = "<html><head><script src='/_Incapsula_Resource?SWJIYLWA=1'></script></head><body></body></html>"
    site = ClosedSite(sitemap("/a/", "/b/") | articles(b=2) | {"/a/": check}, browser=rendered)
    posts, facts = bring(site)
    assert (posts, facts.verdict, site.count("browser")) == ({}, "blocked", 0)
    assert "a bot check came instead of an answer" in facts.why


def test_articles_that_are_gone_or_of_another_type_are_not_missing() -> None:
    front = "<body class='page page-id-5'><div class='entry-content'>Front.</div></body>"
    site = ClosedSite(sitemap("/a/", "/gone/", "/front/", "/") | articles(a=1) | {"/front/": front})
    posts, facts = bring(site)
    assert (set(posts), facts.verdict, facts.gone, facts.expected_before) == ({1}, "complete", 1, 2)


def test_articles_behind_a_login_are_named_as_missing() -> None:
    login = Reply(status=200, url=f"{HOME}/wp-login.php?redirect_to=x", body=b"<form>")
    _, facts = bring(ClosedSite(sitemap("/a/", "/b/") | articles(a=1) | {"/b/": login}))
    assert (facts.verdict, facts.missing_urls) == (
        "incomplete",
        {f"{HOME}/b/": "a login page came instead of the article"},
    )


def test_site_behind_a_login_gets_no_more_requests() -> None:
    login = Reply(status=200, url=f"{HOME}/feed/", body=b"<body class='no-js login wp-core-ui'><form>")
    site, facts = ClosedSite({"/feed/": login}), SiteFacts(asked=HOME)
    assert drive(crawl(Options(url=HOME), facts), site) == []
    assert (facts.verdict, site.asked[-1]) == ("closed", "/feed/")
    assert "a login page came instead of a feed" in facts.why


@pytest.mark.parametrize("circle", ["same", "first"])
def test_feed_that_repeats_itself_is_abandoned(circle: str) -> None:
    first = feed(entry("a", f"{HOME}/?p=1"))["/feed/"]
    pages: dict[str, str | Reply] = {"/feed/": first}
    other = OPENING + entry("b", f"{HOME}/?p=2") + CLOSING
    pages |= {f"/feed/?paged={n}": first if circle == "first" else other for n in range(2, 200)}
    site = ClosedSite(pages)
    posts, facts = bring(site)
    assert (len(posts), facts.verdict) == (1 if circle == "first" else 2, "incomplete")
    assert site.count("paged=") < 40


def test_stop_keeps_the_posts_that_were_received() -> None:
    stopped = Reply(status=0, url=HOME, error="stopped")
    site = ClosedSite(sitemap("/a/", "/b/") | feed(entry("a", f"{HOME}/?p=1")) | {"/feed/?paged=2": stopped})
    posts, facts = bring(site)
    assert (set(posts), facts.verdict, dict(facts.faults)) == ({1}, "incomplete", {})
    assert "stopping" in facts.why


def test_verdict_on_the_api_is_kept_without_feed_and_sitemap() -> None:
    facts = SiteFacts(asked=HOME)
    assert drive(crawl(Options(url=HOME), facts), ClosedSite({})) == []
    assert (facts.verdict, facts.collections) == ("closed", {})
    assert "401" in facts.why
    assert "the site has no feed and no sitemap" in facts.why


def test_feed_named_by_a_page_is_read_and_a_category_is_not_the_site() -> None:
    named = f'<link rel="alternate" type="application/rss+xml" href="{HOME}/nachrichten.xml">'
    site = ClosedSite(
        {"/": f"<html><head>{named}</head></html>", "/nachrichten.xml": OPENING + entry("a", "x") + CLOSING}
    )
    site.pages |= articles(a=1)
    assert set(bring(site)[0]) == {1}
    part = {"/category/x/feed/": feed(entry("a", f"{HOME}/?p=1"))["/feed/"]}
    site = ClosedSite(part | feed(entry("a", f"{HOME}/?p=1"), entry("b", f"{HOME}/?p=2")))
    facts = SiteFacts(asked=HOME)
    posts = drive(crawl(Options(url=f"{HOME}/category/x/feed/"), facts), site)
    assert ([post.id for post in posts], facts.site) == ([1, 2], HOME)


def test_article_in_several_pages_comes_completely_or_is_missing() -> None:
    links = f'<a class="post-page-numbers" href="{HOME}/a/2/">2</a>'
    first, second = (
        f"<body class='postid-1'><div class='entry-content'><p>{part}</p></div>" for part in ("One", "Two")
    )
    site = ClosedSite(sitemap("/a/") | {"/a/": first + links, "/a/2/": second})
    (post,) = bring(site)[0].values()
    assert (post.content_html or "").split() == ["<p>One</p>", "<p>Two</p>"]
    del site.pages["/a/2/"]
    posts, facts = bring(site)
    assert (posts, facts.verdict, facts.missing_urls) == (
        {},
        "incomplete",
        {f"{HOME}/a/": "one of its pages is missing"},
    )


def test_article_that_redirects_to_another_site_is_missing() -> None:
    away = Reply(status=200, url="https://elsewhere.example/", body=PLAIN.format(id=9).encode())
    posts, facts = bring(ClosedSite(sitemap("/a/", "/b/") | articles(a=1) | {"/b/": away}))
    assert (set(posts), facts.verdict) == ({1}, "incomplete")
    assert facts.missing_urls == {f"{HOME}/b/": "it leads to another site: elsewhere.example"}


def test_page_without_an_answer_does_not_stop_the_others() -> None:
    stuck = Reply(status=0, url=f"{HOME}/a/", error="timeout")
    posts, facts = bring(ClosedSite(sitemap("/a/", "/b/") | {"/a/": stuck} | articles(b=2)))
    assert (set(posts), facts.verdict, list(facts.missing_urls)) == ({2}, "incomplete", [f"{HOME}/a/"])


def test_article_last_changed_long_before_the_window_is_not_requested() -> None:
    dates = {"old": "2023-06-01T10:00:00+00:00", "waited": "2023-12-20T10:00:00+00:00", "new": "2024-02-01", "bare": ""}
    urls = "".join(f"<url><loc>{HOME}/{name}/</loc><lastmod>{date}</lastmod></url>" for name, date in dates.items())
    listed: dict[str, str | Reply] = {"/sitemap.xml": f"<urlset>{urls}</urlset>"}
    site = ClosedSite(listed | articles(old=1, waited=2, new=3, bare=4))
    posts, facts = bring(site, since="2024-01-01T00:00:00")
    assert (set(posts), site.count("/old/"), facts.outside_window, facts.verdict) == ({2, 3, 4}, 0, 1, "complete")


def test_articles_of_the_feed_are_sent_although_pages_fail() -> None:
    names = [f"n{number}" for number in range(20)]
    shut: dict[str, str | Reply] = {f"/{name}/": Reply(status=403, url=f"{HOME}/{name}/") for name in names}
    site = ClosedSite(sitemap(*shut) | feed(*(entry(name, f"{HOME}/{name}/") for name in names)) | shut)
    posts, facts = bring(site)
    assert ({post.title for post in posts.values()}, site.count("/n")) == (set(names), 8)
    assert (facts.verdict, facts.faults["no-id"]) == ("complete", 20)


def test_another_type_in_the_feed_is_not_sent_as_a_post() -> None:
    story = "<body class='single-story postid-2'><div class='entry-content'>S</div></body>"
    items = [entry("a", f"{HOME}/?p=1"), entry("s", f"{HOME}/?post_type=story&amp;p=2")]
    posts, facts = bring(ClosedSite(sitemap("/a/") | feed(*items) | {"/s/": story}))
    assert (set(posts), facts.verdict) == ({1}, "complete")


def test_limit_counts_posts_in_the_window() -> None:
    def dated(name: str, row_id: int, year: int) -> str:
        return entry(name, f"{HOME}/?p={row_id}", more=f"<pubDate>Tue, 15 Jun {year} 10:00:00 +0000</pubDate>")

    pages: dict[str, str | Reply] = {
        f"/feed/?paged={n}": feed(dated(f"n{n}", n, 2025 - n))["/feed/"] for n in range(2, 9)
    }
    posts, facts = bring(ClosedSite(feed(dated("n1", 1, 2024)) | pages), limit=2, until="2022-01-01T00:00:00")
    assert (set(posts), facts.verdict) == ({4, 5}, "complete")
    assert facts.why.endswith("the newest 2 posts, as asked for")


def test_sitemap_is_read_when_robots_txt_forbids_the_feed() -> None:
    forbidden = {path: Reply(status=0, url=HOME + path, error="robots") for path in ("/feed/", "/?feed=rss2")}
    posts, facts = bring(ClosedSite({**sitemap("/a/"), **articles(a=1), **forbidden}))
    assert ({row_id: post.via for row_id, post in posts.items()}, facts.verdict) == ({1: "page"}, "complete")


def test_second_run_requests_only_changed_pages() -> None:
    def listing(**changed: str) -> dict[str, str | Reply]:
        urls = "".join(f"<url><loc>{HOME}/{n}/</loc><lastmod>{day}</lastmod></url>" for n, day in changed.items())
        return sitemap() | {"/post-sitemap.xml": f"<urlset>{urls}</urlset>"}

    pages, kept = articles(a=1, b=2, c=3), KeptObjects()
    first, facts = bring(ClosedSite(listing(a="2026-01-01", b="2026-01-01", c="2026-01-01") | pages), kept)
    assert (set(first), facts.verdict) == ({1, 2, 3}, "complete")
    site = ClosedSite(listing(a="2026-01-01", b="2026-02-02", d="2026-02-02") | pages | articles(d=4))
    posts, facts = bring(site, kept)
    assert (set(posts), site.count("/a/"), facts.kept) == ({2, 4}, 0, 1)
    assert (facts.verdict, facts.seen) == ("complete", 3)
    again, facts = bring(site, kept)
    assert (again, facts.kept, facts.verdict) == ({}, 3, "complete")
    everything, _ = bring(site, kept, full=True)
    assert set(everything) == {1, 2, 4}


@dataclass
class DatedSite(ClosedSite):
    """``now`` is the time of each answer."""

    now: str = ""

    def reply(self, query: Query) -> Reply:
        return replace(super().reply(query), fetched_at=self.now)


def dated_page(row_id: int, published: str) -> str:
    meta = f"<meta property='article:published_time' content='{published}'>"
    return f"<html><head>{meta}</head>{PLAIN.format(id=row_id)}</html>"


def test_an_article_without_a_last_change_is_read_again_after_a_tenth_of_its_age() -> None:
    """The sitemap gives no ``lastmod``, as WordPress does for a post without a date. The post 3 has none at all."""
    pages: dict[str, str | Reply] = {
        "/new/": dated_page(1, "2026-01-01T00:00:00+00:00"),
        "/old/": dated_page(2, "2025-01-11T00:00:00+00:00"),
    }
    site = DatedSite(sitemap("/new/", "/old/", "/bare/") | pages | articles(bare=3))
    kept, read = KeptObjects(), dict[str, list[list[str]]]()
    for day in ("01-11", "01-11", "01-13", "01-17", "01-18", "02-17"):
        site.now = f"2026-{day}T00:00:01Z"
        site.asked.clear()
        _, facts = bring(site, kept)
        assert facts.verdict == "complete", facts.why
        read.setdefault(day, []).append([name for name in ("new", "old", "bare") if site.count(f"/{name}/")])
    assert read == {
        "01-11": [["new", "old", "bare"], []],
        "01-13": [["new"]],
        "01-17": [["new"]],
        "01-18": [["bare"]],
        "02-17": [["new", "old", "bare"]],
    }


def test_a_site_without_a_feed_is_searched_for_one_once_a_week() -> None:
    site, kept, asked = DatedSite(sitemap("/a/") | articles(a=1) | {"/": "<html>home</html>"}), KeptObjects(), []
    for day in ("01", "07", "08", "09"):
        site.now = f"2026-01-{day}T00:00:01Z"
        site.asked.clear()
        bring(site, kept)
        asked.append([path for path in ("/feed/", "/?feed=rss2", "/") if path in site.asked])
    assert asked == [["/feed/", "/?feed=rss2", "/"], ["/feed/"], ["/feed/", "/?feed=rss2", "/"], ["/feed/"]]
    site.pages |= feed(entry("b", f"{HOME}/?p=2"))
    posts, _ = bring(site, kept)
    assert set(posts) == {2}, "a feed that returns is found by the next run"


def test_a_feed_that_fails_is_searched_for_again() -> None:
    failing: dict[str, str | Reply] = {"/?feed=rss2": Reply(status=503, url=f"{HOME}/?feed=rss2")}
    site, kept = DatedSite(sitemap("/a/") | articles(a=1) | failing, now="2026-01-01T00:00:01Z"), KeptObjects()
    bring(site, kept)
    site.pages["/?feed=rss2"] = feed(entry("b", f"{HOME}/?p=2"))["/feed/"]
    posts, _ = bring(site, kept)
    assert set(posts) == {2}


@pytest.mark.parametrize("place", ["/?feed=rss2", "/rss/news/"])
def test_a_feed_that_a_full_run_found_is_found_by_the_next_run(place: str) -> None:
    """The search of an earlier run was in vain; a run with full=1 looks for a feed again."""
    site, kept = DatedSite(sitemap("/a/") | articles(a=1), now="2026-01-01T00:00:01Z"), KeptObjects()
    bring(site, kept)
    site.pages["/"] = '<link rel="alternate" type="application/rss+xml" href="/rss/news/">'
    site.pages[place] = feed(entry("b", f"{HOME}/?p=2"))["/feed/"]
    assert 2 in bring(site, kept, full=True)[0]
    site.pages[place] = feed(entry("c", f"{HOME}/?p=3"), entry("b", f"{HOME}/?p=2"))["/feed/"]
    assert 3 in bring(site, kept)[0]


@dataclass
class SiteWithETag(ClosedSite):
    """The site's feed has one ETag for all pages. A client that sends the ETag gets 304."""

    tags: list[str] = field(default_factory=list)

    def reply(self, query: Query) -> Reply:
        found = super().reply(query)
        if "/feed/" not in query.url or found.status != 200:
            return found
        self.tags.append(query.headers.get("If-None-Match", ""))
        if self.tags[-1] == '"one"':
            return Reply(status=304, url=query.url)
        return replace(found, headers={"etag": '"one"'})


def test_unchanged_feed_is_sent_once() -> None:
    site = SiteWithETag(feed(entry("a", f"{HOME}/?p=1"), entry("b", f"{HOME}/?p=2")))
    kept = KeptObjects()
    first, _ = bring(site, kept)
    again, facts = bring(site, kept)
    assert (set(first), again) == ({1, 2}, {})
    assert site.tags == ["", '"one"']
    assert facts.verdict == "incomplete", "without a sitemap nothing proves that all posts came"


PAGES = feed(entry("a", f"{HOME}/?p=1")) | {"/feed/?paged=2": feed(entry("b", f"{HOME}/?p=2"))["/feed/"]}


@pytest.mark.parametrize(
    ("second", "options"),
    [
        (PAGES["/feed/?paged=2"], {"limit": 1}),
        (Reply(status=503, url=f"{HOME}/feed/?paged=2"), {}),
        (Reply(status=0, url=f"{HOME}/feed/?paged=2", error="timeout"), {}),
        (str(PAGES["/feed/?paged=2"])[:-40], {}),
        ("<html>A wall</html>", {}),
    ],
)
def test_partly_received_feed_is_sent_again(second: str | Reply, options: dict[str, Any]) -> None:
    kept = KeptObjects()
    first, _ = bring(SiteWithETag(PAGES | {"/feed/?paged=2": second}), kept, **options)
    assert set(first) == {1}
    again, _ = bring(SiteWithETag(PAGES), kept)
    assert set(again) == {1, 2}
