"""The newsroom itself: its content and log, its changes during a crawl, its permalink styles and its pages."""

from __future__ import annotations

import gzip
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.arrival import longest_between
from tests.newsroom import Newsroom, Request
from tests.newsroom.initial_posts import DRAFT
from tests.newsroom.reading import get, posts
from tests.newsroom.room import REPOSITORY


@pytest.fixture(scope="module")
def site() -> Iterator[Newsroom]:
    with Newsroom(posts=60, ties=20) as opened:
        yield opened


# Content and log


def test_the_same_seed_gives_the_same_newsroom_and_another_seed_another() -> None:
    bodies = []
    for seed in (1, 1, 2):
        with Newsroom(posts=20, seed=seed) as room:
            port = room.url.split(":")[-1].strip("/")
            bodies.append(posts(room, "per_page=100").body.replace(port.encode(), b"PORT"))
    assert bodies[0] == bodies[1]
    assert bodies[0] != bodies[2]


def test_content_has_the_ordered_size() -> None:
    with Newsroom(posts=40, kilobytes=(11, 11), oddities=False) as room:
        sizes = [len(row["content"]["rendered"]) for row in posts(room, "per_page=100").json]
    assert min(sizes) > 10_000
    assert max(sizes) < 13_500


def test_request_log_holds_the_client_the_query_and_the_status(room: Newsroom) -> None:
    get(f"{room.api}wp/v2/posts?per_page=2&search=a%20b", User_Agent="lamplighter/1.0")
    get(room.url + "robots.txt")
    first, second = room.requests
    assert (first.route, first.params, first.status) == ("/wp/v2/posts", {"per_page": "2", "search": "a b"}, 200)
    assert first.user_agent == "lamplighter/1.0"
    assert first.host == room.url.split("/")[2]
    assert longest_between(first.time, second.time) >= 0
    assert longest_between(second.time, time.monotonic()) >= 0
    assert (second.route, second.url) == (None, "/robots.txt")


# Changes


def test_edits_publications_and_deletions_are_visible_at_once() -> None:
    with Newsroom(posts=10, ties=0) as room:
        before = room.ids()
        new = room.insert(date="2024-06-01T10:00:00", title="New", body="<p>Fresh</p>", tags=[101])
        room.edit(before[0], title="Changed")
        room.trash(before[1])
        room.delete(before[2])
        room.publish(DRAFT)
        assert set(posts(room, "per_page=100").ids) == {*before, new, DRAFT} - {before[1], before[2]}
        changed = get(f"{room.api}wp/v2/posts/{before[0]}").json
        assert changed["title"]["rendered"] == "Changed"
        assert changed["modified"] > changed["date"]
        assert get(f"{room.api}wp/v2/posts/{new}").json["content"]["rendered"] == "<p>Fresh</p>"
        assert get(f"{room.api}wp/v2/posts/{before[1]}").status == 401
        assert get(f"{room.api}wp/v2/posts/{before[2]}").status == 404


def test_late_publication_changes_neither_date_nor_modified() -> None:
    with Newsroom(posts=10) as room:
        row = room.site.row(DRAFT)
        assert row is not None
        room.publish(DRAFT)
        shown = get(f"{room.api}wp/v2/posts/{DRAFT}").json
        assert (shown["date"], shown["modified"]) == (row.date.local, row.modified.local)


def test_unpublishing_between_two_pages_makes_numbered_pages_skip_a_post() -> None:
    with Newsroom(posts=40, ties=0) as room:
        live = sorted(room.ids())

        def unpublish_the_first(request: Request) -> None:
            if request.params.get("page") == "1":
                room.unpublish(live[0])

        room.on_request(unpublish_the_first)
        query = "orderby=id&order=asc&per_page=10&_fields=id"
        seen = posts(room, f"{query}&page=1").ids + posts(room, f"{query}&page=2").ids
        assert len(seen) == 20
        assert live[10] not in seen


def test_rows_modified_by_an_edit_are_found_by_modified_after() -> None:
    with Newsroom(posts=10, ties=0) as room:
        assert posts(room, "modified_after=2030-01-01T00:00:00").ids == []
        room.edit(1003, modified="2031-01-01T00:00:00")
        assert posts(room, "modified_after=2030-01-01T00:00:00").ids == [1003]
        assert posts(room, "orderby=modified&per_page=1").ids == [1003]


def test_pages_by_date_lose_ties_and_a_cursor_with_exclude_does_not() -> None:
    with Newsroom(posts=120, ties=60, oddities=False) as room:
        query = "order=asc&_fields=id,date&per_page=10"
        paged = Counter(i for page in range(1, 13) for i in posts(room, f"{query}&page={page}").ids)
        assert set(paged) < set(room.ids())
        seen: dict[int, str] = {}
        while len(seen) < 120:
            edge = max(seen.values(), default="2000-01-01T00:00:00")
            at_edge = ",".join(str(post) for post, date in seen.items() if date == edge)
            after = (datetime.fromisoformat(edge) - timedelta(seconds=1)).isoformat()
            rows = posts(room, f"{query}&after={after}&exclude={at_edge}").json
            fresh = {row["id"]: row["date"] for row in rows if row["id"] not in seen}
            assert fresh
            seen |= fresh
        assert set(seen) == set(room.ids())


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_excluding_seen_posts_lists_every_post_once(room: Newsroom, order: str) -> None:
    seen: list[int] = []
    for left in range(60, 0, -5):
        gone = ",".join(map(str, seen))
        answer = posts(room, f"order={order}&per_page=5&_fields=id,date&exclude={gone}")
        assert answer.headers["x-wp-total"] == str(left)
        seen += answer.ids
    dates = [
        datetime.fromisoformat(row.date.local)
        for post in seen
        if (row := room.site.row(post)) and row.date.utc[0] != "-"
    ]
    assert sorted(seen) == sorted(room.ids())
    assert dates == sorted(dates, reverse=order == "desc")


# Styles


def test_plain_permalinks_answer_the_pretty_api_with_the_home_page() -> None:
    with Newsroom(posts=10, plain=True) as room:
        answer = get(room.url + "wp-json/")
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=UTF-8")
        assert f'<{room.url}?rest_route=/>; rel="https://api.w.org/"' in answer.headers["link"]
        for path in ("?rest_route=/wp/v2/posts", "index.php?rest_route=/wp/v2/posts"):
            assert len(get(room.url + path).ids) == 10
        row = get(room.url + "?rest_route=/wp/v2/posts/1003").json
        assert row["link"] == f"{room.url}?p=1003"
        assert row["_links"]["wp:term"][0]["href"] == f"{room.url}?rest_route=/wp/v2/categories&post=1003"


def test_api_of_a_site_in_a_folder_answers_only_at_its_own_prefix() -> None:
    with Newsroom(posts=10, folder="news", prefix="api-rest") as room:
        assert room.url.endswith("/news/")
        assert get(room.url + "api-rest/wp/v2/posts").status == 200
        assert get(room.url + "?rest_route=/wp/v2/posts").status == 200
        assert get(room.url + "wp-json/").status == 404
        root = room.url.removesuffix("news/")
        assert get(root + "wp-json/").status == 404
        assert f'<link rel="https://api.w.org/" href="{room.url}api-rest/" />' in get(room.url).body.decode()


def test_home_page_can_omit_its_links_to_the_api() -> None:
    with Newsroom(posts=10, link_header=False, link_element=False) as room:
        home = get(room.url)
        assert "link" not in home.headers
        assert b"api.w.org" not in home.body


def test_core_4_5_has_urls_as_relations_and_fewer_fields() -> None:
    with Newsroom(posts=10, core="4.5") as room:
        row = posts(room).json[0]
        assert "https://api.w.org/term" in row["_links"]
        assert "curies" not in row["_links"]
        assert not {"status", "template", "meta"} & set(row)
        assert set(row["content"]) == {"rendered"}


# Pages


def test_an_article_page_names_its_post_and_holds_its_content(room: Newsroom) -> None:
    row = get(f"{room.api}wp/v2/posts/1003").json
    page = get(row["link"])
    text = page.body.decode()
    assert page.status == 200
    assert row["content"]["rendered"] in text
    for mark in ('"postid-1003', "postid-1003 ", "/?p=1003' />", f'rel="canonical" href="{row["link"]}"'):
        assert mark.strip('"') in text
    described = json.loads(re.findall(r'ld\+json">(.*?)</script>', text)[0])
    assert described["datePublished"] == row["date_gmt"] + "+00:00"
    redirect = get(f"{room.url}?p=1003")
    assert (redirect.status, redirect.headers["location"]) == (301, row["link"])
    assert get(f"{room.url}?p={DRAFT}").status == 404


def test_every_link_of_a_listing_leads_to_the_page_of_its_post() -> None:
    with Newsroom(posts=120) as room:
        for base in ("posts", "pages", "stories", "media"):
            rows = get(f"{room.api}wp/v2/{base}?per_page=100&_fields=id,link").json
            assert rows
            wrong = [row["link"] for row in rows if f"post-{row['id']}".encode() not in get(row["link"]).body]
            assert wrong == []


def test_page_that_needs_javascript_lacks_the_article_in_its_html() -> None:
    with Newsroom(posts=10, javascript=True) as room:
        row = get(f"{room.api}wp/v2/posts/1003").json
        page = get(row["link"]).body.decode()
        assert "Report no. 1003" in row["content"]["rendered"]
        assert "Report no. 1003" not in page
        assert "postid-1003" in page


@pytest.mark.parametrize("plain", [False, True])
def test_feed_has_ten_posts_a_page_then_404_and_answers_304(plain: bool) -> None:
    with Newsroom(posts=25, plain=plain) as room:
        feed = room.url + ("?feed=rss2&paged=" if plain else "feed/?paged=")
        guids = [re.findall(r"<guid[^>]*>(.*?)</guid>", get(f"{feed}{page}").body.decode()) for page in (1, 2, 3)]
        assert [len(found) for found in guids] == [10, 10, 5]
        assert get(f"{feed}4").status == 404
        first = get(f"{feed}1")
        assert first.body.count(b"<content:encoded>") == 10
        tag, stamp = first.headers["etag"], first.headers["last-modified"]
        assert get(f"{feed}1", If_None_Match=tag).status == 304
        assert get(f"{feed}1", If_Modified_Since=stamp).status == 304
        room.edit(1003, modified="2031-01-01T00:00:00")
        assert get(f"{feed}1", If_None_Match=tag, If_Modified_Since=stamp).status == 200


@pytest.mark.parametrize(
    "options",
    [
        *({}, {"plain": True}, {"sitemap": "yoast"}, {"sitemap": "yoast", "gzip_sitemap": True}, {"folder": "news"}),
        *({"sitemap": "rankmath", "sitemap_size": 10}, {"sitemap": "aioseo", "sitemap_size": 10}),
    ],
    ids=["core", "plain", "yoast", "gzip", "folder", "rankmath", "aioseo"],
)
def test_sitemap_named_in_robots_txt_lists_every_post(options: dict[str, Any]) -> None:
    with Newsroom(posts=25, **options) as room:
        host = "/".join(room.url.split("/")[:3])
        index = get(re.findall(r"Sitemap: (\S+)", get(f"{host}/robots.txt").body.decode())[0])
        found = set()
        for location in re.findall(r"<loc>(.*?)</loc>", index.body.decode()):
            body = get(location.replace("&amp;", "&")).body
            body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            found |= set(re.findall(r"<loc>(.*?)</loc>", body.decode()))
        links = (
            {row["link"] for row in posts(room, "per_page=100&_fields=link").json}
            if not room.options.plain
            else {f"{room.url}?p={post}" for post in room.ids()}
        )
        assert links <= found


def test_robots_txt_has_the_ordered_text_status_and_delay() -> None:
    with Newsroom(posts=5, robots="User-agent: *\nDisallow: /wp-json/\n", robots_delay=0.2) as room:
        begun = time.monotonic()
        assert b"Disallow: /wp-json/" in get(room.url + "robots.txt").body
        assert time.monotonic() - begun >= 0.2
    with Newsroom(posts=5, robots_status=503) as room:
        assert get(room.url + "robots.txt").status == 503


def test_request_lines_over_the_limit_get_414(room: Newsroom) -> None:
    assert posts(room, f"include={'1000,' * 1_500}1000").status == 200
    assert posts(room, f"include={'1000,' * 1_700}1000").status == 414


# Processes


def test_newsroom_in_its_own_process_accepts_the_same_orders() -> None:
    with Newsroom(process=True, posts=30, plain=True) as room:
        assert room.pid is not None
        assert len(room.ids()) == 30
        room.order("status", times=1, status=502)
        room.trash(1003)
        assert [get(room.url + "?rest_route=/wp/v2/posts").status for _ in range(2)] == [502, 200]
        assert get(room.url + "?rest_route=/wp/v2/posts/1003").status == 401
        assert [request.status for request in room.requests] == [502, 200, 401]
        with pytest.raises(ValueError, match="no fault is called"):
            room.order("gremlins")


def test_newsroom_command_prints_its_url_and_ends_on_sigterm() -> None:
    command = [sys.executable, "-m", "tests.newsroom", "--posts", "12", "--plain", "--kilobytes", "3", "3"]
    order = json.dumps({"fault": "bom"})
    with subprocess.Popen([*command, "--order", order], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        answer = get(url + "?rest_route=/wp/v2/posts&per_page=100")
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0
    assert answer.body.startswith(b"\xef\xbb\xbf[")
    assert answer.headers["x-wp-total"] == "12"
