"""Stops of a crawl at moments between 0 and 10 s after newsbot's first import: ``python -m bench.stops [MOMENTS]``.

Each stop is a SIGTERM, the signal that Scrapyd sends to cancel a job. The table says for each moment how the run ended,
and how many receipts there are: there must be one. The exit status is 1 if a receipt is missing.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.crawl.scrapy_crawl import command, environment
from tests.newsroom import Newsroom

LAST = 10.0
"""Seconds after the first import."""


def handles(pid: int) -> bool:
    """Whether a process handles SIGTERM, which it does from newsbot's first import on."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def stop(folder: Path, url: str, seconds: float) -> tuple[int, list[dict[str, Any]]]:
    """Stop a crawl this many seconds after its first import. Returns its exit status and its receipts."""
    folder.mkdir()
    line = command("wp_site", output=None, site=url)
    with (folder / "said").open("wb") as said:
        crawl = subprocess.Popen(
            line, cwd=folder, env=environment(folder, NEWSBOT_DELAY="0.3"), stdout=said, stderr=said
        )
        while not handles(crawl.pid) and crawl.poll() is None:
            time.sleep(0.002)
        time.sleep(seconds)
        crawl.send_signal(signal.SIGTERM)
        crawl.wait(timeout=120)
    return crawl.returncode, [json.loads(path.read_text()) for path in folder.glob("data/receipts/*.json")]


def main() -> int:
    moments = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    missing = 0
    print("after  status  receipts  reason    why")
    with Newsroom(posts=60, latency=0.2, process=True) as room, tempfile.TemporaryDirectory() as folder:
        for number in range(moments):
            seconds = LAST * number / max(1, moments - 1)
            status, receipts = stop(Path(folder) / str(number), room.url, seconds)
            missing += len(receipts) != 1
            reason, why = (receipts[0]["reason"], receipts[0]["sites"][0]["why"]) if receipts else ("-", "-")
            print(f"{seconds:5.2f}  {status:6}  {len(receipts):8}  {reason:8}  {why}", flush=True)
    print(f"{moments - missing} of {moments} stops left one receipt")
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(main())
