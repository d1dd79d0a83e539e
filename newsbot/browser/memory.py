"""Ends a page that takes too much memory: V8's own limit counts neither typed arrays nor the nodes of a page."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE_MIB = 512
"""Memory of one process that renders pages."""

BROWSER_MIB = 1536
"""Memory of all processes of Chromium together."""

POLL_SECONDS = 0.03
"""The time between two checks: a script can allocate two gigabytes in a second."""

SEARCH_SECONDS = 0.3
"""The time between two searches for new processes."""

_MIB = 1024 * 1024
_OWN_MEMORY = re.compile(rb"^Rss(?:Anon|Shmem):\s+(\d+) kB", re.M)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChromiumProcess:
    """One process of Chromium. ``bytes``: memory that it does not share with files."""

    pid: int
    renders: bool
    bytes: int


def one_too_large(processes: Iterable[ChromiumProcess]) -> int | None:
    """The process to end, or None: a process that renders pages and is too large, or the largest process if all
    processes together are too large."""
    every = sorted(processes, key=lambda process: (process.renders, process.bytes), reverse=True)
    if every and every[0].renders and every[0].bytes > PAGE_MIB * _MIB:
        return every[0].pid
    if sum(process.bytes for process in every) > BROWSER_MIB * _MIB:
        return max(every, key=lambda process: process.bytes).pid
    return None


class MemoryWatch:
    """Watches the Chromium that this process started, in a thread: the event loop may be busy. Needs ``/proc``."""

    def __init__(self) -> None:
        self._ended_at: float | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="browser-memory", daemon=True)
        self._thread.start()

    def ended_since(self, moment: float) -> bool:
        """Whether a process was ended since ``moment``, a time of ``time.monotonic``."""
        return self._ended_at is not None and self._ended_at >= moment

    def close(self) -> None:
        self._over.set()

    def _run(self) -> None:
        kinds: dict[int, bool] = {}
        searched = 0.0
        while not self._over.wait(POLL_SECONDS):
            if time.monotonic() - searched > SEARCH_SECONDS:
                kinds, searched = dict(_chromium_below(os.getpid())), time.monotonic()
            found = [ChromiumProcess(pid=pid, renders=renders, bytes=_bytes(pid)) for pid, renders in kinds.items()]
            pid = one_too_large(found)
            if pid is None:
                continue
            # The process id may belong to another process by now.
            if pid in dict(_chromium_below(os.getpid())):
                self._ended_at = time.monotonic()
                _kill(pid)
            kinds.pop(pid, None)


def _chromium_below(root: int) -> Iterator[tuple[int, bool]]:
    """The processes of Chromium that descend from ``root``, and whether each renders pages."""
    waiting = [root]
    while waiting:
        for child in _children(waiting.pop()):
            waiting.append(child)
            arguments = _read(f"/proc/{child}/cmdline")
            if b"--type=" in arguments or b"--remote-debugging-pipe" in arguments:
                yield child, b"--type=renderer" in arguments


def _children(pid: int) -> Iterator[int]:
    for task in _listed(f"/proc/{pid}/task"):
        yield from map(int, _read(f"/proc/{pid}/task/{task}/children").split())


def _bytes(pid: int) -> int:
    return sum(map(int, _OWN_MEMORY.findall(_read(f"/proc/{pid}/status")))) * 1024


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _read(path: str) -> bytes:
    """The content of a file of /proc; b"" where the process has ended or the system has no /proc."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _listed(folder: str) -> list[str]:
    try:
        return [entry.name for entry in Path(folder).iterdir()]
    except OSError:
        return []
