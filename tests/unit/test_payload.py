"""Bodies as real sites send them."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.errors import BadStatus, Challenge, Flooded, NotJson, PayloadError, Refused, TooDeep, Truncated
from newsbot.wordpress import payload
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.replies import MOST_ROWS, rows_of, total_of, with_rows


def reply(body: bytes, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, url="https://a.example", headers=named, body=body)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"id":1}]',
        b'\xef\xbb\xbf[{"id":1}]',
        b'<br />\n<b>Notice</b>: x[0] in {y} on line <b>3</b>\n[{"id":1}]',
        b'[{"id":1}]\n<!-- Cached by a plugin -->',
        b'\n\n [{"id":1}]\x00',
        b'[28-Nov-2026 06:00:00 UTC] PHP Notice:  x in y\n[{"id":1}]',
        b'[{"id":1}]<br />\n<b>Deprecated</b>: x[0] in {y} on line <b>3</b><br />',
        b'[{"id":1}]\nDeprecated: x[0] in /y.php on line 3\n',
        b'<br />\n<b>Notice</b>: x[0] in y<br />\n[{"id":1}]<br />\n<b>Warning</b>: z in y<br />\n',
        b'\nWarning: x[0] in {y} on line 3\nPHP Notice: z in y\n[{"id":1}]\nFatal error: Allowed memory size',
        b'[{"id":1}]<script>var a = [1];</script>',
        b'{"notice":"x"}[{"id":1}]',
        b'[][{"id":1}]',
        b'[28-Nov-2026 07:00:00 UTC] PHP Notice: x<br />[{"id":1}]',
        '[{"id":1}]'.encode("utf-16"),
    ],
)
def test_json_with_other_text_around_it_is_read(body: bytes) -> None:
    assert payload.read(reply(body)) == [{"id": 1}]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Größe “x”".encode("cp1252"), "Größe “x”"),
        ("Größe “x”".encode(), "Größe “x”"),
        ("Größe".encode() + b" \xe2\x80", "Größe \ufffd"),
        (b"K\xf6ln \x81", "Köln \x81"),
        ("Größe \ufffd".encode(), "Größe \ufffd"),
        ("a\ufffdb\x01".encode(), "a\ufffdb\x01"),
    ],
)
def test_json_in_another_charset_than_utf_8_is_read(body: bytes, text: str) -> None:
    assert payload.parse(b'["' + body + b'"]') == [text]


def test_lone_surrogates_and_raw_control_characters_are_read() -> None:
    assert payload.parse(b'["\\ud800", "a\nb"]') == ["\ud800", "a\nb"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(b""), NotJson),
        (reply(b"<html><form action='/wp-login.php'>"), NotJson),
        (reply(b'[{"id":1},{"id"'), Truncated),
        (reply(b"<html>var a = []<br />"), NotJson),
        (reply(b"<html>\nWarning: x\nvar a = []<br />"), NotJson),
        (reply(b"Warning: x, see " + b'[{"id":1}]\n<br />'), NotJson),
        (reply(b"[" * 200_000), TooDeep),
        (reply(b"[" + b'{"id": 1}, ' * 600_000 + b"{}]"), Flooded),
        (reply(b"[" + b"[]," * 1_500_000 + b"0]"), Flooded),
        (reply(b"<html>", 502), BadStatus),
        (reply(b"<html>", 403, cf_mitigated="challenge"), Challenge),
        (reply(b"<title>Just a moment...</title>", 503), Challenge),
        (reply(b'{"code":"rest_forbidden","message":"No.","data":{"status":401}}', 401), Refused),
    ],
)
def test_every_other_body_raises_a_named_error(answer: Reply, error: type[PayloadError]) -> None:
    with pytest.raises(error):
        payload.read(answer)
    # The function that the driver calls gives the same result, except where only the reader parses the answer.
    if error is not Flooded:
        assert isinstance(payload.fault(Query(url="", purpose=""), answer), error)


@pytest.mark.parametrize("body", [b'["an error"]', b'[[{"id":1}]]', b"[0]", b"[[], null]"])
def test_list_without_rows_does_not_count_as_empty(body: bytes) -> None:
    with pytest.raises(NotJson, match="expected rows"):
        rows_of(reply(body))
    assert rows_of(reply(b"[null]")) == rows_of(reply(b"[]")) == []


@pytest.mark.parametrize(
    "body", [b'[{"id":1},<br /><b>Fatal error</b>: x[0]', b'[{"content":"as in [1]', b'[{"content":"<p>[1]']
)
def test_brackets_at_the_end_of_truncated_json_are_no_answer(body: bytes) -> None:
    with pytest.raises(Truncated):
        payload.read(reply(body))


def test_large_page_is_read_and_too_many_rows_are_refused() -> None:
    article = {"id": 1, "content": "Words, and more words, of a long article. " * 2_500}
    assert len(rows_of(reply(orjson.dumps([article] * 100)))) == 100
    with pytest.raises(Flooded):
        rows_of(reply(orjson.dumps([{"id": number} for number in range(MOST_ROWS + 1)])))


@pytest.mark.parametrize(
    ("header", "total"),
    [("5", 5), ('"5"', 5), ("5, 5", 5), ("5, 7", None), ("", None), ("-1", None), ("1.234", None), ("111,111", None)],
)
def test_total_is_read_when_a_proxy_sends_it_twice(header: str, total: int | None) -> None:
    assert total_of(reply(b"[]", x_wp_total=header)) == total


@pytest.mark.parametrize(
    ("total", "headers"),
    [
        (250, {"x-wp-total": "250", "x-wp-totalpages": "3"}),
        (0, {"x-wp-total": "0", "x-wp-totalpages": "0"}),
        (None, {}),
    ],
)
def test_a_reply_with_other_rows_has_their_totals_and_no_link_to_the_next_page(
    total: int | None, headers: dict[str, str]
) -> None:
    came = reply(b"[]", x_wp_total="7", x_wp_totalpages="1", link="<https://news.example/next>", etag="1")
    given = with_rows(came, [{"id": 2**70, "slug": "\ud83d"}], total=total, size=100)
    assert given.headers == {"etag": "1"} | headers
    assert rows_of(given) == [{"id": 2**70, "slug": "\ud83d"}]


BARE = b"<html><head><script src='/_Incapsula_Resource?SWJIYLWA=1'></script></head><body></body></html>"
SILENT = b"<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"


@pytest.mark.parametrize(
    ("body", "check"),
    [
        (b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>", True),
        (b"<html><script>window._cf_chl_opt = {}</script></html>", True),
        (b"<html><meta http-equiv='refresh' content='0;/.well-known/sgcaptcha/?r=1'></html>", True),
        (BARE, True),
        # A site with a bot check shows this page to everybody.
        (b"<html><body><div id='root'></div>" + SILENT + b"</body></html>", False),
        (BARE + b"<p>Words.</p>" * 300, False),
        (b"<html><body class='postid-7'>How _cf_chl_opt works</body></html>", False),
        (b"<html><title>Just a moment - The Paper</title></html>", False),
        (b"<?xml version='1.0'?><rss><!-- <html> --><title>Just a moment...</title></rss>", False),
        (b'[{"title": "<html> _cf_chl_opt"}]', False),
    ],
)
def test_bot_check_with_status_200_is_recognized(body: bytes, check: bool) -> None:
    assert payload.is_challenge(reply(body)) is check


@pytest.mark.parametrize("tail", [b"1," * 1_500_000, b"1]" + b"]" * 60 + b" " * 3_000_000 + b"x"])
def test_body_is_not_parsed_again_for_each_bracket(tail: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0

    class Counting(json.JSONDecoder):
        def raw_decode(self, s: str, idx: int = 0) -> Any:
            nonlocal tried
            tried += 1
            return super().raw_decode(s, idx)

    monkeypatch.setattr(payload, "_READ_IN_VAIN", 5_000_000 if tail.endswith(b",") else 1_000)
    monkeypatch.setattr(json, "JSONDecoder", Counting)
    with pytest.raises(NotJson):
        payload.parse(b"x" + b"[" * 60 + tail)
    assert tried < 30


def test_only_temporary_failures_are_retryable() -> None:
    query = Query(url="", purpose="")
    again = [payload.fault(query, reply(b"<html>", status)) for status in (408, 429, 500, 503, 508, 509, 520, 524)]
    final = [payload.fault(query, reply(b"<html>", status)) for status in (401, 403, 404, 410)]
    assert all(fault is not None and fault.retryable for fault in again)
    assert all(fault is not None and not fault.retryable for fault in final)


def test_limit_of_per_page_is_read_from_the_message_of_core() -> None:
    text = "per_page must be between 1 (inclusive) and 50 (inclusive)"
    body = b'{"code":"rest_invalid_param","message":"Invalid parameter(s): per_page","data":{"status":400,"params":'
    with pytest.raises(Refused) as refused:
        payload.read(reply(body + b'{"per_page":"' + text.encode() + b'"}}}', 400))
    assert payload.per_page_limit(refused.value) == 50


@given(st.binary(max_size=300))
def test_any_bytes_give_json_or_a_payload_error(body: bytes) -> None:
    with contextlib.suppress(PayloadError):
        assert isinstance(payload.read(reply(body)), list | dict)


def test_a_refusal_that_comes_with_success_has_its_own_status() -> None:
    with pytest.raises(Refused) as refused:
        payload.read(reply(b'{"code":"rest_forbidden","message":"No.","data":{"status":401}}'))
    assert refused.value.status == 401


def test_an_object_with_an_id_is_no_refusal() -> None:
    row = b'{"id":7,"code":"abc","message":"fields of a plugin"}'
    assert payload.read(reply(row)) == {"id": 7, "code": "abc", "message": "fields of a plugin"}


def test_a_refusal_in_json_that_names_a_bot_check_is_no_bot_check() -> None:
    body = b'{"code":"x","message":"sgcaptcha","data":{"status":403}}'
    with pytest.raises(Refused):
        payload.read(reply(body, 403, content_type="application/json"))


@pytest.mark.parametrize(("limit", "lower"), [(50, 50), (99, 99), (100, 50), (200, 50), (0, 50)])
def test_only_a_lower_limit_of_per_page_is_used(limit: int, lower: int) -> None:
    refused = Refused("rest_invalid_param", status=400, text="Invalid parameter(s): per_page")
    refused.params = {"per_page": f"per_page must be between {min(limit, 1)} (inclusive) and {limit} (inclusive)"}
    assert payload.lowered_per_page(refused, 100) == lower


def test_refused_page_size_without_a_limit_is_halved_down_to_ten() -> None:
    refused = Refused("rest_invalid_param", status=400, text="Ungültiger Parameter: per_page")
    sizes: list[int | None] = [100]
    while (size := sizes[-1]) is not None:
        sizes.append(payload.lowered_per_page(refused, size))
    assert sizes == [100, 50, 25, 12, 10, None]
    assert payload.lowered_per_page(Refused("rest_forbidden", status=401, text="per_page"), 100) is None


@pytest.mark.parametrize(
    "tail", ["<!---->" * 5_000 + "x", "<!--" * 20_000, " " * 200_000 + "x", "<!-- -->\x00 " * 9_000]
)
def test_text_after_the_json_is_read_once(tail: str) -> None:
    # A reader that begins again at each comment or bracket takes minutes.
    with contextlib.suppress(PayloadError):
        payload.parse(b"[1]" + tail.encode())


def test_a_refusal_full_of_brackets_is_read_once() -> None:
    body = orjson.dumps({"code": "x", "message": "<" * 3_000_000, "data": {"status": 400}})
    with pytest.raises(Refused):
        payload.read(Reply(status=400, url="https://a.example/", body=body))
