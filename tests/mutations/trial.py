"""A trial puts one fault into a copy of the repository and runs the tests that must notice it."""

from __future__ import annotations

import compileall
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from py_compile import PycInvalidationMode

from tests.mutations.faults import ROOT, Fault

_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".cache", ".*_cache", ".hypothesis", "data", "build", "dist", "*.egg-info"
)
"""Files that no trial needs. ``.cache`` holds whole WordPress trees, with links that lead out of them."""


class Result(StrEnum):
    """``BROKEN``: the tests did not run, so that their failure says nothing about the fault."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Verdict:
    result: Result
    seconds: float
    output: str


class Copy:
    """A copy of the repository in ``folder``, for one trial at a time."""

    def __init__(self, folder: Path, *, timeout: float) -> None:
        self.folder = folder / "repository"
        self.timeout = timeout
        shutil.copytree(ROOT, self.folder, ignore=_LEFT_OUT)
        # Python compares the time and size of a source with its compiled file. A fault can leave both as they were.
        for package in ("newsbot", "tests"):
            compileall.compile_dir(self.folder / package, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)

    def try_fault(self, fault: Fault) -> Verdict:
        path = self.folder / fault.file
        sound = path.read_text(encoding="utf-8")
        path.write_text(fault.apply(sound), encoding="utf-8")
        try:
            return self.run(fault.tests)
        finally:
            path.write_text(sound, encoding="utf-8")

    def run(self, tests: Iterable[str]) -> Verdict:
        """Run the tests until the first failure."""
        options = ("-x", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "--no-header", "--tb=short")
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=self.folder,
            env=os.environ | {"CI": "true"},  # the same random examples in each trial
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            return Verdict(Result.KILLED, time.monotonic() - began, "the tests did not end in time")
        finally:
            # The tests may have started processes of their own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return Verdict(_result(process.returncode), time.monotonic() - began, output)


def _result(status: int) -> Result:
    # pytest: 0 all passed, 1 some failed; anything else means that the tests were not run.
    return {0: Result.SURVIVED, 1: Result.KILLED}.get(status, Result.BROKEN)
