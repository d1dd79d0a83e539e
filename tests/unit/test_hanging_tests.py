"""A test that does not end is ended, and the run names it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

IN_ITS_CALL = """
import threading

def test_that_waits():
    try:
        threading.Event().wait()
    finally:
        threading.Event().wait()
"""

IN_A_FIXTURE = """
import threading, pytest

@pytest.fixture
def server():
    yield
    threading.Event().wait()

def test_that_waits(server):
    threading.Event().wait()
"""


@pytest.mark.parametrize("code", [IN_ITS_CALL, IN_A_FIXTURE], ids=["call", "fixture"])
@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "a worker"])
def test_test_that_waits_again_after_its_time_is_over_is_ended_and_named(
    code: str, workers: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "test_waits.py").write_text(code, encoding="utf-8")
    line = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--timeout", "1", *workers, str(tmp_path)]
    ended = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "Timeout (0:00:02)!" in ended.stderr
    assert "test_waits.py" in ended.stderr
    assert not workers or "crashed while running" in ended.stdout
