"""The searches for changes: they need few requests, and they call no existing row deleted."""

from __future__ import annotations

import pickle
import random
import shutil
import time
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from newsbot.archive import Archive
from newsbot.archive.reader import Filter, read_current
from newsbot.wordpress.api import Site
from newsbot.wordpress.collection import incremental, recent_changes
from newsbot.wordpress.collection.confirm import Confirmed, confirm
from newsbot.wordpress.collection.search import FIRST, LAST, Search
from newsbot.wordpress.collection.site_ids import SiteIds
from newsbot.wordpress.dates import site_time
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import PAST_CACHES, Queries
from newsbot.wordpress.questions import AskEdge, AskKnown, CollectionState
from tests.unit import changing_site
from tests.unit.changing_site import KEY, PARAMS, POSTS, ChangingSite, Crash, Update, drive, finished, iso


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("changes") / "newsbot.db"
    Archive.open(f"sqlite:///{path}").close()
    return path


def queries(site: Site) -> Queries:
    """The queries of the site's posts."""
    return Queries(site=site, collection=POSTS, options=Options(url=KEY))


class Runs:
    """Runs over one model, in turn. ``params`` are the parameters that the site's route takes."""

    def __init__(self, folder: Path, model: ChangingSite) -> None:
        self.folder, self.model, self.number = folder, model, 0
        self.params = PARAMS

    @staticmethod
    def after_a_walk(folder: Path, *, rows: int, later: timedelta) -> Runs:
        """Runs after a first one, which listed a row of each of the last ``rows`` days ``later`` ago."""
        files, walked = after_first_run(rows)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        runs: Runs = pickle.loads(walked)
        runs.folder = folder
        runs.model.now += later
        return runs

    def __call__(self, **options: Any) -> list[tuple[int, str]]:
        """The rows that a run delivers: (id, change)."""
        self.number += 1
        self.model.asked.clear()
        update = Update(self.folder, self.number, self.model, **options)
        update.params = self.params
        update.run()
        self.facts = update.facts
        update.archive.close()
        return [(row[0], row[2]) for row in update.rows]

    def held(self) -> dict[int, str]:
        """The archive's live rows: id -> title."""
        archive = Archive.open(f"sqlite:///{self.folder / 'newsbot.db'}")
        rows: list[Any] = [row.record() for row in read_current(archive.database, Filter())]
        archive.close()
        return {row.id: row.title for row in rows}


@cache
def after_first_run(rows: int) -> tuple[dict[str, bytes], bytes]:
    """The files that a first run over ``rows`` rows leaves, and the pickled ``Runs``. Each test gets a copy of both."""
    with TemporaryDirectory() as folder:
        model = ChangingSite()
        for age in range(rows, 0, -1):
            model.insert(age=timedelta(days=age))
        runs = Runs(Path(folder), model)
        assert len(runs()) == rows
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}, pickle.dumps(runs)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs.after_a_walk(tmp_path, rows=250, later=timedelta(days=3))


@pytest.fixture
def counting(tmp_path: Path) -> Runs:
    """Runs over a site without ``exclude=`` and with more rows than an update lists: only dates and counts show
    changes.
    """
    runs = Runs.after_a_walk(tmp_path, rows=350, later=timedelta(days=3))
    runs.params = PARAMS - {"exclude"}
    return runs


@pytest.fixture
def searching(counting: Runs, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """The same, of a collection that is too large to be listed whole after each odd change."""
    monkeypatch.setattr(incremental, "SWEPT_AT_ONCE", 100)
    return counting


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


def _confirmed(runs: Runs, suspects: list[int]) -> Confirmed:
    archive = Archive.open(f"sqlite:///{runs.folder / 'newsbot.db'}", run="x")
    confirmed: Confirmed = drive(
        confirm(SiteIds(queries(runs.model.site())), suspects, neighbour=4), runs.model, archive
    )
    archive.close()
    return confirmed


def test_site_wide_refusal_confirms_no_deletion(runs: Runs) -> None:
    runs.model.wall = True
    assert _confirmed(runs, [1, 2, 3]) == Confirmed(unsure=[1, 2, 3])
    runs.model.wall, runs.model.outage = False, True
    assert _confirmed(runs, [1, 2, 3]) == Confirmed(unsure=[1, 2, 3])


def test_error_for_every_row_confirms_no_deletion(runs: Runs) -> None:
    runs.model.articles.clear()
    assert _confirmed(runs, [1, 2, 3]) == Confirmed(unsure=[1, 2, 3])


def test_live_post_is_never_confirmed_as_gone(runs: Runs) -> None:
    del runs.model.articles[3]
    assert _confirmed(runs, [1, 2, 3]) == Confirmed(gone=[3], alive=[1, 2])


ERASED, TRASHED, NO_ROUTE = (
    Reply(status=status, url="", body=f'{{"code":"{code}","message":""}}'.encode())
    for status, code in ((404, "rest_post_invalid_id"), (401, "rest_forbidden"), (404, "rest_no_route"))
)
CHECKED, LOGIN = {"cf-mitigated": "challenge"}, b'<html><body class="login wp-core-ui"><form name="loginform">'
REVIEW, COMMENT = "https://gazette.example/review/1/", "https://gazette.example/news/#comment-1"


@pytest.mark.parametrize(
    ("api", "url", "page", "gone"),
    [
        (ERASED, REVIEW, Reply(status=404, url=REVIEW), True),
        (TRASHED, REVIEW, Reply(status=410, url=REVIEW), True),
        (ERASED, REVIEW, Reply(status=200, url=REVIEW), False),
        (ERASED, REVIEW, Reply(status=0, error="dns", url=REVIEW), False),
        (ERASED, REVIEW, Reply(status=404, url="https://gazette.example/login/"), False),
        (ERASED, COMMENT, Reply(status=200, url="https://gazette.example/news/", body=b'<li id="comment-12">'), True),
        (ERASED, COMMENT, Reply(status=200, url="https://gazette.example/news/", body=b'<li id="comment-1">'), False),
        (ERASED, COMMENT, Reply(status=200, url="https://gazette.example/news/", headers=CHECKED, body=b"<p>"), False),
        (ERASED, COMMENT, Reply(status=200, url="https://gazette.example/news/", body=LOGIN), False),
    ],
    ids=[
        *("erased", "trashed", "for members", "no answer", "login", "comment erased", "comment there"),
        *("bot check", "login in its place"),
    ],
)
def test_last_row_of_a_type_is_deleted_when_its_page_is_gone(
    runs: Runs, api: Reply, url: str, page: Reply, gone: bool
) -> None:
    asked = confirm(SiteIds(queries(runs.model.site())), [1], neighbour=None, pages={1: url})
    next(asked)
    query = asked.send(api)
    assert (query.url, query.purpose) == (url.partition("#")[0], "article"), "asked as a visitor, without a password"
    with pytest.raises(StopIteration) as ended:
        asked.send(page)
    assert ended.value.value == (Confirmed(gone=[1]) if gone else Confirmed(unsure=[1]))


def test_last_row_of_a_type_is_unsure_without_a_route_or_a_known_page(runs: Runs) -> None:
    for api, pages in ((NO_ROUTE, {1: REVIEW}), (ERASED, {})):
        asked = confirm(SiteIds(queries(runs.model.site())), [1], neighbour=None, pages=pages)
        next(asked)
        with pytest.raises(StopIteration) as ended:
            asked.send(api)
        assert ended.value.value == Confirmed(unsure=[1])


def test_request_for_a_single_row_bypasses_caches(runs: Runs) -> None:
    asked = confirm(SiteIds(queries(runs.model.site()), fresh="1"), [1], neighbour=4)
    assert next(asked).headers == PAST_CACHES
    assert (
        asked.send(Reply(status=404, url="", body=b'{"code":"rest_post_invalid_id","message":""}')).headers
        == PAST_CACHES
    )


def test_watermark_is_the_clock_of_the_site(runs: Runs) -> None:
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


class Known:
    """The archive's answers for a large site, without an archive."""

    def __init__(self, model: ChangingSite) -> None:
        self.published = {n: iso(one.date) + "Z" for n, one in model.articles.items()}
        self.live = self

    def ids(self, asked: AskKnown) -> dict[int, str | None]:
        since, until = asked.since or "", asked.until or "~"
        return {n: None for n, at in self.published.items() if since <= at < until}

    def edge(self, asked: AskEdge) -> str | None:
        later = sorted(at for at in self.published.values() if at >= (asked.since or ""))
        return later[asked.rows] if asked.rows < len(later) else None


def _search(ages: list[timedelta], victim: int) -> tuple[list[int], Search, int]:
    """The deletions that a search finds, the search, and its requests."""
    model = ChangingSite()
    for age in ages:
        model.insert(age=age)
    held: Any = Known(model)
    del model.articles[victim]
    search = Search(site_ids=SiteIds(queries(model.site())))
    drive(search.run((FIRST, LAST, 1)), model, held)
    confirmed = drive(confirm(search.site_ids, search.missing, neighbour=2), model, held)
    return confirmed.gone, search, len(model.asked)


@pytest.mark.parametrize("victim", [1, 25_000, 49_999])
def test_one_deletion_among_50_000_is_found_with_at_most_12_requests(victim: int) -> None:
    # An update makes three requests before the search, and may count before and after it.
    pick = random.Random(5)
    ages = [timedelta(days=number // 20, seconds=pick.randrange(80_000)) for number in range(50_000)]
    gone, search, requests = _search(ages, victim)
    assert (gone, search.failed) == ([victim], False)
    assert requests <= 12


def test_deletion_among_rows_of_one_import_is_found() -> None:
    pick = random.Random(5)
    ages = [timedelta(days=pick.choice((10, 11, 3000)), seconds=pick.randrange(600)) for _ in range(3_000)]
    gone, search, requests = _search(ages, 1234)
    assert (gone, search.failed) == ([1234], False)
    assert requests <= 20


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


def test_sweep_runs_when_it_is_due_by_the_clock_of_the_site(runs: Runs) -> None:
    def swept() -> bool:
        return any("order=asc" in url and "after" not in url for url in runs.model.asked)

    runs()
    assert not swept()
    runs.model.now += timedelta(days=7)
    runs()
    assert swept()


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


def test_html_page_with_status_200_in_place_of_a_row_deletes_nothing(runs: Runs) -> None:
    runs.model.soft_404 = True
    del runs.model.articles[9]
    for _ in range(2):
        assert runs() == []
        assert (runs.facts.verdict, runs.facts.unsure) == ("incomplete", [9])


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


def test_missing_route_confirms_no_deletion(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    del runs.model.articles[9]
    no_route = {"code": "rest_no_route", "message": "no", "data": {"status": 404}}
    single = runs.model._single
    monkeypatch.setattr(
        runs.model, "_single", lambda number: runs.model._json(404, no_route) if number == 9 else single(number)
    )
    assert runs() == []
    assert runs.facts.unsure == [9]


def test_the_watermark_is_the_time_of_the_first_answer(runs: Runs) -> None:
    began = runs.model.now

    def two_hours_pass() -> None:
        runs.model.now += timedelta(hours=2)

    runs.model.events[2] = two_hours_pass
    runs()
    assert kept_state(runs).watermark == iso(began) + "Z"


def kept_state(runs: Runs) -> CollectionState:
    archive = Archive.open(f"sqlite:///{runs.folder / 'newsbot.db'}", run="reader")
    state = archive.state(KEY, "post")
    archive.close()
    return state


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
