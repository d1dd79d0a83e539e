"""Which process holds a lease, and whether it still runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from newsbot.archive.processes import process_alive, this_process

HOST, NAMESPACE, PID, STARTED = this_process().split(" ")

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only /proc tells when a process started")


def test_this_process_is_alive() -> None:
    assert process_alive(this_process()) is True
    assert str(os.getpid()) == PID


def test_reused_process_id_is_another_process() -> None:
    assert process_alive(f"{HOST} {NAMESPACE} {PID} {int(STARTED) - 1}") is False


@pytest.mark.parametrize("place", [f"another-host {NAMESPACE}", f"{HOST} pid:[1]"])
def test_state_of_a_process_on_another_machine_is_unknown(place: str) -> None:
    assert process_alive(f"{place} {PID} {STARTED}") is None


def test_ended_process_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
    holder = f"{HOST} {NAMESPACE} {process.pid} {started}"
    assert process_alive(holder) is True
    process.kill()
    # The process is a zombie until its parent reads its exit status.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert process_alive(holder) is False
    process.communicate()
    assert process_alive(holder) is False
