"""The headers of an answer that ask a client to wait."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.politeness.hints import rate_limit_seconds, retry_after_seconds

NOW = 1_790_000_000.0


def http_date(seconds: float) -> str:
    """A moment as an HTTP date, cut off to the second."""
    return formatdate(int(seconds), usegmt=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("1.2", 2.0),
        ("3, 7", 7.0),
        ("3, soon", None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("9" * 20, 1e20),
        ("9" * 400, 1e300),
    ],
)
def test_retry_after_in_seconds_is_read(text: str, expected: float | None) -> None:
    assert retry_after_seconds({"retry-after": text}, now=NOW) == expected


def test_retry_after_as_a_date_is_relative_to_the_date_header() -> None:
    headers = {"retry-after": http_date(NOW + 30), "date": http_date(NOW)}
    # The local clock is a day ahead, which makes no difference.
    assert retry_after_seconds(headers, now=NOW + 86400) == 30.0


def test_retry_after_as_a_date_without_a_date_header_uses_the_local_clock() -> None:
    assert retry_after_seconds({"retry-after": http_date(NOW + 30)}, now=NOW + 10) == 20.0


@pytest.mark.parametrize(
    "text",
    [
        "Sat, 02 May 2026 10:00:30 GMT",
        "Saturday, 02-May-26 10:00:30 GMT",
        "Sat May  2 10:00:30 2026",
        "Sat, 02 May 2026 10:00:05 GMT, Sat, 02 May 2026 10:00:30 GMT",
        "5, Sat, 02 May 2026 10:00:30 GMT",
        "Sat, 02 May 2026 10:00:05 GMT, 30",
    ],
)
def test_longest_of_several_retry_after_values_is_used(text: str) -> None:
    headers = {"date": "Sat, 02 May 2026 10:00:00 GMT"}
    assert retry_after_seconds(headers | {"retry-after": text}, now=NOW) == 30.0
    assert retry_after_seconds(headers | {"retry-after": f"{text}, soon"}, now=NOW) is None


def test_date_with_a_leap_second_is_read() -> None:
    headers = {"retry-after": "Sat, 31 Dec 2016 23:59:60 GMT", "date": "Sat, 31 Dec 2016 23:59:40 GMT"}
    assert retry_after_seconds(headers, now=NOW) == 19.0


def test_retry_after_in_the_past_gives_no_wait() -> None:
    assert retry_after_seconds({"retry-after": http_date(NOW - 30)}, now=NOW) == 0.0


@given(st.floats(0, 1e6), st.floats(0, 4e9))
def test_wait_until_a_date_never_ends_too_early(wait: float, server_now: float) -> None:
    headers = {"retry-after": http_date(server_now + wait), "date": http_date(server_now)}
    asked = int(server_now + wait)
    found = retry_after_seconds(headers, now=0)
    assert found is not None
    assert server_now + found >= asked - 1e-6


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"ratelimit": "limit=100, remaining=0, reset=17"}, 17.0),
        ({"ratelimit": "limit=100, remaining=3, reset=17"}, None),
        ({"ratelimit": '"default";r=0;t=30'}, 30.0),
        ({"ratelimit": '"hour";r=50;t=3000, "minute";r=0;t=12'}, 12.0),
        ({"ratelimit": '"hour";r=0;t=3000, "minute";r=0;t=12'}, 3000.0),
        ({"ratelimit": '"default";r=9;t=30'}, None),
        ({"ratelimit-limit": "10", "ratelimit-remaining": "0", "ratelimit-reset": "8"}, 8.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "8"}, 8.0),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "8"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 40)}, 40.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str((int(NOW) + 40) * 1000)}, 40.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "2.5"}, 2.5),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "6"}, 6.0),
        ({"x-ratelimit-remaining": "0"}, None),
        ({"x-ratelimit-remaining": "none", "x-ratelimit-reset": "8"}, None),
        ({}, None),
    ],
)
def test_used_up_rate_limit_gives_the_time_until_its_reset(headers: dict[str, str], expected: float | None) -> None:
    assert rate_limit_seconds(headers, now=NOW) == expected


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "date", "ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset"]),
        st.text(max_size=80) | st.sampled_from(["0", "9" * 15, "Mon, 99 Foo 99999 99:99:99 GMT", ";r=0;t=" + "9" * 40]),
    )
)
def test_no_header_raises_an_error_or_gives_a_negative_wait(headers: dict[str, str]) -> None:
    for found in (retry_after_seconds(headers, now=NOW), rate_limit_seconds(headers, now=NOW)):
        assert found is None or 0 <= found < float("inf")
