"""The fork server: ``python -m tests.fork_server DESCRIPTOR [PACKAGE...]``, where the descriptor is a socket to the
client, and the packages are those that no process of the server can import.

It answers each job with two JSON messages on the job's own socket: ``{"pid": 123}`` at once, and ``{"status": 0}`` when
the process has ended (negative: the number of the signal that killed it). The server ends when the client closes its
socket.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from pydantic import BaseModel

from tests.fork_server.job import Job

LAZY = ("playwright", "scrapy_playwright", "pyarrow", "scipy", "datasketch", "pandas")
"""Packages that a process loads only when it needs them: tests look whether one is loaded. sqlite_utils imports pandas
where it is installed, as it is for the tests, and uses nothing of it here."""


SETTINGS = ("newsbot.settings", "newsbot.console")
"""The settings, and the console script that reads them before it starts a command."""


def modules() -> Iterator[str]:
    """The modules that a crawl may import, except newsbot.settings (it reads the environment), the modules that import
    it, and Twisted's reactor.
    """
    for package in ("newsbot", "scrapy.commands"):
        path = importlib.import_module(package).__path__
        found = (module.name for module in pkgutil.walk_packages(path, f"{package}."))
        yield from (name for name in found if name not in SETTINGS and ".migrations" not in name)
    yield "scrapy.cmdline"
    defaults = vars(importlib.import_module("scrapy.settings.default_settings"))
    for value in defaults.values():
        texts = [*value, *value.values()] if isinstance(value, dict) else [value]
        yield from (text.rpartition(".")[0] for text in texts if str(text).startswith("scrapy."))


def load(without: list[str]) -> None:
    # Scrapy asks at each start which packages bring commands, and reads a file of each installed package for it.
    metadata.entry_points = cache(metadata.entry_points)  # type: ignore[assignment]
    hidden = {*LAZY, *without}
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # an import of None fails
    importlib.import_module("newsbot.commands.crawl").begin_imports()
    for name in modules():
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if str(missing.name).partition(".")[0] not in hidden:
                raise
    for name in set(LAZY) - set(without):
        del sys.modules[name]
    rehearse()
    loaded = {"newsbot.settings", "twisted.internet.reactor"} & sys.modules.keys()
    if loaded:
        raise RuntimeError(f"these must be imported by each process itself: {', '.join(sorted(loaded))}")
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        raise RuntimeError(f"a process of {threads} threads cannot be forked safely")
    # The children share the memory of these objects as long as the garbage collector does not touch them.
    gc.collect()
    gc.freeze()
    gc.enable()


def rehearse() -> None:
    """Do once what every crawl does once: build the models, read the cleaning rules and the language model, load the
    migrations, find the commands of other packages."""
    from newsbot.archive import Archive
    from newsbot.article.cleaning.clean import clean
    from newsbot.article.facts.language import detect

    for model in models(BaseModel):
        model.model_rebuild()
    detect("The harbour board voted on Tuesday to replace the two oldest cranes before winter.", declared=None)
    clean("<p>The harbour board voted.</p>", base_url="https://news.example/")
    metadata.entry_points(group="scrapy.commands")
    with tempfile.TemporaryDirectory() as folder:
        Archive.open(f"sqlite:///{folder}/newsbot.db").close()


def models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models of newsbot. Their validators are built when they are used first."""
    for model in base.__subclasses__():
        if model.__module__.startswith("newsbot."):
            yield model
        yield from models(model)


def serve(control: socket.socket) -> Job | None:
    """Fork a child for each job. Returns the job in the child, and None in the server when the client is gone."""
    running: dict[int, tuple[int, socket.socket]] = {}
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is not control:
                selector.unregister(key.fd)
                end(key.fd, *running.pop(key.fd))
                continue
            received = Job.receive(control)
            if received is None:
                return None
            job, answers, streams = received
            pid = os.fork()
            if pid == 0:
                selector.close()
                for each in (control, answers, *(socket for _, socket in running.values())):
                    each.close()
                for descriptor in running:
                    os.close(descriptor)
                become(job, streams)
                return job
            for stream in streams:
                os.close(stream)
            answers.send(json.dumps({"pid": pid}).encode())
            descriptor = os.pidfd_open(pid)
            running[descriptor] = (pid, answers)
            selector.register(descriptor, selectors.EVENT_READ)


def end(descriptor: int, pid: int, answers: socket.socket) -> None:
    """Tell the client the exit status of a child that has ended."""
    _, status = os.waitpid(pid, 0)
    os.close(descriptor)
    # A client that wants no status may have closed its end.
    with answers, contextlib.suppress(BrokenPipeError):
        answers.send(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode())


def become(job: Job, streams: list[int]) -> None:
    """Make the child what a new process of this job would be."""
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    os.chdir(job.folder)
    os.environ.clear()
    os.environ.update(job.environment)
    time.tzset()
    sys.path[0] = job.folder
    sys.argv = [job.module, *job.arguments]
    for module, name, value in job.constants:
        target_module = importlib.import_module(module)
        if not hasattr(target_module, name):
            raise AttributeError(f"{module} has no {name}")
        setattr(target_module, name, value)


class Ending:
    """The end of a child: what an interpreter does at its end, except that it frees no objects.

    Freeing the objects of all modules takes 0.1 s, since the child must first copy each page of memory that they use.
    """

    def __init__(self) -> None:
        self.status: int | None = None
        # Functions that are registered later run earlier. No library is imported yet, so this one runs last.
        atexit.register(self.leave)

    def run(self, job: Job) -> None:
        """Run the module. A KeyboardInterrupt sets no status: the interpreter ends itself by the signal."""
        try:
            runpy.run_module(job.module, run_name="__main__", alter_sys=True)
            self.status = 0
        except SystemExit as ending:
            self.status = ending.code & 0xFF if isinstance(ending.code, int) else int(ending.code is not None)
            raise
        except Exception:
            self.status = 1
            raise

    def leave(self) -> None:
        if self.status is None:
            return
        try:
            sys.stdout.flush()
        except (OSError, ValueError) as fault:
            self.status = 120
            with contextlib.suppress(OSError, ValueError):
                print(f"Exception ignored in: {sys.stdout!r}\n{type(fault).__name__}: {fault}", file=sys.stderr)
        try:
            sys.stderr.flush()
        except (OSError, ValueError):
            self.status = 120
        os._exit(self.status)


def main() -> None:
    ending = Ending()
    control = socket.socket(fileno=int(sys.argv[1]))
    load(sys.argv[2:])
    job = serve(control)
    if job is not None:
        # The functions of the server have returned: the child starts with a short stack, as a new interpreter does.
        ending.run(job)


if __name__ == "__main__":
    main()
