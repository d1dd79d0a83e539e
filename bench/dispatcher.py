"""What the periodic work of a fleet costs, by the number of followed sites: ``python -m bench.dispatcher [SITES...]``.

A private PostgreSQL and the table of ``bench.sites_table``, in which one site in ten is due, and a worker that has room
for 500 jobs. ``ms``: CPU of this process, ``postgresql_ms``: CPU of the process of PostgreSQL, both for one call.
``growth``: the exponent by which their sum grows with the sites; 0 is constant, 1 is linear.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.fleet import processes_below, seconds_of
from bench.sites_table import NOW, claim, fill, threshold
from newsbot.archive import Archive
from newsbot.archive.due_sites import DueSites
from newsbot.fleet.dispatch import dispatch, rescue
from newsbot.fleet.queue_schema import open_fleet
from newsbot.fleet.status import read_status
from tests.real.postgresql import PostgreSQL

JOBS = 500
TIMES = 20


def main() -> None:
    sizes = sorted(map(int, sys.argv[1:])) or [100_000, 1_000_000]
    with tempfile.TemporaryDirectory(prefix="bench-dispatcher-") as data, PostgreSQL(Path(data)) as postgresql:
        server = int((Path(data) / "data" / "postmaster.pid").read_text().split("\n")[0])
        url = postgresql.new_database()
        fleet, archive = open_fleet(url, create=True), Archive.open(url, run="run-1")
        with fleet.writing() as connection:
            connection.exec_driver_sql(
                "WITH w AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id) INSERT INTO fleet_workers "
                f"(worker, control, holder, slots) SELECT id, id, 'host ns 1 1', {JOBS // 2} FROM w"
            )
        before: dict[str, float] = {}
        held = 0
        for size in sizes:
            fill(archive, held, size)
            due = DueSites(archive.database)
            sites = due.due("wp_posts", NOW, limit=500)
            works: dict[str, tuple[Callable[[], object], int]] = {
                "dispatcher, 500 jobs added": (partial(dispatch, fleet, spiders=["wp_posts"], budget=0, now=NOW), 1),
                "dispatcher, queue full": (partial(dispatch, fleet, spiders=["wp_posts"], budget=0, now=NOW), TIMES),
                "rescue, no worker is gone": (partial(rescue, fleet), TIMES),
                "claim a site, keep what was learnt, release it": (partial(claim, archive, sites), 1),
                "threshold of attention": (partial(threshold, due), 1),
                "fleet status": (partial(read_status, fleet, now=NOW), 1),
            }
            for name, (work, times) in works.items():
                ours, theirs = _spent(work, times, server)
                one = len(sites) if name.startswith("claim") else 1
                line: dict[str, object] = {"sites": size, "what": name, "ms": round(1e3 * ours / one, 2)}
                line["postgresql_ms"] = round(1e3 * theirs / one, 2)
                if name in before and ours + theirs > 0 < before[name]:
                    line["growth"] = round(math.log((ours + theirs) / before[name]) / math.log(size / held), 2)
                before[name] = ours + theirs
                print(json.dumps(line), flush=True)
            with fleet.writing() as connection:
                connection.exec_driver_sql("DELETE FROM procrastinate_jobs")
                bytes_ = connection.exec_driver_sql("SELECT pg_total_relation_size('followed')").scalar_one()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(json.dumps({"sites": size, "table_mb": round(bytes_ / 1e6), "memory_mib": memory}), flush=True)
            held = size
        archive.close()
        fleet.close()


def _spent(work: Callable[[], object], times: int, server: int) -> tuple[float, float]:
    """CPU seconds of this process and of PostgreSQL for one call of ``work``."""
    before, ours = _of_server(server), time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - ours) / times, (_of_server(server) - before) / times


def _of_server(server: int) -> float:
    own = seconds_of(server, with_ended=True)
    return own + sum(seconds_of(pid, with_ended=False) for pid in list(processes_below(server))[1:])


if __name__ == "__main__":
    main()
