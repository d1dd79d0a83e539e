"""When a site is next due: what its habit, its bounds and the budget decide."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.schedule.attention import AttentionCurve, SiteDemand, threshold_for
from newsbot.schedule.due import FIRST_RETRY, LAST_RETRY, LONGEST, SHORTEST, Rhythm, needs_full_check, next_try
from newsbot.schedule.habit import HOURS, PSEUDO_POSTS, PublishingHabit, hour_of_week

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

busy_hours = st.dictionaries(st.integers(0, HOURS - 1), st.floats(0, 500), max_size=12)
counts = busy_hours.map(lambda busy: tuple(busy.get(hour, 0.0) for hour in range(HOURS)))
habits = st.builds(PublishingHabit, days=st.floats(0, 4000), hours=counts)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
spans = st.timedeltas(timedelta(0), timedelta(days=60))


def flat(rate: float) -> PublishingHabit:
    """A site with ``rate`` posts a day at all hours, known for a long time."""
    days = 100_000.0
    return PublishingHabit(days=days, hours=(rate * days / HOURS,) * HOURS)


def test_hours_of_the_week_start_on_monday_in_utc() -> None:
    assert hour_of_week(MONDAY) == 0
    assert hour_of_week(MONDAY - timedelta(seconds=1)) == 167
    assert hour_of_week(datetime.fromisoformat("2026-11-23T01:30:00+02:00")) == 167


def test_rate_of_a_site_includes_half_a_post_and_one_day_as_prior() -> None:
    assert PublishingHabit().posts_per_day == 0.5
    assert PublishingHabit().observe([MONDAY] * 7, days=0).posts_per_day == 7.5
    assert flat(3).posts_per_day == pytest.approx(3, abs=0.001)


def test_posts_and_days_have_half_weight_after_eight_weeks() -> None:
    later = PublishingHabit().observe([MONDAY] * 8, days=56).observe([], days=56)
    assert later.hours[0] == pytest.approx(4)
    assert later.days == pytest.approx(56 / 2 + 56)


@given(habits)
def test_mean_rate_over_the_week_is_the_rate_of_the_site(habit: PublishingHabit) -> None:
    by_hour = habit.posts_per_day_by_hour()
    assert len(by_hour) == HOURS
    assert min(by_hour) > 0
    assert sum(by_hour) / HOURS == pytest.approx(habit.posts_per_day)


def test_rate_by_hour_is_flat_for_a_young_site_and_sharp_for_an_old_site() -> None:
    young = PublishingHabit().observe([MONDAY] * 2, days=1).posts_per_day_by_hour()
    old = PublishingHabit().observe([MONDAY] * 2000, days=1).posts_per_day_by_hour()
    assert young[0] / young[84] == pytest.approx((1 + PSEUDO_POSTS / HOURS) / (PSEUDO_POSTS / HOURS))
    assert old[0] / old[84] > 1000
    # The hours beside a full hour count half as much as the full hour: posts come a little earlier or later.
    assert old[1] == pytest.approx(old[167])
    assert old[1] / old[0] == pytest.approx(0.5, abs=0.001)


def test_checks_are_proportional_to_the_square_root_of_rate_weight_and_cost() -> None:
    once = AttentionCurve.of(flat(1))
    assert AttentionCurve.of(flat(4)).per_day == pytest.approx(2 * once.per_day, rel=0.001)
    assert AttentionCurve.of(flat(1), weight=9).per_day == pytest.approx(3 * once.per_day, rel=0.001)
    assert AttentionCurve.of(flat(1), cost=4).per_day == pytest.approx(once.per_day / 2, rel=0.001)
    assert once.per_day == pytest.approx(1, abs=0.001)


@given(habits, moments, spans, spans)
def test_attention_is_additive_and_never_decreases(
    habit: PublishingHabit, since: datetime, first: timedelta, second: timedelta
) -> None:
    curve = AttentionCurve.of(habit)
    middle, until = since + first, since + first + second
    whole = curve.between(since, until)
    assert whole == pytest.approx(curve.between(since, middle) + curve.between(middle, until), abs=1e-6)
    assert curve.between(until, since) == 0
    assert curve.between(since, since + timedelta(days=7)) == pytest.approx(7 * curve.per_day, rel=1e-6)


@given(habits, moments, st.timedeltas(timedelta(minutes=1), timedelta(days=30)))
def test_threshold_is_reached_at_the_time_of_its_attention(
    habit: PublishingHabit, since: datetime, span: timedelta
) -> None:
    curve = AttentionCurve.of(habit)
    threshold = curve.between(since, since + span)
    assert curve.between(since, curve.reaches(threshold, since=since)) == pytest.approx(threshold, rel=1e-4)


def test_site_is_due_sooner_in_its_busy_hours() -> None:
    mornings = [MONDAY + timedelta(days=day, hours=9) for day in range(7)] * 100
    curve = AttentionCurve.of(PublishingHabit().observe(mornings, days=56))
    rhythm = Rhythm()
    busy = rhythm.next_check(MONDAY + 9 * HOUR, curve, threshold=0.2) - (MONDAY + 9 * HOUR)
    quiet = rhythm.next_check(MONDAY + 12 * HOUR, curve, threshold=0.2) - (MONDAY + 12 * HOUR)
    assert busy * 5 < quiet


@given(habits, moments, st.floats(1e-6, 1e6))
def test_next_check_is_within_the_bounds(habit: PublishingHabit, checked: datetime, threshold: float) -> None:
    due = Rhythm().next_check(checked, AttentionCurve.of(habit), threshold=threshold)
    assert checked + SHORTEST <= due <= checked + LONGEST


def test_fixed_interval_overrides_the_habit_and_the_bounds() -> None:
    busy = AttentionCurve.of(flat(300))
    assert Rhythm(every=timedelta(days=30)).next_check(MONDAY, busy, threshold=1) == MONDAY + timedelta(days=30)


rates = st.lists(st.floats(0.001, 100), min_size=1, max_size=20)


@given(rates, st.floats(0.5, 2000))
def test_threshold_uses_exactly_the_budget_within_the_bounds(attention: list[float], budget: float) -> None:
    sites = [SiteDemand(attention=each, cost=1, shortest=SHORTEST, longest=LONGEST) for each in attention]
    threshold = threshold_for(sites, requests_per_day=budget)
    used = sum(site.requests_per_day(threshold) for site in sites)
    least, most = len(sites) / 7, len(sites) * 288
    assert used == pytest.approx(min(max(budget, least), most), rel=1e-6)
    alike = SiteDemand(attention=1, cost=1, shortest=SHORTEST, longest=LONGEST)
    assert replace(alike, sites=3).requests_per_day(threshold) == pytest.approx(3 * alike.requests_per_day(threshold))


def test_threshold_of_sites_without_bounds_is_the_sum_of_roots_over_the_budget() -> None:
    shortest, longest = timedelta(seconds=1), timedelta(days=3000)
    sites = [SiteDemand(each / cost**0.5, cost, shortest, longest) for each, cost in ((1.0, 1.0), (2.0, 4.0))]
    # The sum of cost * attention over the budget: (1 * 1 + 4 * 1) / 10.
    assert threshold_for(sites, requests_per_day=10) == pytest.approx(0.5)


def test_threshold_is_positive_without_a_site() -> None:
    assert threshold_for([], requests_per_day=1) > 0


def test_back_off_doubles_from_a_quarter_of_an_hour_to_a_day() -> None:
    chance = random.Random(1)
    pauses = [next_try(MONDAY, failures, chance) - MONDAY for failures in (1, 2, 5, 8, 1000)]
    least = [FIRST_RETRY, 2 * FIRST_RETRY, 16 * FIRST_RETRY, LAST_RETRY, LAST_RETRY]
    assert all(few <= pause <= few * 1.25 for few, pause in zip(least, pauses, strict=True))
    assert len({next_try(MONDAY, 1, chance) for _ in range(20)}) > 10


def test_site_is_not_due_before_the_time_of_its_block() -> None:
    until = MONDAY + timedelta(days=3)
    assert next_try(MONDAY, 1, random.Random(1), blocked_until=until) == until
    assert next_try(MONDAY, 1, random.Random(1), blocked_until=MONDAY) > MONDAY


def test_full_check_is_needed_once_a_day_and_after_the_clock_was_set_back() -> None:
    assert needs_full_check(None, MONDAY)
    assert not needs_full_check(MONDAY, MONDAY + DAY - HOUR)
    assert needs_full_check(MONDAY, MONDAY + DAY)
    assert needs_full_check(MONDAY + HOUR, MONDAY)
