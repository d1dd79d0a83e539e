"""What a run of the tests may use of a machine and of a container."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import Any

import pytest

MACHINE: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[2] / ".ci/machine.py"))
GB = 1_000_000_000
UNLIMITED_V1 = "9223372036854771712"


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def machine(root: Path, files: dict[str, str], *, free: int = 64 * GB) -> Path:
    """A folder with the files of the kernel, below ``sys/fs/cgroup`` where no other place is named."""
    kernel = {"proc/meminfo": f"MemTotal: 1 kB\nMemAvailable: {free // 1_024} kB\nHugePages_Total: 0\n"}
    for name, text in files.items():
        kernel[name if name.startswith("proc/") else f"sys/fs/cgroup/{name}"] = text
    for name, text in kernel.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    return root


GROUPS: dict[str, tuple[dict[str, str], int, int]] = {
    "no control groups": ({}, 64_000, 9),
    "version 2, no limit": (
        {"proc/self/cgroup": "0::/\n", "memory.max": "max\n", "memory.current": "5\n", "cpu.max": "max 100000\n"},
        *(64_000, 9),
    ),
    "version 2, the container sees its group as the top one": (
        {
            "proc/self/cgroup": "0::/\n",
            "memory.max": f"{4 * GB}\n",
            "memory.current": f"{3 * GB}\n",
            "memory.stat": f"anon 1\ninactive_file {2 * GB}\n",
            "cpu.max": "150000 100000\n",
        },
        *(3_000, 3),
    ),
    "version 2, the limit of a group around the group": (
        {
            "proc/self/cgroup": "0::/a.slice/b.scope\n",
            "a.slice/memory.max": f"{5 * GB}\n",
            "a.slice/memory.current": f"{GB}\n",
            "a.slice/b.scope/memory.max": "max\n",
            "a.slice/b.scope/memory.current": f"{GB}\n",
        },
        *(4_000, 4),
    ),
    "version 2, a path outside of the container": (
        {"proc/self/cgroup": "0::/../../x\n", "memory.max": f"{2 * GB}\n", "memory.current": "0\n"},
        *(2_000, 2),
    ),
    "version 2, names of groups that are not ASCII": (
        {
            "proc/self/cgroup": "0::/bücher/\udcfc\n",
            "bücher/memory.max": f"{4 * GB}\n",
            "bücher/memory.current": f"{GB}\n",
        },
        *(3_000, 3),
    ),
    "version 1, no limit": (
        {
            "proc/self/cgroup": "4:memory:/a\n3:cpu,cpuacct:/a\n1:name=systemd:/a\n",
            "memory/a/memory.limit_in_bytes": UNLIMITED_V1,
            "memory/a/memory.usage_in_bytes": "7",
            "cpu/a/cpu.cfs_quota_us": "-1\n",
            "cpu/a/cpu.cfs_period_us": "100000\n",
        },
        *(64_000, 9),
    ),
    "version 1, a path that only the machine knows": (
        {
            "proc/self/cgroup": "4:memory:/docker/a\n3:cpu,cpuacct:/docker/a\n",
            "memory/memory.limit_in_bytes": f"{6 * GB}\n",
            "memory/memory.usage_in_bytes": f"{3 * GB}\n",
            "memory/memory.stat": f"inactive_file 1\ntotal_inactive_file {GB}\n",
            "cpu/cpu.cfs_quota_us": "200000\n",
            "cpu/cpu.cfs_period_us": "100000\n",
        },
        *(4_000, 3),
    ),
    "all memory is taken": (
        {"proc/self/cgroup": "0::/\n", "memory.max": f"{GB}\n", "memory.current": f"{2 * GB}\n"},
        *(0, 1),
    ),
}


@pytest.mark.parametrize(("files", "memory", "workers"), GROUPS.values(), ids=GROUPS.keys())
def test_limits_of_control_groups_hold(files: dict[str, str], memory: int, workers: int, tmp_path: Path) -> None:
    root = machine(tmp_path, files)
    assert (MACHINE["memory"](root), MACHINE["workers"](root)) == (memory, workers)


def test_memory_of_the_machine_limits_a_container_without_a_limit(tmp_path: Path) -> None:
    root = machine(tmp_path, {"proc/self/cgroup": "0::/\n", "memory.max": "max\n"}, free=5 * GB)
    assert (MACHINE["memory"](root), MACHINE["workers"](root)) == (4_999, 4)


def test_system_without_proc_has_a_worker_for_each_core_and_one_more(tmp_path: Path) -> None:
    assert (MACHINE["memory"](tmp_path), MACHINE["workers"](tmp_path)) == (0, 9)
