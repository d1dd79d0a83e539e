"""The CPU of an update of many small sites in which nothing changed: ``python -m bench.small_sites [SITES] [POSTS]``.

A process serves look-alike sites on 127.x.y.z. One crawl brings all of them; then updates of one site and of all of
them tell what a site costs beyond the start. The aim is 15 ms of CPU and one request, or three with the sitemap.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from bench.crawl import measure
from tests.crawl.scrapy_crawl import command
from tests.newsroom.options import Options
from tests.newsroom.server import start
from tests.newsroom.site import FakeSite

AIM = 0.015
SMALL = Options(pages=2, stories=0, users=3, categories=6, tags=20, beats=0, comments=0, ties=0, oddities=False)


def hosts(count: int) -> list[str]:
    return [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(count)]


async def serve(sites: int, posts: int) -> None:
    """Serve until the process ends. The first line of the output is the port of all sites."""
    port, rooms = 0, []
    for number, host in enumerate(hosts(sites)):
        room = FakeSite(replace(SMALL, posts=posts, seed=number, host=host, name=f"Gazette {number}"))
        runner: web.AppRunner = await start(room, port, host=host)
        port = room.port
        rooms.append(runner)
    print(port, flush=True)
    await asyncio.Event().wait()


def main() -> int:
    sites, posts = (int(value) for value in [*sys.argv[1:], *["200", "20"][len(sys.argv) - 1 :]])
    line = [sys.executable, "-m", "bench.small_sites", "serve", str(sites), str(posts)]
    server = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "all.txt").write_text("".join(f"http://{host}:{port}\n" for host in hosts(sites)))
            (folder / "one.txt").write_text(f"http://{hosts(1)[0]}:{port}\n")
            first = measure(command("wp_posts", sites=str(folder / "all.txt")), folder)
            print(f"first crawl of {sites} sites of {posts} posts: {first.cpu:.2f} s CPU, {first.peak:.0f} MiB")
            of_all = [measure(command("wp_posts", sites=str(folder / "all.txt")), folder).cpu for _ in range(3)]
            of_one = [measure(command("wp_posts", sites=str(folder / "one.txt")), folder).cpu for _ in range(3)]
    finally:
        server.terminate()
        server.wait()
    each = (min(of_all) - min(of_one)) / (sites - 1)
    print(f"update of all: {min(of_all):.2f} s CPU; of one: {min(of_one):.2f} s CPU")
    print(f"an unchanged site costs {each * 1000:.1f} ms CPU beyond the start (aim {AIM * 1000:.0f})")
    return int(each > AIM)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(int(sys.argv[2]), int(sys.argv[3])))
    else:
        sys.exit(main())
