"""Politeness in whole crawls, as the server's log shows it."""

from __future__ import annotations

import asyncio
import signal
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import web

from newsbot.archive.database import open_database
from tests.arrival import longest_between
from tests.crawl.asking import Told, ask, start, told_by
from tests.crawl.loopback import Answer, Server, serve
from tests.fork_server import Constants

NO_ROBOTS = {"ROBOTSTXT_OBEY": False}
NO_PENALTY = (("newsbot.politeness.pace", "PENALTY_FIRST", 0.0),)
"""A failure does not slow the pace down, so the only wait is the one that the server asked for."""

ARRIVES = 0.95
"""The delay holds between the times at which two requests leave. The kernel may receive the first request late."""


def visit(server: Server, count: int, *, at_once: bool = True, constants: Constants = (), **settings: object) -> Told:
    allowed: dict[str, object] = {"NEWSBOT_ALLOW_PRIVATE": server.netloc, **NO_ROBOTS}
    urls = (f"{server.url}/{n}" for n in range(count))
    return ask(*urls, settings=allowed | settings, at_once=at_once, constants=constants)


async def page(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="page")


def once(first: web.Response | dict[str, object]) -> Answer:
    """The first request gets the given answer, every other request a page."""
    asked = 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        if asked > 1:
            return web.Response(text="page")
        return first if isinstance(first, web.Response) else web.Response(**first)  # type: ignore[arg-type]

    return answer


def test_twenty_requests_that_wait_are_held_by_retry_after_in_seconds() -> None:
    with serve(once({"status": 429, "headers": {"Retry-After": "2"}})) as server:
        told = visit(server, 21, constants=NO_PENALTY)
        refused, *others = server.log
        assert sorted(told.statuses()) == [200] * 20 + [429]
        assert len(others) == 20
        assert longest_between(refused.at, others[0].at) >= 2.0


def test_twenty_requests_that_wait_are_held_by_retry_after_as_a_date() -> None:
    until = 0.0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal until
        if until:
            return web.Response(text="page")
        until = int(time.time()) + 3
        now = formatdate(int(time.time()), usegmt=True)
        return web.Response(status=503, headers={"Retry-After": formatdate(until, usegmt=True), "Date": now})

    with serve(answer) as server:
        told = visit(server, 21, constants=NO_PENALTY)
        _, *others = server.log
        assert sorted(told.statuses()) == [200] * 20 + [503]
        assert len(others) == 20
        assert longest_between(until, min(asked.unix for asked in others)) >= 0


@pytest.mark.parametrize(
    "headers",
    [
        {"RateLimit": '"default";r=0;t=2'},
        {"RateLimit-Remaining": "0", "RateLimit-Reset": "2"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2"},
    ],
)
def test_a_used_up_budget_holds_the_host(headers: dict[str, str]) -> None:
    with serve(once({"text": "page", "headers": headers})) as server:
        visit(server, 3)
        assert server.gaps()[0] >= 2.0


def test_requests_at_once_keep_the_delay_and_come_one_by_one() -> None:
    flying = most = 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0.05)
        flying -= 1
        return web.Response(text="page")

    with serve(answer) as server:
        told = visit(server, 5, NEWSBOT_DELAY=1)
        assert told.statuses() == [200] * 5
        assert most == 1
        assert min(server.gaps()) >= 1 * ARRIVES


def test_the_waiting_is_told_for_each_request() -> None:
    with serve(page) as server:
        # The first request to a host waits for nothing, however long the delay is.
        (first,) = visit(server, 1, NEWSBOT_DELAY=60).answers
        assert first["waited"] < 30
        told = visit(server, 3, NEWSBOT_DELAY=0.5)
        waited = sorted(answer["waited"] for answer in told.answers)
        assert waited[2] - waited[0] > 0.5, "two delays, though the third request may begin to wait late"
        assert told.stats["newsbot/politeness/waited_seconds"] == pytest.approx(sum(waited), abs=0.01)


def test_the_site_list_may_change_its_own_delay_but_not_hurry_another_host() -> None:
    async def away(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": f"{other.url}{request.path}"})

    with serve(page) as other, serve(away) as server:
        settings = {"NEWSBOT_ALLOW_PRIVATE": f"{server.netloc},{other.netloc}", "NEWSBOT_DELAY": 1, **NO_ROBOTS}
        ask(*(f"{server.url}/{n}" for n in range(3)), settings=settings, meta={"newsbot_delay": 0})
        assert min(other.gaps()) >= 1 * ARRIVES
        # With the run's delay, the third request here would not leave before the second one to the other host.
        assert server.log[2].at < other.log[1].at


def test_failures_are_answered_by_asking_slower() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=503 if request.path in ("/0", "/1") else 200)

    with serve(answer) as server:
        told = visit(server, 4, at_once=False)
        first, second, _ = server.gaps()
        assert first >= 1.0  # for the first request, the delay counts from its answer
        assert second >= 2.0 * ARRIVES
        assert told.stats["newsbot/politeness/backed_off"] == 2


def test_a_fault_of_one_page_is_no_reason_to_ask_slower() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=500 if request.path == "/0" else 200)

    with serve(answer) as server:
        told = visit(server, 2, at_once=False)
        assert told.statuses() == [500, 200]
        assert "newsbot/politeness/backed_off" not in told.stats


def test_a_host_that_only_fails_is_given_up_and_the_rest_goes_on() -> None:
    async def broken(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=502)

    with serve(broken) as server, serve(page) as other:
        settings = {"NEWSBOT_ALLOW_PRIVATE": f"{server.netloc},{other.netloc}", "NEWSBOT_GIVE_UP": 2, **NO_ROBOTS}
        told = ask(*(f"{server.url}/{n}" for n in range(6)), f"{other.url}/", settings=settings)
        assert told.statuses() == [502, 502, 502, 0, 0, 0, 200]
        assert told.errors()[3:6] == ["given-up"] * 3
        assert len(server.log) == 3
        assert "given up for this run: 3 requests in a row failed within" in told.log


def test_a_host_that_asks_for_an_absurd_wait_is_given_up_at_once() -> None:
    with serve(once({"status": 429, "headers": {"Retry-After": "86400"}})) as server:
        told = visit(server, 3)
        assert told.errors() == [None, "given-up", "given-up"]
        assert len(server.log) == 1


def test_a_timeout_frees_the_host_and_slows_it_down() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(30 if request.path == "/0" else 0)
        return web.Response(text="page")

    with serve(answer) as server:
        told = visit(server, 2, DOWNLOAD_TIMEOUT=2)
        assert told.errors() == ["DownloadTimeoutError", None]
        assert server.gaps()[0] >= 2.0


def test_a_stop_ends_what_sleeps_at_once() -> None:
    with serve(once({"status": 429, "headers": {"Retry-After": "300"}})) as server:
        settings = {"NEWSBOT_ALLOW_PRIVATE": server.netloc, **NO_ROBOTS}
        # A new interpreter: the signal meets the handlers that Scrapy installs in it.
        process = start(*(f"{server.url}/{n}" for n in range(4)), settings=settings, real=True)
        assert process.stderr is not None
        for line in process.stderr:
            if "as the host asks" in line:
                break
        process.send_signal(signal.SIGTERM)
        told = told_by(process, *process.communicate(timeout=60))
        assert told.errors() == [None, "stopped", "stopped", "stopped"]


def test_closing_the_spider_ends_what_sleeps_too() -> None:
    with serve(once({"status": 429, "headers": {"Retry-After": "300"}})) as server:
        # The first page is that of the spider, which is in no log.
        told = visit(server, 3, CLOSESPIDER_PAGECOUNT=2)
        assert told.errors() == [None, "stopped", "stopped"]
        assert told.seconds < 150


def test_sites_that_share_an_address_share_its_budget_when_asked(tmp_path: Path) -> None:
    names = {"one.test": [["127.0.0.1"]], "two.test": [["127.0.0.1"]], "three.test": [["127.0.0.1"]]}
    with serve(page) as server:
        urls = [f"http://{name}:{server.port}/" for name in names]
        settings: dict[str, object] = {"NEWSBOT_ALLOW_PRIVATE": "1", **NO_ROBOTS}
        apart = ask(*urls, settings=settings | {"NEWSBOT_DELAY": 40}, dns=names)
        assert apart.statuses() == [200] * 3
        assert max(server.gaps()) < 30
        server.log.clear()
        archive = open_database(f"sqlite:///{tmp_path / 'newsbot.db'}")
        settings |= {
            "NEWSBOT_DELAY": 1,
            "NEWSBOT_SHARE_IP": 1,
            "NEWSBOT_ARCHIVE": f"sqlite:///{tmp_path / 'newsbot.db'}",
        }
        shared = ask(*urls, settings=settings, dns=names)
        assert shared.statuses() == [200] * 3
        assert min(server.gaps()) >= 1 * ARRIVES
        with archive.reading() as connection:
            told = connection.exec_driver_sql("SELECT last_start FROM hosts WHERE host = 'ip:127.0.0.1'").scalar()
        archive.close()
        assert told, "other processes cannot know of the requests to the address"


def test_a_site_that_is_given_up_takes_no_neighbour_with_it() -> None:
    names = {"one.test": [["127.0.0.1"]], "two.test": [["127.0.0.1"]]}

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.host.startswith("one."):
            return web.Response(status=429, headers={"Retry-After": "86400"})
        return web.Response(text="page")

    with serve(answer) as server:
        urls = [f"http://{name}:{server.port}/" for name in ("one.test", "two.test", "one.test")]
        settings: dict[str, object] = {"NEWSBOT_ALLOW_PRIVATE": "1", "NEWSBOT_SHARE_IP": 1, **NO_ROBOTS}
        told = ask(*urls, settings=settings, dns=names, at_once=False)
    assert told.errors() == [None, None, "given-up"]
    assert told.statuses() == [429, 200, 0]


def test_a_missing_contact_is_told() -> None:
    with serve(page) as server:
        assert "NEWSBOT_CONTACT is not set" in visit(server, 1, NEWSBOT_CONTACT="").log
        assert "NEWSBOT_CONTACT" not in visit(server, 1, NEWSBOT_CONTACT="a@example.org").log
