"""A newsroom for tests. It runs in a thread of its own, or for benchmarks in a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.newsroom.log import Request
from tests.newsroom.options import Options
from tests.newsroom.server import CONTROL, start
from tests.newsroom.site import FakeSite

REPOSITORY = Path(__file__).resolve().parents[2]


class Newsroom:
    """``with Newsroom(posts=50) as room: ...`` serves ``room.url`` until the block ends.

    Keyword arguments are those of Options. ``process=True`` separates the server's CPU time from the caller's; hooks
    need the thread. With ``port`` 0 it takes a free port."""

    def __init__(self, *, process: bool = False, port: int = 0, **options: Any) -> None:
        self.options = Options(**options)
        self._served: _Thread | _Process = (_Process if process else _Thread)(self.options, port)
        self.url = ""

    def __enter__(self) -> Self:
        self.url = self._served.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._served.close()

    @property
    def pid(self) -> int | None:
        """The server's process, where the newsroom has its own process."""
        return self._served.pid

    @property
    def site(self) -> FakeSite:
        """The fake site, where it runs in this process."""
        if not isinstance(self._served, _Thread):
            raise RuntimeError("this newsroom is in another process")
        return self._served.site

    @property
    def api(self) -> str:
        """The URL of the API's index."""
        return self.url + ("?rest_route=/" if self.options.plain else f"{self.options.prefix}/")

    @property
    def requests(self) -> list[Request]:
        """All requests so far, oldest first."""
        log = self._served.call("requests")
        return [request if isinstance(request, Request) else Request(**request) for request in log]

    def forget(self) -> None:
        """Empty the log."""
        self._served.call("forget")

    def on_request(self, hook: Callable[[Request], None]) -> None:
        """Call ``hook`` in the server's thread after an answer is made and before it is sent. The hook may change the
        room."""
        self.site.hooks.append(hook)

    def order(
        self, fault: str, match: str = "", *, param: dict[str, str] | None = None, times: int | None = None, **how: Any
    ) -> None:
        """Order a fault; ``python -m tests.newsroom --faults`` lists them with what each takes in ``how``.

        ``match`` is a part of the requested path and query or of the route, ``param`` are parameters and their values;
        ``times`` is how often, None for always.
        """
        self._served.call("order", fault=fault, match=match, param=param, times=times, **how)

    def relent(self, fault: str | None = None) -> None:
        """Cancel the orders of one fault, or of all faults."""
        self._served.call("relent", fault=fault)

    def insert(self, *, date: str, **fields: Any) -> int:
        """Insert a row (fields of records.Post; ``date`` and ``modified`` are local). Returns its id."""
        return int(self._served.call("insert", date=date, **fields))

    def edit(self, post_id: int, **fields: Any) -> None:
        """Change fields. ``modified`` becomes one minute later unless it is given. ``body`` is HTML."""
        self._served.call("edit", post_id=post_id, **fields)

    def publish(self, post_id: int) -> None:
        """Neither ``date`` nor ``modified`` changes, as when cron publishes late."""
        self._served.call("set_status", post_id=post_id, status="publish")

    def unpublish(self, post_id: int) -> None:
        self._served.call("set_status", post_id=post_id, status="draft")

    def trash(self, post_id: int) -> None:
        self._served.call("set_status", post_id=post_id, status="trash")

    def delete(self, post_id: int) -> None:
        """Erase the row. Its answer is 404 from now on."""
        self._served.call("delete", post_id=post_id)

    def ids(self, kind: str = "post") -> list[int]:
        """The ids of the rows that a visitor may read, in order of date."""
        return list(self._served.call("ids", kind=kind))


class _Thread:
    pid: int | None = None

    def __init__(self, options: Options, port: int) -> None:
        self.site = FakeSite(options)
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="newsroom", daemon=True)
        self._opened = threading.Event()
        self._error: OSError | None = None

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            runner = self._loop.run_until_complete(start(self.site, self._port))
        except OSError as error:
            self._error = error
            self._opened.set()
            return
        self._opened.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def open(self) -> str:
        self._thread.start()
        self._opened.wait()
        if self._error is not None:
            raise self._error
        return self.site.url

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def call(self, name: str, /, **arguments: Any) -> Any:
        if name == "requests":
            with self.site.lock:
                return tuple(self.site.log)
        return self.site.control(name, arguments)


class _Process:
    def __init__(self, options: Options, port: int) -> None:
        self._command = [sys.executable, "-m", "tests.newsroom", "--port", str(port), "--options", _json(options)]
        self._server: subprocess.Popen[str] | None = None
        self._url = ""

    @property
    def pid(self) -> int | None:
        return self._server.pid if self._server else None

    def open(self) -> str:
        self._server = subprocess.Popen(self._command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout is not None
        self._url = self._server.stdout.readline().strip()
        if not self._url:
            raise RuntimeError(f"the newsroom did not open (exit status {self._server.wait()})")
        return self._url

    def close(self) -> None:
        if self._server is None:
            return
        self._server.terminate()
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        if self._server.stdout is not None:
            self._server.stdout.close()

    def call(self, name: str, /, **arguments: Any) -> Any:
        host = "/".join(self._url.split("/")[:3])
        request = urllib.request.Request(f"{host}{CONTROL}{name}", data=json.dumps(arguments).encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None


def _json(options: Options) -> str:
    return json.dumps(asdict(options))
