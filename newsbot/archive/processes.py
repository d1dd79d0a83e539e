"""The process that holds a lease or a run, and whether that process can still be alive."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

STALE = timedelta(seconds=60)
"""A process whose heartbeat is older counts as dead, on whichever host it runs."""

HEARTBEAT_SECONDS = 10

Alive = Callable[[str], bool | None]
"""Whether the process of that name still runs; None where this host cannot know."""


def this_process() -> str:
    """The name of this process: host, process namespace, process id, and start time, since process ids are reused."""
    pid = os.getpid()
    return " ".join((*_host_and_namespace(), str(pid), _started(pid) or "-"))


def process_alive(process: str) -> bool | None:
    """Whether the process of that name runs on this host; None for other hosts and namespaces."""
    host, namespace, pid, started = process.split(" ")
    if (host, namespace) != _host_and_namespace():
        return None
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    now = _started(int(pid))
    return now is None or started in ("-", now)


def machine_of(process: str) -> str:
    return process.partition(" ")[0]


def is_dead(*, process: str, heartbeat: str, now: datetime, alive: Alive) -> bool:
    """Whether the process is known to be gone, or its last heartbeat (ISO, UTC) is older than STALE."""
    return alive(process) is False or now - datetime.fromisoformat(heartbeat) > STALE


def _host_and_namespace() -> tuple[str, str]:
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        namespace = "-"
    return socket.gethostname().replace(" ", "_") or "-", namespace


def _started(pid: int) -> str | None:
    """When a process started, in ticks of the kernel's clock; None where there is no /proc. A zombie counts as
    ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return "zombie" if fields[0] == "Z" else fields[19]
