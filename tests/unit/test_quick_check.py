"""The check of one request: what it finds, what it leaves to the full check, and when it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsbot.wordpress.api import RouteAccepts
from newsbot.wordpress.collection import quick_check
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState
from tests.unit.changing_site import KEY, POSTS, ROUTE, ChangingSite
from tests.unit.update_runs import Runs

Change = Callable[[ChangingSite], Any]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs.after_a_walk(tmp_path, rows=30, later=timedelta(hours=1))


def test_unchanged_site_costs_one_request_and_the_receipt_names_the_quick_check(runs: Runs) -> None:
    watermark = runs.facts.since
    assert runs(quick=True) == []
    assert len(runs.model.asked) == 1
    facts = runs.facts
    assert (facts.check, facts.mode, facts.verdict, facts.expected_after, facts.live) == (
        "quick", "update", "complete", 30, 30,
    )  # fmt: skip
    assert "by one request" in facts.why
    assert watermark is None and facts.since is not None, "the watermark is that of the full check"
    runs.model.insert()
    runs.model.now += timedelta(hours=1)
    runs(quick=True)
    assert (runs.facts.check, runs.facts.since) == ("full", facts.since)


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        (lambda model: model.insert(), [(31, "new")]),
        (lambda model: model.edit(7, "A correction"), [(7, "edited")]),
        (lambda model: model.articles.pop(12), [(12, "deleted")]),
        (lambda model: model.insert(age=timedelta(days=9)), [(31, "new")]),
        (lambda model: (model.articles.pop(12), model.insert()), [(12, "deleted"), (31, "new")]),
    ],
)
def test_change_found_by_the_quick_check_is_delivered_by_a_full_check(
    runs: Runs, change: Change, rows: list[tuple[int, str]]
) -> None:
    change(runs.model)
    runs.model.now += timedelta(hours=1)
    assert sorted(runs(quick=True)) == rows
    assert (runs.facts.check, runs.facts.verdict) == ("full", "complete")
    runs.model.now += timedelta(hours=1)
    assert (runs(quick=True), len(runs.model.asked)) == ([], 1)


def test_changes_that_keep_the_count_are_found_by_the_full_check(runs: Runs) -> None:
    runs.model.articles.pop(12)
    runs.model.insert(age=timedelta(days=9))
    assert (runs(quick=True), runs.facts.check) == ([], "quick")
    assert sorted(runs()) == [(12, "deleted"), (31, "new")]


def _change_in_the_future(model: ChangingSite) -> None:
    """A row whose date of change is in the future hides every edit until that date."""
    model.edit(7, "x")
    model.articles[7].modified = model.now + timedelta(days=90)


@pytest.mark.parametrize(
    "doubt",
    [
        lambda model: setattr(model, "zero_totals", True),
        lambda model: setattr(model, "undated", True),
        _change_in_the_future,
    ],
)
def test_inconclusive_answer_is_followed_by_a_full_check(runs: Runs, doubt: Change) -> None:
    doubt(runs.model)
    for _ in range(2):
        runs.model.now += timedelta(hours=1)
        runs(quick=True)
        assert (runs.facts.check, len(runs.model.asked) > 1) == ("full", True)


def test_cached_answer_is_followed_by_a_full_check(runs: Runs) -> None:
    runs.model.cache = {}
    assert (runs(quick=True), runs.facts.check) == ([], "quick")
    runs.model.edit(7, "A correction")
    runs(quick=True)
    assert runs.facts.check == "full"


def test_failed_quick_check_is_followed_by_a_full_check(runs: Runs) -> None:
    def fail() -> None:
        runs.model.outage = True

    def mend() -> None:
        runs.model.outage = False

    runs.model.events = {1: fail, 2: mend}
    assert (runs(quick=True), runs.facts.check, runs.facts.verdict) == ([], "full", "complete")


WHOLE = CollectionState(whole=True, watermark="2026-01-01T00:00:00Z", live=1)


@pytest.mark.parametrize(
    ("options", "state", "accepts", "possible"),
    [
        ({}, WHOLE, {}, True),
        ({"quick": False}, WHOLE, {}, False),
        ({"full": True}, WHOLE, {}, False),
        ({"sweep": True}, WHOLE, {}, False),
        ({"limit": 5}, WHOLE, {}, False),
        ({"kind": "comments"}, WHOLE, {}, False),
        ({"kind": "terms"}, WHOLE, {}, False),
        ({}, replace(WHOLE, whole=False), {}, False),
        ({}, replace(WHOLE, owed=(3,)), {}, False),
        ({}, replace(WHOLE, shifted=True), {}, False),
        ({}, WHOLE, {"orderby": frozenset({"date"})}, False),
    ],
)
def test_quick_check_is_used_only_when_possible(
    options: dict[str, Any], state: CollectionState, accepts: dict[str, Any], possible: bool
) -> None:
    site = ChangingSite().site()
    site.accepts[ROUTE] = RouteAccepts(**accepts)
    queries = Queries(site=site, collection=POSTS, options=Options(url=KEY, **({"quick": True} | options)))
    assert quick_check.is_possible(queries, state) is possible


@pytest.mark.parametrize("spoken", [{ROUTE: ("en", "fr")}])
def test_site_with_several_languages_gets_a_full_check(spoken: dict[str, tuple[str, ...]]) -> None:
    site = ChangingSite().site()
    site.languages.update(spoken)
    queries = Queries(site=site, collection=POSTS, options=Options(url=KEY, quick=True))
    assert quick_check.is_possible(queries, WHOLE) is False
