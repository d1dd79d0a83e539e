"""``machine.py workers``: how many workers run the tests. ``machine.py memory``: how many MB the tests may still take.

A container may use fewer cores and less memory than its machine has. On many cores one worker for each of them would
take all memory of the container, or share the time of a few cores. The kernel tells the limits in control groups.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

MEGABYTE = 1_000_000
WORKER = 1_000
"""MB for a worker of the tests with the processes that it starts."""

MEMORY = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Files of version 2 and of version 1: the limit, what is used, and in memory.stat what the kernel can give back."""


def groups(root: Path) -> Iterator[Path]:
    """The folders of the control groups of this process, and of all groups around them."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):  # version 2 names none
            top = root / "sys/fs/cgroup" / controller
            # A container may see its own group as the top one, under a path that only the machine knows.
            inner = top.joinpath(*(name for name in path.split("/") if name not in ("", "..")))
            yield inner
            yield from (folder for folder in inner.parents if folder.is_relative_to(top))


def memory(root: Path = Path("/")) -> int:
    """MB that are free on the machine, or fewer where a control group has fewer left."""
    machine = _named(_text(root / "proc/meminfo")).get("MemAvailable:", 0) * 1_024
    left = [machine]
    for group in groups(root):
        for most, used, cached in MEMORY:
            limit, taken = _number(group / most), _number(group / used)
            if limit is not None and taken is not None:
                left.append(limit - taken + _named(_text(group / "memory.stat")).get(cached, 0))
    return max(0, min(left)) // MEGABYTE


def cores(root: Path = Path("/")) -> int:
    """The cores that this process may use, or fewer where a control group has less time on them."""
    found = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1]
    for group in groups(root):
        quota, _, period = _text(group / "cpu.max").strip().partition(" ")
        quota, period = quota or _text(group / "cpu.cfs_quota_us"), period or _text(group / "cpu.cfs_period_us")
        if quota.strip().isdigit() and period.strip().isdigit():
            found.append(-(-int(quota) // int(period)))
    return min(found)


def workers(root: Path = Path("/")) -> int:
    """One worker more than cores, since many tests wait for a server, a browser or a delay. Fewer where memory is
    short."""
    most = cores(root) + 1
    # A system without /proc does not tell what is free.
    return max(1, min(most, memory(root) // WORKER)) if (root / "proc/meminfo").exists() else most


def _text(path: Path) -> str:
    try:
        # A group may have any name that a folder has.
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    """None where there is no such file, and for ``max``, which is no limit."""
    text = _text(path).strip()
    return int(text) if text.isdigit() else None


def _named(text: str) -> dict[str, int]:
    """Lines of a name and a number."""
    lines = (line.split() for line in text.splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}


if __name__ == "__main__":
    asked = {"workers": workers, "memory": memory}[sys.argv[1]]
    sys.stdout.write(f"{asked()}\n")
