"""The table of followed sites with up to a million rows: ``python -m bench.sites_table [URL] [SITES...]``.

``URL`` is an SQLAlchemy URL of an empty database; without it a new SQLite file. For each number of sites it measures
what a run asks of the table: the first 100 sites that are due, the sums, the threshold of attention, and claims: the
lease of a site, whether the site is due, what its check learnt, and the release. ``**`` is the exponent of growth from
the number of sites before: 0 is constant, 1 is linear.
"""

from __future__ import annotations

import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from newsbot.archive import Archive
from newsbot.archive.due_sites import DueSites
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.archive.schema import followed
from newsbot.follow.checks import as_habit, threshold_of
from newsbot.safe_json import json_bytes
from newsbot.schedule.learning import Learnt

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
CLAIMS = 500
BATCH = 5_000
HABIT = json_bytes(as_habit(Learnt().succeed(checked=NOW, published=[NOW - timedelta(days=n) for n in range(99)])))[0]


def fill(archive: Archive, first: int, last: int) -> None:
    """Follow the sites ``first`` to ``last``: one in ten is due."""
    for start in range(first, last, BATCH):
        rows = [_row(number) for number in range(start, min(last, start + BATCH))]
        with archive.database.writing() as connection:
            connection.execute(sa.insert(followed), rows)
    if not archive.database.sqlite:
        with archive.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE followed")


def _row(number: int) -> dict[str, Any]:
    url = f"news-{number:07}.example"
    due = NOW + timedelta(minutes=(number * 7_919) % 10_000 - 1_000)
    return {
        "url": url,
        "spider": "wp_posts",
        "entry": json_bytes({"url": url})[0],
        "weight": 1.0,
        "paused": False,
        "failures": 0,
        "next_due": due.isoformat(timespec="microseconds"),
        "habit": HABIT,
        "attention": 0.2 + (number % 997) / 100,
        "cost": 1.0 + number % 3,
        "verdict": "complete",
        "pace_group": url,
    }


def claim(archive: Archive, sites: list[FollowedSite]) -> None:
    """The operations of a run on the table for each site that it crawls."""
    table = Followed(archive.database)
    for site in sites:
        assert archive.leases.take(site.url) is None
        (now,) = table.sites("wp_posts", urls=[site.url])
        if now.is_due(NOW):
            table.keep(replace(now, checked=NOW, next_due=NOW + timedelta(hours=1)))
        archive.leases.release([f"posts {site.url}"])


def threshold(due: DueSites) -> float:
    return threshold_of(due.demands(), requests_per_hour=0)


def measured(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and the result."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def main() -> None:
    words = sys.argv[1:]
    sizes = sorted(int(word) for word in words if word.isdigit()) or [10_000, 100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as folder:
        url = next((word for word in words if "://" in word), f"sqlite:///{folder}/newsbot.db")
        archive, before = Archive.open(url, run="run-1"), dict[str, float]()
        print("sites      first 100 due     sums              threshold         claims a second   memory", flush=True)
        held = 0
        for size in sizes:
            fill(archive, held, size)
            due = DueSites(archive.database)
            times = {}
            times["due"], sites = measured(partial(due.due, "wp_posts", NOW, limit=100))
            times["sums"], _ = measured(partial(due.counts, NOW))
            times["threshold"], _ = measured(partial(threshold, due))
            sites = due.due("wp_posts", NOW, limit=CLAIMS)
            times["claims"], _ = measured(partial(claim, archive, sites))
            cells = [_cell(times[name], before.get(name), size, held) for name in ("due", "sums", "threshold")]
            rate = (
                f"{len(sites) / times['claims']:8,.0f}/s {_exponent(times['claims'], before.get('claims'), size, held)}"
            )
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"{size:9,}  {'  '.join(cells)}  {rate:16}  {memory} MiB", flush=True)
            before, held = times, size
        archive.close()


def _cell(seconds: float, before: float | None, size: int, held: int) -> str:
    return f"{seconds * 1000:8,.1f} ms {_exponent(seconds, before, size, held):5}"


def _exponent(seconds: float, before: float | None, size: int, held: int) -> str:
    return "" if before is None else f"**{math.log(seconds / before) / math.log(size / held):.1f}"


if __name__ == "__main__":
    main()
