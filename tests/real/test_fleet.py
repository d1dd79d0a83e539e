"""Workers of a fleet on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from newsbot.archive import Archive
from newsbot.archive.database import Database
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.errors import ArchiveError
from newsbot.fleet import dispatch as dispatch_module
from newsbot.fleet import heartbeat, session
from newsbot.fleet.database_thread import DatabaseThread
from newsbot.fleet.dispatch import CRAWL, SITES, dispatch, rescue, tidy
from newsbot.fleet.fence import Fence, JobKey
from newsbot.fleet.heartbeat import Heartbeat
from newsbot.fleet.pulse import Pulse, running_seconds
from newsbot.fleet.queue_schema import open_fleet
from newsbot.items import Author, Checkpoint, Post
from tests import fork_server
from tests.crawl.scrapy_crawl import environment
from tests.newsroom.many import ManySites
from tests.real.fleet import QUICK, Fleet, trouble
from tests.real.ports import free_port
from tests.real.postgresql import PostgreSQL
from tests.real.scrapyd import wait_for

pytestmark = pytest.mark.real


def test_fleet_delivers_every_row_once_when_workers_die_stop_or_lose_the_database(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    with ManySites(tmp_path / "requests.tsv", sites=12, posts=25, latency=0.02) as many:
        fleet = Fleet(
            tmp_path / "fleet", postgresql.new_database(), many, sites=12, slots=3, delay=0.1, constants=QUICK
        )
        try:
            shown = trouble(fleet, postgresql, posts=25, away=1.0)
            told = fork_server.run(
                fleet.command("status", "--json"), cwd=fleet.folder, env=fleet.environment("status"),
                capture_output=True, text=True,
            )  # fmt: skip
        finally:
            fleet.end()
    logs = "".join(path.read_text(encoding="utf-8") for path in fleet.folder.glob("*.log"))
    assert "Spider closed" in logs and "Enabled extensions" not in logs, "each run lists its components"
    rows = (shown.archived, shown.delivered, shown.lost, shown.doubled)
    assert rows == (shown.expected, shown.expected, 0, 0), shown
    manners = (shown.met, shown.returns, shown.under_the_delay)
    assert manners == (0, 0, 0), shown
    assert shown.takeover < 60, shown
    assert max(shown.stop_seconds) < 30, shown
    assert (shown.statuses, shown.doing_after_stop) == ((0, 0), 0), shown
    status = json.loads(told.stdout)
    assert (status["followed"], status["due"], status["at_work"], status["queued"]) == (12, 0, 0, 0), status
    assert status["workers"] == [], status


def test_idle_worker_serves_metrics_and_ends_on_sigterm(postgresql: PostgreSQL, tmp_path: Path) -> None:
    url, port = postgresql.new_database(), free_port()
    page = f"http://127.0.0.1:{port}/metrics"
    worker = fork_server.start(
        [sys.executable, "-m", "scrapy", "fleet", "worker"],
        cwd=tmp_path, env=environment(tmp_path, NEWSBOT_ARCHIVE=url, NEWSBOT_METRICS_PORT=str(port)),
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

    def text() -> str:
        with contextlib.suppress(OSError), urllib.request.urlopen(page) as answer:
            return str(answer.read().decode())
        return ""

    try:
        metrics = wait_for(text, "the worker gives metrics")
    finally:
        worker.terminate()
    _, said = worker.communicate()
    assert worker.returncode == 0, said
    assert 'newsbot_sites_total{verdict="complete"} 0.0' in metrics
    assert "\nnewsbot_queue_age_seconds " not in metrics  # no site is followed


@pytest.fixture
def fleet(postgresql: PostgreSQL) -> Database:
    return open_fleet(postgresql.new_database(), create=True)


def follow(database: Database, count: int) -> None:
    url = "https://{}.example/"
    Followed(database).add(
        FollowedSite(url=url.format(n), spider="wp_posts", entry={"url": url.format(n)}) for n in range(count)
    )


def enter_worker(database: Database, *, seconds_ago: int = 0, holder: str = "host ns 1 1", slots: int = 3) -> int:
    """A worker whose last heartbeat was some seconds ago. Returns its id."""
    with database.writing() as connection:
        seen = f"now() - interval '{seconds_ago} s'"
        worker = connection.exec_driver_sql(
            f"INSERT INTO procrastinate_workers (last_heartbeat) VALUES ({seen}) RETURNING id"
        ).scalar_one()
        connection.exec_driver_sql(
            "INSERT INTO fleet_workers (worker, control, holder, slots, seen) "
            f"VALUES ({worker}, {worker}, '{holder}', {slots}, {seen})"
        )
    return int(worker)


def fetch(database: Database, worker: int) -> JobKey | None:
    """The job that Procrastinate gives to a worker."""
    query = f"SELECT id, attempts FROM procrastinate_fetch_job_v2(ARRAY['{SITES}']::varchar[], {worker})"
    with database.writing() as connection:
        row = connection.exec_driver_sql(query).one()
    return None if row.id is None else JobKey(row.id, row.attempts)


def count(database: Database, query: str) -> int:
    with database.reading() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())


JOBS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'newsbot.crawl' AND status = "


def test_only_due_sites_are_dispatched_once_and_within_the_budget(fleet: Database) -> None:
    follow(fleet, 20)
    assert dispatch(fleet, spiders=["wp_posts"], budget=0) == 0, "no worker could do the jobs"
    enter_worker(fleet, slots=3)
    Followed(fleet).pause(["https://0.example/"], paused=True)
    assert dispatch(fleet, spiders=["wp_posts", "wp_terms"], budget=0) == 4, "little more than can begin"
    assert dispatch(fleet, spiders=["wp_posts"], budget=0) == 0
    with fleet.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE followed SET checked = '2026-01-01', next_due = '2026-01-01' WHERE url ~ '2'"
        )
    assert dispatch(fleet, spiders=["wp_posts"], budget=0) == 1, "2 is known; 12 waits already"
    with fleet.writing() as connection:
        first = connection.exec_driver_sql("SELECT queueing_lock, lock, scheduled_at FROM procrastinate_jobs").first()
        assert first is not None
        assert tuple(first) == ("wp_posts https://1.example/", "1.example", None)
        connection.exec_driver_sql("DELETE FROM procrastinate_jobs")
        connection.exec_driver_sql("UPDATE fleet SET filled = now() + interval '1 h'")
    assert dispatch(fleet, spiders=["wp_posts"], budget=9) == 0, "the budget has nothing left"
    with fleet.writing() as connection:
        connection.exec_driver_sql("UPDATE fleet SET filled = now() - interval '1 h'")
    assert dispatch(fleet, spiders=["wp_posts"], budget=9) == 3, "nine requests, four a site"
    fleet.close()


def test_host_with_many_due_sites_does_not_delay_other_hosts(fleet: Database) -> None:
    enter_worker(fleet, slots=2)
    Followed(fleet).add(
        FollowedSite(url=f"https://blogs.example/{n}/", spider="wp_posts", pace_group="blogs.example")
        for n in range(60)
    )
    follow(fleet, 2)
    with fleet.writing() as connection:
        connection.exec_driver_sql("UPDATE followed SET checked = '2026-01-02', next_due = '2026-01-02T00:00+00:00'")
        connection.exec_driver_sql("UPDATE followed SET next_due = '2026-01-01T00:00+00:00' WHERE url ~ 'blogs'")
    assert dispatch(fleet, spiders=["wp_posts"], budget=0) == 12
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE lock = "
    assert [count(fleet, jobs + f"'{host}.example'") for host in ("blogs", "0", "1")] == [10, 1, 1]
    fleet.close()


def test_jobs_of_a_dead_worker_are_queued_again_and_its_late_writes_are_rejected(
    fleet: Database, postgresql: PostgreSQL
) -> None:
    follow(fleet, 1)
    dead = enter_worker(fleet)
    archive = Archive.open(str(fleet.engine.url.render_as_string(hide_password=False)), run="run-of-dead")
    archive.runs.start("wp_posts")
    archive.outbox.enter()
    assert dispatch(fleet, spiders=["wp_posts"], budget=0) == 1
    job = fetch(fleet, dead)
    assert job is not None
    archive.leases.guards.append(Fence(lambda _: [job], lambda: True))
    site = "https://0.example"
    archive.state(site, "post")
    archive.add(Post(site=site, type="post", id=1, title="T", author=Author(id=1)))
    archive.commit(Checkpoint(site=site, type="post", sequence=1, cursor={"id": 1}))
    assert rescue(fleet).jobs == (), "the worker has a heartbeat"

    with fleet.writing() as connection:
        connection.exec_driver_sql("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 s'")
        connection.exec_driver_sql(
            f"UPDATE fleet_workers SET seen = now() - interval '31 s', holder = '{holder_of(archive)}'"
        )
        connection.exec_driver_sql("UPDATE followed SET site = 'https://0.example', next_due = '2999'")
    other = enter_worker(fleet, holder="host ns 2 2")
    assert (rescue(fleet).jobs, count(fleet, JOBS + "'aborted'"), count(fleet, JOBS + "'todo'")) == (
        ("https://0.example/",), 1, 1,
    )  # fmt: skip
    assert count(fleet, "SELECT count(*) FROM followed WHERE next_due < '2999'") == 1, "its rows are in no file"
    archive.add(Post(site=site, type="post", id=2, title="T", author=Author(id=1)))
    with pytest.raises(ArchiveError, match="another worker has the job"):
        archive.commit(Checkpoint(site=site, type="post", sequence=2, cursor={"id": 2}))
    assert count(fleet, "SELECT count(*) FROM rows") == 1
    taken = fetch(fleet, other)
    assert taken is not None
    assert taken.id != job.id, "a new job, so that the dead worker cannot report on it"
    archive.leases.guards[:] = [Fence(lambda _: [], lambda: False)]
    with pytest.raises(ArchiveError, match="no heartbeat"):
        archive.flush()
    tidy(fleet)
    assert count(fleet, JOBS + "'aborted'") == 1, "a person may read it for a day"
    archive.close()
    fleet.close()


def test_site_that_kills_several_workers_waits_like_a_failed_site(
    fleet: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch_module, "STALE_SECONDS", 0)
    silent = "UPDATE procrastinate_workers SET last_heartbeat = pg_postmaster_start_time()"
    follow(fleet, 1)
    url = "https://0.example/"
    for death in (1, 2, 3):
        worker = enter_worker(fleet)
        dispatch(fleet, spiders=["wp_posts"], budget=0)
        assert fetch(fleet, worker) is not None
        assert rescue(fleet, ended=(worker,)).jobs == (url,), "a session that ends with its database is no death"
        for last, died in ((" - interval '1 s'", False), ("", True)):
            worker = enter_worker(fleet)
            assert fetch(fleet, worker) is not None
            with fleet.writing() as connection:
                connection.exec_driver_sql(silent + last)
            rescued = rescue(fleet)
            assert died or (rescued.jobs, rescued.deadly) == ((url,), ()), "the database was away, and no worker died"
        assert (rescued.jobs, rescued.deadly) == (((url,), ()) if death < 3 else ((), (url,)))
    assert count(fleet, JOBS + "'todo'") == 0
    site = Followed(fleet).site(url, "wp_posts")
    assert site is not None
    assert (site.failures, site.is_due(datetime.now(UTC))) == (1, False)
    fleet.close()


def holder_of(archive: Archive) -> str:
    with archive.database.reading() as connection:
        return str(connection.exec_driver_sql("SELECT holder FROM runs").scalar_one())


def test_busy_event_loop_sends_heartbeats_and_a_hanging_one_does_not(
    fleet: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    looks = 0

    def now() -> float:
        nonlocal looks
        looks += 1
        return running_seconds()

    def turn() -> None:
        """Wait until a turn of the heartbeat has begun and ended. A turn reads the clock three times at most."""
        until = looks + 8
        wait_for(lambda: looks >= until, "two turns of the heartbeat")

    worker, pulse, failures = enter_worker(fleet, seconds_ago=60), Pulse(now), list[str]()
    seen = f"SELECT count(*) FROM fleet_workers WHERE worker = {worker} AND seen > now() - interval '30 s'"
    with fleet.writing() as connection:
        other = connection.exec_driver_sql("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id").scalar_one()
    beating = Heartbeat(pulse, (worker, other), failures.append)
    fleet_again = open_fleet(str(fleet.engine.url.render_as_string(hide_password=False)), create=False)
    with ThreadPoolExecutor(1) as thread, contextlib.closing(fleet_again):
        writes = thread.submit(beating.write, fleet_again)
        wait_for(lambda: count(fleet, seen) == 1, "a heartbeat while this thread does something else")
        monkeypatch.setattr(heartbeat, "LONGEST_TURN", -1.0)
        turn()
        with fleet.writing() as connection:
            connection.exec_driver_sql("UPDATE fleet_workers SET seen = now() - interval '60 s'")
        turn()
        assert count(fleet, seen) == 0, "the loop does not turn any more"
        monkeypatch.setattr(heartbeat, "LONGEST_TURN", 300.0)
        with fleet.writing() as connection:
            connection.exec_driver_sql("DELETE FROM fleet_workers")
        writes.result()
    assert failures == ["this worker wrote no heartbeat for too long, and other workers have its sites now"]
    assert not pulse.alive
    fleet.close()


class HangingRun:
    """A run whose crawls do not end, and which cannot be stopped."""

    open, ended, crawler, began, idle_since = True, False, SimpleNamespace(_stats=None), 0.0, 0.0

    def __init__(self) -> None:
        self.at_work: list[object] = []
        self.cut = asyncio.Event()

    def add(self, visit: object) -> None:
        self.at_work.append(visit)

    def close(self) -> None:
        self.open = False

    async def stop(self) -> None:
        await asyncio.sleep(600)


def test_a_session_whose_crawls_hang_ends_in_time(fleet: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("END_SECONDS", "HUNG_SECONDS", "POLL_SECONDS"):
        monkeypatch.setattr(session, name, 0.1)
    follow(fleet, 1)
    url = str(fleet.engine.url.render_as_string(hide_password=False))
    threads = [DatabaseThread(open_fleet(url, create=False)) for _ in range(2)]

    async def serve() -> int:
        run, stop = HangingRun(), asyncio.Event()
        ours = session.Session(
            url=url, slots=1, budget=0.0, spiders=["wp_posts"], earlier=(), database=fleet,
            thread=threads[0], beating=threads[1], make_run=lambda *_: run,  # type: ignore[arg-type]
        )  # fmt: skip
        serving = asyncio.create_task(ours.serve(stop))
        while not run.at_work:
            assert not serving.done()
            await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(serving, 240)
        return ours.runs.at_work

    assert asyncio.run(serve()) == 1, "the process ends then, and the service manager starts another one"
    assert count(fleet, JOBS + "'todo'") == 1, "another worker crawls the site"
    for thread in threads:
        thread.close()
    fleet.close()


def test_two_jobs_of_one_host_never_run_at_once(fleet: Database) -> None:
    worker = enter_worker(fleet)
    with fleet.writing() as connection:
        for key in ("a", "b"):
            values = {"key": key, "queue": SITES, "task": CRAWL}
            connection.execute(
                sa.text("INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock)"
                        " VALUES (:queue, :task, 'one.example', :key)"), values,
            )  # fmt: skip
    assert (fetch(fleet, worker) is None, fetch(fleet, worker)) == (False, None)
    fleet.close()


def test_unusable_database_gives_one_line(postgresql: PostgreSQL, tmp_path: Path) -> None:
    url = postgresql.new_database()
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))

    def run(statement: str) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)

    with pytest.raises(ArchiveError, match="no worker has used"):
        open_fleet(url, create=False)
    open_fleet(url, create=True).close()
    open_fleet(url, create=True).close()
    run("DROP FUNCTION procrastinate_retry_job_v2")
    run("ALTER TABLE fleet RENAME TO kept")
    with pytest.raises(ArchiveError, match="queue of another application"):
        open_fleet(url, create=True)
    run("ALTER TABLE kept RENAME TO fleet")
    run("UPDATE fleet SET version = version + 1")
    with pytest.raises(ArchiveError, match=r"3\.10"):
        open_fleet(url, create=True)
    run("CREATE FUNCTION procrastinate_retry_job_v2() RETURNS void LANGUAGE sql AS ''")
    with pytest.raises(ArchiveError, match="newer"):
        open_fleet(url, create=True)
    engine.dispose()

    absent = "postgresql://newsbot@127.0.0.1:1/none"
    for archive, words, status, line in (
        (absent, ["worker"], 1, "does not answer"),
        (absent, ["status"], 1, "does not answer"),
        (f"sqlite:///{tmp_path / 'a.db'}", ["worker"], 2, "not in SQLite"),
        ("", ["worker"], 2, "the archive is off"),
        (absent, ["worker", "-j", "0"], 2, "-j takes a whole number"),
        (absent, ["rest"], 2, "takes one of worker"),
    ):
        done = fork_server.run(
            [sys.executable, "-m", "scrapy", "fleet", *words], cwd=tmp_path,
            env=environment(tmp_path, NEWSBOT_ARCHIVE=archive), capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode, done.stderr.count("\n"), line in done.stderr) == (status, 1, True), done.stderr
