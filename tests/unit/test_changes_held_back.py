"""Updates that leave something for later: rows that are owed, and deletions too many to be believed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsbot.wordpress.collection import deletions
from newsbot.wordpress.collection.confirm import is_held_back
from newsbot.wordpress.messages import Reply
from tests.unit.changing_site import BARE, KEY
from tests.unit.update_runs import Runs
from tests.unit.update_runs import counting as counting
from tests.unit.update_runs import runs as runs
from tests.unit.update_runs import searching as searching


@pytest.mark.parametrize(
    ("gone", "live", "confirmed", "held"),
    [
        (5, 10, False, False),
        (6, 10, False, True),
        (50, 1000, False, False),
        (51, 1000, False, True),
        (51, 9, True, False),
    ],
)
def test_many_deletions_at_once_are_held_back(gone: int, live: int, confirmed: bool, held: bool) -> None:
    assert is_held_back(gone=gone, live=live, percent=5, confirmed=confirmed) is held


@pytest.mark.parametrize(
    "death",
    [
        {},
        BARE,
        {"status": 508},
        {"status": 200, "body": b'[{"id": 1, "title": {"rendered": "Cu'},
        {"error": "timeout"},
    ],
    ids=lambda death: str(death.get("error", death.get("status", "fatal"))),
)
def test_unreadable_row_is_owed_until_it_comes(runs: Runs, death: dict[str, Any]) -> None:
    broken, runs.model.death = runs.model.insert(), death
    runs.model.articles[broken].fatal = True
    for _ in range(2):
        assert runs() == []
        assert (runs.facts.verdict, runs.facts.unreadable) == ("incomplete", [broken])
        runs.model.now += timedelta(days=3)
    runs.model.articles[broken].fatal = False
    assert runs() == [(broken, "new")]
    assert runs.facts.verdict == "complete"
    runs.model.asked.clear()
    assert runs() == []
    assert len(runs.model.asked) == 3


def test_suspiciously_many_deletions_wait_for_confirm_deletions(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    # The archive then returns the rows in three parts.
    monkeypatch.setattr(deletions, "TOMBSTONES", 10)
    for number in range(1, 101, 4):
        del runs.model.articles[number]
    assert runs() == []
    assert (runs.facts.verdict, runs.facts.held_back) == ("incomplete", 25)
    assert runs() == [], "the next run is not fooled either"
    assert runs.facts.held_back == 25
    changes = runs(confirm_deletions=True)
    assert sorted(changes) == [(number, "deleted") for number in range(1, 101, 4)]
    assert runs.facts.verdict == "complete"


@pytest.fixture
def large(tmp_path: Path) -> Runs:
    """A collection that one update does not read whole. Five percent of its rows are 20."""
    return Runs.after_a_walk(tmp_path, rows=400, later=timedelta(days=3))


def test_suspiciously_many_deletions_are_not_accepted_in_parts(large: Runs) -> None:
    runs = large
    # The number of deleted rows among the newest ids is small enough.
    gone = [*range(10, 30), *range(350, 360)]
    for number in gone:
        del runs.model.articles[number]
    assert runs() == []
    assert (runs.facts.verdict, runs.facts.held_back) == ("incomplete", len(gone))
    assert sorted(runs(confirm_deletions=True)) == [(number, "deleted") for number in gone]
    assert runs.facts.verdict == "complete"


def test_many_deletions_hidden_by_new_rows_are_not_accepted_in_parts(large: Runs) -> None:
    runs = large
    # The count agrees. It gives no reason for doubt until the first of these rows is recorded as deleted.
    gone = [*range(10, 30), *range(350, 360)]
    for number in gone:
        del runs.model.articles[number]
    for _ in gone:
        runs.model.insert(age=timedelta(days=900))
    buried = [row_id for row_id, change in runs() if change == "deleted"]
    assert len(buried) <= 20
    assert runs.facts.verdict == "incomplete"
    assert len(buried) + runs.facts.held_back == len(gone)


def test_owed_rows_do_not_stop_other_rows(runs: Runs) -> None:
    runs.model.death = BARE
    broken = [runs.model.insert() for _ in range(12)]
    for number in broken:
        runs.model.articles[number].fatal = True
    assert runs() == []
    verdicts = [runs.facts.verdict]
    for number in broken[4:]:
        runs.model.articles[number].fatal = False
    assert sorted(runs()) == [(number, "new") for number in broken[4:]]
    assert sorted(runs.facts.unreadable) == broken[:4]
    runs.model.now += timedelta(hours=30)
    new = runs.model.insert()
    assert runs() == [(new, "new")]
    assert sorted(runs.facts.unreadable) == broken[:4]
    for number in broken[:4]:
        runs.model.articles[number].fatal = False
    assert sorted(runs()) == [(number, "new") for number in broken[:4]]
    verdicts.append(runs.facts.verdict)
    assert verdicts == ["incomplete", "complete"]
    runs.model.now += timedelta(hours=30)
    assert runs() == []
    assert len(runs.model.asked) == 3, "rows that were owed and came leave no difference"


def test_owed_rows_are_requested_until_they_come(counting: Runs) -> None:
    counting.model.death = BARE
    broken: list[int] = []
    # More rows fail in a row than a run asks for one by one: the later counts do not reach all of them.
    for posts in (6, 6, 0):
        new = [counting.model.insert() for _ in range(posts)]
        for number in new:
            counting.model.articles[number].fatal = True
        broken += new
        counting(sweep_days=9999)
        counting.model.now += timedelta(days=2)
        counting(sweep_days=9999)
        counting.model.now += timedelta(days=2 if posts else 0)
    assert sorted(counting.facts.unreadable) == broken
    for number in broken:
        counting.model.articles[number].fatal = False
    counting.model.now += timedelta(hours=1)
    assert sorted(counting(sweep_days=9999)) == [(number, "new") for number in broken]


def test_owed_rows_stay_owed_when_the_site_does_not_answer(counting: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [counting.model.insert() for _ in range(3)]
    for number in broken:
        counting.model.articles[number].fatal = True
    for _ in range(2):
        counting(sweep_days=9999)
        counting.model.now += timedelta(hours=30)
    listing = counting.model._listing

    def fall_silent(params: dict[str, str]) -> Reply:
        return Reply(status=0, url=KEY, error="timeout") if "include" in params else listing(params)

    with monkeypatch.context() as patched:
        patched.setattr(counting.model, "_listing", fall_silent)
        assert counting(sweep_days=9999) == []
    assert sorted(counting.facts.unreadable) == broken
    for number in broken:
        counting.model.articles[number].fatal = False
    counting.model.now += timedelta(hours=30)
    assert sorted(counting(sweep_days=9999)) == [(number, "new") for number in broken]


def test_owed_rows_that_came_cause_no_search(searching: Runs) -> None:
    broken = [searching.model.insert() for _ in range(3)]
    for number in broken:
        searching.model.articles[number].fatal = True
    for _ in range(3):
        # After the second run, the overlap no longer covers the rows. Only the list of owed rows asks for them.
        searching(sweep_days=9999)
        assert not any("before=" in url for url in searching.model.asked), "the owed rows explain the count"
        searching.model.now += timedelta(hours=30)
    for number in broken:
        searching.model.articles[number].fatal = False
    assert sorted(searching(sweep_days=9999)) == [(number, "new") for number in broken]
    assert len(searching.model.asked) == 5, "no search was needed"


def test_many_rows_whose_rendering_fails_do_not_stop_other_rows(counting: Runs) -> None:
    broken = [counting.model.insert() for _ in range(14)]
    for number in broken:
        counting.model.articles[number].fatal = True
    good = counting.model.insert()
    assert counting() == [(good, "new")]
    assert sorted(counting.facts.unreadable) == broken
