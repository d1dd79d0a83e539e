"""Which knowledge about a host still holds, for any clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.politeness.known import (
    LONGEST_HOLD,
    KnownHost,
    KnownRobots,
    penalty_now,
    robots_hold,
    trusted,
    turn,
    user_time,
)

NOW = 1_700_000_000.0
DAY = 86_400.0
seconds = st.floats(0, 4e9)


def test_a_request_waits_for_the_end_of_the_hold() -> None:
    held = KnownHost(written=NOW - 10, held_until=NOW + 50)
    answer = turn(held, NOW, delay=1, penalty=0)
    assert (answer.wait, answer.closed_until, answer.asked) == (50, NOW + 50, True)
    assert turn(held, NOW + 50, delay=1, penalty=0).wait == 0


def test_a_request_waits_for_the_delay_and_the_penalty_after_the_start_of_another_process() -> None:
    started = KnownHost(written=NOW, last_start=NOW)
    assert turn(started, NOW + 0.25, delay=1, penalty=2).wait == 2.75
    assert turn(started, NOW + 3, delay=1, penalty=2).wait == 0


def test_host_that_was_given_up_pauses_and_is_known_for_a_day() -> None:
    failed = KnownHost(written=NOW, failed_until=NOW + 900)
    paused = turn(failed, NOW, delay=1, penalty=0)
    assert (paused.wait, paused.asked) == (900, False)
    assert turn(failed, NOW + 900, delay=1, penalty=0).failed_before
    assert not turn(failed, NOW + 900 + DAY, delay=1, penalty=0).failed_before


@given(written=seconds, hold=st.floats(0, 1e12), start=seconds, now=seconds)
def test_no_stored_time_blocks_a_host_for_longer_than_the_longest_hold(
    written: float, hold: float, start: float, now: float
) -> None:
    known = trusted(KnownHost(written=written, held_until=written + hold, last_start=start), now)
    assert turn(known, now, delay=1, penalty=0).wait <= LONGEST_HOLD + 300.001


def test_a_clock_that_was_set_back_does_not_lengthen_a_wait() -> None:
    known = trusted(
        KnownHost(written=NOW + 365 * DAY, held_until=NOW + 365 * DAY + 60, last_start=NOW + 365 * DAY), NOW
    )
    assert turn(known, NOW, delay=1, penalty=0).wait == 60
    assert known.written == NOW


def test_a_penalty_halves_with_each_quiet_hour_and_ends() -> None:
    slow = KnownHost(written=NOW, penalty=8.0)
    assert penalty_now(slow, NOW) == 8
    assert penalty_now(slow, NOW + 3600) == pytest.approx(4)
    assert penalty_now(slow, NOW + 7 * 3600) == 0


@pytest.mark.parametrize(
    ("status", "fetched", "left"),
    [
        (200, NOW, DAY),
        (404, NOW - 3600, DAY - 3600),
        (200, NOW - DAY, 0),
        (0, NOW, 0),
        (200, NOW + DAY, 0),
    ],
    ids=["new", "absent-an-hour-ago", "a-day-old", "no-answer", "from-the-future"],
)
def test_a_robots_txt_is_used_for_a_day_at_most(status: int, fetched: float, left: float) -> None:
    assert robots_hold(KnownRobots(fetched=fetched, status=status), NOW) == left


def test_time_beyond_the_calendar_is_shown_as_the_year_9999() -> None:
    assert user_time(NOW) == "2023-11-14T22:13:20Z"
    assert user_time(1e300) == "the year 9999"
