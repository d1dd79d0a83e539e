"""Random histories of a site and of crawls that die: no live row is lost or doubled, and every deletion is true.

``make test`` tries a few histories, always the same ones; ``make soak`` tries thousands, others in each run.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import Counter
from collections.abc import Generator, Iterable
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from newsbot.archive import Archive
from newsbot.wordpress.questions import AskKnown
from newsbot.wordpress.receipt import CollectionFacts
from tests.examples import SOAK
from tests.unit.changing_site import KEY, Article, ChangingSite, Crash, Update, drive, finished


@cache
def empty_archive() -> Path:
    path = Path(tempfile.mkdtemp(prefix="newsbot-machine-")) / "newsbot.db"
    atexit.register(shutil.rmtree, path.parent)
    Archive.open(f"sqlite:///{path}").close()
    return path


HAPPENINGS = (
    *("insert", "edit", "schedule", "publish", "unpublish", "delete", "restore", "rename", "zone", "clock"),
    *("kill_page", "mend"),
)

TROUBLES = ("outage", "wall", "well")
"""What may happen to a site during a crawl."""

DURING = st.lists(st.tuples(st.integers(1, 12), st.sampled_from(HAPPENINGS + TROUBLES), st.integers(0, 50)), max_size=4)
"""The number of a request -> what happens before the site answers it."""


class Newsroom(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="newsbot-machine-"))
        shutil.copy(empty_archive(), self.folder / "newsbot.db")
        self.model = ChangingSite(per_page=7)
        self.number = 0
        self.erased: dict[int, Article] = {}
        self.ever_live: set[int] = set()
        self.throughout: set[int] = set()

    def teardown(self) -> None:
        if self.model.live():
            self.crawl_whole()
        shutil.rmtree(self.folder)

    @initialize(count=st.integers(1, 25), ties=st.integers(1, 9))
    def open_newsroom(self, count: int, ties: int) -> None:
        for age in range(count, 0, -1):
            self.model.insert(age=timedelta(days=age // ties))

    # What happens to the site.

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.model.now += timedelta(hours=hours)

    @rule(what=st.sampled_from(HAPPENINGS), place=st.integers(0, 50))
    def happen(self, what: str, place: int) -> None:
        self._happen(what, place)

    def _happen(self, what: str, place: int) -> None:
        getattr(self, f"_{what}")(place)
        self.ever_live |= self.model.live().keys()
        self.throughout &= self.model.live().keys()

    def _pick(self, place: int, *statuses: str) -> int | None:
        chosen = [number for number, one in self.model.articles.items() if one.status in statuses]
        return chosen[place % len(chosen)] if chosen else None

    def _insert(self, place: int) -> None:
        self.model.insert(age=timedelta(days=(0, 0, 0, 1, 400)[place % 5]))

    def _edit(self, place: int) -> None:
        if (number := self._pick(place, "publish")) is not None:
            self.model.now += timedelta(seconds=1)
            self.model.edit(number, self.model.articles[number].title + "x")

    def _rename(self, place: int) -> None:
        if (number := self._pick(place, "publish")) is not None:
            self._edit(place)
            self.model.articles[number].slug += "-renamed"

    def _unpublish(self, place: int) -> None:
        number = self._pick(place, "publish")
        if number is not None and len(self.model.live()) > 1:
            self.model.articles[number].status = ("draft", "trash")[place % 2]

    def _delete(self, place: int) -> None:
        number = self._pick(place, "publish")
        if number is not None and len(self.model.live()) > 1:
            self.erased[number] = self.model.articles.pop(number)

    def _restore(self, place: int) -> None:
        """Restore a post from a backup, with its old content and dates."""
        if self.erased:
            number = sorted(self.erased)[place % len(self.erased)]
            self.model.articles[number] = self.erased.pop(number)

    def _publish(self, place: int) -> None:
        # Late publishing changes neither ``date`` nor ``modified``.
        if (number := self._pick(place, "draft", "trash", "future")) is not None:
            self.model.articles[number].status = "publish"

    def _zone(self, place: int) -> None:
        self.model.zone = timedelta(hours=place % 25 - 12)

    def _clock(self, place: int) -> None:
        self.model.now += timedelta(hours=place % 41 - 20)

    def _schedule(self, _place: int) -> None:
        self.model.insert(status="future")

    def _kill_page(self, place: int) -> None:
        if (number := self._pick(place, "publish")) is not None:
            self.model.articles[number].fatal = True

    def _mend(self, _place: int) -> None:
        for article in self.model.articles.values():
            article.fatal = False

    def _outage(self, _place: int) -> None:
        self.model.outage = True

    def _wall(self, _place: int) -> None:
        self.model.wall = True

    def _well(self, _place: int) -> None:
        self.model.outage = self.model.wall = False

    # Crawls.

    @rule(steps=st.integers(1, 80), at=DURING)
    def crawl_that_dies(self, steps: int, at: list[tuple[int, str, int]]) -> None:
        self._crawl(at, steps=steps)

    @rule(at=DURING)
    def crawl(self, at: list[tuple[int, str, int]]) -> None:
        """A crawl during which the site changes."""
        self._crawl(at)

    @rule()
    def crawl_whole(self) -> None:
        """After a sweep the finished files hold exactly the rows that the site shows."""
        self._mend(0)
        facts = self._crawl(sweep=True, confirm_deletions=True)
        assert facts.verdict == "complete", facts
        newest = {number: (change, title) for number, _, change, title in finished(self.folder)}
        live = {number: title for number, (change, title) in newest.items() if change != "deleted"}
        assert live == {number: one.title for number, one in self.model.live().items()}

    def _crawl(self, at: Iterable[tuple[int, str, int]] = (), *, steps: int = 10**9, **options: Any) -> CollectionFacts:
        self.number += 1
        self.model.events.update({request: partial(self._happen, what, place) for request, what, place in at})
        self.throughout = set(self.model.live())
        self.ever_live |= self.throughout
        fatal = {number for number, one in self.model.live().items() if one.fatal}
        update = Update(self.folder, self.number, self.model, steps=steps, **options)
        try:
            update.run()
        except Crash:
            return update.facts
        finally:
            self.model.events.clear()
            self._well(0)
            self._judge(update, fatal & self.throughout)
            update.archive.close()
        return update.facts

    def _judge(self, update: Update, fatal: set[int]) -> None:
        buried = {number for number, _, change, _ in update.rows if change == "deleted"}
        assert not (buried - update.recovered) & self.throughout, "every deletion is true"
        if update.facts.mode == "walk" and update.facts.verdict == "complete":
            held = drive(held_ids(), self.model, update.archive)
            assert self.throughout <= held.keys(), (
                "a walk that calls itself complete lost nothing that was there throughout"
            )
            # A walk that a refusal ended is closed or blocked and promises nothing. The next run walks again.
            assert not fatal - held.keys(), "every hole is named"

    @invariant()
    def no_revision_is_delivered_twice(self) -> None:
        revisions = Counter((number, revision) for number, revision, *_ in finished(self.folder))
        assert not [key for key, times in revisions.items() if times > 1]

    @invariant()
    def every_delivered_row_existed(self) -> None:
        assert {number for number, *_ in finished(self.folder)} <= self.ever_live


def held_ids() -> Generator[Any, Any, Any]:
    return (yield AskKnown(site=KEY, type="post"))


TestNewsroom = pytest.mark.soak(Newsroom.TestCase)
TestNewsroom.settings = settings(
    max_examples=SOAK or 30,
    derandomize=not SOAK,
    stateful_step_count=15,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
