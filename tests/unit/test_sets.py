"""Equal counts do not prove equal sets: changes that cancel each other out in the total, wrong clocks, and counts from
a cache.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.collection.ahead import Ahead
from newsbot.wordpress.collection.verdict import accept_unexplained, conclude
from newsbot.wordpress.dates import are_apart, site_time, utc
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.receipt import CollectionFacts
from tests.unit.changing_site import PARAMS, ChangingSite, iso
from tests.unit.update_runs import Runs, empty, kept_state

__all__ = ["empty"]


def large(folder: Path, *, posts: int = 700) -> Runs:
    """Runs over a site whose first walk is done."""
    return Runs.after_a_walk(folder, rows=posts, later=timedelta(days=2))


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return large(tmp_path, posts=1_050)


def swept(runs: Runs) -> bool:
    return any("order=asc" in url and "after" not in url and "offset" not in url for url in runs.model.asked)


def test_back_dated_post_comes_although_another_post_is_deleted(runs: Runs) -> None:
    late = runs.model.insert(age=timedelta(days=500))
    del runs.model.articles[5]
    assert sorted(runs()) == [(5, "deleted"), (late, "new")]
    assert (runs.facts.verdict, swept(runs)) == ("complete", False)


def test_swapped_dates_are_delivered_as_edits(runs: Runs) -> None:
    articles = runs.model.articles
    for one, other in ((1_000, 1_049), (7, 9)):
        articles[one].date, articles[other].date = articles[other].date, articles[one].date
        articles[one].local, articles[other].local = articles[other].local, articles[one].local
    # The first query that compares all ids compares the dates of the first fifty ids.
    assert sorted(runs()) == [(number, "edited") for number in (7, 9, 1_000, 1_049)]
    assert (runs(), runs.facts.verdict) == ([], "complete")


@pytest.mark.parametrize("edited", [False, True])
def test_all_re_dated_rows_are_delivered_in_one_run(tmp_path: Path, *, edited: bool) -> None:
    runs = large(tmp_path, posts=300)
    for article in runs.model.articles.values():
        if edited:
            article.title, article.modified = f"{article.title} again", article.modified + timedelta(minutes=5)
        else:
            article.date, article.local = article.date + timedelta(minutes=5), article.local + timedelta(minutes=5)
    changes = runs()
    assert (sorted(changes), swept(runs)) == ([(number, "edited") for number in range(1, 301)], True)
    assert (runs(), len(runs.model.asked)) == ([], 3)


def test_unchanged_site_costs_three_requests_and_a_tiny_site_one(tmp_path: Path, runs: Runs) -> None:
    assert (runs(), len(runs.model.asked)) == ([], 3)
    (tmp_path / "tiny").mkdir()
    tiny = large(tmp_path / "tiny", posts=40)
    assert (tiny(), len(tiny.model.asked)) == ([], 1)


def test_changes_of_a_tiny_site_that_keep_the_count_are_found(tmp_path: Path) -> None:
    runs = large(tmp_path, posts=40)
    hidden = runs.model.insert(age=timedelta(days=300), status="draft")
    runs()
    runs.model.articles[hidden].status, runs.model.articles[7].status = "publish", "draft"
    assert sorted(runs()) == [(7, "deleted"), (hidden, "new")]


def test_deletion_among_the_newest_needs_no_search(runs: Runs) -> None:
    del runs.model.articles[1_040]
    assert runs() == [(1_040, "deleted")]
    assert len(runs.model.asked) == 5


def test_deletions_after_a_change_of_zone_are_found_in_the_same_run(tmp_path: Path) -> None:
    runs = large(tmp_path, posts=1200)
    runs.model.zone = timedelta(hours=9)
    for number in (60, 601, 999):
        del runs.model.articles[number]
    assert sorted(runs()) == [(60, "deleted"), (601, "deleted"), (999, "deleted")]
    assert runs.facts.verdict == "complete"


def test_owed_rows_start_no_search(runs: Runs) -> None:
    broken = runs.model.insert()
    runs.model.articles[broken].fatal = True
    for _ in range(2):
        assert (runs(), swept(runs)) == ([], False)
        assert runs.facts.unreadable == [broken]


def test_changes_of_old_rows_that_keep_the_count_are_found_by_a_moving_border(runs: Runs) -> None:
    runs.params = PARAMS - {"exclude"}
    back = runs.model.insert(age=timedelta(days=300), status="draft")
    for age in range(200, 50, -1):
        runs.model.insert(age=timedelta(days=age))
    runs()
    runs.model.now += timedelta(days=2)
    runs.model.articles[back].status, runs.model.articles[7].status = "publish", "draft"
    changes: list[tuple[int, str]] = []
    for _ in range(6):
        runs.model.now += timedelta(hours=3)
        changes += runs(sweep_days=9999)
        assert len(runs.model.asked) <= (3 if not changes else 40)
        if changes:
            break
    assert sorted(changes) == [(7, "deleted"), (back, "new")]


@pytest.mark.parametrize("query", [4, 5])
def test_post_inserted_during_the_comparison_hides_no_deletion(runs: Runs, query: int) -> None:
    runs.params = PARAMS - {"exclude"}
    del runs.model.articles[500]

    def insert() -> None:
        runs.model.insert()

    runs.model.events[query] = insert
    assert sorted(runs()) == [(500, "deleted"), (1_051, "new")]


def test_row_restored_during_a_sweep_counts_as_listed(runs: Runs) -> None:
    runs.params = PARAMS - {"exclude"}
    runs.model.articles[700].status = "draft"

    def restore() -> None:
        runs.model.articles[700].status = "publish"

    # The row comes back after the site has answered the page on which the row was missing.
    runs.model.events[11] = restore
    runs(sweep=True)
    assert kept_state(runs).unlisted == frozenset()
    del runs.model.articles[5]
    assert runs() == [(5, "deleted")]


def test_contradicting_dates_are_reported(tmp_path: Path, empty: Path) -> None:
    (tmp_path / "newsbot.db").write_bytes(empty.read_bytes())
    model = ChangingSite()
    for age in range(9, 0, -1):
        model.insert(age=timedelta(days=age))
    model.articles[3].date -= timedelta(days=900)
    runs = Runs(tmp_path, model)
    assert (len(runs()), dict(runs.facts.faults), runs.facts.verdict) == (9, {"dates-apart": 1}, "complete")


def test_broken_modified_after_filter_is_detected(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = runs.model._listing

    def broken(params: dict[str, str]) -> Reply:
        return listing(params | ({"include": "0"} if "modified_after" in params else {}))

    monkeypatch.setattr(runs.model, "_listing", broken)
    runs.model.edit(17, "Edited")
    assert runs() == [(17, "edited")]


def test_changed_rows_without_a_modified_date_are_delivered(tmp_path: Path) -> None:
    runs = large(tmp_path, posts=400)
    runs.model.undated = True
    runs.model.edit(17, "Edited")
    assert runs() == [(17, "edited")]


def test_no_deletion_is_confirmed_when_no_row_answers(tmp_path: Path) -> None:
    runs = large(tmp_path, posts=4)
    rows, runs.model.articles = runs.model.articles, {}
    assert runs() == []
    assert (runs.facts.verdict, runs.facts.unsure) == ("incomplete", [1, 2, 3, 4])
    runs.model.articles = rows
    assert (runs(), runs.facts.verdict) == ([], "complete")
    runs.model.articles = {}
    assert len(runs(confirm_deletions=True)) == 4


# What changes while a walk runs.


def walk(folder: Path, empty: Path, change: Callable[[ChangingSite], None]) -> Runs:
    """A first walk over 400 posts during which the site changes, before the fourth request."""
    (folder / "newsbot.db").write_bytes(empty.read_bytes())
    model = ChangingSite()
    for age in range(400, 0, -1):
        model.insert(age=timedelta(days=age))
    runs = Runs(folder, model)
    model.events[3] = lambda: change(model)
    runs()
    return runs


def _delete(model: ChangingSite) -> None:
    del model.articles[5]


def _redate_and_delete(model: ChangingSite) -> None:
    # A tool that writes into the database changes a date without the date of modification. The totals stay equal.
    model.articles[280].date = model.articles[280].local = model.articles[1].local - timedelta(days=9)
    del model.articles[5]


def _edit(model: ChangingSite) -> None:
    model.edit(3, "Edited")


def _insert_with_past_date_and_delete(model: ChangingSite) -> None:
    model.insert(age=timedelta(days=390))
    del model.articles[5]


@pytest.mark.parametrize("change", [_delete, _redate_and_delete, _edit, _insert_with_past_date_and_delete])
def test_changes_during_a_walk_are_delivered_at_its_end(
    tmp_path: Path, empty: Path, change: Callable[[ChangingSite], None]
) -> None:
    runs = walk(tmp_path, empty, change)
    assert runs.facts.verdict == "complete"
    assert runs.held() == {number: one.title for number, one in runs.model.live().items()}
    assert (runs(), runs.facts.hidden) == ([], 0)


def test_walk_without_changes_ends_with_two_requests(tmp_path: Path, empty: Path) -> None:
    runs = walk(tmp_path, empty, lambda _: None)
    listed = [url for url in runs.model.asked if "orderby=date" in url]
    assert len(runs.model.asked) - len(listed) == 2


def test_rows_that_disappear_ahead_of_the_cursor_are_detected() -> None:
    by_date = {"orderby": "date"}
    quiet, moved, added = Ahead(), Ahead(), Ahead()
    for total in (300, 200, 100):
        quiet.take(by_date, total, fresh=100)
    for total in (300, 199):
        moved.take(by_date, total, fresh=100)
    for later in (300, 201, None, 50):
        added.take(by_date, later, fresh=100)
    assert (quiet.vanished, moved.vanished, added.vanished) == (False, True, False)


# Hidden rows.


def test_unlisted_posts_that_are_found_by_id_are_delivered_and_updated(tmp_path: Path, empty: Path) -> None:
    (tmp_path / "newsbot.db").write_bytes(empty.read_bytes())
    model = ChangingSite(filtered=set(range(10, 241, 10)))
    for age in range(250, 0, -1):
        model.insert(age=timedelta(days=age))
    runs = Runs(tmp_path, model)
    assert len(runs()) == 250
    assert (runs.facts.verdict, runs.facts.hidden, runs.facts.unexplained) == ("complete", 24, 0)
    assert (runs(), len(model.asked), runs.facts.verdict) == ([], 4, "complete")
    del model.articles[20], model.articles[21]
    model.edit(30, "Edited")
    model.now += timedelta(days=8)
    assert sorted(runs()) == [(20, "deleted"), (21, "deleted"), (30, "edited")]
    assert (runs.facts.verdict, runs.facts.hidden) == ("complete", 23)


def test_counted_posts_that_no_query_shows_make_every_run_incomplete(tmp_path: Path, empty: Path) -> None:
    (tmp_path / "newsbot.db").write_bytes(empty.read_bytes())
    model = ChangingSite(filtered=set(range(10, 241, 10)), filters_ids=True)
    for age in range(250, 0, -1):
        model.insert(age=timedelta(days=age))
    runs = Runs(tmp_path, model)
    assert len(runs()) == 226
    for _ in range(2):
        assert (runs.facts.verdict, runs.facts.unexplained) == ("incomplete", 24)
        assert runs() == []
    assert len(model.asked) == 3, "what was measured starts no search"
    del model.articles[21]
    assert runs() == [(21, "deleted")]


def test_deletion_is_found_beside_a_newly_hidden_row(tmp_path: Path) -> None:
    runs = large(tmp_path)
    del runs.model.articles[5]
    runs.model.insert(age=timedelta(days=900))
    runs.model.filtered.add(701)
    runs()
    assert runs.facts.verdict == "complete"
    assert runs.held().keys() == runs.model.live().keys()


@pytest.mark.parametrize("order", ["descending", "shuffled"])
def test_old_edits_are_not_listed_when_ids_and_dates_differ_in_order(tmp_path: Path, empty: Path, order: str) -> None:
    (tmp_path / "newsbot.db").write_bytes(empty.read_bytes())
    model = ChangingSite()
    for number in range(400):
        model.insert(age=timedelta(days=1 + (number if order == "descending" else number * 149 % 400)))
    runs = Runs(tmp_path, model)
    assert len(runs()) == 400
    model.now += timedelta(days=2)
    assert (runs(), len(model.asked)) == ([], 3)
    old, last = (400, 1) if order == "descending" else (200, 1)
    model.edit(old, "Edited")
    late = model.insert(age=timedelta(days=40))
    assert sorted(runs()) == [(old, "edited"), (late, "new")]
    model.now += timedelta(hours=1)
    # The row of the archive's last edit is gone: another row must prove that the site heeds the time.
    del model.articles[old]
    model.edit(last, "Corrected")
    assert sorted(runs()) == [(last, "edited"), (old, "deleted")]
    model.now += timedelta(hours=1)
    del model.articles[last]
    assert runs() == [(last, "deleted")]
    assert (runs(), len(model.asked) <= 3) == ([], True)


# Clocks and caches.


def test_edit_with_an_earlier_date_than_the_stored_one_is_delivered(runs: Runs) -> None:
    article = runs.model.articles[50]
    article.title, article.modified = "Edited", runs.model.now + timedelta(hours=9)
    assert runs() == [(50, "edited")]
    runs.model.now += timedelta(hours=1)
    article.title, article.modified = "Corrected", runs.model.now
    assert runs() == [(50, "edited")]
    assert runs.held()[50] == "Corrected"


def test_old_cached_copy_does_not_replace_a_newer_row(runs: Runs) -> None:
    runs.model.edit(1_040, "Edited")
    before = dict(runs.model.articles)
    assert runs() == [(1_040, "edited")]
    runs.model.cache = {}
    # The cache holds the listing from before the edit; the site itself gives the new date.
    runs.model.articles = before
    runs()
    assert (runs(), runs.held()[1_040]) == ([], "Edited")


def test_deletion_is_found_through_a_cache(runs: Runs) -> None:
    runs.model.cache = {}
    runs()
    del runs.model.articles[5]
    assert runs() == [(5, "deleted")]


@pytest.mark.parametrize("rows", [60, 150, 400])
def test_changes_are_found_through_a_cache_that_drops_unknown_parameters(tmp_path: Path, rows: int) -> None:
    runs = large(tmp_path, posts=rows)
    runs.model.cache, runs.model.drops_unknown = {}, True
    runs()
    healthy = len(runs.model.asked)
    runs.model.now += timedelta(hours=1)
    del runs.model.articles[5]
    assert runs() == [(5, "deleted")]
    runs.model.now += timedelta(hours=1)
    runs.model.edit(7, "Edited")
    late = runs.model.insert(age=timedelta(days=20))
    assert sorted(runs()) == [(7, "edited"), (late, "new")]
    for _ in range(2):
        runs.model.now += timedelta(hours=1)
        assert runs() == []
    # Each query that the cache answered is made once more.
    assert len(runs.model.asked) <= 2 * healthy


def test_site_clock_far_ahead_hides_no_edit(runs: Runs) -> None:
    runs.model.clock_error = timedelta(days=400)
    runs()
    assert kept_state(runs).watermark == iso(runs.model.now) + "Z"
    runs.model.now += timedelta(hours=1)
    runs.model.edit(17, "Edited")
    runs.model.now += timedelta(hours=1)
    assert runs() == [(17, "edited")]


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        ({"date": "Thu, 26 Nov 2026 18:00:00 GMT"}, "2026-11-26T12:00:00Z"),
        ({"date": "Thu, 26 Nov 2026 11:00:00 GMT"}, "2026-11-26T11:00:00Z"),
        ({"date": "Thu, 26 Nov 2026 12:00:00 GMT", "age": "7200"}, "2026-11-26T10:00:00Z"),
        ({"age": "7200"}, "2026-11-26T10:00:00Z"),
        ({"age": "soon"}, "2026-11-26T12:00:00Z"),
    ],
)
def test_time_of_an_answer_is_limited_by_the_local_clock(headers: dict[str, str], moment: str) -> None:
    assert site_time(Reply(status=200, url="", headers=headers, fetched_at="2026-11-26T12:00:00Z")) == moment


NEW_YORK = Site(key="https://n.example", home="https://n.example", api=Api(root="https://n.example/wp-json/"))
NEW_YORK.timezone = "America/New_York"


@pytest.mark.parametrize(
    ("gmt", "local", "true"),
    [
        ("2019-07-10T03:44:43", "2019-07-09T23:44:43", "2019-07-10T03:44:43Z"),
        ("1970-01-01T00:00:00", "2021-01-04T10:00:00", "2021-01-04T15:00:00Z"),
        ("2019-03-10T03:44:43", "2019-03-09T21:44:43", "2019-03-10T02:44:43Z"),
        ("2019-03-10T03:44:43", "2019-03-09T22:44:43", "2019-03-10T03:44:43Z"),
        ("2019-07-10T03:44:43", "2019-07-10T13:44:43", "2019-07-10T03:44:43Z"),
        ("0000-00-00T00:00:00", "2021-01-04T10:00:00", "2021-01-04T15:00:00Z"),
    ],
)
def test_local_date_replaces_an_impossible_gmt_date(gmt: str, local: str, true: str) -> None:
    assert utc(gmt, local, NEW_YORK) == true
    assert are_apart(gmt, local) is (gmt[:4] == "1970")


def test_unexplained_rows_are_accepted_when_another_witness_lists_no_more() -> None:
    facts = CollectionFacts(type="post", seen=3, unexplained=2)
    conclude(facts, "all came")
    assert facts.verdict == "incomplete"
    accept_unexplained(facts)
    assert (facts.verdict, facts.hidden, facts.unexplained) == ("complete", 2, 0)
    facts.unexplained, facts.missing = 2, [9]
    conclude(facts, "all came")
    accept_unexplained(facts)
    assert (facts.verdict, facts.why) == ("incomplete", "1 missing: 9")


def test_archive_follows_a_site_that_is_restored_from_a_backup(tmp_path: Path) -> None:
    runs = large(tmp_path, posts=320)
    backup = copy.deepcopy(runs.model.articles)
    for number in (5, 100, 319):
        runs.model.now += timedelta(hours=30)
        runs.model.edit(number, f"Edited {number}")
    new = runs.model.insert()
    assert len(runs()) == 4
    runs.model.now += timedelta(hours=20)
    runs.model.articles = backup
    assert sorted(runs()) == [(5, "edited"), (100, "edited"), (319, "edited"), (new, "deleted")]
    assert (runs.facts.verdict, runs()) == ("complete", [])


@pytest.mark.parametrize(("days", "minutes", "most"), [(3, 0, 3), (3, 90, 4), (0, 90, 7)])
def test_edit_of_all_posts_at_once_costs_few_requests_in_each_later_run(
    tmp_path: Path, days: int, minutes: int, most: int
) -> None:
    runs = large(tmp_path, posts=320)
    for article in runs.model.articles.values():
        article.modified = runs.model.now
    runs.model.articles[7].modified += timedelta(minutes=minutes)
    runs.model.now += timedelta(days=days, hours=2)
    runs()
    runs.model.now += timedelta(hours=22)
    assert (runs(), runs.facts.verdict) == ([], "complete")
    assert len(runs.model.asked) <= most, len(runs.model.asked)


def test_last_edit_of_an_unlisted_post_costs_no_request(tmp_path: Path) -> None:
    runs = large(tmp_path, posts=320)
    runs.model.edit(5, "Edited")
    assert runs() == [(5, "edited")]
    runs.model.filtered = {5}
    for hours in (30, 60):
        runs.model.now += timedelta(hours=hours)
        assert runs() == []
    assert (runs.facts.verdict, len(runs.model.asked) <= 5) == ("complete", True)
