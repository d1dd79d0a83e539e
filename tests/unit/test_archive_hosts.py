"""What the archive knows about hosts, shared by processes and runs."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsbot.archive import Archive
from newsbot.archive.hosts import Hosts
from newsbot.archive.schema import hosts as hosts_table
from newsbot.archive.schema import robots as robots_table
from newsbot.errors import ArchiveError
from newsbot.politeness.known import LONGEST_HOLD, KnownRobots

HOST = "news.example"
DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'newsbot.db'}"
    Archive.open(url).close()
    return url


@pytest.fixture
def both(url: str, clock: Clock) -> tuple[Hosts, Hosts]:
    """Two processes that use one archive."""
    return Hosts.open(url, clock=clock), Hosts.open(url, clock=clock)


def test_missing_archive_is_not_created_for_hosts(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(ArchiveError, match="there is no archive"):
        Hosts.open(f"sqlite:///{tmp_path / 'none.db'}", clock=clock)


def test_two_processes_keep_the_delay_between_all_of_their_starts(both: tuple[Hosts, Hosts], clock: Clock) -> None:
    starts = []
    for _ in range(400):
        for process in both:
            if not process.take_turn(HOST, delay=1, penalty=0).wait:
                starts.append(clock.now)
        clock.now += 0.0625
    assert len(starts) == 25
    assert min(later - earlier for earlier, later in pairwise(starts)) >= 1


def test_hold_applies_to_other_processes_and_to_the_next_run(both: tuple[Hosts, Hosts], url: str, clock: Clock) -> None:
    first, other = both
    first.learn(HOST, penalty=0, hold=120)
    for process in (first, other, Hosts.open(url, clock=clock)):
        answer = process.take_turn(HOST, delay=0, penalty=0)
        assert (answer.wait, answer.closed_until, answer.asked) == (120, clock.now + 120, True)
    clock.now += 120
    assert other.take_turn(HOST, delay=0, penalty=0).wait == 0


def test_a_short_hold_does_not_shorten_a_long_one(both: tuple[Hosts, Hosts]) -> None:
    both[0].learn(HOST, penalty=0, hold=120)
    both[1].learn(HOST, penalty=0, hold=5)
    assert both[1].take_turn(HOST, delay=0, penalty=0).wait == 120


def test_hold_is_limited_to_a_week(both: tuple[Hosts, Hosts]) -> None:
    both[0].learn(HOST, penalty=0, hold=1e300)
    assert both[1].take_turn(HOST, delay=0, penalty=0).wait == LONGEST_HOLD


@pytest.mark.parametrize("delay", [0.0, 1.0])
def test_hold_written_by_a_clock_far_ahead_keeps_its_duration(
    both: tuple[Hosts, Hosts], clock: Clock, delay: float
) -> None:
    clock.now += 3650 * DAY
    both[0].learn(HOST, penalty=0, hold=60)
    both[0].take_turn("other.example", delay=delay, penalty=0)
    clock.now -= 3650 * DAY
    assert both[1].take_turn(HOST, delay=delay, penalty=0).wait == 60
    assert both[1].take_turn("other.example", delay=delay, penalty=0).wait == 0
    clock.now += 60
    assert both[1].take_turn(HOST, delay=delay, penalty=0).wait == 0


def test_learnt_penalty_applies_to_the_next_run(both: tuple[Hosts, Hosts], clock: Clock) -> None:
    first, other = both
    assert first.take_turn(HOST, delay=0, penalty=0).penalty == 0
    first.learn(HOST, penalty=4, started=1)
    answer = other.take_turn(HOST, delay=0, penalty=0)
    assert (answer.penalty, answer.wait) == (4, 3)
    clock.now += 2.5
    assert other.take_turn(HOST, delay=0, penalty=answer.penalty).wait == 0.5
    clock.now += 0.5
    # The penalty that this process has learnt since is its own, and is no longer read.
    other.learn(HOST, penalty=3)
    assert other.take_turn(HOST, delay=0, penalty=3).penalty == 3
    assert first.take_turn(HOST, delay=0, penalty=4).penalty == pytest.approx(3)


def test_a_host_that_was_given_up_pauses_until_it_answers(both: tuple[Hosts, Hosts], clock: Clock) -> None:
    first, other = both
    first.learn(HOST, penalty=0, failed_for=900)
    answer = other.take_turn(HOST, delay=0, penalty=0)
    assert (answer.wait, answer.asked) == (900, False)
    clock.now += 900
    assert other.take_turn(HOST, delay=0, penalty=0).failed_before
    other.learn(HOST, penalty=0, failed_for=0)
    assert not first.take_turn(HOST, delay=0, penalty=0).failed_before


def test_robots_txt_is_stored_unchanged(both: tuple[Hosts, Hosts], clock: Clock) -> None:
    one, other = both
    assert one.robots("https://news.example") is None
    first = KnownRobots(fetched=clock.now, status=200, body=b"User-agent: *\nDisallow: /\x00\xff")
    one.learn_robots("https://news.example", first)
    assert other.robots("https://news.example") == first
    assert other.robots("http://news.example") is None
    later = KnownRobots(fetched=clock.now + 1, status=0, failures=2, why="status 503")
    other.learn_robots("https://news.example", later)
    assert one.robots("https://news.example") == later


def test_expired_entries_are_deleted(both: tuple[Hosts, Hosts], url: str, clock: Clock) -> None:
    both[0].learn(HOST, penalty=1)
    both[0].learn_robots("https://news.example", KnownRobots(fetched=clock.now, status=404))
    clock.now += 30 * DAY
    both[0].learn("other.example", penalty=1)
    Hosts.open(url, clock=clock)
    with sa.create_engine(url).connect() as connection:
        assert connection.execute(sa.select(hosts_table.c.host)).scalars().all() == ["other.example"]
        assert connection.execute(sa.select(robots_table.c.origin)).scalars().all() == []
