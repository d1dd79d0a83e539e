"""Compares the test site with its SQL, and the facts that newsbot relies on with both versions of WordPress."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from email.message import Message
from typing import Any

import pytest

from tests.real import truth
from tests.real.truth import Rows
from tests.real.wordpress import WordPress

pytestmark = pytest.mark.real


def ask(site: WordPress, route: str, *, method: str = "GET", **query: Any) -> tuple[int, Message, Any]:
    """Status, headers, decoded body; routes by ``?rest_route=``, which both permalink styles answer."""
    url = f"{site.url}/?{urllib.parse.urlencode({'rest_route': route, **query})}"
    try:
        reply = urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60)
    except urllib.error.HTTPError as error:
        reply = error
    with reply:
        body = reply.read()
        return reply.status, reply.headers, json.loads(body) if body else None


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


def test_api_answers_json_in_both_permalink_styles(wordpress: WordPress) -> None:
    with urllib.request.urlopen(f"{wordpress.url}/wp-json/") as reply:
        assert "wp/v2" in json.load(reply)["namespaces"]
    wordpress.set_permalinks("plain")
    assert "wp/v2" in ask(wordpress, "/")[2]["namespaces"]
    with urllib.request.urlopen(f"{wordpress.url}/wp-json/") as reply:
        assert reply.headers.get_content_type() == "text/html"
        assert 'rel="https://api.w.org/"' in reply.headers["Link"]


@pytest.mark.parametrize(("base", "post_type"), [("posts", "post"), ("pages", "page"), ("reports", "report")])
def test_totals_of_get_and_head_equal_the_count_in_sql(wordpress: WordPress, base: str, post_type: str) -> None:
    expected = str(len(truth.posts(wordpress, post_type)))
    assert ask(wordpress, f"/wp/v2/{base}", _fields="id")[1]["X-WP-Total"] == expected
    assert ask(wordpress, f"/wp/v2/{base}", method="HEAD")[1]["X-WP-Total"] == expected


def test_users_route_lists_users_with_posts(wordpress: WordPress) -> None:
    assert set(ids(ask(wordpress, "/wp/v2/users", per_page=100)[2])) == set(truth.users(wordpress))


def test_media_of_a_draft_is_counted_but_not_listed(wordpress: WordPress) -> None:
    total = int(ask(wordpress, "/wp/v2/media", _fields="id")[1]["X-WP-Total"])
    assert total == len(truth.media(wordpress)) + 1
    assert truth.named(wordpress)["image_of_draft"] not in truth.media(wordpress)


def test_per_page_above_100_is_refused(wordpress: WordPress) -> None:
    status, _, body = ask(wordpress, "/wp/v2/posts", per_page=101)
    assert (status, body["code"]) == (400, "rest_invalid_param")


def test_page_after_the_last_is_an_error_for_posts_and_empty_for_terms(wordpress: WordPress) -> None:
    status, _, body = ask(wordpress, "/wp/v2/posts", page=9999)
    assert (status, body["code"]) == (400, "rest_post_invalid_page_number")
    assert ask(wordpress, "/wp/v2/tags", page=9999)[::2] == (200, [])


def test_include_drops_unknown_ids_silently(wordpress: WordPress) -> None:
    known = truth.named(wordpress)["sticky"]
    assert ids(ask(wordpress, "/wp/v2/posts", include=f"{known},88888888")[2]) == [known]


def test_after_is_strict_in_local_time_and_exclude_removes_rows(wordpress: WordPress) -> None:
    tied = wordpress.sql("SELECT ID FROM wp_posts WHERE post_date = '2021-06-15 12:00:00' AND post_type = 'post'")
    assert len(tied) == 250
    order: dict[str, Any] = {"orderby": "date", "order": "asc", "per_page": 100, "_fields": "id,date"}
    at = ask(wordpress, "/wp/v2/posts", after="2021-06-15T12:00:00", **order)[2]
    assert all(row["date"] > "2021-06-15T12:00:00" for row in at)
    before = ask(wordpress, "/wp/v2/posts", after="2021-06-15T11:59:59", **order)[2]
    assert {row["date"] for row in before} == {"2021-06-15T12:00:00"}
    seen = set(ids(before))
    rest = ask(wordpress, "/wp/v2/posts", after="2021-06-15T11:59:59", exclude=",".join(map(str, seen)), **order)[2]
    assert len(rest) == 100
    assert not seen & set(ids(rest))


def test_comments_of_an_unreadable_post_refuse_the_batch(wordpress: WordPress) -> None:
    named = truth.named(wordpress)
    assert ask(wordpress, "/wp/v2/comments", post=named["sticky"])[0] == 200
    assert ask(wordpress, "/wp/v2/comments", post=f"{named['sticky']},{named['draft']}")[0] == 401


def test_media_are_listed_for_several_parents(wordpress: WordPress) -> None:
    parents = sorted({row["post"] for row in truth.media(wordpress).values() if row["post"]})[:2]
    given = ask(wordpress, "/wp/v2/media", parent=",".join(map(str, parents)), per_page=100)[2]
    assert {row["post"] for row in given} == set(parents)


def test_a_protected_post_has_no_content(wordpress: WordPress) -> None:
    post = ask(wordpress, f"/wp/v2/posts/{truth.named(wordpress)['protected']}")[2]
    assert (post["content"]["protected"], post["content"]["rendered"]) == (True, "")


def test_fields_omits_links(wordpress: WordPress) -> None:
    assert set(ask(wordpress, "/wp/v2/posts", _fields="id,slug", per_page=1)[2][0]) == {"id", "slug"}
    assert "_links" in ask(wordpress, "/wp/v2/posts", per_page=1)[2][0]


@pytest.mark.parametrize(("base", "read"), [("media", truth.media), ("comments", truth.comments)])
def test_truth_equals_the_rows_that_visitors_get(
    wordpress: WordPress, base: str, read: Callable[[WordPress], Rows]
) -> None:
    given: list[int] = []
    for page in range(1, 13):
        status, _, body = ask(
            wordpress, f"/wp/v2/{base}", page=page, per_page=100, orderby="id", order="asc", _fields="id"
        )
        given += ids(body) if status == 200 else []
    assert sorted(given) == sorted(read(wordpress))


def test_zero_date_is_listed_as_a_negative_year(wordpress: WordPress) -> None:
    post = ask(wordpress, f"/wp/v2/posts/{truth.named(wordpress)['zero_date']}")[2]
    assert post["date"] == "-0001-11-30T00:00:00"


def test_kept_restores_the_site_and_a_plugin_ends_with_its_block(wordpress: WordPress) -> None:
    before = truth.posts(wordpress)
    closed = "add_filter('rest_authentication_errors', fn() => new WP_Error('closed', 'No.', ['status' => 401]));"
    with wordpress.kept(), wordpress.mu_plugin("closed", closed):
        new = wordpress.insert_post(post_title="New", post_content="Text")
        assert new in truth.posts(wordpress)
        assert ask(wordpress, "/wp/v2/posts")[0] == 401
    assert truth.posts(wordpress) == before
    assert ask(wordpress, "/wp/v2/posts")[0] == 200


def test_late_publication_changes_no_date(wordpress: WordPress) -> None:
    with wordpress.kept():
        post = wordpress.schedule(post_title="Late", post_content="Text")
        wordpress.publish_late(post, date="2024-01-10 09:00:00", date_gmt="2024-01-10 08:00:00")
        row = ask(wordpress, f"/wp/v2/posts/{post}")[2]
    assert (row["date_gmt"], row["modified_gmt"]) == ("2024-01-10T08:00:00", "2024-01-10T08:00:00")


def test_request_log_holds_method_status_and_uri(wordpress: WordPress) -> None:
    wordpress.forget_requests()
    ask(wordpress, "/wp/v2/posts", per_page=101)
    [request] = wordpress.requests()
    assert (request.method, request.status, "per_page=101" in request.uri) == ("GET", 400, True)
