"""Who holds a lease or a run, and whether he can still be alive."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

STALE = timedelta(seconds=60)
"""A holder without a sign of life for so long is taken for dead, wherever he is."""

HEARTBEAT_SECONDS = 10

Alive = Callable[[str], bool | None]
"""Whether a holder's process still runs; None where that cannot be told from here."""


def this_process() -> str:
    """This process's name as a holder: host, process namespace, id, and when it started (ids are used again)."""
    pid = os.getpid()
    return " ".join((*_here(), str(pid), _started(pid) or "-"))


def process_alive(holder: str) -> bool | None:
    """Whether the process of that name runs on this host; None for other hosts and namespaces."""
    host, namespace, pid, started = holder.split(" ")
    if (host, namespace) != _here():
        return None
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    now = _started(int(pid))
    return now is None or started in ("-", now)


def host_of(holder: str) -> str:
    return holder.partition(" ")[0]


def is_dead(*, holder: str, heartbeat: str, now: datetime, alive: Alive) -> bool:
    """Dead when its process is known to be gone, or when its heartbeat (ISO, UTC) is stale."""
    return alive(holder) is False or now - datetime.fromisoformat(heartbeat) > STALE


def _here() -> tuple[str, str]:
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        namespace = "-"
    return socket.gethostname().replace(" ", "_") or "-", namespace


def _started(pid: int) -> str | None:
    """When a process started, in the kernel's ticks; None where there is no /proc. A zombie runs no more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return "zombie" if fields[0] == "Z" else fields[19]
