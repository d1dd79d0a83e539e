"""The memory of a whole crawl: ``python -m bench.memory [POSTS...]`` (default 20,000 and 200,000).

Each crawl is a process of its own, the newsroom another. The crawl's memory is read from /proc (Linux) twice a second
until it ends. Aim: a peak of 150 MiB, whatever the number of posts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.processes import measured_environment
from bench.start import mebibytes
from tests.crawl.scrapy_crawl import command
from tests.newsroom import Newsroom

AIM = 150
PAUSE = 0.5
POSTS = (20_000, 200_000)


@dataclass(frozen=True, slots=True)
class Course:
    """A crawl's resident memory in MiB, sampled at even intervals, its peak, and its CPU in seconds."""

    samples: list[float]
    peak: float
    cpu: float

    def at(self, share: float) -> float:
        """The memory after this share of the crawl's time."""
        return self.samples[min(len(self.samples) - 1, int(share * len(self.samples)))]


def crawl(posts: int) -> Course:
    """Crawl that many posts to the end. Raises CalledProcessError where the crawl is not complete."""
    with (
        Newsroom(posts=posts, kilobytes=(10, 12), process=True) as room,
        tempfile.TemporaryDirectory() as name,
    ):
        folder, samples = Path(name), list[float]()
        line = command("wp_posts", site=room.url)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(line, cwd=folder, env=measured_environment(folder), stdout=log, stderr=log)
        while True:
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            if (memory := mebibytes(process.pid, "VmRSS")) is not None:
                samples.append(memory)
            time.sleep(PAUSE)
        if os.waitstatus_to_exitcode(status) != 0:
            sys.stderr.write((folder / "log").read_text(errors="replace")[-2_000:])
            raise subprocess.CalledProcessError(status, line)
        return Course(samples, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)


def main() -> int:
    numbers = [int(value) for value in sys.argv[1:]] or list(POSTS)
    print(f"posts of 11 KB; memory in MiB after a share of the crawl's time; peak (aim {AIM}); CPU in ms a post")
    print(f"{'posts':>8} {'10 %':>6} {'25 %':>6} {'50 %':>6} {'75 %':>6} {'end':>6} {'peak':>6} {'CPU':>6}")
    worst = 0.0
    for posts in numbers:
        course = crawl(posts)
        worst = max(worst, course.peak)
        shares = " ".join(f"{course.at(share):6.1f}" for share in (0.1, 0.25, 0.5, 0.75, 1))
        print(f"{posts:8} {shares} {course.peak:6.1f} {course.cpu / posts * 1000:6.2f}", flush=True)
    return int(worst > AIM)


if __name__ == "__main__":
    sys.exit(main())
