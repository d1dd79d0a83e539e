"""Chromium that does not start, dies or is stopped, and pages that never end or take all memory."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from pathlib import Path

import pytest
from aiohttp import web

from tests import fork_server
from tests.crawl.loopback import Server, serve
from tests.newsroom import Newsroom
from tests.real.pages_for_browser import LOOSE_ENDS, STORY, page, site
from tests.real.rendering import chromium_of, descendants, left_of, outcome_of, render, start

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("chromium")]


def test_missing_chromium_is_reported() -> None:
    with serve(site) as server:
        outcome = render(f"{server.url}/article", settings={"NEWSBOT_CHROMIUM": "/nowhere/chromium"})
        assert outcome.errors() == ["no-browser"]
        assert "NEWSBOT_CHROMIUM is /nowhere/chromium" in outcome.replies[0]["detail"]
        assert server.log == []


def test_a_chromium_that_does_not_start_is_tried_once(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text(
        f"#!/bin/sh\necho x >>{tmp_path}/starts\necho 'error while loading shared libraries: x' >&2\nexit 127\n"
    )
    broken.chmod(0o755)
    with serve(site) as server:
        url = f"{server.url}/article"
        outcome = render(url, url, settings={"NEWSBOT_CHROMIUM": str(broken)})
    assert outcome.errors() == ["browser-failed", "browser-failed"]
    assert "error while loading shared libraries" in outcome.replies[1]["detail"]
    assert (tmp_path / "starts").read_text() == "x\n"
    assert f"{server.url}/article: the browser failed: " in outcome.log


def test_a_browser_that_dies_is_replaced_once() -> None:
    process: list[fork_server.Running] = []
    left = 3

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal left
        if request.path == "/wp-json/wp/v2/posts/7" and left:
            left -= 1
            pid = chromium_of(process[0].pid)
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        return await site(request)

    with serve(answer) as server:
        process.append(start(f"{server.url}/article", f"{server.url}/article"))
        outcome = outcome_of(process[0], *process[0].communicate())
    assert outcome.errors() == ["browser-failed", None]
    assert STORY in outcome.body(1)
    assert (outcome.count("started"), outcome.count("failed"), outcome.count("pages")) == (4, 3, 1)


def test_page_whose_scripts_never_end_fails_alone() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return (
            page("<p>on and on</p><script>for (;;);</script>") if request.path == "/stuck" else web.Response(status=404)
        )

    with serve(answer) as server, Newsroom(posts=3, oddities=False, javascript=True) as room:
        row = room.site.row(room.ids()[0])
        assert row is not None
        link = room.site.places.link(row)
        outcome = render(f"{server.url}/stuck", link, settings={"NEWSBOT_RENDER_SECONDS": 3})
        assert "This gazette needs JavaScript" in render(link, plain=True).body()
    assert outcome.errors() == ["browser-failed", None]
    assert "This gazette needs JavaScript" not in outcome.body(1)
    assert outcome.body(1).count("<p>") > 3
    assert outcome.count("cut") == 1


GREEDY = """<!DOCTYPE html><p>greedy</p><script>
  const kept = [];
  setInterval(() => kept.push(new Uint8Array(64 * 1024 * 1024).fill(1)), 20);
</script>"""


LONG_LINE = """<!DOCTYPE html><p></p><script>
  document.querySelector("p").textContent = "x".repeat(20000000);
</script>"""


def test_page_that_takes_too_much_memory_fails_alone() -> None:
    # Arrays take Chromium twenty seconds to give back: make soak tries them too.
    greedy = {"/line": LONG_LINE} | ({"/arrays": GREEDY} if os.environ.get("NEWSBOT_ROUNDS") else {})

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return page(greedy[request.path]) if request.path in greedy else await site(request)

    with serve(answer) as server:
        outcome = render(*(server.url + path for path in (*greedy, "/article")))
    assert outcome.errors() == [*["browser-failed"] * len(greedy), None]
    for reply in outcome.replies[: len(greedy)]:
        assert "its pages took more than 512 MiB of memory" in reply["detail"]
    assert STORY in outcome.body(len(greedy))
    assert not re.search(LOOSE_ENDS, outcome.log), outcome.log


async def stalled(request: web.BaseRequest) -> web.StreamResponse:
    if request.path == "/wp-json/wp/v2/posts/7":
        await asyncio.sleep(600)
    return await site(request)


def waiting(server: Server) -> tuple[fork_server.Running, dict[int, str]]:
    """A run in the middle of a page, and the processes below it."""
    process = start(f"{server.url}/article", f"{server.url}/article")
    ends = time.monotonic() + 240
    while not server.asked("/wp-json/wp/v2/posts/7"):
        assert time.monotonic() < ends
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process, descendants(process.pid)


def test_sigterm_while_a_page_is_rendered_ends_the_page_and_the_browser() -> None:
    with serve(stalled) as server:
        process, below = waiting(server)
        assert any("chromium" in line for line in below.values())
        process.send_signal(signal.SIGTERM)
        outcome = outcome_of(process, *process.communicate())
    assert outcome.errors() == ["stopped", "stopped"]
    assert outcome.stats["finish_reason"] == "shutdown"
    assert not re.search(LOOSE_ENDS, outcome.log), outcome.log
    assert left_of(below) == set()


def test_killed_crawl_leaves_no_browser_process() -> None:
    with serve(stalled) as server:
        process, below = waiting(server)
        process.kill()
        process.communicate()
        assert left_of(below) == set()
