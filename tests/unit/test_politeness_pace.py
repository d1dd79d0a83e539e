"""The pace of one host, without a network and without a clock."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.politeness.backoff import backoff_seconds, patience_seconds
from newsbot.politeness.pace import PENALTY_CAP, Limits, Outcome, Pace

GOOD = Outcome(latency=0.1)
FAILED = Outcome(failed=True)


@dataclass
class Visit:
    """One request of a simulated crawl: its start, its end, and the delay that the host had asked for by then."""

    start: float
    end: float
    outcome: Outcome


def walk(pace: Pace, outcomes: list[tuple[float, Outcome]], *, override: float | None = None) -> list[Visit]:
    """Send requests as fast as the pace allows. Each outcome arrives after its seconds."""
    now, visits = 100.0, []
    for seconds, outcome in outcomes:
        if pace.given_up is not None:
            break
        ready_at = pace.ready_at(override)
        now = now if ready_at is None else max(now, ready_at)
        pace.started(now)
        visits.append(Visit(now, now + seconds, outcome))
        now += seconds
        pace.ended(now, outcome)
    return visits


seconds = st.floats(0, 5000, allow_nan=False)
short = st.floats(0, 30, allow_nan=False)
outcome = st.builds(
    Outcome,
    failed=st.booleans(),
    calm=st.booleans(),
    latency=st.none() | short,
    retry_after=st.none() | seconds,
    budget_in=st.none() | seconds,
    sent=st.none() | seconds,
)
visits = st.lists(st.tuples(short, outcome), min_size=2, max_size=30)


@given(visits, st.floats(0, 10))
def test_two_requests_never_start_closer_than_the_delay(outcomes: list[tuple[float, Outcome]], delay: float) -> None:
    starts = [visit.start for visit in walk(Pace(limits=Limits(delay=delay)), outcomes)]
    # A start is a sum of floats, and such sums are inexact by about a nanosecond.
    assert all(later - earlier >= delay - 1e-9 for earlier, later in pairwise(starts))


@given(visits)
def test_retry_after_and_a_used_up_rate_limit_delay_every_later_request(outcomes: list[tuple[float, Outcome]]) -> None:
    rules = Limits(delay=0)
    made = walk(Pace(limits=rules), outcomes)
    for index, visit in enumerate(made):
        asked = visit.outcome.retry_after or 0.0
        budget = visit.outcome.budget_in or 0.0
        wait = max(asked, budget if budget <= rules.max_wait else 0.0)
        for later in made[index + 1 :]:
            assert later.start >= visit.end + wait - 1e-9


@given(visits)
def test_delay_returns_to_normal_after_good_answers(outcomes: list[tuple[float, Outcome]]) -> None:
    pace = Pace(limits=Limits(delay=0.5, give_up=float("inf"), max_wait=float("inf")))
    walk(pace, outcomes)
    walk(pace, [(0.1, GOOD)] * 80)
    assert pace.delay() == 0.5
    assert pace.failures == 0


@given(st.lists(st.tuples(short, st.just(FAILED)), min_size=1, max_size=40))
def test_failures_never_shorten_the_delay(outcomes: list[tuple[float, Outcome]]) -> None:
    pace = Pace(limits=Limits(delay=1.0, give_up=float("inf")))
    delays = [pace.delay()]
    for seconds_, failed in outcomes:
        walk(pace, [(seconds_, failed)])
        delays.append(pace.delay())
    assert delays == sorted(delays)
    assert delays[1] >= 2.0
    assert delays[-1] <= 1.0 + PENALTY_CAP


def test_higher_latency_increases_the_delay_at_once_and_decreases_slowly() -> None:
    pace = Pace(limits=Limits(delay=1.0))
    walk(pace, [(0.2, Outcome(latency=0.2))] * 5)
    assert pace.delay() == 1.0
    walk(pace, [(3.0, Outcome(latency=3.0))])
    assert pace.delay() == pytest.approx(3.8)
    walk(pace, [(0.2, Outcome(latency=0.2))])
    assert 1.0 < pace.delay() < 3.8


def test_single_slow_page_does_not_increase_the_delay() -> None:
    pace = Pace(limits=Limits(delay=0.0))
    walk(pace, [(latency, Outcome(latency=latency)) for latency in (0.03, 0.05, 0.5, 0.03, 0.45)])
    assert pace.delay() == 0.0


def test_crawl_delay_overrides_the_site_list_and_the_site_list_overrides_the_run() -> None:
    pace = Pace(limits=Limits(delay=5.0))
    assert pace.delay(0.5) == 0.5
    assert pace.delay(9.0) == 9.0
    pace.crawl_delay = 2.0
    assert pace.delay(0.5) == 2.0
    assert pace.delay() == 5.0


def test_delay_after_the_first_request_counts_from_its_answer() -> None:
    pace = Pace(limits=Limits(delay=1.0))
    first, second, third = (visit.start for visit in walk(pace, [(0.4, GOOD), (0.4, GOOD), (0.4, GOOD)]))
    assert second - first == pytest.approx(1.4)
    assert third - second == pytest.approx(1.0)


def test_delay_counts_from_the_time_when_the_request_was_sent() -> None:
    pace = Pace(limits=Limits(delay=1.0))
    walk(pace, [(0.1, GOOD)])
    pace.started(200.0)
    pace.ended(200.6, Outcome(latency=0.1, sent=200.4))
    assert pace.ready_at() == pytest.approx(201.4)


def test_phase_delays_the_second_request_of_a_host_once() -> None:
    pace = Pace(limits=Limits(delay=1.0), phase=0.5)
    starts = [visit.start for visit in walk(pace, [(0.0, GOOD)] * 4)]
    assert [later - earlier for earlier, later in pairwise(starts)] == pytest.approx([1.5, 1.0, 1.0])


def test_host_is_given_up_after_only_failures_for_the_set_time() -> None:
    pace = Pace(limits=Limits(delay=1.0, give_up=100.0))
    made = walk(pace, [(1.0, FAILED)] * 50)
    assert pace.given_up is not None
    # The first failure starts the period; at the last failure the period has ended.
    assert made[-1].end - made[0].end >= 100.0
    assert made[-2].end - made[0].end < 100.0


def test_reason_for_giving_up_lists_the_failures() -> None:
    pace = Pace(limits=Limits(delay=1.0, give_up=10.0))
    walk(pace, [(1.0, Outcome(failed=True, cause="HTTP 500")), (1.0, GOOD)])
    causes = ["HTTP 503", "timeout", "HTTP 503", "dropped", "HTTP 502", "HTTP 504", "HTTP 503"]
    walk(pace, [(5.0, Outcome(failed=True, cause=cause)) for cause in causes])
    expected = "HTTP 503, 1 x timeout, 1 x dropped"
    assert pace.given_up is not None
    assert pace.given_up.startswith("3 requests in a row failed within ") or expected in pace.given_up
    assert "2 x HTTP 503, 1 x timeout" in pace.given_up
    assert "HTTP 500" not in pace.given_up


def test_calm_failure_is_counted_and_does_not_increase_the_delay() -> None:
    pace = Pace(limits=Limits(delay=1.0, give_up=10.0))
    walk(pace, [(1.0, Outcome(failed=True, calm=True))] * 5)
    assert pace.delay() == 1.0
    assert pace.failures == 5
    walk(pace, [(1.0, Outcome(failed=True, calm=True))] * 20)
    assert pace.given_up is not None


def test_good_answer_restarts_the_time_until_giving_up() -> None:
    pace = Pace(limits=Limits(delay=1.0, give_up=100.0))
    walk(pace, [(60.0, FAILED), (30.0, FAILED), (1.0, GOOD), (60.0, FAILED), (30.0, FAILED)])
    assert pace.given_up is None


def test_a_long_wait_alone_is_no_reason_to_give_up() -> None:
    pace = Pace(limits=Limits(delay=1.0, give_up=100.0))
    walk(pace, [(1.0, Outcome(failed=True, retry_after=3000)), (1.0, FAILED), (1.0, GOOD)])
    assert pace.given_up is None


def test_a_host_that_asks_for_more_than_the_longest_wait_is_given_up() -> None:
    pace = Pace(limits=Limits(max_wait=3600))
    walk(pace, [(1.0, Outcome(failed=True, retry_after=3600))])
    assert pace.given_up is None
    walk(pace, [(1.0, Outcome(failed=True, retry_after=3601))])
    assert pace.given_up == "it asks to wait 3601 s, until 1970-01-01T01:00:01Z, more than the allowed 3600 s"


def test_a_shared_address_is_not_given_up_for_one_of_its_sites() -> None:
    pace = Pace(limits=Limits(max_wait=3600, give_up=10.0, shared=True))
    walk(pace, [(1.0, Outcome(failed=True, retry_after=3601)), *[(60.0, FAILED)] * 10])
    assert (pace.given_up, pace.held_until) == (None, None)
    walk(pace, [(1.0, Outcome(failed=True, retry_after=3600))])
    assert pace.held_until is not None


def test_a_shorter_wait_does_not_end_a_longer_one() -> None:
    pace = Pace(limits=Limits(delay=0))
    pace.ended(100.0, Outcome(failed=True, retry_after=60))
    pace.ended(101.0, Outcome(latency=0.1, budget_in=5))
    assert pace.ready_at() == 160.0
    pace.ended(150.0, Outcome(latency=0.1, budget_in=20))
    assert pace.ready_at() == 170.0


def test_impossible_rate_limit_on_a_good_answer_is_ignored() -> None:
    pace = Pace(limits=Limits(delay=0))
    walk(pace, [(1.0, Outcome(latency=0.1, budget_in=1e9))])
    assert pace.given_up is None
    assert pace.held_until is None


@given(st.integers(1, 5000), st.integers(0, 2**32))
def test_backoff_is_full_jitter_below_a_doubling_cap(attempt: int, seed: int) -> None:
    pause = backoff_seconds(attempt, random.Random(seed))
    assert 0 <= pause <= min(60.0, 2.0 ** min(attempt, 10))


def test_backoff_uses_the_whole_range_below_the_cap() -> None:
    rng = random.Random(1)
    pauses = [backoff_seconds(4, rng) for _ in range(2000)]
    assert min(pauses) < 1 and max(pauses) > 15
    assert 7.4 < sum(pauses) / len(pauses) < 8.6


def test_a_host_that_an_earlier_run_gave_up_is_given_up_after_three_failures() -> None:
    pace = Pace(limits=Limits(give_up=900.0), failed_before=True)
    for now in (1.0, 2.0, 3.0):
        assert pace.given_up is None
        pace.started(now)
        pace.ended(now, Outcome(failed=True, sent=now))
    assert pace.given_up is not None
    assert pace.only_failed


def test_good_answer_clears_the_failures_of_an_earlier_run() -> None:
    pace = Pace(limits=Limits(give_up=900.0), failed_before=True)
    for now, failed in ((1.0, True), (2.0, False), (3.0, True), (4.0, True), (5.0, True)):
        pace.started(now)
        pace.ended(now, Outcome(failed=failed, latency=0.1, sent=now))
    assert pace.given_up is None
    assert not pace.failed_before


@pytest.mark.parametrize(("usual", "seconds"), [(None, 120.0), (0.0, 30.0), (0.1, 10.0), (8.0, 40.0), (60.0, 120.0)])
def test_patience_depends_on_the_usual_duration_of_answers(usual: float | None, seconds: float) -> None:
    assert patience_seconds(usual, 120.0) == seconds
