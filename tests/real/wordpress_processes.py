"""Daemons of the tests: started in the foreground, watched, and ended by their own pid."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class Missing(Exception):
    """A program or package the bench needs is not on this machine; the text says which and how to get it."""


class NotStarted(Exception):
    """A daemon died or never answered; the text holds the tail of its log."""


def program(name: str) -> str:
    """Full path of a program. Debian keeps daemons in /usr/sbin, which is not on everybody's PATH."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise Missing(f"{name} is not installed: sudo sh tests/debian.sh wordpress")
    return found


def is_root() -> bool:
    return os.geteuid() == 0


def give_to(user: str, folder: Path) -> None:
    """Lets an unprivileged daemon write where root prepared its folder. Without root there is nothing to do."""
    if is_root():
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)


class Daemon:
    """One foreground process with a log. ``start`` returns when ``ready()`` is true, or raises NotStarted."""

    def __init__(self, *, name: str, command: Sequence[str], log: Path, user: str | None = None) -> None:
        # The kernel ends the daemon with pytest, also when pytest is killed. Otherwise the daemon would hold a port and
        # memory.
        self._command = ["setpriv", "--pdeathsig", "TERM"]
        if user is not None and is_root():
            self._command += [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--init-groups"]
        self._command += ["--", *command]
        self._name = name
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, ready: Callable[[], bool], *, seconds: float = 240) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise NotStarted(f"{self._name} did not start:\n{self.tail()}")
            time.sleep(0.02)

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """Asks the process to end, waits, then kills it. No other process is touched."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
            return
        process.kill()
        process.wait()

    def kill(self) -> None:
        """Kill the daemon at once. Its files are not read again."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()

    def tail(self, lines: int = 30) -> str:
        if not self._log.exists():
            return "(no log)"
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])
