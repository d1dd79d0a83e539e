"""Every fault that a newsroom can make, as a client sees it."""

from __future__ import annotations

import gzip
import http.client
import time
import zlib
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.newsroom import Newsroom
from tests.newsroom.faults import FAULTS
from tests.newsroom.reading import get, posts
from tests.newsroom.room import REPOSITORY


@pytest.fixture(scope="module")
def site() -> Iterator[Newsroom]:
    with Newsroom(posts=60, ties=20) as opened:
        yield opened


def test_order_applies_the_given_number_of_times_and_only_to_matching_requests(room: Newsroom) -> None:
    room.order("status", "/wp/v2/posts", param={"page": "2"}, times=2, status=502)
    assert posts(room, "page=1").status == 200
    assert get(f"{room.api}wp/v2/users?page=2").status == 200
    assert [posts(room, "page=2").status for _ in range(3)] == [502, 502, 200]
    assert [request.faults for request in room.requests if request.status == 502] == [("status",)] * 2


def test_orders_apply_to_pages_only_with_an_asterisk(room: Newsroom) -> None:
    room.order("status", status=503)
    assert (posts(room).status, get(room.url + "robots.txt").status) == (503, 200)
    room.relent("status")
    room.order("status", "*", status=503)
    assert (posts(room).status, get(room.url + "robots.txt").status) == (503, 503)


def test_an_unknown_fault_or_parameter_is_refused(room: Newsroom) -> None:
    with pytest.raises(LookupError, match="no fault is called 'gremlins'; there are bom"):
        room.order("gremlins")
    with pytest.raises(TypeError, match="does not take seconds, only retry_after, as_date, status"):
        room.order("rate-limited", seconds=5)
    with pytest.raises(TypeError, match="post-kills-page needs ids"):
        room.order("post-kills-page")


@pytest.mark.parametrize(
    ("fault", "status", "sign"),
    [
        ("html-200", 200, b'<body class="home blog">'),
        ("login-wall", 200, b'name="pwd"'),
        ("maintenance", 503, b"scheduled maintenance"),
        ("challenge", 403, b"challenge-platform"),
        ("status", 500, b"It did not work"),
        ("empty-200", 200, b""),
        ("unauthorized", 401, b'"code":"rest_cannot_access"'),
        ("rate-limited", 429, b"Too Many"),
    ],
)
def test_blocking_faults_answer_instead_of_wordpress(room: Newsroom, fault: str, status: int, sign: bytes) -> None:
    room.order(fault)
    answer = posts(room)
    assert answer.status == status
    assert sign in answer.body
    assert not answer.body.startswith(b"[")
    if fault == "challenge":
        assert answer.headers["cf-mitigated"] == "challenge"


@pytest.mark.parametrize("fault", ["rate-limited", "maintenance"])
def test_retry_after_is_sent_in_seconds_or_as_a_date_that_is_not_too_early(room: Newsroom, fault: str) -> None:
    room.order(fault, times=1, retry_after=5)
    room.order(fault, times=1, retry_after=5, as_date=True)
    room.order(fault, times=1, retry_after=None)
    assert posts(room).headers["retry-after"] == "5"
    asked = time.time()
    assert parsedate_to_datetime(posts(room).headers["retry-after"]).timestamp() >= asked + 5
    assert "retry-after" not in posts(room).headers


def test_users_route_can_be_closed_alone(room: Newsroom) -> None:
    room.order("unauthorized", "/wp/v2/users", code="rest_user_cannot_view")
    assert get(f"{room.api}wp/v2/users").json["code"] == "rest_user_cannot_view"
    assert posts(room).status == 200


def test_redirects_lead_elsewhere_or_loop(room: Newsroom) -> None:
    room.order("redirect", "/wp/v2/users", to="/elsewhere?from={url}", status=302)
    room.order("redirect-loop", "/wp/v2/posts")
    answer = get(f"{room.api}wp/v2/users?page=1")
    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere?from=/wp-json/wp/v2/users?page=1")
    url = f"{room.api}wp/v2/posts"
    for _ in range(4):
        answer = get(url)
        assert answer.status == 302
        url = "/".join(url.split("/")[:3]) + answer.headers["location"]


def test_flaky_answers_are_random_and_the_same_in_every_run(room: Newsroom) -> None:
    runs = []
    for _ in range(2):
        room.order("flaky", chance=0.3, seed=7)
        runs.append([posts(room, "_fields=id&per_page=1").status for _ in range(60)])
        room.relent()
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 502, 504, 520}
    assert 6 < sum(status != 200 for status in runs[0]) < 32


def test_include_is_refused_always_or_for_one_id(room: Newsroom) -> None:
    room.order("include-poison", "/wp/v2/media", id=1004)
    assert get(f"{room.api}wp/v2/media?include=1001,1004").status == 401
    assert get(f"{room.api}wp/v2/media?include=1001,1007").status == 200
    room.order("include-refused")
    assert get(f"{room.api}wp/v2/media?include=1001,1007").status == 403


def test_parameters_are_refused_or_ignored(room: Newsroom) -> None:
    room.order("param-refused", times=1)
    room.order("param-refused", name="orderby", values=["id"])
    assert posts(room, "exclude=1").json["data"]["params"] == {"exclude": "Invalid parameter."}
    assert [posts(room, f"orderby={key}").status for key in ("id", "date")] == [400, 200]
    room.relent()
    room.order("param-ignored")
    assert posts(room, "page=1&orderby=id").ids == posts(room, "page=2&orderby=id").ids


def test_rows_can_lack_their_content(room: Newsroom) -> None:
    room.order("no-content", times=1)
    room.order("no-content", gone=False)
    gone, empty = posts(room), posts(room)
    assert all("content" not in row and row["title"]["rendered"] for row in gone.json)
    assert {row["content"]["rendered"] for row in empty.json} == {""}


def test_limit_of_the_request_line_can_be_lowered(room: Newsroom) -> None:
    room.order("uri-too-long", bytes=100)
    assert [posts(room, f"include={'1,' * n}1").status for n in (5, 60)] == [200, 414]


def test_stale_cache_repeats_its_first_answer() -> None:
    with Newsroom(posts=10) as room:
        room.order("stale-cache")
        first = posts(room)
        room.edit(first.ids[0], title="Changed")
        assert posts(room).body == first.body
        assert b"Changed" in posts(room, "again=1").body


def test_lowered_maximum_of_per_page_is_refused_or_applied_silently(room: Newsroom) -> None:
    room.order("per-page-cap", maximum=20)
    answer = posts(room, "per_page=50")
    assert answer.json["data"]["params"]["per_page"] == "per_page must be between 1 (inclusive) and 20 (inclusive)"
    args = get(room.api).json["routes"]["/wp/v2/posts"]["endpoints"][0]["args"]
    assert args["per_page"]["maximum"] == 20
    room.relent()
    room.order("per-page-cap", maximum=20, silent=True)
    assert len(posts(room, "per_page=50").ids) == 20
    room.relent()
    room.order("forced-page-size", size=7)
    forced = posts(room, "per_page=50")
    assert (len(forced.ids), forced.headers["x-wp-totalpages"]) == (7, "9")


def test_every_page_that_renders_a_fatal_post_fails(room: Newsroom) -> None:
    room.order("post-kills-page", ids=[1030])
    page = "per_page=100&_fields="
    assert [posts(room, page + fields).status for fields in ("id,content", "id,excerpt", "id,title")] == [500, 500, 200]
    assert posts(room, "include=1003,1006").status == 200
    assert get(f"{room.api}wp/v2/posts/1030").status == 500
    accepting = get(f"{room.api}wp/v2/posts/1030", Accept="application/json")
    assert accepting.json["code"] == "internal_server_error"
    assert get(f"{room.api}wp/v2/posts/1030").headers["content-type"].startswith("text/html")


def test_fatal_post_can_fail_with_the_error_of_a_proxy(room: Newsroom) -> None:
    room.order("post-kills-page", ids=[1030], bare=502)
    died = posts(room, "per_page=100&_fields=id,content")
    assert (died.status, died.headers["content-type"].startswith("text/html")) == (502, True)


def test_pages_can_ignore_the_requested_order(room: Newsroom) -> None:
    ordered = "orderby=id&order=asc&_fields=id&per_page=20"
    plain = posts(room, ordered).ids
    room.order("pinned-row", times=1, id=1030)
    assert posts(room, ordered).ids == [1030, *(row_id for row_id in plain if row_id != 1030)]
    room.order("shuffled-rows", times=1)
    shuffled = posts(room, ordered).ids
    assert (shuffled != plain, sorted(shuffled)) == (True, plain)
    room.order("cache-nodes")
    kept = [posts(room, f"offset={offset}&per_page=20").ids for offset in (0, 5, 10, 15)]
    assert (kept[0], kept[1], kept[0] != kept[1]) == (kept[2], kept[3], True)


def test_rows_can_be_hidden_repeated_or_sent_as_an_object(room: Newsroom) -> None:
    plain = posts(room, "orderby=id&order=asc")
    room.order("hidden-rows", times=1, ids=plain.ids[:2])
    hidden = posts(room, "orderby=id&order=asc")
    assert (hidden.ids, hidden.headers["x-wp-total"]) == (plain.ids[2:], "60")
    room.order("doubled-rows", times=1)
    assert posts(room, "orderby=id&order=asc").ids == plain.ids[:1] + plain.ids
    room.order("objects-for-lists", times=1)
    packed = posts(room, "orderby=id&order=asc").json
    assert list(packed)[:3] == ["0", "2", "3"]
    assert [row["id"] for row in packed.values()] == plain.ids
    assert isinstance(packed["0"]["categories"], dict)


@pytest.mark.parametrize(("fault", "total"), [("wrong-totals", "7"), ("zero-totals", "0"), ("missing-totals", None)])
def test_totals_can_be_wrong_or_absent(room: Newsroom, fault: str, total: str | None) -> None:
    room.order(fault)
    answer = posts(room)
    assert answer.headers.get("x-wp-total") == total
    assert len(answer.ids) == 10


def test_rate_limits_are_sent_in_headers(room: Newsroom) -> None:
    room.order("rate-limit-headers", times=1, remaining=3)
    room.order("rate-limit-headers", x=True, reset=9)
    assert posts(room).headers["ratelimit-remaining"] == "3"
    assert posts(room).headers["x-ratelimit-reset"] == "9"


@pytest.mark.parametrize(
    ("fault", "how", "starts", "ends"),
    [
        ("bom", {}, b"\xef\xbb\xbf[{", b"]"),
        ("php-notice", {}, b"<br />\n<b>Notice</b>", b"]"),
        ("html-comment", {}, b"[{", b"-->"),
        ("deep-json", {"depth": 50}, b"[" * 50, b"]" * 50),
        ("huge-numbers", {}, b'[{"menu_order":18446744073709551616,"id":', b"]"),
        ("huge-numbers", {"text": "NaN"}, b'[{"menu_order":NaN,', b"]"),
    ],
)
def test_bodies_are_damaged_in_the_ordered_way(
    room: Newsroom, fault: str, how: dict[str, Any], starts: bytes, ends: bytes
) -> None:
    room.order(fault, **how)
    body = posts(room).body
    assert body.startswith(starts)
    assert body.endswith(ends)


def test_truncated_json_has_a_matching_content_length(room: Newsroom) -> None:
    whole = posts(room).body
    room.order("truncated-json", keep=0.5)
    cut = posts(room)
    assert cut.body == whole[: len(whole) // 2]
    assert cut.headers["content-length"] == str(len(cut.body))


def test_truncated_compressed_data_has_a_matching_content_length(room: Newsroom) -> None:
    whole = posts(room).body
    room.order("truncated-gzip", keep=0.5)
    url = f"{room.api}wp/v2/posts?"
    cut = get(url, Accept_Encoding="gzip")
    unpacked = zlib.decompressobj(wbits=31).decompress(cut.body)
    assert whole.startswith(unpacked) and 0 < len(unpacked) < len(whole)
    assert (cut.headers["content-encoding"], cut.headers["content-length"]) == ("gzip", str(len(cut.body)))
    assert get(url, Accept_Encoding="identity").body == whole
    room.order("truncated-gzip", always=True)
    assert get(url, Accept_Encoding="identity").body == cut.body


def test_titles_can_hold_lone_surrogates_and_the_charset_can_be_wrong(room: Newsroom) -> None:
    room.order("lone-surrogates", times=1)
    assert posts(room).json[0]["title"]["rendered"].startswith("\ud83d")
    room.order("wrong-charset")
    answer = posts(room, "per_page=100")
    assert answer.headers["content-type"] == "text/html; charset=ISO-8859-1"
    assert "\u2014".encode() in answer.body


def test_a_gzip_bomb_unpacks_to_megabytes(room: Newsroom) -> None:
    room.order("gzip-bomb", megabytes=3)
    answer = posts(room)
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < 20_000
    assert len(gzip.decompress(answer.body)) == 3 * (1 << 20) + 2


def test_cut_body_is_shorter_than_its_content_length(room: Newsroom) -> None:
    room.order("cut-body", keep=0.25)
    with pytest.raises(http.client.IncompleteRead) as caught:
        posts(room)
    partial, missing = len(caught.value.partial), caught.value.expected
    assert missing is not None
    assert partial * 3 == pytest.approx(missing, abs=4)


def test_dropped_connection_sends_no_answer(room: Newsroom) -> None:
    room.order("dropped", times=1)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        posts(room)
    assert posts(room).status == 200


def test_stalled_body_stops_and_slow_drip_arrives_slowly(room: Newsroom) -> None:
    room.order("stalled-body", times=1, keep=0.1, seconds=0.4)
    begun = time.monotonic()
    with pytest.raises(http.client.IncompleteRead):
        posts(room)
    assert time.monotonic() - begun >= 0.4
    room.order("slow-drip", times=1, bytes=200, every=0.05)
    begun = time.monotonic()
    body = posts(room, "_fields=id,date,link&per_page=10").body
    # The last piece comes before the last pause.
    assert time.monotonic() - begun >= 0.05 * (-(-len(body) // 200) - 1)
    room.order("slow", seconds=0.3)
    begun = time.monotonic()
    assert posts(room).status == 200
    assert time.monotonic() - begun >= 0.3


def test_every_fault_has_a_test_in_this_file() -> None:
    """The tests above name each registered fault, so that every fault is tested."""
    source = (REPOSITORY / "tests/crawl/test_newsroom_faults.py").read_text()
    untried = [name for name in FAULTS if f'"{name}"' not in source]
    assert untried == []
