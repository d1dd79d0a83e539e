"""The cost of politeness, and whether the delays are kept: ``python -m bench.politeness``.

The ratios and sizes do not depend on the machine, except that a busy machine changes the first ratio:
``undershoot``: by how much the two closest requests to any of 200 hosts were closer than the delay (aim: under 5 %);
``undershoot_of_999``: the same for 999 of 1,000 pairs, since a process that the system stops records one wrong time;
``of_allowance``: the requests to all 200 hosts, as a share of what their delays allow (aim: 80 % at least);
``queued``: KiB for each of 5,000 sites of a list that wait to start (aim: under 20);
``memory``: KiB for each of 5,000 hosts that are crawled at once, each with a waiting request, or with a waiting
robots.txt."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ClassVar, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.http import Response
from scrapy.settings import Settings

from newsbot.safety import resolver
from newsbot.spiders.wp_posts import WpPostSpider
from tests.crawl.asking import OURS
from tests.crawl.shipped import shipped

HOSTS = 200
SECONDS = 20
DELAY = 1.0
QUEUED = 5000

LAST_DATA_RECEIVED = 52
"""The offset in Linux's ``struct tcp_info`` of the milliseconds since the last data was received."""


def rss() -> int:
    """The memory of this process in KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS")


class Clerk(asyncio.Protocol):
    """Records when a request arrived, by the kernel's clock: on a busy machine this process reads the request late."""

    def __init__(self, arrivals: dict[int, list[float]]) -> None:
        self.arrivals = arrivals

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def data_received(self, _data: bytes) -> None:
        told = self.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        (since,) = struct.unpack_from("I", told, LAST_DATA_RECEIVED)
        self.arrivals[self.port].append(time.monotonic() - since / 1000)
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\npage"
        asyncio.get_running_loop().call_later(0.05, self.transport.write, answer)


def serve(pipe: Connection, hosts: int) -> None:
    """Runs one small server for each host, on a port of its own. Sends the ports, then the arrival times at each
    server."""
    arrivals: dict[int, list[float]] = {}

    async def run_servers() -> None:
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(lambda: Clerk(arrivals), "127.0.0.1", 0) for _ in range(hosts)]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        arrivals.update((port, []) for port in ports)
        pipe.send(ports)
        await loop.run_in_executor(None, pipe.recv)
        pipe.send(arrivals)

    asyncio.run(run_servers())


class Pacer(Spider):
    """Sends each host one request after another, as the driver does, for SECONDS."""

    name = "pacer"

    def __init__(self, ports: list[int]) -> None:
        super().__init__()
        self.ports = ports

    async def start(self) -> AsyncIterator[Any]:
        yield Request("data:,", self.parse, meta={"newsbot_seed": True})

    async def parse(self, _response: Response, **_: Any) -> None:
        ends = time.monotonic() + SECONDS
        await asyncio.gather(*(self.ask(port, ends) for port in self.ports))

    async def ask(self, port: int, ends: float) -> None:
        assert self.crawler.engine is not None
        while time.monotonic() < ends:
            await self.crawler.engine.download_async(Request(f"http://127.0.0.1:{port}/", dont_filter=True))


class Queuer(Spider):
    """Lets one request to each of QUEUED hosts wait, and measures the memory."""

    name = "queuer"

    def __init__(self, told: dict[str, float]) -> None:
        super().__init__()
        self.told = told

    async def start(self) -> AsyncIterator[Any]:
        yield Request("data:,", self.parse, meta={"newsbot_seed": True})

    async def parse(self, _response: Response, **_: Any) -> None:
        assert self.crawler.engine is not None
        before = rss()
        tasks = [asyncio.ensure_future(self.ask(number)) for number in range(QUEUED)]
        await asyncio.sleep(20)
        waiting = sum(not task.done() for task in tasks)
        assert waiting > QUEUED * 0.99
        self.told["memory"] = (rss() - before) / waiting
        closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="weighed"))
        await asyncio.gather(*tasks, return_exceptions=True)
        del closing

    async def ask(self, number: int) -> None:
        assert self.crawler.engine is not None
        await self.crawler.engine.download_async(Request(f"http://site-{number}.test/", dont_filter=True))


class Lister(WpPostSpider):
    """Reads a list of QUEUED sites, starts none of them, and measures the memory."""

    name = "lister"
    told: ClassVar[dict[str, float]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        cls.told["before"] = rss()
        return super().from_crawler(crawler, *args, **kwargs)

    async def start(self) -> AsyncIterator[Any]:
        asyncio.get_running_loop().call_later(3, self.weigh)
        async for seed in super().start():
            yield seed

    def weigh(self) -> None:
        self.told["after"] = rss()
        assert self.crawler.engine is not None
        self.closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="weighed"))


def queued() -> dict[str, float]:
    """The figure includes everything that a crawl of the list needs, also the reactor and the engine."""
    settings = Settings()
    settings.setmodule("newsbot.settings")
    ours = {"NEWSBOT_SITES_AT_ONCE": 0, "NEWSBOT_DATA": "", "NEWSBOT_ARCHIVE": "", "LOG_LEVEL": "ERROR"}
    settings.update(ours, priority="cmdline")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sites.txt"
        path.write_text("".join(f"https://site-{number}.example/\n" for number in range(QUEUED)), encoding="utf-8")
        process = CrawlerProcess(settings)
        process.crawl(Lister, sites=str(path))
        process.start()
    return {"queued": (Lister.told["after"] - Lister.told["before"]) / QUEUED}


def paces() -> dict[str, float]:
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.Process(target=serve, args=(theirs, HOSTS), daemon=True).start()
    ports = ours.recv()
    run(Pacer, ports=ports, settings={"NEWSBOT_ALLOW_PRIVATE": "1", "NEWSBOT_DELAY": DELAY, "ROBOTSTXT_OBEY": False})
    ours.send("over")
    arrivals: dict[int, list[float]] = ours.recv()
    gaps = sorted(later - earlier for times in arrivals.values() for earlier, later in pairwise(times))
    return {
        "undershoot": max(0.0, 1 - gaps[0] / DELAY),
        "undershoot_of_999": max(0.0, 1 - gaps[len(gaps) // 1000] / DELAY),
        "of_allowance": sum(map(len, arrivals.values())) * DELAY / (HOSTS * SECONDS),
    }


def memory(*, robots: bool) -> dict[str, float]:
    told: dict[str, float] = {}
    # All hosts share one address with one budget, so that their requests wait.
    setattr(resolver, "system_lookup", lambda _: ("127.0.0.1",))  # noqa: B010
    settings = {"NEWSBOT_ALLOW_PRIVATE": "1", "NEWSBOT_DELAY": 60, "NEWSBOT_SHARE_IP": 1, "ROBOTSTXT_OBEY": robots}
    run(Queuer, told=told, settings=settings)
    return {"memory_with_robots" if robots else "memory": told["memory"]}


def run(spider: type[Spider], *, settings: dict[str, Any], **kwargs: Any) -> None:
    process = CrawlerProcess(shipped({**OURS, "LOG_LEVEL": "WARNING", **settings}))
    process.crawl(spider, **kwargs)
    process.start()


PARTS: dict[str, Callable[[], dict[str, float]]] = {
    "paces": paces,
    "queued": queued,
    "memory": lambda: memory(robots=False),
    "robots": lambda: memory(robots=True),
}


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(PARTS[sys.argv[1]]()))
        return
    for part in PARTS:
        # Each measurement needs a process of its own, since a reactor starts only once.
        subprocess.run([sys.executable, "-m", "bench.politeness", part], check=True)


if __name__ == "__main__":
    main()
