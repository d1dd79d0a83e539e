"""Monitors: which receipts need a person."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.schedule import made_up
from bench.silence import YEAR, watch
from newsbot.monitors import findings
from newsbot.schedule.silence import silence
from newsbot.wordpress.receipt import SiteFacts

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def facts(verdict: Any = "complete", why: str = "", **collection: Any) -> SiteFacts:
    found = SiteFacts(asked="https://a.example/", site="https://a.example")
    post = found.collection("post")
    post.mode = "update"
    for name, value in collection.items():
        setattr(post, name, value)
    found.end(verdict, why)
    return found


def test_findings_list_sites_by_verdict() -> None:
    sites = [facts(), facts("incomplete", "3 rows\nlack"), facts("blocked", "robots.txt"), facts("payment", "402")]
    assert findings.incomplete(sites) == ["https://a.example: 3 rows\\nlack"]
    assert findings.blocked(sites) == ["https://a.example: blocked: robots.txt", "https://a.example: payment: 402"]


@pytest.mark.parametrize(
    ("resumes", "reason", "away", "expected"),
    [
        (True, "shutdown", False, True),
        (True, "archive", True, True),
        (True, "archive", False, False),
        (True, "finished", False, False),
        (False, "shutdown", True, False),
    ],
)
def test_only_a_stopped_worker_or_one_without_its_database_resumes(
    *, resumes: bool, reason: str, away: bool, expected: bool
) -> None:
    assert findings.goes_on_by_itself(resumes=resumes, reason=reason, away=away) is expected


@pytest.mark.parametrize(
    ("faults", "requests", "expected"),
    [
        ({"challenge": 4}, 10, None),
        ({"challenge": 5}, 51, None),
        ({"timeout": 40}, 50, None),
        ({"challenge": 4, "bad-status": 1}, 50, "5 of 50 requests were refused (1 bad-status, 4 challenge)"),
    ],
)
def test_many_refusals_are_reported(faults: dict[str, int], requests: int, expected: str | None) -> None:
    found = findings.refusing([facts(faults=Counter(faults), requests=requests)])
    assert found == ([] if expected is None else [f"https://a.example: {expected}"])


@pytest.mark.parametrize(
    ("deleted", "live", "held_back", "expected"),
    [
        (19, 0, 0, None),
        (20, 381, 0, None),
        (20, 380, 0, "20 of 400 rows were deleted"),
        (20, None, 0, "20 of 20 rows were deleted"),
        (0, 400, 1, "1 rows seem deleted, too many at once to accept"),
    ],
)
def test_mass_deletions_are_reported(deleted: int, live: int | None, held_back: int, expected: str | None) -> None:
    found = findings.shrunk([facts(deleted=deleted, live=live, held_back=held_back)])
    assert found == ([] if expected is None else [f"https://a.example: post: {expected}"])


def test_an_alert_names_the_first_sites_and_counts_the_others() -> None:
    assert findings.message([str(number) for number in range(22)]).splitlines()[-2:] == ["19", "and 2 more"]
    assert findings.message(["a"]) == "a"


def history(*, every: timedelta, days: int = 90, until: datetime = NOW) -> list[datetime]:
    """Posts at a fixed distance, the newest at ``until``."""
    return [until - every * number for number in reversed(range(days * DAY // every))]


def test_site_without_posts_is_silent_after_its_longest_gap() -> None:
    published = history(every=8 * HOUR)
    assert silence(published, NOW + 2 * DAY) is None
    found = silence(published, NOW + 5 * DAY)
    assert found is not None
    assert (found.posts, found.since) == (0, NOW)
    assert 12 < found.expected < 15.5


def test_site_that_publishes_far_less_than_usual_is_silent() -> None:
    published = [*history(every=HOUR), NOW + 20 * HOUR]
    assert silence(published[:-1], NOW + 8 * HOUR) is None
    found = silence(published, NOW + 24 * HOUR)
    assert found is not None
    assert (found.posts, found.since) == (1, NOW)


def test_nights_and_weekends_are_no_silence() -> None:
    days = [NOW.replace(hour=0) - DAY * number for number in reversed(range(120))]
    published = [day + hour * HOUR for day in days if day.weekday() < 5 for hour in range(9, 18)]
    friday = max(moment for moment in published if moment.weekday() == 4)
    until_friday = [moment for moment in published if moment <= friday]
    assert silence(until_friday, friday + 63 * HOUR) is None  # Monday morning
    assert silence(until_friday, friday + 104 * HOUR) is not None


@pytest.mark.parametrize("published", [[], [NOW], [NOW - DAY, NOW]])
def test_site_with_a_short_history_is_not_silent(published: list[datetime]) -> None:
    assert silence(published, NOW + 30 * DAY) is None


def test_only_complete_updates_are_checked_for_silence() -> None:
    published = {"https://a.example": history(every=HOUR, until=NOW - 2 * DAY)}
    quiet = facts()
    assert findings.silent([quiet], published.__getitem__, NOW) == [
        "https://a.example: 0 posts after 2026-11-21T10:00:00Z, where 45 are usual"
    ]
    assert findings.silent([facts("incomplete"), facts(mode="walk")], published.__getitem__, NOW) == []


def test_simulated_sites_have_few_false_alarms_and_silence_is_found_in_time() -> None:
    rng = random.Random(3)
    rooms = [room for room in made_up(10, rng, judged=YEAR) if 20 < len(room.before) < 250]
    found = [watch(room.before + room.after, rng) for room in rooms]
    assert len(found) >= 5
    assert sum(each.false for each in found) <= len(found) / 2
    assert max(each.false for each in found) <= 1
    assert max(each.longest for each in found) < 2
