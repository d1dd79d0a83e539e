"""The searches for changes: they need few requests, and they call no existing row deleted."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from newsbot.wordpress.collection import recent_changes
from newsbot.wordpress.messages import Reply
from tests.unit import changing_site
from tests.unit.changing_site import KEY, PARAMS, ChangingSite, Crash, Update, finished
from tests.unit.update_runs import Runs, kept_state
from tests.unit.update_runs import counting as counting
from tests.unit.update_runs import empty as empty
from tests.unit.update_runs import runs as runs
from tests.unit.update_runs import searching as searching


def test_update_without_changes_costs_three_requests_for_ids(runs: Runs) -> None:
    assert runs() == []
    assert len(runs.model.asked) == 3
    assert all("_fields=id" in url and "content" not in url for url in runs.model.asked)


def test_new_edited_and_deleted_posts_come_once(runs: Runs) -> None:
    model = runs.model
    new = model.insert()
    model.articles[17].title, model.articles[17].modified = "Edited", model.now
    del model.articles[40]
    model.articles[90].status = "trash"
    model.now += timedelta(hours=1)
    assert sorted(runs()) == sorted([(new, "new"), (17, "edited"), (40, "deleted"), (90, "deleted")])
    assert runs() == []


def test_late_published_post_is_found_by_a_sweep(runs: Runs) -> None:
    late = runs.model.insert(age=timedelta(days=20), status="future")
    assert runs() == []
    runs.model.articles[late].status = "publish"
    assert runs(sweep=True) == [(late, "new")]


def test_post_published_a_day_late_is_found_in_the_overlap(searching: Runs) -> None:
    late = searching.model.insert(age=timedelta(hours=20), status="future")
    for _ in range(120):
        searching.model.insert()
    searching()
    searching.model.articles[late].status = "publish"
    searching.model.now += timedelta(hours=4)
    assert searching(sweep_days=9999) == [(late, "new")]
    asked = searching.model.asked
    assert not any("before=" in url for url in asked), "no search by windows was needed"
    assert len(asked) <= 10, "no listing of all ids was needed"


def test_restored_post_is_delivered_as_edited(runs: Runs) -> None:
    runs.model.articles[5].status = "draft"
    assert runs() == [(5, "deleted")]
    runs.model.articles[5].status, runs.model.articles[5].modified = "publish", runs.model.now
    assert runs() == [(5, "edited")]
    assert [row[1] for row in finished(runs.folder) if row[0] == 5] == [1, 2, 3]


def test_interrupted_walk_continues_at_its_cursor(tmp_path: Path, empty: Path) -> None:
    shutil.copy(empty, tmp_path / "newsbot.db")
    model = ChangingSite(per_page=20)
    for age in range(200, 0, -1):
        model.insert(age=timedelta(days=age))
    dying = Update(tmp_path, 1, model, steps=150)
    with pytest.raises(Crash):
        dying.run()
    dying.archive.close()
    # Before the cursor one post is edited, one is deleted and one is new, so that the totals are equal.
    model.now += timedelta(hours=1)
    model.articles[5].title, model.articles[5].modified = "Edited", model.now
    del model.articles[7]
    new = model.insert()
    again = Update(tmp_path, 2, model)
    again.run()
    again.archive.close()
    listings = [url for url in model.asked if "orderby=date" in url]
    assert all("after=" in url for url in listings)
    assert len(listings) < 10
    assert again.facts.verdict == "complete"
    newest = {row[0]: (row[2], row[3]) for row in finished(tmp_path)}
    assert newest[5] == ("edited", "Edited")
    assert newest[7][0] == "deleted"
    assert newest.keys() == {*range(1, 201), new}


def test_sites_without_modified_after_are_compared_by_id(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Update, "params", PARAMS - {"modified_after"})
    model = runs.model
    model.articles[17].title, model.articles[17].modified = "Edited", model.now
    del model.articles[40]
    late = model.insert(age=timedelta(days=900))
    assert sorted(runs()) == sorted([(17, "edited"), (40, "deleted"), (late, "new")])
    assert len(runs.model.asked) <= 10


def test_crawl_of_a_part_does_not_mark_the_collection_as_whole(tmp_path: Path, empty: Path) -> None:
    shutil.copy(empty, tmp_path / "newsbot.db")
    model = ChangingSite()
    for age in range(50, 0, -1):
        model.insert(age=timedelta(days=age))
    runs = Runs(tmp_path, model)
    assert len(runs(limit=10)) == 10
    assert len(runs(since="2026-02-01T00:00:00")) == 18
    assert len(runs()) == 22
    walked = runs.facts
    assert runs() == []
    assert (walked.mode, runs.facts.mode) == ("walk", "update")


def test_total_of_zero_beside_rows_does_not_end_a_listing(runs: Runs) -> None:
    runs.model.zero_totals = True
    for article in runs.model.articles.values():
        article.title, article.modified = "Anew", runs.model.now
    del runs.model.articles[9]
    changes = runs()
    assert len([change for _, change in changes if change == "edited"]) == 249
    assert (9, "deleted") in changes


def test_total_that_counts_only_the_page_does_not_end_a_listing(runs: Runs) -> None:
    runs.model.page_totals = True
    for number in range(1, 181):
        runs.model.articles[number].title, runs.model.articles[number].modified = "Anew", runs.model.now
    assert sorted(runs()) == [(number, "edited") for number in range(1, 181)]
    assert runs(sweep=True) == []
    assert runs.facts.verdict == "complete"


def break_listing(model: ChangingSite, monkeypatch: pytest.MonkeyPatch, param: str = "") -> None:
    """The site refuses the second page of each listing by id; with ``param`` only of those that ask for it."""
    listing = model._listing

    def refuse(params: dict[str, str]) -> Reply:
        if ("offset" in params or "page" in params) and (not param or param in params):
            return model._json(400, {"code": "rest_invalid_param", "message": "no", "data": {"status": 400}})
        return listing(params)

    monkeypatch.setattr(model, "_listing", refuse)


def test_interrupted_sweep_suspects_no_row_and_keeps_the_watermark(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept_state(runs)
    break_listing(runs.model, monkeypatch)
    runs.model.now += timedelta(days=1)
    assert runs(sweep=True) == []
    assert (runs.facts.verdict, runs.facts.held_back) == ("incomplete", 0)
    assert not any(url.split("?")[0].rpartition("/")[2].isdigit() for url in runs.model.asked)
    assert kept_state(runs).watermark == before.watermark


def test_interrupted_listing_of_changes_is_followed_by_a_sweep(
    searching: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No row among the newest ones shows that the listing lacks rows.
    monkeypatch.setattr(recent_changes, "edits_since", lambda _, since: (since, set()))
    break_listing(searching.model, monkeypatch, "modified_after")
    for number in range(1, 181):
        searching.model.edit(number, "Anew")
    assert sorted(searching()) == [(number, "edited") for number in range(1, 181)]


def test_bot_check_during_a_walk_gives_verdict_blocked(tmp_path: Path, empty: Path) -> None:
    shutil.copy(empty, tmp_path / "newsbot.db")
    model = ChangingSite(per_page=20)
    for age in range(100, 0, -1):
        model.insert(age=timedelta(days=age))

    def raise_wall() -> None:
        model.wall = True

    runs = Runs(tmp_path, model)
    model.events[3] = raise_wall
    runs()
    assert (runs.facts.verdict, runs.facts.seen > 0) == ("blocked", True)
    model.wall = True
    runs = Runs(tmp_path / "other", model)
    (tmp_path / "other").mkdir()
    shutil.copy(empty, tmp_path / "other" / "newsbot.db")
    runs()
    assert runs.facts.verdict == "closed"


def test_bot_check_ends_the_requests(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = runs.model._listing

    def check(params: dict[str, str]) -> Reply:
        if "include" in params:
            return Reply(status=403, url=KEY, headers={"cf-mitigated": "challenge"}, body=b"<html>")
        return listing(params)

    monkeypatch.setattr(runs.model, "_listing", check)
    for number in range(1, 41):
        runs.model.edit(number, "Anew")
    assert runs() == []
    assert runs.facts.verdict == "blocked"
    assert sum("include=" in url for url in runs.model.asked) == 1


def test_a_collection_with_a_row_without_an_id_is_not_whole(
    tmp_path: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(empty, tmp_path / "newsbot.db")
    model = ChangingSite()
    for age in range(5, 0, -1):
        model.insert(age=timedelta(days=age))
    row = changing_site._row
    monkeypatch.setattr(
        changing_site, "_row", lambda number, one: row(number, one) | ({"id": None} if number == 3 else {})
    )
    runs = Runs(tmp_path, model)
    assert len(runs()) == 4
    assert (runs.facts.verdict, kept_state(runs).whole) == ("incomplete", False)
    monkeypatch.undo()
    assert runs() == [(3, "new")]
    assert (runs.facts.mode, runs.facts.verdict) == ("walk", "complete")
