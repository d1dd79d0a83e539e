"""A small server on 127.0.0.1 that gives the answers of a test, and records every request and its time."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from aiohttp import web

from tests.arrival import arrival, longest_between

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    path: str
    at: float
    unix: float
    headers: dict[str, str]


@dataclass
class Server:
    """``log`` is in the order of arrival.

    ``at`` is the time at which the kernel received the request, on the clock that measures intervals; ``unix`` is the
    same moment on the clock of the day, which may be adjusted between two requests.
    """

    host: str
    port: int
    log: list[Asked] = field(default_factory=list)

    @property
    def netloc(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.netloc}"

    def paths(self) -> list[str]:
        return [asked.path for asked in self.log]

    def asked(self, path: str) -> list[Asked]:
        return [asked for asked in self.log if asked.path == path]

    def gaps(self) -> list[float]:
        """The seconds that may lie between each request and the next."""
        return [longest_between(earlier.at, later.at) for earlier, later in pairwise(self.log)]

    def pages(self) -> list[Asked]:
        return [asked for asked in self.log if asked.path != "/robots.txt"]


@contextmanager
def serve(answer: Answer, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run ``answer`` for every request, in a thread of its own, until the block ends."""
    server = Server(host, 0)
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    over = asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        server.log.append(Asked(request.path, *arrival(request), dict(request.headers)))
        return await answer(request)

    async def main() -> None:
        runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, host, 0, ssl_context=tls)
        await site.start()
        server.port = runner.addresses[0][1]
        ready.set()
        await over.wait()
        await runner.cleanup()

    def run() -> None:
        loop.run_until_complete(main())
        # These answers are not needed any more.
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
