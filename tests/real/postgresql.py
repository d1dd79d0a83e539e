"""A private PostgreSQL for the tests: its own folder, a free loopback port, thrown away afterwards."""

from __future__ import annotations

import secrets
import signal
import subprocess
from pathlib import Path
from typing import Self

from tests.real.ports import free_port
from tests.real.wordpress_processes import Daemon, Missing, NotStarted, give_to, is_root

# Without fsync a killed server still loses nothing: the kernel has its writes. Only a power cut would lose the writes.
_OPTIONS = ["fsync=off", "full_page_writes=off", "shared_buffers=16MB", "autovacuum=off"]


class PostgreSQL:
    """A context manager. ``folder`` is made by the caller and left to it. PostgreSQL refuses to run as root: there it
    runs as nobody."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self.programs = _programs()
        options = [part for option in _OPTIONS for part in ("-c", option)]
        self._daemon = Daemon(
            name="PostgreSQL",
            command=[
                str(self.programs / "postgres"), "-D", str(folder / "data"), "-p", str(self.port), "-h", "127.0.0.1",
                "-k", str(folder), *options,
            ],
            log=folder / "postgresql.log",
            user="nobody",
        )  # fmt: skip

    def __enter__(self) -> Self:
        give_to("nobody", self._folder)
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "newsbot", "--auth=trust", "--no-sync", "-E", "UTF8")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"postgresql://newsbot@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Starts the server, unless it runs."""
        if not self._daemon.runs():
            self._daemon.start(self._answers)

    def stop(self) -> None:
        """Ends the server at once, as a crash does."""
        self._daemon.stop(signal.SIGQUIT)

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"newsbot_{secrets.token_hex(8)}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "newsbot", name)
        return f"postgresql://newsbot@127.0.0.1:{self.port}/{name}"

    def _answers(self) -> bool:
        try:
            self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port))
        except NotStarted:
            return False
        return True

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.programs / name), *arguments],
            capture_output=True,
            text=True,
            cwd="/",
            user="nobody" if is_root() else None,
        )
        if done.returncode:
            raise NotStarted(f"{name} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _programs() -> Path:
    """The folder of the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise Missing("PostgreSQL is not installed: sudo sh tests/debian.sh postgresql")
    return found[-1].parent
