"""What a crawl costs before its first request: ``python -m bench.start [ROUNDS]``.

A server on this machine waits for the crawl's first request, then reads the crawl's CPU and memory from /proc (Linux).
Aims: 1.2 s of CPU and a peak of 110 MiB.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.processes import measured_environment
from tests.crawl.scrapy_crawl import command

CPU_AIM = 1.2
MEMORY_AIM = 110
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Start:
    """A process at its first request: CPU in seconds, the peak of its resident memory in MiB."""

    cpu: float
    peak: float


def mebibytes(pid: int, name: str) -> float | None:
    """A line of /proc/PID/status that counts KiB, ``VmHWM`` for example. None where the process has just ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(found[0]) / 1024 if found else None


def cpu_seconds(pid: int) -> float:
    """User and system time of a running process."""
    # The second field holds the program's name in brackets, which may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start() -> Start:
    """Start a crawl, measure it at its first request, and end it. Raises TimeoutError where no request comes."""
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        folder = Path(name)
        line = command("wp_posts", site=f"http://127.0.0.1:{server.getsockname()[1]}")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(line, cwd=folder, env=measured_environment(folder), stdout=log, stderr=log)
        try:
            connection, _ = server.accept()
            with connection:
                connection.recv(1)
                peak = mebibytes(process.pid, "VmHWM")
                assert peak is not None  # the crawl waits for its answer
                return Start(cpu_seconds(process.pid), peak)
        finally:
            process.kill()
            process.wait()


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    start()  # not counted: it may compile modules
    found = [start() for _ in range(rounds)]
    cpu = statistics.median(one.cpu for one in found)
    least = min(one.cpu for one in found)
    peak = max(one.peak for one in found)
    print(f"before the first request, {rounds} rounds")
    print(f"CPU s, median      {cpu:6.2f}  (least {least:.2f}, aim {CPU_AIM})")
    print(f"peak memory MiB    {peak:6.1f}  (aim {MEMORY_AIM})")
    return int(cpu > CPU_AIM or peak > MEMORY_AIM)


if __name__ == "__main__":
    sys.exit(main())
