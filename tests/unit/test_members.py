"""Rows that only a login shows: a run without the login keeps them and says so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from newsbot.archive import Archive
from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Reply
from tests.unit.changing_site import PARAMS, Article, ChangingSite, Crash, Update


@dataclass
class MembersSite(ChangingSite):
    """A site that shows ``members`` to a ``login`` alone. ``loses``: a server loses the login of later queries."""

    members: set[int] = field(default_factory=set)
    login: bool = True
    loses: bool = False

    def site(self, params: frozenset[str] = PARAMS) -> Site:
        site = super().site(params)
        site.logged_in, site.logged_out = self.login, self.loses
        self.login = self.login and not self.loses
        return site

    def live(self) -> dict[int, Article]:
        return {n: one for n, one in super().live().items() if self.login or n not in self.members}

    def _single(self, number: int) -> Reply:
        if number in self.members and number in self.articles and not self.login:
            return self._json(401, {"code": "rest_forbidden", "message": "no", "data": {"status": 401}})
        return super()._single(number)


@dataclass
class Runs:
    folder: Path
    model: MembersSite
    number: int = 0

    def __call__(self, *, login: bool, **options: bool) -> tuple[list[tuple[int, str]], Update]:
        self.number += 1
        self.model.now += timedelta(hours=2)
        self.model.login = login
        update = Update(self.folder, self.number, self.model, **options)
        update.run()
        update.archive.close()
        return sorted((row[0], row[2]) for row in update.rows), update


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}").close()
    return Runs(tmp_path, MembersSite(per_page=20))


def gone(ids: Collection[int]) -> list[tuple[int, str]]:
    return [(number, "deleted") for number in sorted(ids)]


@pytest.mark.parametrize(
    ("posts", "members", "most"),
    [(18, {7, 8, 15}, 15), (70, {7, 8, 65}, 20), (60, set(range(1, 60, 2)), 17)],
    ids=["few posts", "many posts", "half of the posts"],
)
def test_run_without_login_keeps_rows_that_only_members_see(
    runs: Runs, posts: int, members: set[int], most: int
) -> None:
    model = runs.model
    for number in range(posts):
        model.insert(age=timedelta(days=posts - number))
    model.members = members
    assert len(runs(login=True)[0]) == posts

    del model.articles[10]
    rows, update = runs(login=False)
    # If many rows are missing, newsbot does not ask for each of them by itself.
    kept = members if len(members) < 5 else members | {10}
    facts = update.facts
    assert (rows, facts.verdict, facts.cause) == (gone({10} - kept), "incomplete", "login")
    assert (facts.members, facts.live) == (sorted(kept), posts - len(rows))
    assert len(model.asked) <= most

    rows, update = runs(login=False)
    assert (update.facts.cause, update.facts.members, len(model.asked) <= 4) == ("login", sorted(kept), True)
    rows, update = runs(login=True)
    assert (update.facts.verdict, update.facts.members) == ("complete", [])
    assert rows == gone(kept - members)

    # The site deletes a post for members. The next run is without the login, the run after it has the login.
    del model.articles[min(members)]
    assert runs(login=False)[0] + runs(login=True)[0] == gone({min(members)})

    rows, update = runs(login=False)
    assert (rows, update.facts.cause) == ([], "login")
    assert runs(login=False, confirm_deletions=True)[0] == gone(members - {min(members)})
    rows, update = runs(login=False)
    assert (rows, update.facts.verdict) == ([], "complete")


def test_killed_walk_with_a_login_continues_without_it(runs: Runs) -> None:
    for number in range(70):
        runs.model.insert(age=timedelta(days=70 - number))
    runs.model.members = {7, 8}
    died = Update(runs.folder, 99, runs.model, steps=60)
    with pytest.raises(Crash):
        died.run()
    died.archive.close()
    rows, update = runs(login=False)
    assert (update.facts.cause, update.facts.members) == ("login", [7, 8])
    assert gone({7, 8})[0] not in rows


def test_run_that_loses_its_login_deletes_no_row_of_members(runs: Runs) -> None:
    for number in range(60):
        runs.model.insert(age=timedelta(days=60 - number))
    runs.model.members = {7, 8}
    runs(login=True)
    runs.model.loses = True
    rows, update = runs(login=True)
    assert (rows, update.facts.cause, update.facts.members) == ([], "login", [7, 8])
    runs.model.loses = False
    rows, update = runs(login=True)
    assert (rows, update.facts.verdict) == ([], "complete")
