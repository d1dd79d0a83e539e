"""A walk that a later run finishes compares every row, also those before the cursor. The receipt claims a proof only
for rows that were compared.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.changing_site import ChangingSite, Crash, Update

ROWS = 300


@pytest.fixture
def model() -> ChangingSite:
    site = ChangingSite()
    for age in range(ROWS, 0, -1):
        site.insert(age=timedelta(days=age))
    return site


def die_halfway(folder: Path, model: ChangingSite) -> None:
    """A first run that dies after two pages of rows were stored."""
    update = Update(folder, 1, model, steps=220)
    with pytest.raises(Crash):
        update.run()
    update.archive.close()
    model.now += timedelta(hours=1)


def resume(folder: Path, model: ChangingSite, number: int = 2) -> Update:
    model.asked.clear()
    update = Update(folder, number, model)
    update.run()
    update.archive.close()
    return update


def test_changes_behind_the_cursor_come_after_a_resumed_walk(tmp_path: Path, model: ChangingSite) -> None:
    die_halfway(tmp_path, model)
    model.edit(5, "Anew")
    del model.articles[6]
    late = model.insert(age=timedelta(days=ROWS + 1))
    second = resume(tmp_path, model)
    assert second.facts.resumed
    changes = {row[0]: row[2] for row in second.rows}
    assert (changes[5], changes[6], changes[late]) == ("edited", "deleted", "new")
    assert second.facts.verdict == "complete", second.facts.why


def test_rows_that_no_listing_shows_are_reported_after_a_resumed_walk(tmp_path: Path, model: ChangingSite) -> None:
    die_halfway(tmp_path, model)
    model.filtered, model.filters_ids = {250, 251}, True
    second = resume(tmp_path, model)
    assert second.facts.resumed
    assert second.facts.hidden + second.facts.unexplained == 2


def test_resumed_walk_with_an_interrupted_comparison_is_not_whole(tmp_path: Path, model: ChangingSite) -> None:
    model.per_page = 10
    die_halfway(tmp_path, model)
    pages = (ROWS - 200) // model.per_page

    def hide() -> None:
        model.filtered = set(range(11, ROWS - 10))

    # After the walk, the comparison finds so many empty pages in a row that it gives up.
    model.events[pages + 3] = hide
    second = resume(tmp_path, model)
    assert second.facts.resumed
    assert (second.facts.verdict, second.facts.why) == ("incomplete", "the listing of ids broke off")
    assert [row[2] for row in second.rows if row[2] == "deleted"] == []
    model.filtered = set()
    del model.articles[30]
    third = resume(tmp_path, model, 3)
    assert {row[0]: row[2] for row in third.rows}[30] == "deleted"
    assert third.facts.verdict == "complete", third.facts.why
