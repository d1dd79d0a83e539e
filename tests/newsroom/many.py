"""Many look-alike sites on the addresses 127.x.y.z: one newsroom, served under each address as a site of its own.

``python -m tests.newsroom.many PORT SITES POSTS LOG LATENCY`` runs the server in a process of its own. Each request is
a line of the log: the address that was asked, the User-Agent, when the request came and when its answer left (seconds
since 1970), and the path. With port 0 the server takes a free port; the first line of standard output is
the port.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Self

from aiohttp import web

from tests.arrival import arrival
from tests.newsroom.answer import Answer
from tests.newsroom.options import Options
from tests.newsroom.server import question_of
from tests.newsroom.site import FakeSite

MODEL = "127.99.99.99"
"""The address in the URLs of the one newsroom. Each answer has the address that was asked in its place."""

REPOSITORY = Path(__file__).resolve().parents[2]


def address(number: int) -> str:
    """The address of a site: 127.1.0.1, 127.1.0.2, ..."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a site, by the log."""

    host: str
    agent: str
    came: float
    left: float
    path: str


class ManySites:
    """A context manager. ``log`` is the file that the server writes. ``latency``: seconds before each answer."""

    def __init__(self, log: Path, *, sites: int, posts: int, latency: float = 0.0, port: int = 0) -> None:
        self._line = [str(port), str(sites), str(posts), str(log), str(latency)]
        self._log = log
        self._server: subprocess.Popen[str] | None = None
        self.port = port

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.newsroom.many", *self._line],
            cwd=REPOSITORY, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._server.stdout is not None
        self.port = int(self._server.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.terminate()
        self._server.wait()

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    def url(self, number: int) -> str:
        return f"http://{address(number)}:{self.port}/"

    def requests(self) -> list[Asked]:
        """All requests so far, in the order of their answers."""
        return [_asked(line) for line in self._log.read_text(encoding="utf-8").split("\n")[:-1]]


def _asked(line: str) -> Asked:
    host, agent, came, left, path = line.split("\t", 4)
    return Asked(host=host, agent=agent, came=float(came), left=float(left), path=path)


def meetings(requests: Iterable[Asked]) -> list[tuple[Asked, Asked]]:
    """Pairs of requests of different agents to one site that were under way at once."""
    return [
        (before, after)
        for of_host in _by_host(requests).values()
        for before, after in pairwise(of_host)
        if before.agent != after.agent and after.came < before.left
    ]


def shortest_gap(requests: Iterable[Asked]) -> float:
    """The least seconds between the starts of two requests to one site; infinite for no two."""
    gaps = [after.came - before.came for of_host in _by_host(requests).values() for before, after in pairwise(of_host)]
    return min(gaps, default=float("inf"))


def _by_host(requests: Iterable[Asked]) -> dict[str, list[Asked]]:
    found: dict[str, list[Asked]] = defaultdict(list)
    for request in sorted(requests, key=lambda one: one.came):
        found[request.host].append(request)
    return found


class _Server:
    def __init__(self, site: FakeSite, log: IO[str], latency: float) -> None:
        self._site = site
        self._log = log
        self._latency = latency
        self._answers: dict[str, Answer] = {}

    async def answer(self, request: web.Request) -> web.Response:
        came = arrival(request).unix
        host = request.host.partition(":")[0]
        answer = self._answer_of(request)
        if self._latency:
            await asyncio.sleep(self._latency)
        headers = {name: value.replace(MODEL, host) for name, value in answer.headers.items()}
        # The slugs of the sites differ: a site with the ids, guids and slugs of another is taken for its copy.
        slugs = f'"slug":"of-{host.replace(".", "-")}-'.encode()
        body = answer.body.replace(MODEL.encode(), host.encode()).replace(b'"slug":"', slugs)
        agent = request.headers.get("User-Agent", "")
        self._log.write(f"{host}\t{agent}\t{came:.4f}\t{time.time():.4f}\t{request.raw_path}\n")
        return web.Response(status=answer.status, body=body, headers=headers)

    def _answer_of(self, request: web.Request) -> Answer:
        # Nothing changes on these sites, so that one answer serves all of them. Only known questions are kept.
        raw = request.raw_path.replace(request.host.partition(":")[0], MODEL)
        key = f"{request.method} {raw}"
        if key not in self._answers:
            answer = self._site.respond(question_of(request.method, raw, request.headers, self._site))[0]
            if len(self._answers) > 2_000:
                return answer
            self._answers[key] = answer
        return self._answers[key]


async def _serve(port: int, sites: int, posts: int, log: str, latency: float) -> None:
    site = FakeSite(Options(posts=posts, pages=2, stories=2, comments=0, ties=5, host=MODEL, oddities=False))
    with Path(log).open("a", buffering=1, encoding="utf-8") as file:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", _Server(site, file, latency).answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        for number in range(sites):
            listener = web.TCPSite(runner, address(number), port, backlog=128)
            await listener.start()
            server = listener._server
            assert isinstance(server, asyncio.Server)
            port = server.sockets[0].getsockname()[1]
        site.open(port)
        print(port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], float(sys.argv[5])))
