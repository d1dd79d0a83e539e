"""The client's side: a process that behaves as ``subprocess.Popen`` does, and the server that forks it."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.fork_server.job import Constants, Job

ROOT = Path(__file__).parents[2]
ALWAYS_REAL = os.environ.get("NEWSBOT_TEST_PROCESSES") == "real" or not hasattr(os, "pidfd_open")
CHUNK = 1 << 16

HIDING = """
import runpy, sys
sys.modules.update(dict.fromkeys({without!r}))
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""
"""The program of a new interpreter that runs a module and cannot import some packages."""

Stream = int | IO[Any] | None


@cache
def server(without: tuple[str, ...] = ()) -> socket.socket:
    """The socket of this process's server, which starts at the first use and ends with this process. ``without``:
    packages that neither the server nor its forks can import."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", str(theirs.fileno()), *without],
            pass_fds=[theirs.fileno()],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # numpy's OpenBLAS would start a thread for each core, and a fork copies only the thread that forks.
            env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        )

    def end() -> None:
        # A server that is still importing would not notice that its client is gone, and the others free their memory.
        ours.close()
        process.kill()
        process.wait()

    atexit.register(end)
    return ours


class Process:
    """``python -m MODULE ARGUMENTS`` as a fork of the server. ``command`` is ``[sys.executable, "-m", MODULE, ...]``.

    Pipes are binary unless ``text``. ``returncode`` is None until ``poll``, ``wait`` or ``communicate`` saw the end.
    """

    def __init__(
        self,
        command: list[str],
        *,
        cwd: str | Path | None = None,
        env: dict[str, str] | None = None,
        stdin: Stream = None,
        stdout: Stream = None,
        stderr: Stream = None,
        text: bool = False,
        constants: Constants = (),
        without: tuple[str, ...] = (),
    ) -> None:
        if command[:2] != [sys.executable, "-m"]:
            raise ValueError(f"only {sys.executable} -m MODULE can be forked, not {command[:2]}")
        self.args = command
        self.returncode: int | Any = None  # None while the process runs; typeshed has the same type for Popen
        self._text = text
        self._opened: list[int] = []
        self.stdin, child_in = self._stream(stdin, 0, "w")
        self.stdout, child_out = self._stream(stdout, 1, "r")
        self.stderr, child_err = self._stream(stderr, 2, "r", out=child_out)
        job = Job(
            module=command[2],
            arguments=command[3:],
            folder=str(Path(cwd or ".").resolve()),
            environment=dict(os.environ if env is None else env),
            constants=constants,
        )
        self._answers, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            job.send(server(without), theirs, [child_in, child_out, child_err])
        for descriptor in self._opened:
            os.close(descriptor)
        self.pid = int(self._answer()["pid"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe is not None:
                pipe.close()
        self.wait()

    def poll(self) -> int | None:
        """The exit status, or None while the process runs."""
        with contextlib.suppress(BlockingIOError):
            self._wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, negative for a signal. Raises ``subprocess.TimeoutExpired``."""
        try:
            return self._wait(timeout)
        except TimeoutError:
            assert timeout is not None
            raise subprocess.TimeoutExpired(self.args, timeout) from None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            # The process may end between the two lines.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        """Send ``input``, read both outputs to their ends and wait: (stdout, stderr), each None without a pipe."""
        ends = None if timeout is None else time.monotonic() + timeout
        if self.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self.stdin:
                self.stdin.write(input or ("" if self._text else b""))
        found: dict[Any, list[bytes]] = {pipe: [] for pipe in (self.stdout, self.stderr) if pipe is not None}
        with selectors.DefaultSelector() as selector:
            for pipe in found:
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(None if ends is None else max(0, ends - time.monotonic()))
                if not ready:
                    assert timeout is not None
                    raise subprocess.TimeoutExpired(self.args, timeout)
                for key, _ in ready:
                    chunk = os.read(key.fd, CHUNK)
                    found[key.fileobj].append(chunk)
                    if not chunk:
                        selector.unregister(key.fileobj)
        for pipe in found:
            pipe.close()
        self.wait(None if ends is None else max(0.01, ends - time.monotonic()))
        out, err = (None if pipe is None else self._decoded(found[pipe]) for pipe in (self.stdout, self.stderr))
        return out, err

    def _stream(self, asked: Stream, number: int, mode: str, *, out: int = -1) -> tuple[Any, int]:
        """Our end of a pipe or None, and the descriptor that the process gets."""
        if asked is None:
            return None, number
        if asked == subprocess.DEVNULL:
            self._opened.append(os.open(os.devnull, os.O_RDWR))
            return None, self._opened[-1]
        if asked == subprocess.STDOUT:
            return None, out
        if asked != subprocess.PIPE:
            return None, asked if isinstance(asked, int) else asked.fileno()
        ends = os.pipe()
        ours, theirs = ends if mode == "r" else ends[::-1]
        self._opened.append(theirs)
        return (open(ours, mode) if self._text else open(ours, f"{mode}b")), theirs  # noqa: PTH123

    def _decoded(self, chunks: list[bytes]) -> Any:
        whole = b"".join(chunks)
        return whole.decode().replace("\r\n", "\n").replace("\r", "\n") if self._text else whole

    def _wait(self, timeout: float | None) -> int:
        if self.returncode is None:
            self._answers.settimeout(timeout)
            self.returncode = int(self._answer()["status"])
            self._answers.close()
        return self.returncode

    def _answer(self) -> dict[str, Any]:
        message = self._answers.recv(CHUNK)
        if not message:
            raise RuntimeError("the fork server has ended; its error stands above")
        answer: dict[str, Any] = json.loads(message)
        return answer


Running = Process | subprocess.Popen[Any]


def start(command: list[str], *, real: bool | None = None, **options: Any) -> Running:
    """Start ``command``, and return at once. ``options`` are those of ``Process``.

    ``real``: True for a new interpreter, which ignores ``constants``; False for a fork; None for what
    NEWSBOT_TEST_PROCESSES says, a fork unless it is ``real``. ``without``: packages that the process cannot import.
    """
    if not (ALWAYS_REAL if real is None else real):
        return Process(command, **options)
    options.pop("constants", None)
    if without := options.pop("without", ()):
        _, _, module, *arguments = command
        command = [sys.executable, "-c", HIDING.format(without=without, module=module), *arguments]
    return subprocess.Popen(command, **options)


def start_with(errand: Mapping[str, Any], module: str, **options: Any) -> Running:
    """Start ``python -m module`` with all standard streams as pipes of text, and give it ``errand`` as a line of JSON.
    ``options`` are those of ``start``."""
    options |= dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = start([sys.executable, "-m", module], text=True, **options)
    assert process.stdin is not None
    process.stdin.write(json.dumps(errand) + "\n")
    process.stdin.flush()
    return process


def run(
    command: list[str], *, real: bool | None = None, input: Any = None, timeout: float | None = None,
    capture_output: bool = False, check: bool = False, **options: Any,
) -> subprocess.CompletedProcess[Any]:  # fmt: skip
    """Start ``command`` as ``start`` does and wait for its end, as ``subprocess.run`` does."""
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if input is not None:
        options["stdin"] = subprocess.PIPE
    with start(command, real=real, **options) as process:
        try:
            out, err = process.communicate(input, timeout)
        except BaseException:
            process.kill()
            raise
    assert process.returncode is not None
    done = subprocess.CompletedProcess(command, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done
