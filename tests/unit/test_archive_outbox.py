"""The outbox: at whatever step a run dies, the finished files hold each revision once."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsbot.archive import Archive, Feed
from newsbot.archive.due_sites import DueSites
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.archive.outbox import FIRST_WAIT, due_again
from newsbot.errors import ArchiveAway
from newsbot.items import Checkpoint, Post
from tests.examples import SOAK

SITE = "https://news.example"
POSTS = 40
PER_PAGE = 7
WHEN = datetime(2026, 11, 23, 10, tzinfo=UTC)


class Killed(Exception):
    """Ends the process here. Nothing after this runs, and nothing is rolled back by hand."""


class CrashAtStep:
    """Kills the run at the n-th step. ``writes`` are the steps at which a row was written to a file."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.steps = 0
        self.writes: list[int] = []

    def step(self, *, write: bool = False) -> None:
        self.left -= 1
        self.steps += 1
        if write:
            self.writes.append(self.steps)
        if self.left == 0:
            raise Killed


class Newsroom:
    """Posts by id with their titles, as a crawl finds them."""

    def __init__(self) -> None:
        self.titles = {n: f"Title {n}" for n in range(1, POSTS + 1)}

    def post(self, number: int) -> Post:
        guid = f"{SITE}/?p={number}"
        return Post(site=SITE, type="post", id=number, guid=guid, title=self.titles[number], content_text="text")


class Run:
    """One crawl with two feeds, step by step as the pipeline and the feeds run it. The run may die at any step."""

    def __init__(self, folder: Path, number: int, fuse: CrashAtStep, room: Newsroom) -> None:
        self.fuse, self.room = fuse, room
        self.dead: set[str] = set()
        name = f"run-{number}"
        self.archive = Archive.open(
            f"sqlite:///{folder / 'newsbot.db'}", run=name, clock=lambda: WHEN, alive=lambda _: False
        )
        self.feeds = [Feed(folder / f".{name}.{kind}.part", folder / f"{name}.{kind}") for kind in ("a", "b")]

    def crawl(self) -> None:
        archive, step = self.archive, self.fuse.step
        archive.outbox.finish_renames()
        step()
        archive.runs.start("wp_posts")
        archive.outbox.enter()
        files = [feed.part.open("wb", buffering=0) for feed in self.feeds]
        try:
            assert archive.leases.take(SITE) is None
            step()
            for row in archive.outbox.recover(SITE, "posts"):
                self.write(files, row.record)  # type: ignore[arg-type]
            self.walk(files)
            archive.flush()
            step()
        finally:
            for file in files:
                file.close()
        archive.outbox.sealing(self.feeds)
        step()
        for feed in self.feeds:
            feed.part.replace(feed.final)
            step()
        archive.outbox.delivered()
        step()

    def walk(self, files: list) -> None:  # type: ignore[type-arg]
        archive = self.archive
        state = archive.state(SITE, "post")
        resumes = state.cursor is not None and not archive.full
        start = (state.cursor or {}).get("id", 0) if resumes else 0
        sequence = state.sequence if resumes else 0
        for first in range(start + 1, POSTS + 1, PER_PAGE):
            page = range(first, min(first + PER_PAGE, POSTS + 1))
            for number in page:
                record = self.room.post(number)
                if archive.add(record):
                    self.write(files, record)
            sequence += len(page)
            archive.commit(Checkpoint(site=SITE, type="post", sequence=sequence, cursor={"id": page[-1]}))
            self.fuse.step()
        cursor = {"whole": True}
        archive.commit(Checkpoint(site=SITE, type="post", sequence=sequence, cursor=cursor, done=True))
        self.fuse.step()

    def write(self, files: list, record: Post) -> None:  # type: ignore[type-arg]
        for file in files:
            file.write(json.dumps([record.id, record.revision, record.change, record.title]).encode() + b"\n")
            self.fuse.step(write=True)

    def end(self) -> None:
        self.archive.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outbox") / "newsbot.db"
    Archive.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def folder(tmp_path: Path, empty: Path) -> Path:
    shutil.copy(empty, tmp_path / "newsbot.db")
    return tmp_path


def attempt(folder: Path, number: int, steps: int, room: Newsroom) -> bool:
    run = Run(folder, number, CrashAtStep(steps), room)
    try:
        run.crawl()
    except Killed:
        return False
    finally:
        run.end()
    return True


def finished(folder: Path, kind: str) -> Counter[str]:
    return Counter(line for path in folder.glob(f"run-*.{kind}") for line in path.read_text().splitlines())


def steps_to_die_at(folder: Path, *, rows: int) -> list[int]:
    """Every step of a crawl except writes of rows, and one write in ``rows``. With ``make soak``: every step."""
    run = Run(folder, 0, CrashAtStep(10**9), Newsroom())
    run.crawl()
    run.end()
    left_out = {step for number, step in enumerate(run.fuse.writes) if number % rows}
    return [step for step in range(1, run.fuse.steps + 1) if SOAK or step not in left_out]


@pytest.mark.soak
@pytest.mark.parametrize("second", [10**9, 5, 60, 101])
def test_run_killed_at_any_step_loses_no_row_and_delivers_none_twice(tmp_path: Path, empty: Path, second: int) -> None:
    (measure := tmp_path / "measure").mkdir()
    shutil.copy(empty, measure / "newsbot.db")
    steps = steps_to_die_at(measure, rows=5 if second == 10**9 else 25)
    assert len(steps) > 10
    for step in steps:
        folder = tmp_path / f"died-at-{step}"
        folder.mkdir()
        shutil.copy(empty, folder / "newsbot.db")
        room = Newsroom()
        attempt(folder, 1, step, room)
        room.titles[3] = room.titles[38] = "Edited"
        attempt(folder, 2, second, room)
        assert attempt(folder, 3, 10**9, room)
        assert attempt(folder, 4, 10**9, room), "a walk from the start, which meets every edit"
        for kind in ("a", "b"):
            rows = finished(folder, kind)
            assert set(rows.values()) == {1}, f"doubled after a death at step {step}"
            delivered = [json.loads(row) for row in rows]
            assert {number for number, *_ in delivered} == set(room.titles)
            newest = {number: title for number, revision, _, title in sorted(delivered)}
            assert (newest[3], newest[38]) == ("Edited", "Edited")
        shutil.rmtree(folder)


def test_run_that_another_run_declared_dead_cannot_seal(folder: Path) -> None:
    room = Newsroom()
    slow = Run(folder, 1, CrashAtStep(10**9), room)
    slow.archive.runs.start("wp_posts")
    slow.archive.outbox.enter()
    slow.archive.add(room.post(1))
    slow.archive.flush()
    assert attempt(folder, 2, 10**9, room)
    with pytest.raises(ArchiveAway, match="another run took over its rows"):
        slow.archive.outbox.sealing(slow.feeds)
    slow.archive.add(room.post(2))
    with pytest.raises(ArchiveAway, match="another run took over its rows"):
        slow.archive.flush()
    slow.end()


def die_with_one_row(folder: Path, room: Newsroom) -> None:
    """Run 1 archives the post 1, and dies before any feed has its name."""
    died = Run(folder, 1, CrashAtStep(10**9), room)
    died.archive.runs.start("wp_posts")
    died.archive.add(room.post(1))
    died.archive.flush()
    died.end()


def test_rows_of_another_site_are_recovered_by_a_crawl_of_that_site(folder: Path) -> None:
    room = Newsroom()
    die_with_one_row(folder, room)
    other = Run(folder, 2, CrashAtStep(10**9), room)
    assert list(other.archive.outbox.recover("https://other.example", "posts")) == []
    assert list(other.archive.outbox.recover(SITE, "comments")) == []
    assert [row.record.id for row in other.archive.outbox.recover(SITE, "posts")] == [1]
    other.end()


def test_rows_of_two_sites_of_one_dead_run_are_recovered_by_crawls_of_their_sites(folder: Path) -> None:
    room, second = Newsroom(), "https://other.example"
    died = Run(folder, 1, CrashAtStep(10**9), room)
    died.archive.runs.start("wp_posts")
    died.archive.add(room.post(1))
    died.archive.add(replace(room.post(2), site=second, guid=f"{second}/?p=2"))
    died.archive.flush()
    died.end()
    heir = Run(folder, 2, CrashAtStep(10**9), room)
    recovered = [[row.record.id for row in heir.archive.outbox.recover(site, "posts")] for site in (SITE, second)]
    heir.end()
    assert recovered == [[1], [2]]


def test_unchanged_rows_are_not_recovered(folder: Path) -> None:
    room = Newsroom()
    assert attempt(folder, 1, 10**9, room)
    died = Run(folder, 2, CrashAtStep(10**9), room)
    died.archive.runs.start("wp_posts")
    assert died.archive.add(room.post(1)) is False
    died.archive.flush()
    died.end()
    heir = Run(folder, 3, CrashAtStep(10**9), room)
    assert list(heir.archive.outbox.recover(SITE, "posts")) == []
    heir.end()


def test_rows_of_a_dead_run_are_recovered_once(folder: Path) -> None:
    room = Newsroom()
    die_with_one_row(folder, room)
    first, second = Run(folder, 2, CrashAtStep(10**9), room), Run(folder, 3, CrashAtStep(10**9), room)
    first.archive.runs.start("wp_posts")
    second.archive.outbox._alive = lambda _: True
    assert [row.record.id for row in first.archive.outbox.recover(SITE, "posts")] == [1]
    assert list(second.archive.outbox.recover(SITE, "posts")) == []
    first.end()
    second.end()


def test_recovered_row_is_the_revision_that_was_not_delivered(folder: Path) -> None:
    room = Newsroom()
    for number, title in enumerate(("One", "Two", "Three"), 1):
        # Of three runs only the first delivers its rows.
        run = Run(folder, number, CrashAtStep(10**9), room)
        run.archive.runs.start("wp_posts")
        room.titles[1] = title
        run.archive.add(room.post(1))
        run.archive.flush()
        if number == 1:
            run.archive.outbox.sealing([])
            run.archive.outbox.delivered()
        run.end()
    heir = Run(folder, 4, CrashAtStep(10**9), room)
    rows = [row.record for row in heir.archive.outbox.recover(SITE, "posts")]
    assert [(row.revision, row.title) for row in rows if isinstance(row, Post)] == [(2, "Two"), (3, "Three")]
    heir.end()


def test_deletion_of_a_dead_run_is_recovered_with_its_row(folder: Path) -> None:
    room = Newsroom()
    assert attempt(folder, 1, 10**9, room)
    died = Run(folder, 2, CrashAtStep(10**9), room)
    died.archive.runs.start("wp_posts")
    gone = died.archive.tombstone(SITE, "post", 5, "2026-11-23T10:00:00Z")
    assert gone is not None
    died.archive.add(gone)
    died.archive.flush()
    died.end()
    heir = Run(folder, 3, CrashAtStep(10**9), room)
    rows = [row.record for row in heir.archive.outbox.recover(SITE, "posts")]
    assert [(row.id, row.title, row.change, row.revision) for row in rows if isinstance(row, Post)] == [
        (5, "Title 5", "deleted", 2)
    ]
    assert [row.deleted_at for row in rows if isinstance(row, Post)] == ["2026-11-23T10:00:00Z"]
    heir.end()


def test_full_run_delivers_recovered_rows_once(folder: Path) -> None:
    room = Newsroom()
    attempt(folder, 1, 30, room)
    run = Run(folder, 2, CrashAtStep(10**9), room)
    run.archive.full = True
    run.crawl()
    run.end()
    rows = finished(folder, "a")
    assert set(rows.values()) == {1}
    assert sum(rows.values()) == POSTS


def test_full_run_delivers_every_row_of_an_archive_that_is_whole(folder: Path) -> None:
    room = Newsroom()
    assert attempt(folder, 1, 10**9, room)
    run = Run(folder, 2, CrashAtStep(10**9), room)
    run.archive.full = True
    run.crawl()
    run.end()
    assert len((folder / "run-2.a").read_text().splitlines()) == POSTS


def die_sealing(folder: Path) -> Run:
    """A run that dies after it committed to its files, and before the files are renamed."""
    died = Run(folder, 1, CrashAtStep(10**9), Newsroom())
    died.archive.runs.start("wp_posts")
    died.archive.outbox.enter()
    died.archive.add(died.room.post(1))
    died.archive.flush()
    died.archive.outbox.sealing(died.feeds)
    return died


def test_sealed_run_cannot_be_marked_as_failed(folder: Path) -> None:
    died = die_sealing(folder)
    died.archive.outbox.failed()
    died.end()
    heir = Run(folder, 2, CrashAtStep(10**9), Newsroom())
    assert list(heir.archive.outbox.recover(SITE, "posts")) == []
    heir.end()


def test_renames_of_a_run_on_another_machine_are_not_finished_here(folder: Path) -> None:
    died = die_sealing(folder)
    with died.archive.database.writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET holder = 'elsewhere pid:[1] 1 1'")
    died.end()
    # The files are on a disk of another machine.
    here = Run(folder, 2, CrashAtStep(10**9), Newsroom())
    assert here.archive.outbox.finish_renames() == []
    with here.archive.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT state FROM runs").fetchall() == [("sealing",)]
    here.end()


def test_seal_and_its_end_are_written_to_disk(folder: Path) -> None:
    run = Run(folder, 1, CrashAtStep(10**9), Newsroom())
    run.archive.runs.start("wp_posts")
    run.archive.outbox.enter()
    synchronous: list[int] = []

    @sa.event.listens_for(run.archive.database.engine, "commit")
    def note(connection: sa.Connection) -> None:
        synchronous.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    run.archive.outbox.sealing(run.feeds)
    run.archive.outbox.delivered()
    run.end()
    full = 2
    assert synchronous == [full, full]


@pytest.mark.parametrize("died", [True, False], ids=["died", "feeds-failed"])
def test_site_with_undelivered_rows_is_due_again(died: bool, tmp_path: Path) -> None:
    url, later = f"sqlite:///{tmp_path / 'newsbot.db'}", datetime(2026, 11, 30, tzinfo=UTC)
    run = Archive.open(url, run="run-1", clock=lambda: WHEN)
    run.runs.start("wp_posts")
    for name, spider in ((SITE, "wp_posts"), ("https://other.example", "wp_posts"), (SITE, "wp_comments")):
        followed = FollowedSite(url=name, spider=spider, site=name)
        Followed(run.database).add([followed])
        Followed(run.database).keep(replace(followed, next_due=later))
    run.add(Newsroom().post(1))
    run.flush()
    if not died:
        run.outbox.failed()
    run.close()
    # Feeds that fail may fail for weeks, and each new try makes requests to the site.
    after = Archive.open(url, run="run-2", clock=lambda: WHEN, alive=lambda _: False)
    after.outbox.let_due()
    soon = [site.url for site in DueSites(after.database).due("wp_posts", WHEN)]
    due = [site.url for site in DueSites(after.database).due("wp_posts", WHEN + FIRST_WAIT)]
    # A crawl of comments delivers no posts. If the site were due for that spider, each run would ask the site in vain.
    idle = DueSites(after.database).due("wp_comments", WHEN + FIRST_WAIT)
    with after.database.reading() as connection:
        state = connection.exec_driver_sql("SELECT state FROM runs WHERE run = 'run-1'").scalar()
    assert state == "dead", "a run that wakes up again stores nothing"
    after.close()
    assert (soon, due, idle) == ([SITE] if died else [], [SITE], [])


def test_wait_for_undelivered_rows_grows_with_their_age() -> None:
    waits = [due_again(WHEN, WHEN - timedelta(minutes=age)) - WHEN for age in (-9, 0, 7, 30, 600)]
    assert [wait / timedelta(minutes=1) for wait in waits] == [5, 5, 7, 30, 60]
    assert due_again(WHEN, None) == WHEN + FIRST_WAIT
