"""Whole crawls of newsrooms with a closed API: the rows from feed, sitemap and pages, and the receipt."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.crawl.scrapy_crawl import Run, crawl
from tests.newsroom import Newsroom, Request
from tests.newsroom.reading import get
from tests.newsroom.records import ZERO


def facts(run: Run, kind: str = "post") -> dict[str, Any]:
    found: dict[str, Any] = run.receipt()["sites"][0]["collections"][kind]
    return found


def asked(room: Newsroom, part: str) -> int:
    return sum(part in request.url for request in room.requests)


@pytest.mark.parametrize(
    ("fault", "style"),
    [
        ({"fault": "unauthorized"}, {}),
        ({"fault": "unauthorized", "status": 403}, {"folder": "/news"}),
        ({"fault": "status", "status": 404}, {"plain": True}),
    ],
    ids=["401", "403-folder", "404-plain"],
)
def test_all_posts_come_by_feed_when_the_api_is_closed(
    fault: dict[str, Any], style: dict[str, Any], tmp_path: Path
) -> None:
    with Newsroom(posts=60, **style) as room:
        open_ = crawl(tmp_path / "open", "wp_posts", site=room.url)
        room.order(**fault)
        run = crawl(tmp_path / "shut", "wp_posts", site=room.url)
        live = set(room.ids("post"))
    rows = {row["id"]: row for row in run.rows()}
    assert (run.status, facts(run)["verdict"], facts(run)["via"]) == (0, "complete", {"feed": 60}), facts(run)["why"]
    assert (set(rows), len(run.rows())) == (live, len(live))
    # A post is the same row whether it came from the API, the feed or its page.
    for true in open_.rows():
        row = rows[true["id"]]
        same = ("site", "type", "id", "url", "guid", "published", "content_text", "protected", "links", "embeds")
        assert {name: row[name] for name in same} == {name: true[name] for name in same}
        assert (row["title"] or "").split() == re.sub(r"</?em>", "", true["title"] or "").split()
        assert (row["author"] or {}).get("name") == (true["author"] or {}).get("name")
        assert sorted(row["categories"]) == sorted({*true["categories"], *true["tags"]})


@pytest.mark.parametrize("folder", ["", "/news"])
def test_api_of_a_site_without_one_is_searched_once_a_week(folder: str, tmp_path: Path) -> None:
    with Newsroom(posts=30, folder=folder) as room:
        room.order("status", status=404)
        told = []
        for sweep in ("0", "0", "1"):
            room.forget()
            run = crawl(tmp_path, "wp_posts", site=room.url, sweep=sweep)
            roots = asked(room, "wp-json") + asked(room, "rest_route=")
            told.append((run.status, run.receipt()["sites"][0]["why"].partition(";")[0], roots))
        assert [(status, why) for status, why, _ in told] == [(0, "no WordPress REST API was found (HTTP 404)")] * 3
        first, second, swept = (roots for *_, roots in told)
        assert (first >= 3, second, swept >= 3) == (True, 1, True)
        room.relent()
        run = crawl(tmp_path, "wp_posts", site=room.url)
        assert (run.status, facts(run)["why"]) == (0, "all 30 listed came"), "an API that returns is found at once"


def test_api_that_robots_txt_forbids_is_not_requested_by_another_url(tmp_path: Path) -> None:
    with Newsroom(posts=30, robots="User-agent: *\nDisallow: /wp-json/\n") as room:
        run = crawl(tmp_path, "wp_posts", site=room.url)
        assert (run.status, facts(run)["via"]) == (0, {"feed": 30})
        assert "robots.txt forbids" in facts(run)["why"]
        assert asked(room, "wp-json") + asked(room, "rest_route") == 0


def test_articles_that_robots_txt_forbids_are_listed_as_missing(tmp_path: Path) -> None:
    with Newsroom(posts=6, feed="none", robots="User-agent: *\nDisallow: /wp-json/\nDisallow: /2019/\n") as room:
        run = crawl(tmp_path, "wp_posts", site=room.url)
        closed = {row.id for post in room.ids() if (row := room.site.row(post)) and row.date.local.startswith("2019")}
        assert closed
        assert asked(room, "/2019/") == 0
    collection = facts(run)
    assert (run.status, collection["verdict"], len(collection["missing_urls"])) == (1, "incomplete", len(closed))
    assert all("/2019/" in url and "robots.txt" in why for url, why in collection["missing_urls"].items())
    assert {row["id"] for row in run.rows()} == set(room.site.ids()) - closed


@pytest.mark.parametrize("sitemap", ["core", "yoast", "rankmath", "aioseo"])
def test_all_posts_come_by_sitemap_and_pages_when_feed_and_api_are_closed(sitemap: str, tmp_path: Path) -> None:
    with Newsroom(posts=48, feed="none", sitemap=sitemap, sitemap_size=20, gzip_sitemap=sitemap == "yoast") as room:
        room.order("unauthorized")
        run = crawl(tmp_path, "wp_posts", site=room.url)
        live = {post: room.site.row(post) for post in room.ids("post")}
        links = {post: room.site.places.link(row) for post, row in live.items() if row is not None}
    rows = {row["id"]: row for row in run.rows()}
    assert (run.status, facts(run)["verdict"], facts(run)["via"]) == (0, "complete", {"page": 48}), facts(run)["why"]
    assert {post: row["url"] for post, row in rows.items()} == links
    for post, true in live.items():
        row = rows[post]
        assert true is not None
        assert (row["slug"], row["protected"]) == (true.slug, true.protected)
        if true.date.utc != ZERO:
            assert (row["published"], row["modified"]) == (f"{true.date.utc}Z", f"{true.modified.utc}Z")
        assert bool(row["content_text"]) is not true.protected


def test_feed_with_excerpts_is_completed_from_the_article_pages(tmp_path: Path) -> None:
    with Newsroom(posts=25, feed="excerpts") as room:
        room.order("unauthorized")
        run = crawl(tmp_path, "wp_posts", site=room.url)
        live = set(room.ids("post"))
    assert (run.status, {row["id"] for row in run.rows()}) == (0, live)
    assert facts(run)["via"]["page"] == 25 - facts(run)["protected"] - facts(run)["via"].get("feed", 0)
    assert all(row["guid"] or row["id"] for row in run.rows())
    assert not any((row["content_text"] or "").endswith("[…]") for row in run.rows())


def test_crawl_by_feed_without_a_sitemap_is_incomplete(tmp_path: Path) -> None:
    with Newsroom(posts=25, sitemap="none") as room:
        room.order("unauthorized")
        run = crawl(tmp_path, "wp_posts", site=room.url)
        live = set(room.ids("post"))
    assert (run.status, facts(run)["verdict"]) == (1, "incomplete")
    assert "without a sitemap nothing proves" in facts(run)["why"]
    assert {row["id"] for row in run.rows()} == live


def test_pages_that_need_a_browser_are_listed_as_missing_with_render_never(tmp_path: Path) -> None:
    with Newsroom(posts=5, feed="none", javascript=True, oddities=False) as room:
        room.order("unauthorized")
        run = crawl(tmp_path, "wp_posts", site=room.url, render="never")
    collection = facts(run)
    assert (run.status, collection["verdict"], len(collection["missing_urls"]), run.rows()) == (1, "incomplete", 5, [])


def test_pages_of_known_posts_are_not_requested_after_the_api_closes(tmp_path: Path) -> None:
    with Newsroom(posts=60, latency=0.0) as room:
        first = crawl(tmp_path, "wp_posts", site=room.url)
        room.order("unauthorized")
        before = len(room.requests)
        run = crawl(tmp_path, "wp_posts", site=room.url, output="shut.jsonl")
    assert (first.status, run.status) == (0, 1), run.said
    assert "unknown while the API is closed" in facts(run)["why"]
    assert not [row for row in run.rows("shut.jsonl") if row["change"] != "new"]
    assert len(room.requests) - before < 30


def test_bot_check_ends_the_fallback(tmp_path: Path) -> None:
    with Newsroom(posts=25) as room:
        room.order("unauthorized")
        room.order("challenge", "paged=2")
        run = crawl(tmp_path, "wp_posts", site=room.url)
        assert asked(room, "paged=") == 1
    collection = facts(run)
    assert (run.status, collection["verdict"]) == (1, "blocked")
    assert "a bot check came instead of an answer" in collection["why"]
    # Files that were there before are kept.
    assert 0 < len(run.rows()) <= 10


def test_since_and_limit_apply_to_the_fallback(tmp_path: Path) -> None:
    with Newsroom(posts=60) as room:
        newest = {post for post in room.ids() if (row := room.site.row(post)) and row.date.utc >= "2024-01-01"}
        room.order("unauthorized")
        since = crawl(tmp_path / "since", "wp_posts", site=room.url, since="2024-01-01")
        limit = crawl(tmp_path / "limit", "wp_posts", site=room.url, limit="15")
        latest = set(room.ids()[-15:])
    assert (since.status, {row["id"] for row in since.rows()}) == (0, newest)
    assert (limit.status, {row["id"] for row in limit.rows()}) == (0, latest)


def test_pages_and_custom_types_come_by_sitemap(tmp_path: Path) -> None:
    with Newsroom(posts=10, pages=4, stories=5) as room:
        room.order("unauthorized")
        run = crawl(tmp_path, "wp_posts", site=room.url, types="all")
        kinds = {kind: set(room.ids(kind)) for kind in ("post", "page", "story")}
    found: dict[str, set[int]] = {}
    for row in run.rows():
        found.setdefault(row["type"], set()).add(row["id"])
    assert (run.status, found) == (0, kinds)


@pytest.mark.parametrize("gone", [True, False])
def test_rows_without_a_body_get_their_body_from_the_page(gone: bool, tmp_path: Path) -> None:
    with Newsroom(posts=20) as room:
        true = crawl(tmp_path / "true", "wp_posts", site=room.url)
        room.order("no-content", "/wp/v2/posts", gone=gone)
        run = crawl(tmp_path / "run", "wp_posts", site=room.url)
    text = {row["id"]: row["content_text"] for row in true.rows()}
    assert (run.status, {row["id"]: row["content_text"] for row in run.rows()}) == (0, text)
    assert {row["via"] for row in run.rows() if row["content_text"]} == {"page"}


def test_no_post_comes_twice_when_the_api_closes_during_the_crawl(tmp_path: Path) -> None:
    with Newsroom(posts=250, ties=0) as room:
        lists: list[str] = []

        def shut(request: Request) -> None:
            lists.extend([request.url] * (request.route == "/wp/v2/posts" and "per_page=100" in request.url))
            if len(lists) == 2 and not room.site.orders:
                room.order("unauthorized", "/wp/v2/posts", status=403)

        room.on_request(shut)
        run = crawl(tmp_path, "wp_posts", site=room.url)
        collection, ids = facts(run), [row["id"] for row in run.rows()]
        room.relent()
        again = crawl(tmp_path, "wp_posts", site=room.url, output="again.jsonl")
        live = set(room.ids("post"))
    assert (run.status, collection["verdict"], collection["via"]) == (0, "complete", {"feed": len(live) - 200}), (
        collection["why"]
    )
    assert (set(ids), len(ids)) == (live, len(live))
    assert (again.status, again.receipt()["failures"]) == (0, 0)


def test_spiders_without_fallback_report_the_closed_api(tmp_path: Path) -> None:
    with Newsroom(posts=5) as room:
        room.order("unauthorized")
        run = crawl(tmp_path, "wp_users", site=room.url)
        assert asked(room, "feed") == 0
    assert (run.status, run.receipt()["sites"][0]["verdict"]) == (1, "closed")


def in_its_article(room: Newsroom) -> tuple[int, str, dict[str, Any]]:
    """The id and the URL of a post, and an order to cut its page in the middle of the article."""
    row = room.site.row(room.ids()[3])
    assert row is not None
    link = room.site.places.link(row)
    return row.id, link, {"match": link.removeprefix(room.url), "bytes": get(link).body.index(b"entry-content") + 300}


def test_article_whose_page_is_truncated_once_comes_completely(tmp_path: Path) -> None:
    with Newsroom(posts=12, feed="none", oddities=False) as room:
        room.order("unauthorized")
        whole = crawl(tmp_path / "whole", "wp_posts", site=room.url, render="never")
        room.order("truncated-json", **in_its_article(room)[2], times=1)
        run = crawl(tmp_path / "cut", "wp_posts", site=room.url, render="never")
        faults = [request.faults for request in room.requests if request.faults and request.status == 200]
    texts = {row["id"]: row["content_text"] for row in whole.rows()}
    assert (run.status, {row["id"]: row["content_text"] for row in run.rows()}) == (0, texts)
    assert faults == [("truncated-json",)]


def test_article_whose_page_is_always_truncated_is_reported(tmp_path: Path) -> None:
    with Newsroom(posts=12, feed="none", oddities=False) as room:
        room.order("unauthorized")
        victim, link, order = in_its_article(room)
        room.order("truncated-json", **order)
        run = crawl(tmp_path, "wp_posts", site=room.url, render="never")
        live = set(room.ids())
    found, reason = facts(run), "its page ends in the middle of the article"
    assert (run.status, found["verdict"], found["missing_urls"]) == (1, "incomplete", {link: reason})
    assert {row["id"] for row in run.rows()} == live - {victim}


def test_bodies_with_truncated_compression_are_requested_without_compression(tmp_path: Path) -> None:
    with Newsroom(posts=130, oddities=False) as room:
        whole = crawl(tmp_path / "whole", "wp_posts", site=room.url)
        room.order("truncated-gzip", "*")
        run = crawl(tmp_path / "cut", "wp_posts", site=room.url)
        plain = [request.status for request in room.requests if not request.faults]
    texts = {row["id"]: (row["title"], row["content_text"]) for row in whole.rows()}
    assert (run.status, {row["id"]: (row["title"], row["content_text"]) for row in run.rows()}) == (0, texts)
    assert plain
