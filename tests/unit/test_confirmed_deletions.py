"""Rows that a listing lacks: only an answer of the site for the row itself confirms a deletion."""

from __future__ import annotations

import random
from bisect import bisect_left
from datetime import timedelta
from typing import Any

import pytest

from newsbot.archive import Archive
from newsbot.wordpress.api import Site
from newsbot.wordpress.collection.confirm import Confirmed, confirm
from newsbot.wordpress.collection.search import FIRST, LAST, Search
from newsbot.wordpress.collection.site_ids import SiteIds
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import PAST_CACHES, Queries
from newsbot.wordpress.questions import AskEdge, AskKnown
from tests.unit.changing_site import KEY, POSTS, ChangingSite, drive, iso
from tests.unit.update_runs import Runs
from tests.unit.update_runs import runs as runs


def queries(site: Site) -> Queries:
    """The queries of the site's posts."""
    return Queries(site=site, collection=POSTS, options=Options(url=KEY))


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


class Known:
    """The archive's answers for a large site, without an archive."""

    def __init__(self, model: ChangingSite) -> None:
        self.published = {n: iso(one.date) + "Z" for n, one in model.articles.items()}
        self.times = sorted(self.published.values())
        self.live = self

    def ids(self, asked: AskKnown) -> dict[int, str | None]:
        since, until = asked.since or "", asked.until or "~"
        return {n: None for n, at in self.published.items() if since <= at < until}

    def edge(self, asked: AskEdge) -> str | None:
        place = bisect_left(self.times, asked.since or "") + asked.rows
        return self.times[place] if place < len(self.times) else None


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


def test_html_page_with_status_200_in_place_of_a_row_deletes_nothing(runs: Runs) -> None:
    runs.model.soft_404 = True
    del runs.model.articles[9]
    for _ in range(2):
        assert runs() == []
        assert (runs.facts.verdict, runs.facts.unsure) == ("incomplete", [9])


def test_missing_route_confirms_no_deletion(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    del runs.model.articles[9]
    no_route = {"code": "rest_no_route", "message": "no", "data": {"status": 404}}
    single = runs.model._single
    monkeypatch.setattr(
        runs.model, "_single", lambda number: runs.model._json(404, no_route) if number == 9 else single(number)
    )
    assert runs() == []
    assert runs.facts.unsure == [9]
