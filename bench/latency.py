"""A crawl of a site 200 ms away, against a script with one connection: ``python -m bench.latency [POSTS] [ROUNDS]``.

Wall-clock time, most of it waiting. The ratio shows which requests newsbot makes beyond those of the script, and how
much work newsbot does between two requests. The site sets no delay. Aim: 1.5 at most.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.crawl import measure
from tests.crawl.scrapy_crawl import command
from tests.newsroom import Newsroom

LATENCY = 0.2
AIM = 1.5


def main() -> int:
    posts, rounds = (int(value) for value in [*sys.argv[1:], *["4000", "3"][len(sys.argv) - 1 :]])
    seconds: dict[str, list[float]] = {"script": [], "newsbot": []}
    requests: dict[str, int] = {}
    with Newsroom(posts=posts, kilobytes=(10, 12), latency=LATENCY, process=True) as room:
        lines = {
            "script": [sys.executable, "-m", "bench.plain", room.api],
            "newsbot": command("wp_posts", site=room.url),
        }
        for _ in range(rounds):
            for name, line in lines.items():
                room.forget()
                with tempfile.TemporaryDirectory() as folder:
                    began = time.monotonic()
                    measure(line, Path(folder))
                    seconds[name].append(time.monotonic() - began)
                requests[name] = len(room.requests)
    print(f"{posts} posts, {LATENCY * 1000:.0f} ms away, {rounds} rounds; wall-clock s: median (least-most); requests")
    for name, found in seconds.items():
        print(f"{name:9} {statistics.median(found):7.2f} ({min(found):.2f}-{max(found):.2f})  {requests[name]:4}")
    pairs = sorted(ours / theirs for ours, theirs in zip(seconds["newsbot"], seconds["script"], strict=True))
    print(f"newsbot / script: {statistics.median(pairs):.2f} ({pairs[0]:.2f}-{pairs[-1]:.2f})")
    return int(statistics.median(pairs) > AIM)


if __name__ == "__main__":
    sys.exit(main())
