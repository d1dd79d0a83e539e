"""Later runs, and other processes on the same archive, use the facts that a run learnt about a host."""

from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.arrival import longest_between, longest_pace
from tests.crawl.asking import Outcome, ask, outcome_of, start
from tests.crawl.loopback import Answer, Server, serve
from tests.fork_server import Constants

DAY = 86_400.0
NO_PENALTY = (("newsbot.politeness.pace", "PENALTY_FIRST", 0.0),)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "newsbot.db"


def visit(server: Server, archive: Path, *paths: str, constants: Constants = (), **settings: object) -> Outcome:
    urls = (server.url + path for path in paths)
    return ask(*urls, settings=shared(server, archive) | settings, at_once=False, constants=constants)


def shared(server: Server, archive: Path) -> dict[str, object]:
    return {"NEWSBOT_ALLOW_PRIVATE": server.netloc, "NEWSBOT_ARCHIVE": f"sqlite:///{archive}"}


def site(robots: str = "", *, wait: str | None = None, status: int = 429) -> Answer:
    """A page for each URL. ``/refused`` is answered with a Retry-After of ``wait``."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/robots.txt":
            return web.Response(text=robots)
        if request.path == "/refused":
            return web.Response(status=status, headers={"Retry-After": wait or "0"})
        return web.Response(text="page")

    return answer


def is_held(archive: Path) -> bool:
    """Whether the archive knows of a host that asked for a pause."""
    with contextlib.closing(sqlite3.connect(archive)) as connection, contextlib.suppress(sqlite3.OperationalError):
        found = connection.execute("SELECT count(*) FROM hosts WHERE held_until > 0").fetchone()
        return bool(found[0])
    return False


def test_next_run_makes_no_request_before_the_end_of_retry_after(archive: Path) -> None:
    with serve(site(wait="7200")) as server:
        first = visit(server, archive, "/refused")
        assert first.statuses() == [429]
        refused = first.answers[0]["at"]
        server.log.clear()
        again = visit(server, archive, "/", NEWSBOT_FULL=True)
        assert again.errors() == ["given-up"]
        until = re.search("no request before (.+?), since", again.answers[0]["detail"])
        assert until is not None
        assert abs(datetime.fromisoformat(until[1]).timestamp() - refused - 7200) < 60
        assert server.log == []


def test_killed_run_has_stored_retry_after(archive: Path) -> None:
    with serve(site(wait="7200")) as server:
        urls = (f"{server.url}/refused", f"{server.url}/")
        process = start(*urls, settings=shared(server, archive) | {"NEWSBOT_MAX_WAIT": 9000}, real=True)
        while not is_held(archive):
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        server.log.clear()
        assert visit(server, archive, "/").errors() == ["given-up"]
        assert server.log == []


def test_the_next_run_waits_for_the_end_of_a_short_retry_after(archive: Path) -> None:
    with serve(site(wait="3")) as server:
        visit(server, archive, "/refused")
        refused = server.asked("/refused")[0].at
        assert visit(server, archive, "/").statuses() == [200]
        assert longest_between(refused, server.log[-1].at) >= 3


def test_robots_txt_is_not_requested_again_within_a_day(archive: Path) -> None:
    with serve(site("User-agent: *\nDisallow: /no\nCrawl-delay: 0.5\n")) as server:
        assert visit(server, archive, "/no").errors() == ["robots"]
        server.log.clear()
        again = visit(server, archive, "/no", "/1", "/2", "/robots.txt", NEWSBOT_FULL=True)
        assert again.errors() == ["robots", None, None, None]
        assert again.answers[3]["body"].startswith("User-agent: *\nDisallow: /no")
        assert server.paths() == ["/1", "/2"]
        assert again.stats["newsbot/robots/kept"] == 1
        assert server.gaps()[0] >= 0.45


def test_a_robots_txt_that_is_a_day_old_is_requested_again(archive: Path) -> None:
    with serve(site("User-agent: *\nDisallow: /no")) as server:
        visit(server, archive, "/no")
        with sqlite3.connect(archive) as connection:
            connection.execute("UPDATE robots SET fetched = fetched - ?", (DAY,))
        visit(server, archive, "/no")
        assert server.paths() == ["/robots.txt"] * 2


def test_next_run_tries_an_unreachable_robots_txt_once(archive: Path) -> None:
    broken = True

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=503 if broken and request.path == "/robots.txt" else 200)

    with serve(answer) as server:
        fast: dict[str, Any] = {"NEWSBOT_ROBOTS_TRIES": 2, "constants": NO_PENALTY}
        assert visit(server, archive, "/", **fast).errors() == ["robots-unreachable"]
        server.log.clear()
        assert visit(server, archive, "/", **fast).errors() == ["robots-unreachable"]
        assert server.paths() == ["/robots.txt"]
        broken = False
        assert visit(server, archive, "/", **fast).errors() == [None]


def test_two_processes_share_the_delay_of_one_host(archive: Path) -> None:
    with serve(site()) as server:
        settings = shared(server, archive) | {"NEWSBOT_DELAY": 0.5, "ROBOTSTXT_OBEY": False}
        runs = [
            start(*(f"{server.url}/{run}-{n}" for n in range(4)), settings=settings | {"NEWSBOT_RUN": run})
            for run in ("one", "two")
        ]
        outcomes = [outcome_of(run, *run.communicate()) for run in runs]
        assert [answers.statuses() for answers in outcomes] == [[200] * 4] * 2
        # A pace for each run would give half of the delay.
        assert longest_pace([asked.at for asked in server.log]) >= 0.5 * 0.85


def test_next_run_pauses_before_a_host_that_was_given_up_and_gives_it_up_sooner(archive: Path) -> None:
    async def broken(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=502)

    with serve(broken) as server:
        settings: dict[str, Any] = {"ROBOTSTXT_OBEY": False, "NEWSBOT_DELAY": 0.6}
        paths = ("/a", "/b", "/c", "/d")
        first = visit(server, archive, *paths, constants=NO_PENALTY, NEWSBOT_GIVE_UP=1, **settings)
        assert first.errors()[-1] == "given-up"
        ended = server.log[-1].at
        server.log.clear()
        again = visit(server, archive, *paths, constants=NO_PENALTY, NEWSBOT_GIVE_UP=900, **settings)
        assert again.errors()[-1] == "given-up"
        assert longest_between(ended, server.log[0].at) >= 1
        assert len(server.log) == 3
