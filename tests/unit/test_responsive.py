"""A cache that gives one answer to all queries, or an old one, is not taken for a site on which nothing changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from newsbot.archive import Archive
from newsbot.wordpress.collection.responsive import fields_of, has_fields, next_field_set
from newsbot.wordpress.messages import Query, Reply
from tests.unit.changing_site import ChangingSite, Update


@dataclass
class Cached(ChangingSite):
    """A site behind a cache. ``key``: URL -> the key of its answer. ``told`` are the headers of an old answer."""

    key: Callable[[str], str] = str
    told: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Reply] = field(default_factory=dict)

    def reply(self, query: Query) -> Reply:
        key = self.key(query.url)
        if key in self.kept:
            self.asked.append(query.url)
            return replace(self.kept[key], headers={**self.kept[key].headers, **self.told})
        self.kept[key] = super().reply(query)
        return self.kept[key]


class IgnoresFields(ChangingSite):
    """A site that ignores ``_fields``."""

    def _listing(self, params: dict[str, str]) -> Reply:
        return super()._listing({name: value for name, value in params.items() if name != "_fields"})


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


@pytest.mark.parametrize(("posts", "sweep"), [(6, True), (20, False), (60, False), (60, True)])
def test_cache_with_one_answer_for_a_route_is_reported(tmp_path: Path, posts: int, *, sweep: bool) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = Cached(per_page=20)
    for number in range(posts):
        model.insert(age=timedelta(days=posts - number))
    assert crawl(tmp_path, 1, model).facts.verdict == "complete"
    model.key = path_of
    model.kept.clear()
    crawl(tmp_path, 2, model)
    del model.articles[3]
    model.insert()
    for run in (3, 4):
        facts = crawl(tmp_path, run, model, sweep=sweep).facts
        assert facts.verdict == "incomplete", facts.why
    model.key = str
    assert sorted(row[2] for row in crawl(tmp_path, 5, model, sweep=sweep).rows) == ["deleted", "new"]


def test_first_crawl_of_a_route_with_one_answer_is_not_complete(tmp_path: Path) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = Cached(key=path_of)
    for _ in range(5):
        model.insert()
    update = crawl(tmp_path, 1, model)
    assert (update.facts.verdict, len(update.rows)) == ("incomplete", 5)
    assert "the same page for every query" in update.facts.why


@pytest.mark.parametrize("posts", [15, 60])
def test_cache_that_drops_unknown_parameters_hides_no_change_from_a_sweep(tmp_path: Path, posts: int) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = Cached(per_page=20, key=without_unknown)
    for number in range(posts):
        model.insert(age=timedelta(days=posts - number))
    crawl(tmp_path, 1, model)
    assert crawl(tmp_path, 2, model, sweep=True).rows == []
    del model.articles[3]
    model.articles[7].date -= timedelta(days=400)
    new = model.insert(age=timedelta(days=500))
    rows = crawl(tmp_path, 3, model, sweep=True).rows
    assert {(row[0], row[2]) for row in rows} >= {(3, "deleted"), (new, "new")}


def without_fields(url: str) -> str:
    return re.sub(r"&_(?:fields)?=[^&]*", "", url)


@pytest.mark.parametrize("cache_headers", [{}, {"x-cache": "HIT"}], ids=["unmarked", "marked"])
@pytest.mark.parametrize("key", [path_of, without_fields])
def test_cache_is_detected_on_a_site_with_one_page_of_rows(
    tmp_path: Path, key: Callable[[str], str], cache_headers: dict[str, str]
) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = Cached(per_page=20, told=cache_headers)
    for number in range(15):
        model.insert(age=timedelta(days=15 - number))
    crawl(tmp_path, 1, model)
    model.key = key
    model.kept.clear()
    crawl(tmp_path, 2, model)
    del model.articles[3]
    new = model.insert()
    for run in range(3, 7):
        update = crawl(tmp_path, run, model)
        if update.facts.verdict == "complete":
            assert key is without_fields
            assert sorted((row[0], row[2]) for row in update.rows) == [(3, "deleted"), (new, "new")]
            break
    else:
        assert key is path_of


def test_two_queries_distinguish_a_site_that_ignores_fields_from_a_cache(tmp_path: Path) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = IgnoresFields()
    for number in range(12):
        model.insert(age=timedelta(days=12 - number))
    assert crawl(tmp_path, 1, model).facts.verdict == "complete"
    del model.articles[3]
    assert [row[2] for row in crawl(tmp_path, 2, model).rows] == ["deleted"]
    assert crawl(tmp_path, 3, model).facts.verdict == "complete"
    assert len(model.asked) == 3


class Refusing(IgnoresFields):
    """The same, with a firewall that refuses ``exclude=``."""

    def _listing(self, params: dict[str, str]) -> Reply:
        refused = {"code": "blocked", "message": "no", "data": {"status": 403}}
        return self._json(403, refused) if "exclude" in params else super()._listing(params)


def test_site_that_ignores_fields_and_refuses_exclude_is_listed(tmp_path: Path) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = Refusing()
    for number in range(5):
        model.insert(age=timedelta(days=30 - number))
    assert crawl(tmp_path, 1, model).facts.verdict == "complete"
    new = model.insert()
    update = crawl(tmp_path, 2, model)
    assert (update.facts.verdict, [row[0] for row in update.rows]) == ("complete", [new])
    assert sum("exclude" in url for url in model.asked) == 1


def test_fields_that_a_run_draws_differ_from_those_of_the_last_run() -> None:
    field_set, field_sets = 0, []
    for number in range(40):
        field_set = next_field_set(field_set, f"2026{number}")
        field_sets.append(field_set)
    assert all(one != other for one, other in pairwise(field_sets))
    assert len({fields_of("posts", one) for one in field_sets}) > 10
    assert (next_field_set(3, ""), fields_of("posts", 0), fields_of("terms", 7)) == (0, (), ())
    row = dict.fromkeys(("id", "date", "modified", "slug", "type"))
    assert has_fields([row], "posts", ("slug", "type"))
    assert not has_fields([row], "posts", ("slug",))
    assert not has_fields([row], "posts", ("slug", "type", "guid"))
    assert not has_fields([row | {"content": {}}], "posts", ("slug", "type"))
    assert has_fields([], "posts", ("slug",))


@dataclass
class LateTotals(ChangingSite):
    """A site whose totals are those of ``counted``, until a query names ids or dates of publication."""

    counted: int | None = None

    def reply(self, query: Query) -> Reply:
        reply = super().reply(query)
        if self.counted is None or re.search(r"\b(include|exclude|after|before)=", query.url):
            return reply
        return replace(reply, headers={**reply.headers, "x-wp-total": str(self.counted)})


def test_late_totals_cause_no_search_after_changed_rows(tmp_path: Path) -> None:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    model = LateTotals(per_page=20)
    for number in range(80):
        model.insert(age=timedelta(days=80 - number))
    crawl(tmp_path, 1, model)
    model.counted = 80
    new = model.insert()
    del model.articles[7], model.articles[8]
    update = crawl(tmp_path, 2, model)
    assert sorted((row[0], row[2]) for row in update.rows) == [(7, "deleted"), (8, "deleted"), (new, "new")]
    assert update.facts.verdict == "incomplete"
    assert len(model.asked) <= 38
    model.counted = None
    assert crawl(tmp_path, 3, model).facts.verdict == "complete"
