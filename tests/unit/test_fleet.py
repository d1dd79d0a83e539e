"""The decisions of a fleet: what becomes a job, when a worker stops, what the status says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from newsbot.archive.database import Database
from newsbot.archive.followed import FollowedSite
from newsbot.fleet.heartbeat import Heartbeat
from newsbot.fleet.jobs import (
    LONGEST_QUEUE,
    MOST_OF_A_GROUP,
    Capacity,
    QueuedJob,
    SiteJob,
    as_queued,
    chosen,
    filled,
    full_locks,
    job_of,
    longest_overdue_first,
    room,
    room_for_first,
)
from newsbot.fleet.pulse import LONGEST_GAP, STALE_SECONDS, Pulse, clock_difference
from newsbot.fleet.rates import Rate, Rates
from newsbot.fleet.status import FleetFacts, WorkerFacts, table

WHEN = datetime(2026, 11, 27, 12, tzinfo=UTC)


def site(name: str, **values: object) -> FollowedSite:
    return FollowedSite(url=f"https://{name}.example/", spider="wp_posts", **values)  # type: ignore[arg-type]


def names(jobs: list[SiteJob]) -> list[str]:
    return [job.url.removeprefix("https://").removesuffix(".example/") for job in jobs]


def test_lock_of_a_job_is_the_pace_group_of_its_site() -> None:
    assert job_of(site("a")).lock == "a.example"
    assert job_of(site("a", pace_group="ip:192.0.2.1")).lock == "ip:192.0.2.1"
    assert job_of(site("a")).key == "wp_posts https://a.example/"


def test_order_is_never_checked_sites_then_longest_overdue_sites() -> None:
    late, later = (site(name, next_due=WHEN - timedelta(hours=hours)) for name, hours in (("late", 1), ("later", 2)))
    order = longest_overdue_first([late, site("never"), later])
    assert [followed_site.url for followed_site in order] == [one.url for one in (site("never"), later, late)]


def choose(
    due: list[FollowedSite], *queued: FollowedSite, most: int = 99, first: int = 99, affordable: float | None = None
) -> list[str]:
    queue = [as_queued(job_of(followed_site)) for followed_site in queued]
    return names(chosen(due, queue, most=most, first=first, affordable=affordable))


def test_no_job_is_added_for_a_site_with_a_job() -> None:
    assert choose([site("a"), site("b"), site("c"), site("d")], site("b"), most=2) == ["a", "c"]


def test_the_budget_is_spent_in_the_order_of_the_sites() -> None:
    due = [site(name, cost=3.0) for name in "abcd"]
    assert choose(due, affordable=5) == ["a", "b"]
    assert choose(due, affordable=0.5) == ["a"]
    assert choose(due, affordable=0) == []
    assert choose(due) == ["a", "b", "c", "d"]


def test_many_sites_of_one_host_do_not_fill_the_queue() -> None:
    of_one = [site(f"blog{number}", pace_group="blogs.example", checked=WHEN) for number in range(50)]
    jobs = choose([*of_one, site("a"), site("b")], most=3)
    assert jobs == [*(f"blog{number}" for number in range(MOST_OF_A_GROUP)), "a", "b"]
    queue = [as_queued(job_of(followed_site)) for followed_site in of_one[:MOST_OF_A_GROUP]]
    assert full_locks(queue) == ["blogs.example"]
    assert full_locks(queue[1:]) == []
    assert choose(of_one, *of_one[:MOST_OF_A_GROUP]) == []
    assert room(queue, Capacity(16, 0)) == 31, "they keep one slot busy"


def test_first_crawls_leave_a_quarter_of_the_slots_to_known_sites() -> None:
    workers = Capacity(16, 0)
    known = [site(f"known{number}", checked=WHEN, next_due=WHEN) for number in range(3)]
    new = [site(f"new{number}") for number in range(20)]
    queue = [as_queued(job_of(followed_site)) for followed_site in new[:9]]
    assert room_for_first(queue, workers, others_due=1_000) == 3
    assert room_for_first(queue, workers, others_due=1) == 6, "one slot is left for it"
    assert room_for_first(queue, workers, others_due=0) == 11, "few slots are empty until the next dispatch"
    assert room_for_first(queue, Capacity(1, 0), others_due=5) == 0
    assert room_for_first([], Capacity(1, 0), others_due=5) == 1
    assert choose([*new, *known], *new[:9], first=3) == ["new9", "new10", "new11", "known0", "known1", "known2"]


def test_first_crawls_of_one_host_do_not_fill_the_queue() -> None:
    of_one = [site(f"blog{number}", pace_group="blogs.example") for number in range(50)]
    first = room_for_first([], Capacity(4, 0), others_due=0)
    assert choose([*of_one, site("x"), site("y")], first=first)[-2:] == ["x", "y"]
    queue = [as_queued(job_of(followed_site)) for followed_site in of_one[:MOST_OF_A_GROUP]]
    assert room_for_first(queue, Capacity(4, 0), others_due=0) == first - 1, "they keep one slot busy"


def test_allowance_grows_with_time_up_to_five_minutes_of_the_budget() -> None:
    assert filled(0, seconds=36, requests_an_hour=1_000) == 10
    assert filled(0, seconds=86_400, requests_an_hour=1_200) == 100
    assert filled(-50, seconds=36, requests_an_hour=1_000) == -40
    assert filled(0, seconds=86_400, requests_an_hour=12) == 20, "enough for one site"
    assert filled(7, seconds=-99, requests_an_hour=1_000) == 7, "the clock went back"


def test_queue_holds_ten_seconds_of_work_and_at_least_two_jobs_a_slot() -> None:
    def waiting(jobs: int) -> list[QueuedJob]:
        return [QueuedJob(key=f"{number}", lock=f"{number}", waits=True) for number in range(jobs)]

    running = [job._replace(waits=False) for job in waiting(16)]
    assert room(running, Capacity(16, 0)) == 32
    assert room(running, Capacity(16, 600)) == 100
    assert room(waiting(40), Capacity(16, 600)) == 60
    assert room(waiting(200), Capacity(16, 600)) == 0
    assert room([], Capacity(16, 1e6)) == LONGEST_QUEUE
    assert room([], Capacity(0, 0)) == 0, "no worker"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_worker_without_a_heartbeat_stops_finally_before_its_sites_are_given_away() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    clock.now += LONGEST_GAP
    assert pulse.alive
    asked = pulse.ask()
    clock.now += 5
    pulse.beat(asked)
    assert pulse.alive, "the heartbeat counts from the moment before it was written"
    clock.now = asked + LONGEST_GAP + 0.1
    assert not pulse.alive
    pulse.beat(clock.now)
    assert not pulse.alive, "a late heartbeat does not bring the jobs back"
    assert LONGEST_GAP < STALE_SECONDS


def test_a_worker_that_lost_its_jobs_is_not_alive() -> None:
    pulse = Pulse(Clock())
    pulse.lose()
    assert not pulse.alive


def test_difference_from_the_clock_of_the_database_is_reported() -> None:
    assert clock_difference(1_000, 1_010, 1_005) is None
    assert clock_difference(1_000, 1_010, 971) is None, "half a minute is no reason to stop"
    assert clock_difference(1_000, 1_010, 1_000 - 3_600) == 3_600, "ours is an hour ahead"
    assert clock_difference(1_000, 1_010, 1_010 + 86_400) == -86_400


def test_rates_cover_the_last_minute() -> None:
    rates = Rates()
    assert rates.after(0, sites=0, rows=0, requests=0) == Rate()
    assert rates.after(30, sites=10, rows=100, requests=50) == Rate(20, 200, 100)
    for second in range(35, 305, 5):
        last = rates.after(second, sites=10, rows=100, requests=50)
    assert last == Rate(0, 0, 0)
    assert rates.after(305, sites=11, rows=100, requests=50).sites == pytest.approx(1, rel=0.1)


def facts(**values: object) -> FleetFacts:
    given: dict[str, object] = dict.fromkeys(FleetFacts.__dataclass_fields__, 0)
    return FleetFacts(**(given | {"workers": ()} | values))  # type: ignore[arg-type]


def test_status_of_a_fleet_is_printed_as_a_table() -> None:
    worker = WorkerFacts(
        host="alpha", pid="42", at_work=3, slots=16, sites_a_minute=120.4, rows_a_minute=9, requests_a_minute=240,
        seen=2.0,
    )  # fmt: skip
    dead = replace(worker, host="beta", seen=STALE_SECONDS + 60.0)
    lines = table(facts(followed=200, due=12, queue_age=90, overdue=3 * 86_400, workers=(worker, dead)))
    assert lines[0] == "sites     200 followed: 12 due, 0 at work, 0 blocked, 0 failing, 0 paused"
    assert lines[1] == "queue     0 jobs wait, the oldest for 90 s; the longest overdue site waits for 3.0 days"
    assert lines[2] == "a minute  0 sites, 0 rows, 0 requests"
    assert table(facts(queued=1))[1].startswith("queue     1 job waits,")
    assert lines[-2:] == [
        "alpha   42   3 of 16  120        9         240           2 s ago",
        "beta    42   3 of 16  120        9         240           90 s ago: dead",
    ]


def test_status_without_workers_names_the_command_that_starts_one() -> None:
    assert table(facts())[-1] == "workers   none; scrapy fleet worker starts one"


class OneAnswer:
    """A database that gives one answer to every heartbeat."""

    def __init__(self, *, ours: bool, registered: bool) -> None:
        self.row = SimpleNamespace(ours=ours, registered=registered, now=time.time())

    @contextmanager
    def stating(self) -> Iterator[Any]:
        yield SimpleNamespace(execute=lambda *_: SimpleNamespace(one=lambda: self.row))


@pytest.mark.parametrize(
    ("ours", "registered", "leaving", "is_lost"),
    [
        (True, True, False, False),
        (True, False, False, True),
        (False, True, True, True),
        # A worker that ends removes its periodic entry at once. Its crawls still finish their present page.
        (True, False, True, False),
    ],
)
def test_ending_worker_keeps_its_sites_until_their_crawls_end(
    ours: bool, registered: bool, leaving: bool, is_lost: bool
) -> None:
    failed: list[str] = []
    pulse = Pulse()
    heartbeat = Heartbeat(pulse, (1, 2), failed.append)
    if leaving:
        heartbeat.leave()
    database = cast(Database, OneAnswer(ours=ours, registered=registered))
    assert heartbeat._beat(database) is not is_lost
    assert (pulse.alive, len(failed)) == (not is_lost, int(is_lost))


def test_heartbeat_stopped_during_its_write_does_not_mark_the_worker_as_lost() -> None:
    failed: list[str] = []
    pulse = Pulse()
    heartbeat = Heartbeat(pulse, (1, 2), failed.append)
    heartbeat.stop()
    assert heartbeat._beat(cast(Database, OneAnswer(ours=False, registered=False))) is False
    assert (pulse.alive, failed) == (True, [])
