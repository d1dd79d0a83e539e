"""A whole crawl of the newsroom: a floor, a textbook Scrapy project, and newsbot, in turn, as ratios of CPU.

``python -m bench.crawl [POSTS] [ROUNDS]``. Each crawler is a process; its CPU time is its user and system time. The
floor makes the same output without a framework: http.client, orjson, newsbot's ``clean()``, SQLite, JSON lines.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.processes import measured_environment
from tests.crawl.scrapy_crawl import command
from tests.newsroom import Newsroom

FLOOR = Path(__file__).with_name("floor.py")
TEXTBOOK = Path(__file__).with_name("textbook.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one process: CPU in seconds, peak memory in MiB."""

    cpu: float
    peak: float


def measure(line: list[str], folder: Path) -> Cost:
    """Run a command to its end. Raises CalledProcessError where it fails."""
    log = (folder / "log").open("wb")
    process = subprocess.Popen(line, cwd=folder, env=measured_environment(folder), stdout=log, stderr=log)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.stderr.write((folder / "log").read_text(errors="replace")[-2_000:])
        raise subprocess.CalledProcessError(status, line)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def main() -> None:
    posts, rounds = (int(value) for value in [*sys.argv[1:], *["20000", "3"][len(sys.argv) - 1 :]])
    costs: dict[str, list[Cost]] = {"floor": [], "textbook": [], "newsbot": []}
    with Newsroom(posts=posts, kilobytes=(10, 12), process=True) as room:
        lines = {
            "floor": [sys.executable, str(FLOOR), room.api],
            "textbook": [sys.executable, str(TEXTBOOK), room.api],
            "newsbot": command("wp_posts", site=room.url),
        }
        for _ in range(rounds):
            for name, line in lines.items():
                with tempfile.TemporaryDirectory() as folder:
                    costs[name].append(measure(line, Path(folder)))
        requests = sum(request.user_agent.startswith("newsbot") for request in room.requests) / rounds
    print(f"{posts} posts of 11 KB, {rounds} rounds; CPU s: median (least-most); peak memory MiB")
    for name, found in costs.items():
        cpu = sorted(cost.cpu for cost in found)
        middle = statistics.median(cpu)
        peak = max(cost.peak for cost in found)
        print(f"{name:9} {middle:7.2f} ({cpu[0]:.2f}-{cpu[-1]:.2f})  {peak:6.0f}")
    for other in ("floor", "textbook"):
        pairs = sorted(ours.cpu / theirs.cpu for ours, theirs in zip(costs["newsbot"], costs[other], strict=True))
        print(f"newsbot / {other}: {statistics.median(pairs):.2f} ({pairs[0]:.2f}-{pairs[-1]:.2f})")
    print(f"requests per 1,000 posts: {requests / posts * 1000:.1f}")


if __name__ == "__main__":
    main()
