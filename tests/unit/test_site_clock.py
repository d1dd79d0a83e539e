"""The watermark of updates, and clocks and time zones of sites that are wrong or change."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest

from newsbot.wordpress.dates import site_time
from newsbot.wordpress.messages import Reply
from tests.unit.changing_site import KEY, ChangingSite, iso
from tests.unit.update_runs import Runs, kept_state
from tests.unit.update_runs import counting as counting
from tests.unit.update_runs import empty as empty
from tests.unit.update_runs import runs as runs


def test_watermark_is_read_from_the_clock_of_the_site(runs: Runs) -> None:
    runs()
    assert kept_state(runs).watermark == iso(runs.model.now) + "Z"


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Thu, 26 Nov 2026 18:00:00 GMT", "2026-11-26T18:00:00Z"),
        ("Thu, 26 Nov 2026 18:00:00", "2026-11-26T18:00:00Z"),
        ("Thu, 26 Nov 2026 20:00:00 +0200", "2026-11-26T18:00:00Z"),
        ("", "ours"),
        ("Mon, 01 Jan 0500 00:00:00 GMT", "ours"),
        ("Fri, 31 Dec 9999 23:59:59 -2300", "ours"),
    ],
)
def test_impossible_date_header_is_ignored(date: str, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    reply = Reply(status=200, url=KEY, headers={"date": date}, fetched_at="ours")
    assert site_time(reply) == moment
    monkeypatch.undo()
    time.tzset()


def test_sweep_runs_when_it_is_due_by_the_clock_of_the_site(runs: Runs) -> None:
    def swept() -> bool:
        return any("order=asc" in url and "after" not in url for url in runs.model.asked)

    runs()
    assert not swept()
    runs.model.now += timedelta(days=7)
    runs()
    assert swept()


@pytest.mark.parametrize(("written", "now"), [(-12, 14), (14, -12)])
def test_window_holds_its_rows_though_the_site_moved_across_all_time_zones(
    tmp_path: Path, empty: Path, written: int, now: int
) -> None:
    """The site compares its local dates, which were written in another time zone, with times in today's."""
    shutil.copy(empty, tmp_path / "newsbot.db")
    model = ChangingSite(zone=timedelta(hours=written))
    for age in (timedelta(days=9), timedelta(days=8, seconds=-1), timedelta(days=5, seconds=1), timedelta(days=4)):
        model.insert(age=age)
    model.zone = timedelta(hours=now)
    runs = Runs(tmp_path, model)
    since, until = (iso(model.now - timedelta(days=days)) for days in (8, 5))
    assert sorted(runs(since=since, until=until)) == [(2, "new"), (3, "new")]


def test_watermark_from_a_clock_far_ahead_is_corrected(runs: Runs) -> None:
    right = runs.model.now
    runs.model.now += timedelta(days=900)
    runs()
    runs.model.now = right + timedelta(days=1)
    runs.model.articles[17].title, runs.model.articles[17].modified = "Edited", right + timedelta(hours=1)
    assert runs() == [(17, "edited")]


def test_site_clock_behind_the_watermark_starts_a_sweep(counting: Runs) -> None:
    model = counting.model
    first = model.now
    for _ in range(120):
        # The newest rows are younger than the edit below.
        model.now += timedelta(hours=6)
        model.insert()
    counting(sweep_days=9999)
    model.now = first
    model.articles[17].title, model.articles[17].modified = "Edited", first
    assert (17, "edited") in counting(sweep_days=9999)


def test_the_watermark_is_the_time_of_the_first_answer(runs: Runs) -> None:
    began = runs.model.now

    def two_hours_pass() -> None:
        runs.model.now += timedelta(hours=2)

    runs.model.events[2] = two_hours_pass
    runs()
    assert kept_state(runs).watermark == iso(began) + "Z"
