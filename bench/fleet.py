"""How much a fleet does: ``python -m bench.fleet [SITES] [POSTS] [WORKERS]``.

Without numbers: 30 and 300 sites of 200 posts, one worker and two. A private PostgreSQL and look-alike sites on
127.x.y.z, without delay and with 16 sites at once a worker. Each line is one pass over all sites: their first crawls,
then checks in which nothing is new, then full checks. CPU seconds do not depend on the load of the machine; sites a
minute do.

``cpu_ms``: of the workers, for each site. ``postgresql_ms``: of all processes of PostgreSQL, for each site.
``growth``: the exponent by which the sum of both grows with the sites; 1 is linear.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from newsbot.fleet.queue_schema import open_fleet
from tests.crawl.scrapy_crawl import STEADY
from tests.newsroom.many import ManySites
from tests.real.fleet import Fleet
from tests.real.postgresql import PostgreSQL

SLOTS = 16
TICK = os.sysconf("SC_CLK_TCK")

PASSES = {
    "first crawls": "",
    "checks": "UPDATE followed SET next_due = NULL",
    "full checks": "UPDATE followed SET next_due = NULL, full_check = NULL",
}
"""Pass -> the statement that makes all sites due for it."""


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds of the workers and of PostgreSQL so far."""

    workers: float
    postgresql: float


def processes_below(pid: int) -> Iterator[int]:
    """A process and its children, by /proc."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in (task / "children").read_text().split():
            yield from processes_below(int(child))


def seconds_of(pid: int, *, with_ended: bool) -> float:
    """CPU seconds of a process, and of its children that have ended. 0 for a process that has just ended: its seconds
    are then among those of its parent."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(field) for field in fields[11 : 15 if with_ended else 13]) / TICK


def cpu(fleet: Fleet, server: int) -> Cpu:
    """``server``: the process id of PostgreSQL's first process."""
    workers = sum(seconds_of(worker.pid, with_ended=True) for worker in fleet.workers.values())
    own = seconds_of(server, with_ended=True)
    return Cpu(workers, own + sum(seconds_of(pid, with_ended=False) for pid in list(processes_below(server))[1:]))


def measure(sites: int, posts: int, workers: int) -> list[dict[str, object]]:
    """One line for each pass."""
    lines = []
    with (
        tempfile.TemporaryDirectory(prefix="bench-fleet-", ignore_cleanup_errors=True) as place,
        tempfile.TemporaryDirectory(prefix="bench-postgresql-", ignore_cleanup_errors=True) as data,
        PostgreSQL(Path(data)) as postgresql,
        ManySites(Path(place) / "requests.tsv", sites=sites, posts=posts) as many,
    ):
        server = int((Path(data) / "data" / "postmaster.pid").read_text().split("\n")[0])
        url = postgresql.new_database()
        open_fleet(url, create=True).close()
        fleet = Fleet(Path(place), url, many, sites=sites, slots=SLOTS, delay=0.0, constants=STEADY)
        try:
            for name in map(str, range(workers)):
                fleet.start(name)
            fleet.until(lambda: fleet.value("SELECT count(*) FROM fleet_workers") == workers, "the start")
            for name, due in PASSES.items():
                lines.append(_pass(fleet, many, server, name, due))
            for worker in fleet.workers.values():
                worker.send_signal(signal.SIGTERM)
                worker.wait(60)
            fleet.workers.clear()
        finally:
            fleet.end()
    return [{"sites": sites, "posts": posts, "workers": workers, **line} for line in lines]


def _pass(fleet: Fleet, many: ManySites, server: int, name: str, due: str) -> dict[str, object]:
    asked, before, began = len(many.requests()), cpu(fleet, server), time.monotonic()
    if due:
        with fleet.engine.begin() as connection:
            connection.exec_driver_sql(due)
    fleet.until(lambda: _rest(fleet) == 0, name, seconds=3_600)
    seconds = time.monotonic() - began
    time.sleep(8)  # the runs end, and write their files and receipts
    after, requests = cpu(fleet, server), len(many.requests()) - asked
    return {
        "pass": name,
        "sites_a_minute": round(60 * fleet.sites / seconds),
        "requests_a_site": round(requests / fleet.sites, 2),
        "cpu_ms": round(1_000 * (after.workers - before.workers) / fleet.sites, 1),
        "postgresql_ms": round(1_000 * (after.postgresql - before.postgresql) / fleet.sites, 1),
        "incomplete": fleet.value("SELECT count(*) FROM followed WHERE verdict IS DISTINCT FROM 'complete'"),
    }


def _rest(fleet: Fleet) -> int:
    """The sites that are due or at work."""
    return fleet.value(
        "SELECT (SELECT count(*) FROM followed WHERE next_due IS NULL) + (SELECT count(*) FROM procrastinate_jobs "
        "WHERE queue_name = 'sites-of-newsbot' AND status IN ('todo', 'doing'))"
    )


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    sizes = given[:1] or [30, 300]
    posts = (given[1:] or [200])[0]
    counts = given[2:] or [1, 2]
    found: dict[tuple[int, str], list[tuple[int, float]]] = {}
    for workers in counts:
        for sites in sizes:
            for line in measure(sites, posts, workers):
                print(json.dumps(line), flush=True)
                spent = sites * (float(str(line["cpu_ms"])) + float(str(line["postgresql_ms"])))
                found.setdefault((workers, str(line["pass"])), []).append((sites, spent))
    for (workers, name), points in found.items():
        if len(points) == 2:
            (few, little), (many, much) = points
            growth = math.log(much / little) / math.log(many / few)
            print(json.dumps({"workers": workers, "pass": name, "growth": round(growth, 2)}))


if __name__ == "__main__":
    main()
