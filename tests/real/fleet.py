"""A fleet under trouble: workers that are killed, stopped and replaced, and a PostgreSQL that restarts."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import sqlalchemy as sa

from newsbot.archive.database import open_database
from newsbot.archive.followed import Followed, FollowedSite
from tests import fork_server
from tests.arrival import longest_between
from tests.crawl.scrapy_crawl import STEADY, environment
from tests.newsroom.many import Asked, ManySites, meetings, shortest_gap
from tests.real.postgresql import PostgreSQL

QUICK: fork_server.Constants = [
    *STEADY,
    ("newsbot.fleet.dispatch", "STALE_SECONDS", 12),
    ("newsbot.fleet.pulse", "LONGEST_GAP", 9.0),
]
"""A worker counts as dead after 12 seconds, not after 30."""


@dataclass(slots=True)
class Fleet:
    """The workers of one archive, and the look-alike sites that they crawl."""

    folder: Path
    url: str
    many: ManySites
    sites: int
    slots: int
    delay: float
    constants: fork_server.Constants = ()
    real: bool | None = None
    workers: dict[str, fork_server.Running] = field(default_factory=dict)
    began: float = field(default_factory=time.time)
    told: list[str] = field(default_factory=list)
    engine: sa.Engine = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        database = open_database(self.url)
        Followed(database).add(
            FollowedSite(url=self.many.url(number), spider="wp_posts", entry={"url": self.many.url(number)})
            for number in range(self.sites)
        )
        database.close()
        self.engine = sa.create_engine(self.url.replace("postgresql:", "postgresql+psycopg:"), pool_pre_ping=True)

    def command(self, *words: str) -> list[str]:
        import sys

        return [sys.executable, "-m", "scrapy", "fleet", *words]

    def environment(self, name: str) -> dict[str, str]:
        ours = {"NEWSBOT_ARCHIVE": self.url, "NEWSBOT_DELAY": str(self.delay)}
        return environment(self.folder, NEWSBOT_CONTACT=f"https://{name}.invalid", **ours)

    def start(self, name: str) -> None:
        log = (self.folder / f"{name}.log").open("wb")
        self.workers[name] = fork_server.start(
            self.command("worker", "-j", str(self.slots)),
            cwd=self.folder, env=self.environment(name), stdout=log, stderr=log, stdin=-3,
            constants=self.constants, real=self.real,
        )  # fmt: skip
        log.close()
        self.tell(f"{name} starts")

    def kill(self, name: str) -> None:
        self.workers.pop(name).send_signal(signal.SIGKILL)
        self.tell(f"{name} is killed with -9")

    def stop(self, name: str) -> tuple[float, int]:
        """SIGTERM. Returns the seconds that the worker took to end, and its exit status."""
        worker, began = self.workers.pop(name), time.monotonic()
        worker.send_signal(signal.SIGTERM)
        status = worker.wait()
        took = time.monotonic() - began
        self.tell(f"{name} ends after SIGTERM: {took:.1f} s, exit status {status}")
        return took, status

    def tell(self, line: str) -> None:
        self.told.append(f"{time.time() - self.began:6.1f} s  {line}")

    def value(self, query: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.exec_driver_sql(query).scalar() or 0)

    def column(self, query: str) -> list[str]:
        with self.engine.connect() as connection:
            return [str(value) for value in connection.exec_driver_sql(query).scalars()]

    @property
    def checked(self) -> int:
        return self.value("SELECT count(*) FROM followed WHERE checked IS NOT NULL")

    @property
    def complete(self) -> int:
        """The sites whose last check brought all. A check that failed is repeated some minutes later."""
        return self.value("SELECT count(*) FROM followed WHERE verdict = 'complete'")

    def doing(self) -> list[str]:
        """The URLs of the sites that are at work."""
        return self.column(
            "SELECT args ->> 'url' FROM procrastinate_jobs WHERE status = 'doing' AND queue_name = 'sites-of-newsbot'"
        )

    def until(self, true: Callable[[], bool], what: str, *, seconds: float = 900) -> None:
        ends = time.monotonic() + seconds
        while not true():
            if time.monotonic() > ends:
                raise AssertionError(f"{what} did not come true in {seconds:.0f} s: {self.told}\n{self.tail()}")
            for name, worker in self.workers.items():
                if worker.poll() is not None:
                    raise AssertionError(f"{name} ended with {worker.returncode}:\n{self.tail()}")
            time.sleep(0.25)

    def tail(self) -> str:
        logs = [path.read_text(encoding="utf-8", errors="replace")[-3_000:] for path in self.folder.glob("*.log")]
        return "\n".join(logs)

    def end(self) -> None:
        for worker in self.workers.values():
            worker.kill()
            worker.wait()
        self.engine.dispose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a trial showed. ``takeover``: seconds from the kill until other workers had made a request to each of the
    dead worker's sites. ``returns``: moments at which a second worker sent a request to a site between two requests
    of another worker.
    """

    expected: int
    archived: int
    delivered: int
    lost: int
    doubled: int
    takeover: float
    stop_seconds: tuple[float, ...]
    statuses: tuple[int, ...]
    doing_after_stop: int
    met: int
    returns: int
    shortest_gap: float
    under_the_delay: int
    requests: int
    told: tuple[str, ...]


def trouble(fleet: Fleet, postgresql: PostgreSQL, *, posts: int, away: float = 2.0, pause: float = 0.0) -> Shown:
    """Two workers. One is killed in the middle, PostgreSQL restarts, the other is stopped and replaced.

    ``pause``: for how many seconds the second worker is paused before that, while a fourth one takes its sites.
    """
    fleet.start("one")
    fleet.start("two")
    fleet.until(lambda: fleet.checked >= fleet.sites // 5, "a fifth of the sites")
    orphans = _of_agent(fleet, "one")
    killed = time.time()
    fleet.kill("one")
    orphans = [url for url in orphans if url in fleet.doing()]
    fleet.until(lambda: _taken_over(fleet, orphans, killed) is not None, "takeover", seconds=90)
    takeover = _taken_over(fleet, orphans, killed) or 0.0
    fleet.tell(f"the {len(orphans)} sites of one are taken over after {takeover:.1f} s")

    fleet.until(lambda: fleet.checked >= fleet.sites * 2 // 5, "two fifths of the sites")
    fleet.engine.dispose()
    postgresql.stop()
    fleet.tell(f"PostgreSQL is stopped for {away:.0f} s, with {fleet.sites} sites followed")
    time.sleep(away)
    postgresql.start()
    before = fleet.checked
    fleet.until(lambda: fleet.checked > min(before + 1, fleet.sites - 1), "a check after the restart")
    fleet.tell("the worker is back")

    fleet.until(lambda: fleet.checked >= fleet.sites * 3 // 5, "three fifths of the sites")
    if pause:
        fleet.start("four")
        fleet.until(lambda: fleet.value("SELECT count(*) FROM fleet_workers") == 2, "the start of four")
        fleet.workers["two"].send_signal(signal.SIGSTOP)
        fleet.tell(f"two is paused for {pause:.0f} s with sites at work")
        time.sleep(pause)
        fleet.workers["two"].send_signal(signal.SIGCONT)
        fleet.tell("two wakes up")
        time.sleep(2)
    stopped = [fleet.stop("two")]
    doing = fleet.value(
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing' AND (worker_id IS NULL OR worker_id NOT IN "
        "(SELECT worker FROM fleet_workers UNION SELECT control FROM fleet_workers))"
    )
    fleet.start("three")
    fleet.until(lambda: fleet.value("SELECT count(*) FROM fleet_workers") == 1, "the start of three")
    fleet.until(lambda: fleet.complete == fleet.sites, "all sites")
    first_pass = fleet.many.requests()
    # The rows of the killed worker that reached no file are due at once.
    fleet.until(lambda: fleet.value("SELECT count(*) FROM outbox JOIN runs USING (run) WHERE state <> 'open'") == 0
                and not fleet.doing(), "the rows of dead runs")  # fmt: skip
    stopped += [fleet.stop(name) for name in sorted(fleet.workers)]

    rows = Counter(
        (row["site"], row["id"])
        for path in (fleet.folder / "data" / "wp_posts").glob("*.jsonl")
        for row in map(json.loads, filter(None, path.read_text(encoding="utf-8").split("\n")))
    )
    expected = fleet.sites * posts
    requests = fleet.many.requests()
    return Shown(
        expected=expected,
        archived=fleet.value("SELECT count(*) FROM rows"),
        delivered=sum(rows.values()),
        lost=expected - len(rows),
        doubled=sum(count - 1 for count in rows.values()),
        takeover=takeover,
        stop_seconds=tuple(round(seconds, 1) for seconds, _ in stopped),
        statuses=tuple(status for _, status in stopped),
        doing_after_stop=doing,
        met=len(meetings(requests)),
        returns=_returns(first_pass),
        shortest_gap=shortest_gap(requests),
        under_the_delay=_under(requests, fleet.delay),
        requests=len(requests),
        told=tuple(fleet.told),
    )


def _of_agent(fleet: Fleet, name: str) -> list[str]:
    """The sites at work whose last request came from a worker."""
    last = {request.host: request.agent for request in fleet.many.requests()}
    return [url for url in fleet.doing() if f"{name}.invalid" in last.get(url.split("/")[2].partition(":")[0], "")]


def _taken_over(fleet: Fleet, orphans: list[str], killed: float) -> float | None:
    """Seconds until another worker made a request to each site; None while one of them waits."""
    first: dict[str, float] = {}
    for request in fleet.many.requests():
        if request.came > killed and "one.invalid" not in request.agent:
            first.setdefault(f"http://{request.host}:{fleet.many.port}/", request.came)
    times = [first.get(url) for url in orphans]
    return None if None in times else max([moment for moment in times if moment is not None], default=killed) - killed


def _returns(requests: list[Asked]) -> int:
    """How often an agent asked a site again after another agent had asked it."""
    found, seen = 0, set[tuple[str, str]]()
    last: dict[str, str] = {}
    for request in sorted(requests, key=lambda one: one.came):
        if last.get(request.host) not in (None, request.agent) and (request.host, request.agent) in seen:
            found += 1
        seen.add((request.host, request.agent))
        last[request.host] = request.agent
    return found


def _under(requests: list[Asked], delay: float) -> int:
    """Pairs of requests to one site that came closer than 95 % of the delay."""
    by_host: dict[str, list[float]] = {}
    for request in sorted(requests, key=lambda one: one.came):
        by_host.setdefault(request.host, []).append(request.came)
    pairs = [pair for times in by_host.values() for pair in pairwise(times)]
    return sum(longest_between(*pair) < 0.95 * delay for pair in pairs)
