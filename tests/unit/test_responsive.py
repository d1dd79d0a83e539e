"""A cache that gives one answer to all queries, or an old one, is not taken for a site on which nothing changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsbot.archive import Archive
from newsbot.wordpress.collection.responsive import drawn, has_fields
from newsbot.wordpress.messages import Query, Reply
from tests.unit.changing_site import ChangingSite, Update


@dataclass
class Cached(ChangingSite):
    """A site behind a cache that tells nothing of itself. ``key``: URL -> the key of its answer."""

    key: Callable[[str], str] = str
    kept: dict[str, Reply] = field(default_factory=dict)

    def reply(self, query: Query) -> Reply:
        key = self.key(query.url)
        if key in self.kept:
            self.asked.append(query.url)
            return self.kept[key]
        self.kept[key] = super().reply(query)
        return self.kept[key]


def path_of(url: str) -> str:
    return url.partition("?")[0]


def without_unknown(url: str) -> str:
    return re.sub(r"&_=\d+", "", url)


def crawl(folder: Path, number: int, model: ChangingSite, **options: bool) -> Update:
    update = Update(folder, number, model, **options)
    update.run()
    update.archive.close()
    model.now += timedelta(hours=3)
    return update


@pytest.mark.parametrize("posts", [6, 60, 250])
@pytest.mark.parametrize("sweep", [False, True])
def test_cache_that_keeps_one_answer_for_a_route_is_told(tmp_path: Path, posts: int, *, sweep: bool) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = Cached()
    for number in range(posts):
        model.insert(age=timedelta(days=posts - number))
    assert crawl(tmp_path, 1, model).facts.verdict == "complete"
    model.key = path_of
    model.kept.clear()
    crawl(tmp_path, 2, model)
    del model.articles[3]
    model.insert()
    for run in (3, 4, 5):
        facts = crawl(tmp_path, run, model, sweep=sweep).facts
        assert facts.verdict == "incomplete", facts.why
    model.key = str
    assert sorted(row[2] for row in crawl(tmp_path, 6, model, sweep=sweep).rows) == ["deleted", "new"]


def test_first_crawl_of_a_route_with_one_answer_is_not_complete(tmp_path: Path) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = Cached(key=path_of)
    for _ in range(5):
        model.insert()
    update = crawl(tmp_path, 1, model)
    assert (update.facts.verdict, len(update.rows)) == ("incomplete", 5)
    assert "the same page for every query" in update.facts.why


@pytest.mark.parametrize("posts", [60, 250])
def test_cache_that_drops_unknown_parameters_hides_no_change_from_a_comparison_of_all_ids(
    tmp_path: Path, posts: int
) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = Cached(key=without_unknown)
    for number in range(posts):
        model.insert(age=timedelta(days=posts - number))
    crawl(tmp_path, 1, model)
    assert crawl(tmp_path, 2, model, sweep=True).rows == []
    del model.articles[3]
    model.articles[7].date -= timedelta(days=400)
    new = model.insert(age=timedelta(days=500))
    rows = crawl(tmp_path, 3, model, sweep=True).rows
    assert {(row[0], row[2]) for row in rows} >= {(3, "deleted"), (new, "new")}


def test_fields_that_a_run_draws_differ_and_are_recognised() -> None:
    runs = [drawn("posts", f"2026{number}") for number in range(40)]
    assert len(set(runs)) > 10
    assert drawn("posts", "") == drawn("terms", "1") == ()
    row = dict.fromkeys(("id", "date", "modified", "slug", "type"))
    assert has_fields([row], "posts", ("slug", "type"))
    assert not has_fields([row], "posts", ("slug",))
    assert not has_fields([row], "posts", ("slug", "type", "guid"))
    assert not has_fields([row | {"content": {}}], "posts", ("slug", "type"))
    assert has_fields([], "posts", ("slug",))


@dataclass
class Lagging(ChangingSite):
    """A site whose totals are those of ``counted``, until a query names ids or dates of publication."""

    counted: int | None = None

    def reply(self, query: Query) -> Reply:
        reply = super().reply(query)
        if self.counted is None or re.search(r"\b(include|exclude|after|before)=", query.url):
            return reply
        return replace(reply, headers={**reply.headers, "x-wp-total": str(self.counted)})


def test_totals_that_lag_cost_no_search_behind_the_rows_that_changed(tmp_path: Path) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = Lagging()
    for number in range(400):
        model.insert(age=timedelta(days=400 - number))
    crawl(tmp_path, 1, model)
    model.counted = 400
    new = model.insert()
    del model.articles[7], model.articles[8]
    update = crawl(tmp_path, 2, model)
    assert sorted((row[0], row[2]) for row in update.rows) == [(7, "deleted"), (8, "deleted"), (new, "new")]
    assert update.facts.verdict == "incomplete"
    assert len(model.asked) <= 38
    model.counted = None
    assert crawl(tmp_path, 3, model).facts.verdict == "complete"
