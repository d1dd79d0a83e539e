"""How the start of a run grows with the sites of the archive: ``python -m bench.sites 10000``.

Makes an archive of made-up sites in a temporary folder, and prints the CPU seconds and the peak memory of the questions
that a run of one site asks the archive. Each measurement has a process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import sqlalchemy as sa

from newsbot.archive import Archive, Crawled, last_crawled
from newsbot.archive.reader import Filter, read_current
from newsbot.archive.schema import addresses, collections, sites

ROUTES = 150
"""Routes of a usual site with plugins."""

ASKED = ("start", "site_behind", "last_crawled", "read_current", "conclude")


def make(url: str, count: int) -> None:
    archive = Archive.open(url, run="made")
    routes = {
        f"/wp/v2/route-{n}": {"per_page": 100, "orderby": ["date", "id"], "params": ["a"] * 20} for n in range(ROUTES)
    }
    with archive.database.writing() as connection:
        for number in range(count):
            key = f"https://site-{number}.example"
            found = {"at": "2026-11-23T10:00:00+00:00", "site": {"key": key, "name": "S", "routes": routes}}
            facts = orjson.dumps({"crawled": {"wp_posts": "2026-11-23T10:00:00+00:00"}, "found": found})
            seen = {"first_seen": "1", "last_seen": "1"}
            connection.execute(sa.insert(sites).values(site=key, name="S", facts=facts, **seen))
            connection.execute(sa.insert(addresses).values(url=f"{key}/", site=key))
            for type_ in ("post", "page"):
                of_type = {"site": key, "type": type_, "kind": "posts", "sequence": 0, "whole": True, "hidden": 0}
                connection.execute(sa.insert(collections).values(of_type))
    archive.close()


def measure(url: str, asked: str) -> None:
    """Ask the questions that a run asks, and print CPU seconds and peak MiB of this process."""
    key = "https://site-7.example"
    archive = Archive.open(url, run=f"bench-{asked}")
    before = time.process_time()
    if asked == "site_behind":
        archive.runs.site_behind(f"{key}/")
    elif asked == "last_crawled":
        last_crawled(url, "wp_posts", [f"{key}/"])
    elif asked == "read_current":
        list(read_current(archive.database, Filter(site=key)))
    elif asked == "conclude":
        archive.runs.start("wp_posts")
        result = Crawled(site=key, name="S", asked=(f"{key}/",), verdict="complete", whole=True, facts={})
        archive.runs.conclude("wp_posts", [result])
    spent = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"asked": asked, "cpu_seconds": round(spent, 3), "peak_mib": round(peak, 1)}))
    archive.close()


def main() -> None:
    if len(sys.argv) == 3:
        measure(sys.argv[1], sys.argv[2])
        return
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'many.db'}"
        make(url, int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
        for asked in ASKED:
            subprocess.run([sys.executable, "-m", "bench.sites", url, asked], check=True)


if __name__ == "__main__":
    main()
