"""Whole crawls of newsrooms whose firewall refuses one form of a query, and answers the same query in another form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.crawl.scrapy_crawl import Run, crawl
from tests.crawl.test_warc import verified
from tests.newsroom import Newsroom

PAGE = "<html><body>403 Forbidden</body></html>"


def verdict(run: Run) -> tuple[int, str, str]:
    collection: dict[str, Any] = run.receipt()["sites"][0]["collections"]["post"]
    return run.status, collection["verdict"], collection["why"]


def test_crawl_is_complete_with_joins_when_a_firewall_refuses_include(tmp_path: Path) -> None:
    with Newsroom(posts=120) as room:
        whole = crawl(tmp_path / "whole", "wp_posts", site=room.url)
        usual = len(room.requests)
        room.forget()
        room.order("include-refused")
        run = crawl(tmp_path / "refused", "wp_posts", site=room.url, warc="1")
        assert verdict(run)[:2] == (0, "complete"), run.said
        assert len(room.requests) <= 2 * usual
        same = ("id", "title", "author", "image", "terms")
        rows = [{row["id"]: [row[name] for name in same] for row in each.rows()} for each in (whole, run)]
        assert rows[0] == rows[1]
        ids = room.ids()
        for place in (3, 50):
            room.edit(ids[place], title="Edited")
        new = room.insert(date="2024-05-05T10:00:00")
        room.forget()
        run = crawl(tmp_path / "refused", "wp_posts", site=room.url, warc="1")
        assert verdict(run)[:2] == (0, "complete"), run.said
        assert sorted(row["id"] for row in run.rows()) == sorted([ids[3], ids[50], new])
        assert {row["request_url"].partition("?")[0].rpartition("/")[2] for row in run.rows()} == {
            str(number) for number in (ids[3], ids[50], new)
        }, "a row names the request that brought it"
        assert len(room.requests) <= 20
        status, said = verified(run)
        assert (status, "3 rows agree" in said) == (0, True), said


@pytest.mark.parametrize("match", ["_fields=name", "_fields="])
def test_api_stays_open_when_a_firewall_refuses_fields_of_the_index(match: str, tmp_path: Path) -> None:
    with Newsroom(posts=120) as room:
        crawl(tmp_path / "open", "wp_posts", site=room.url)
        usual = len(room.requests)
        room.forget()
        room.order("status", match, status=403, body=PAGE)
        run = crawl(tmp_path / "refused", "wp_posts", site=room.url)
        assert verdict(run) == (0, "complete", "all 120 listed came")
        assert sorted(row["id"] for row in run.rows()) == sorted(room.ids())
        assert len(room.requests) <= usual + 2


def test_closed_api_gets_one_request_for_the_index_without_fields(tmp_path: Path) -> None:
    with Newsroom(posts=20) as room:
        room.order("status", status=403, body=PAGE)
        run = crawl(tmp_path, "wp_posts", site=room.url)
        assert "keeps its REST API closed" in verdict(run)[2]
        indexes = [request.url for request in room.requests if "wp-json" in request.url or "rest_route" in request.url]
        assert sum("_fields" not in url for url in indexes) == 1


def test_category_is_crawled_completely_when_a_firewall_refuses_fields(tmp_path: Path) -> None:
    with Newsroom(posts=120) as room:
        category = crawl(tmp_path / "whole", "wp_posts", site=room.url).rows()[0]["categories"][0]
        wanted = [row["id"] for row in crawl(tmp_path / "open", "wp_posts", site=room.url, category=category).rows()]
        room.order("status", "_fields=", status=403, body=PAGE)
        run = crawl(tmp_path / "refused", "wp_posts", site=room.url, category=category)
        assert verdict(run)[:2] == (0, "complete"), run.said
        assert [row["id"] for row in run.rows()] == wanted != []


def test_crawl_is_complete_when_a_firewall_closes_the_users_route(tmp_path: Path) -> None:
    """Many firewalls close this route, so that nobody can list the logins of a site."""
    with Newsroom(posts=120) as room:
        crawl(tmp_path / "open", "wp_posts", site=room.url)
        usual = len(room.requests)
        room.forget()
        room.order("status", "/wp/v2/users", status=403, body=PAGE)
        run = crawl(tmp_path, "wp_posts", site=room.url)
        assert verdict(run) == (0, "complete", "all 120 listed came")
        assert sum("/wp/v2/users" in request.url for request in room.requests) <= 4
        assert len(room.requests) <= usual + 4
        room.forget()
        assert verdict(crawl(tmp_path, "wp_posts", site=room.url))[:2] == (0, "complete")
        assert not any("/wp/v2/users" in request.url for request in room.requests), "no row is owed"


@pytest.mark.parametrize("json", [False, True], ids=["a page", "words of a plugin"])
def test_smaller_pages_are_requested_when_a_firewall_refuses_large_pages(json: bool, tmp_path: Path) -> None:
    """All 350 posts came from their pages, by 393 requests."""
    with Newsroom(posts=350, feed="excerpts") as room:
        for size in range(51, 101):
            room.order("status", f"per_page={size}&", status=403, json=json)
        run = crawl(tmp_path, "wp_posts", site=room.url)
        assert verdict(run) == (0, "complete", "all 350 listed came")
        assert len(room.requests) <= 45
        room.forget()
        room.edit(room.ids()[7], title="Edited")
        assert verdict(crawl(tmp_path, "wp_posts", site=room.url))[:2] == (0, "complete")
        assert {request.status for request in room.requests} == {200}, "the page size is known"


def test_crawl_is_complete_with_joins_when_a_site_drops_include(tmp_path: Path) -> None:
    with Newsroom(posts=120) as room:
        whole = crawl(tmp_path / "whole", "wp_posts", site=room.url).rows()
        room.order("param-ignored", names=["include"])
        run = crawl(tmp_path / "dropped", "wp_posts", site=room.url)
        assert verdict(run) == (0, "complete", "all 120 listed came")
        same = ("id", "title", "author", "image", "terms")
        rows = [{row["id"]: [row[name] for name in same] for row in each} for each in (whole, run.rows())]
        assert rows[0] == rows[1]
        ids = room.ids()
        for place in (3, 50):
            room.edit(ids[place], title="Edited")
        run = crawl(tmp_path / "dropped", "wp_posts", site=room.url)
        assert verdict(run)[:2] == (0, "complete"), run.said
        assert sorted(row["id"] for row in run.rows()) == sorted([ids[3], ids[50]])


def of_users(room: Newsroom) -> int:
    return sum("/wp/v2/users" in request.url for request in room.requests)


@pytest.mark.parametrize(
    "closing",
    [{"fault": "unauthorized"}, {"fault": "status", "status": 403, "body": PAGE}],
    ids=["WordPress", "firewall"],
)
def test_closed_users_route_is_requested_in_two_runs(closing: dict[str, Any], tmp_path: Path) -> None:
    with Newsroom(posts=60) as room:
        room.order(match="/wp/v2/users", **closing)
        asked = []
        for run in range(4):
            room.edit(room.ids()[-1], title=f"Edited {run}")
            room.forget()
            told = crawl(tmp_path, "wp_posts", site=room.url)
            assert verdict(told)[:2] == (0, "complete"), told.said
            assert told.receipt()["sites"][0]["collections"]["post"]["links"]["users_forbidden"] >= 1
            asked.append(of_users(room))
        assert (asked[0] <= 5, asked[1] <= 2, asked[2:]) == (True, True, [0, 0])
        room.relent()
        assert crawl(tmp_path, "wp_users", site=room.url).status == 0
        room.edit(room.ids()[-1], title="Edited at last")
        (row,) = crawl(tmp_path, "wp_posts", site=room.url).rows()
        assert row["author"]["name"], "a route that answers is open again"


def test_users_route_closed_in_one_run_is_used_again_in_the_next_run(tmp_path: Path) -> None:
    with Newsroom(posts=60) as room:
        for run in range(2):
            room.order("unauthorized", "/wp/v2/users")
            room.edit(room.ids()[-1], title=f"Edited {run}")
            closed = crawl(tmp_path, "wp_posts", site=room.url)
            assert "name" not in (closed.rows()[-1]["author"] or {}) or closed.rows()[-1]["author"]["name"] is None
            room.relent()
            room.edit(room.ids()[0], title=f"Edited {run}")
            (row,) = crawl(tmp_path, "wp_posts", site=room.url).rows()
            assert row["author"]["name"], f"the refusal of run {run} has passed"
