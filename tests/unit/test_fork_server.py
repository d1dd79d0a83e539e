"""A fork of the fork server behaves like the new interpreter that it replaces."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import fork_server
from tests.fork_server.process import server

PROGRAM = """
import json, os, random, sys, threading
LAZY = ("newsbot.settings", "twisted.internet.reactor", "playwright")
def told():
    return {
        "arguments": sys.argv[1:], "main": __name__, "path": sys.path[0], "folder": os.getcwd(),
        "environment": dict(os.environ), "input": sys.stdin.read(), "chance": random.random(),
        "descriptors": sorted(os.listdir("/proc/self/fd")), "threads": threading.active_count(),
        "loaded": [name for name in LAZY if name in sys.modules],
    }
"""


def program(folder: Path, *lines: str) -> list[str]:
    (folder / "program.py").write_text(PROGRAM + "\n".join(lines), encoding="utf-8")
    return [sys.executable, "-m", "program"]


def facts_of_process(folder: Path, *, real: bool) -> dict[str, Any]:
    line = program(folder, "print(json.dumps(told()))", "print('a line', file=sys.stderr)")
    done = fork_server.run(
        [*line, "one", "two"],
        cwd=folder,
        env={"LC_ALL": "C.UTF-8", "ONLY": "this"},
        input="sent",
        text=True,
        capture_output=True,
        real=real,
    )
    assert (done.returncode, done.stderr) == (0, "a line\n")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_fork_has_the_environment_of_a_new_interpreter(tmp_path: Path) -> None:
    fork, new = facts_of_process(tmp_path, real=False), facts_of_process(tmp_path, real=True)
    assert fork.pop("chance") != new.pop("chance")
    assert fork == new
    assert (fork["environment"]["ONLY"], fork["input"], fork["loaded"]) == ("this", "sent", [])


def test_each_fork_draws_its_own_random_numbers(tmp_path: Path) -> None:
    assert facts_of_process(tmp_path, real=False)["chance"] != facts_of_process(tmp_path, real=False)["chance"]


@pytest.mark.parametrize("real", [False, True])
@pytest.mark.parametrize(
    ("ends", "status", "said"),
    [
        ("sys.exit(7)", 7, ""),
        ("sys.exit('a reason')", 1, "a reason\n"),
        ("raise ValueError('bad')", 1, "ValueError: bad\n"),
        ("import atexit; atexit.register(print, 'the end', file=sys.stderr)", 0, "the end\n"),
        ("import weakref; weakref.finalize(told, print, 'freed', file=sys.stderr)", 0, "freed\n"),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
        ("sys.stdout.reconfigure(write_through=False); print('lost'); os.close(1)", 120, "Bad file descriptor\n"),
    ],
)
def test_a_process_ends_with_the_status_of_its_interpreter(
    tmp_path: Path, ends: str, status: int, said: str, real: bool
) -> None:
    done = fork_server.run(program(tmp_path, ends), cwd=tmp_path, text=True, capture_output=True, real=real)
    assert done.returncode == status
    assert done.stderr.endswith(said)


def test_signals_reach_the_process_id(tmp_path: Path) -> None:
    line = program(tmp_path, "import time", "print('ready', flush=True)", "time.sleep(60)")
    for number in (signal.SIGTERM, signal.SIGKILL):
        with fork_server.start(line, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert (process.stdout.readline(), process.poll()) == ("ready\n", None)
            os.kill(process.pid, number)
        assert process.returncode == -number


def test_waiting_ends_at_its_timeout_and_the_process_is_killed(tmp_path: Path) -> None:
    line = program(tmp_path, "import time", "time.sleep(60)")
    with fork_server.start(line, cwd=tmp_path) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        process.kill()
    with pytest.raises(subprocess.TimeoutExpired):
        fork_server.run(line, cwd=tmp_path, timeout=0.01)


def test_both_outputs_can_go_to_one_file(tmp_path: Path) -> None:
    line = program(tmp_path, "print('out', flush=True)", "print('error', file=sys.stderr)")
    with (tmp_path / "log").open("w") as log:
        fork_server.run(line, cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT)
    assert (tmp_path / "log").read_text() == "out\nerror\n"


def test_constants_are_replaced_before_the_module_runs(tmp_path: Path) -> None:
    line = program(tmp_path, "from newsbot.politeness import pace", "print(pace.SLOW_SECONDS)")
    constants = [("newsbot.politeness.pace", "SLOW_SECONDS", 12)]
    done = fork_server.run(line, cwd=tmp_path, constants=constants, capture_output=True, text=True)
    assert done.stdout == "12\n"
    constants = [("newsbot.politeness.pace", "NO_SUCH_NAME", 12)]
    done = fork_server.run(line, cwd=tmp_path, constants=constants, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")


def test_only_python_modules_can_be_forked() -> None:
    with pytest.raises(ValueError, match="can be forked"):
        fork_server.Process(["setpriv", "--help"])


def test_one_server_forks_all_processes() -> None:
    assert server() is server()
