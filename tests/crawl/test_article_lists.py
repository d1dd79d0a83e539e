"""A list of articles of one site: resolved, asked for and joined together, and each with its own verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.crawl.scrapy_crawl import Run, crawl
from tests.newsroom import Newsroom

OF_THE_RUN = ("fetched_at", "request_url", "first_seen", "last_seen")
"""Columns about the request, not about the article."""

Order = Callable[[Newsroom, list[int]], object]


def rows_of(run: Run) -> dict[int, dict[str, Any]]:
    return {row["id"]: {name: row[name] for name in row if name not in OF_THE_RUN} for row in run.rows()}


def addresses(room: Newsroom, ids: list[int]) -> list[str]:
    rows = [room.site.archive.row(post_id) for post_id in ids]
    return [room.site.places.link(row) for row in rows if row is not None]


@pytest.mark.parametrize(
    ("order", "lost", "first", "second"),
    [
        (lambda room, ids: None, [], 11, 4),
        (lambda room, ids: room.order("param-ignored", "/wp/v2/posts", names=["slug"]), [], 11, 4),
        (lambda room, ids: room.order("post-kills-page", ids=[ids[3]]), [3], 28, 15),
        (lambda room, ids: room.order("hidden-rows", ids=[ids[1]]), [1], 18, 10),
        (lambda room, ids: room.order("unauthorized", "/wp/v2/users"), [], 12, 5),
    ],
    ids=["healthy", "ignores slug=", "one article fails", "one is hidden", "users are closed"],
)
def test_each_article_of_a_list_comes_once_also_when_another_article_fails(
    tmp_path: Path, order: Order, lost: list[int], first: int, second: int
) -> None:
    with Newsroom(posts=30) as room:
        ids = room.ids()[4:12]
        order(room, ids)
        every = addresses(room, ids)
        every.insert(5, f"{room.url.rstrip('/')}/2019/01/nothing-here/")
        whole = crawl(tmp_path / "whole", "wp_posts", site=room.url)
        counts = []
        for _ in range(2):
            room.forget()
            run = crawl(tmp_path / "list", "wp_posts", "-O", "all.jsonl", output=None, site=",".join(every))
            counts.append(len(room.requests))
    sites = run.receipt()["sites"]
    failed = {site["asked"] for site in sites if site["verdict"] != "complete"}
    assert failed == {every[5], *(every[place] for place in lost)}
    assert [site["why"].startswith("nothing is at") for site in sites].count(True) == 1
    rows, expected = run.rows("all.jsonl"), rows_of(whole)
    came = [post_id for place, post_id in enumerate(ids) if place not in lost]
    assert sorted(row["id"] for row in rows) == came
    for row in rows:
        own = {name: value for name, value in row.items() if name not in (*OF_THE_RUN, "change")}
        assert own == {name: value for name, value in expected[row["id"]].items() if name != "change"}
    assert counts == [first, second]


def test_no_other_post_is_delivered_for_an_article_when_the_site_ignores_include(tmp_path: Path) -> None:
    with Newsroom(posts=30) as room:
        room.order("param-ignored", "/wp/v2/posts", names=["include"])
        run = crawl(tmp_path, "wp_posts", site=",".join(addresses(room, room.ids()[4:8])))
    assert run.rows() == []
    assert {site["why"] for site in run.receipt()["sites"]} == {
        "post: the site ignores include= and lists rows of other parts"
    }


def test_a_list_of_articles_of_a_site_without_an_api_is_searched_for_one_once_a_week(tmp_path: Path) -> None:
    with Newsroom(posts=30) as room:
        room.order("status", status=404)
        every, roots = ",".join(addresses(room, room.ids()[4:9])), []
        for _ in range(2):
            room.forget()
            run = crawl(tmp_path, "wp_posts", site=every)
            assert {site["verdict"] for site in run.receipt()["sites"]} == {"closed"}
            roots.append(sum("wp-json" in request.url or "rest_route" in request.url for request in room.requests))
    assert roots == [4, 1]
