"""Checks of listings: pages, totals, orders, windows and filters."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.newsroom.records import ZERO
from tests.newsroom.rest_client import Ask
from tests.newsroom.truth import NOBODY, Check, Truth, ids_in, refused, walk

CHECKS: list[Check] = []


def contract(check: Check) -> Check:
    CHECKS.append(check)
    return check


@contract
def check_a_walk_by_id_gives_every_post_once(ask: Ask, truth: Truth) -> None:
    ids = walk(ask, "/wp/v2/posts", {"orderby": "id", "order": "asc"})
    assert ids == sorted(truth.posts)


@contract
def check_pages_lose_and_repeat_posts_that_share_a_date(ask: Ask, truth: Truth) -> None:
    second = datetime.fromisoformat(truth.tied)
    window = {
        "after": (second - timedelta(seconds=1)).isoformat(),
        "before": (second + timedelta(seconds=1)).isoformat(),
        # On small sites MySQL may read orderby=date from an index, which orders ties. No other order has such an index.
        "orderby": "modified",
        "order": "asc",
    }
    tied = {post for post, date in truth.posts.items() if date == truth.tied}
    ids = walk(ask, "/wp/v2/posts", window | {"per_page": 20})
    assert len(ids) == len(tied)
    assert set(ids) < tied
    assert sorted(walk(ask, "/wp/v2/posts", window | {"per_page": 20, "orderby": "id"})) == sorted(tied)


@contract
def check_exclude_takes_rows_out_of_list_and_total(ask: Ask, truth: Truth) -> None:
    first = ask("/wp/v2/posts", {"order": "asc", "_fields": "id", "per_page": 5})
    gone = ids_in(first)
    reply = ask("/wp/v2/posts", {"order": "asc", "_fields": "id", "exclude": ",".join(map(str, [*gone, NOBODY]))})
    assert not set(gone) & set(ids_in(reply))
    assert int(reply.headers["x-wp-total"]) == len(truth.posts) - 5


@contract
def check_include_drops_unknown_ids_and_keeps_ten_a_page(ask: Ask, truth: Truth) -> None:
    ids = sorted(truth.posts)[:12]
    asked = ",".join(map(str, [*ids, truth.draft, truth.trashed, NOBODY]))
    reply = ask("/wp/v2/posts", {"include": asked, "_fields": "id"})
    assert len(ids_in(reply)) == 10
    assert reply.headers["x-wp-total"] == "12"
    ordered = ask("/wp/v2/posts", {"include": asked, "orderby": "include", "per_page": 100, "_fields": "id"})
    assert ids_in(ordered) == ids


@contract
def check_per_page_beyond_100_is_refused_with_the_limit(ask: Ask, truth: Truth) -> None:
    reply = ask("/wp/v2/posts", {"per_page": 101})
    refused(reply, 400, "rest_invalid_param")
    assert reply.json["message"] == "Invalid parameter(s): per_page"
    assert reply.json["data"]["params"] == {"per_page": "per_page must be between 1 (inclusive) and 100 (inclusive)"}
    assert reply.json["data"]["details"]["per_page"]["code"] == "rest_out_of_bounds"


@contract
def check_page_zero_and_an_unknown_order_are_refused(ask: Ask, truth: Truth) -> None:
    page = ask("/wp/v2/posts", {"page": 0})
    refused(page, 400, "rest_invalid_param")
    assert page.json["data"]["params"] == {"page": "page must be greater than or equal to 1"}
    order = ask("/wp/v2/posts", {"orderby": "weight"})
    assert order.json["data"]["params"]["orderby"].startswith("orderby is not one of author, date, id, include,")
    word = ask("/wp/v2/posts", {"include": "one"})
    assert word.json["data"]["params"] == {"include": "include[0] is not of type integer."}


@contract
def check_past_the_end_posts_refuse_and_the_rest_is_empty(ask: Ask, truth: Truth) -> None:
    for route in ("/wp/v2/posts", "/wp/v2/media", "/wp/v2/pages"):
        refused(ask(route, {"page": 9_000, "per_page": 100}), 400, "rest_post_invalid_page_number")
    for route in ("/wp/v2/categories", "/wp/v2/tags", "/wp/v2/users", "/wp/v2/comments"):
        reply = ask(route, {"page": 9_000, "per_page": 100})
        assert (reply.status, reply.json) == (200, [])


@contract
def check_an_empty_listing_is_no_error(ask: Ask, truth: Truth) -> None:
    reply = ask("/wp/v2/posts", {"after": "2090-01-01T00:00:00"})
    assert (reply.status, reply.json, reply.headers["x-wp-total"]) == (200, [], "0")


@contract
def check_totals_and_links_lead_from_page_to_page(ask: Ask, truth: Truth) -> None:
    total = len(truth.posts)
    pages = -(-total // 100)
    first = ask("/wp/v2/posts", {"per_page": 100, "_fields": "id"})
    assert first.headers["x-wp-total"] == str(total)
    assert first.headers["x-wp-totalpages"] == str(pages)
    assert re.search(r'page=2[^>]*>; rel="next"', first.headers["link"])
    last = ask("/wp/v2/posts", {"per_page": 100, "_fields": "id", "page": pages})
    assert 'rel="prev"' in last.headers["link"]
    assert 'rel="next"' not in last.headers["link"]


@contract
def check_head_carries_the_totals(ask: Ask, truth: Truth) -> None:
    reply = ask("/wp/v2/posts", {"per_page": 1}, method="HEAD")
    assert (reply.status, reply.headers["x-wp-total"]) == (200, str(len(truth.posts)))
    assert reply.json is None


@contract
def check_with_offset_the_page_is_ignored_and_next_goes_on(ask: Ask, truth: Truth) -> None:
    asked: dict[str, str | int] = {"offset": 3, "per_page": 5, "orderby": "id", "_fields": "id"}
    first, second = ask("/wp/v2/posts", asked | {"page": 1}), ask("/wp/v2/posts", asked | {"page": 2})
    assert ids_in(first) == ids_in(second) == sorted(truth.posts, reverse=True)[3:8]
    assert 'rel="next"' in second.headers["link"]


@contract
def check_after_and_before_compare_local_dates_and_leave_out_the_edge(ask: Ask, truth: Truth) -> None:
    dates = sorted(date for date in truth.posts.values() if date != ZERO)
    low, high = dates[len(dates) // 4], dates[len(dates) // 2]
    expected = {post for post, date in truth.posts.items() if date != ZERO and low < date < high}
    window: dict[str, str | int] = {"after": low, "before": high, "orderby": "id"}
    assert set(walk(ask, "/wp/v2/posts", window)) == expected


@contract
def check_a_date_with_z_is_converted_to_the_sites_zone(ask: Ask, truth: Truth) -> None:
    dates = sorted(date for date in truth.posts.values() if date != ZERO)
    edge = dates[len(dates) // 2]
    utc = datetime.fromisoformat(edge).replace(tzinfo=ZoneInfo(truth.zone)).astimezone(ZoneInfo("UTC"))
    zoned, local = ({"after": text, "_fields": "id"} for text in (utc.strftime("%Y-%m-%dT%H:%M:%SZ"), edge))
    assert ask("/wp/v2/posts", zoned).headers["x-wp-total"] == ask("/wp/v2/posts", local).headers["x-wp-total"]
    assert ask("/wp/v2/posts", local).headers["x-wp-total"] == str(sum(date > edge for date in dates))


@contract
def check_bare_dates_and_unescaped_plus_signs_are_refused(ask: Ask, truth: Truth) -> None:
    for text in ("2024-01-01", "2024-01-01T00:00:00 00:00", "yesterday"):
        reply = ask("/wp/v2/posts", {"after": text})
        refused(reply, 400, "rest_invalid_param")
        assert reply.json["data"]["params"] == {"after": "Invalid date."}


@contract
def check_modified_after_finds_what_was_edited(ask: Ask, truth: Truth) -> None:
    dates = sorted(date for date in truth.modified.values() if date != ZERO)
    edge = dates[len(dates) * 3 // 4]
    expected = {post for post, date in truth.modified.items() if date != ZERO and date > edge}
    assert set(walk(ask, "/wp/v2/posts", {"modified_after": edge, "orderby": "id"})) == expected


@contract
def check_terms_are_filtered_and_counted(ask: Ask, truth: Truth) -> None:
    terms = ask("/wp/v2/tags", {"per_page": 5, "orderby": "count", "order": "desc"}).json
    assert [term["count"] for term in terms] == sorted((term["count"] for term in terms), reverse=True)
    tagged = ask("/wp/v2/posts", {"tags": terms[0]["id"], "per_page": 1, "_fields": "id,tags"})
    # A term counts its posts of every type.
    assert 0 < int(tagged.headers["x-wp-total"]) <= terms[0]["count"]
    assert terms[0]["id"] in tagged.json[0]["tags"]
    assert "parent" not in terms[0]


@contract
def check_a_slug_finds_its_post(ask: Ask, truth: Truth) -> None:
    post = ask(f"/wp/v2/posts/{max(truth.posts)}", {"_fields": "id,slug"}).json
    assert post["id"] in ids_in(ask("/wp/v2/posts", {"slug": post["slug"], "_fields": "id"}))
    assert ask("/wp/v2/posts", {"slug": "no-such-slug-anywhere"}).json == []
