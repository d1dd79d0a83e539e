"""Politeness in whole crawls, as the server's log shows it."""

from __future__ import annotations

import asyncio
import signal
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from newsbot.archive.database import open_database
from tests.arrival import longest_between
from tests.crawl.asking import Outcome, ask, outcome_of, start
from tests.crawl.loopback import Answer, Server, serve
from tests.fork_server import Constants

NO_ROBOTS = {"ROBOTSTXT_OBEY": False}
NO_PENALTY = (("newsbot.politeness.pace", "PENALTY_FIRST", 0.0),)
"""A failure does not slow the pace down, so the only wait is the one that the server asked for."""

ARRIVES = 0.95
"""The delay is kept between the times at which two requests are sent. The kernel may receive the first request late."""


def visit(
    server: Server, count: int, *, at_once: bool = True, constants: Constants = (), **settings: object
) -> Outcome:
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


def test_retry_after_in_seconds_delays_twenty_waiting_requests() -> None:
    with serve(once({"status": 429, "headers": {"Retry-After": "2"}})) as server:
        outcome = visit(server, 21, constants=NO_PENALTY)
        refused, *others = server.log
        assert sorted(outcome.statuses()) == [200] * 20 + [429]
        assert len(others) == 20
        assert longest_between(refused.at, others[0].at) >= 2.0


def test_retry_after_as_a_date_delays_twenty_waiting_requests() -> None:
    until = 0.0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal until
        if until:
            return web.Response(text="page")
        until = int(time.time()) + 3
        now = formatdate(int(time.time()), usegmt=True)
        return web.Response(status=503, headers={"Retry-After": formatdate(until, usegmt=True), "Date": now})

    with serve(answer) as server:
        outcome = visit(server, 21, constants=NO_PENALTY)
        _, *others = server.log
        assert sorted(outcome.statuses()) == [200] * 20 + [503]
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
def test_host_waits_when_its_rate_limit_is_used_up(headers: dict[str, str]) -> None:
    with serve(once({"text": "page", "headers": headers})) as server:
        visit(server, 3)
        assert server.gaps()[0] >= 2.0


def test_simultaneous_requests_keep_the_delay_and_run_one_at_a_time() -> None:
    flying = most = 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(0.05)
        flying -= 1
        return web.Response(text="page")

    with serve(answer) as server:
        outcome = visit(server, 5, NEWSBOT_DELAY=1)
        assert outcome.statuses() == [200] * 5
        assert most == 1
        assert min(server.gaps()) >= 1 * ARRIVES


def test_waiting_time_is_reported_for_each_request() -> None:
    with serve(page) as server:
        # The first request to a host does not wait, even if the delay is long.
        (first,) = visit(server, 1, NEWSBOT_DELAY=60).answers
        assert first["waited"] < 30
        outcome = visit(server, 3, NEWSBOT_DELAY=0.5)
        waited = sorted(answer["waited"] for answer in outcome.answers)
        assert waited[2] - waited[0] > 0.5, "two delays, though the third request may begin to wait late"
        assert outcome.stats["newsbot/politeness/waited_seconds"] == pytest.approx(sum(waited), abs=0.01)


def test_delay_of_a_site_list_applies_only_to_the_host_of_its_site() -> None:
    async def away(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": f"{other.url}{request.path}"})

    with serve(page) as other, serve(away) as server:
        settings = {"NEWSBOT_ALLOW_PRIVATE": f"{server.netloc},{other.netloc}", **NO_ROBOTS}
        own: dict[str, Any] = {"meta": {"newsbot_delay": 0}}
        ask(*(f"{server.url}/{n}" for n in range(3)), settings=settings | {"NEWSBOT_DELAY": 1}, **own)
        assert min(other.gaps()) >= 1 * ARRIVES
        other.log.clear()
        ask(*(f"{other.url}/{n}" for n in range(3)), settings=settings | {"NEWSBOT_DELAY": 40}, **own)
        assert max(other.gaps()) < 30


def test_server_failures_increase_the_delay() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=503 if request.path in ("/0", "/1") else 200)

    with serve(answer) as server:
        outcome = visit(server, 4, at_once=False)
        first, second, _ = server.gaps()
        assert first >= 1.0  # for the first request, the delay counts from its answer
        assert second >= 2.0 * ARRIVES
        assert outcome.stats["newsbot/politeness/backed_off"] == 2


def test_server_error_of_one_page_does_not_increase_the_delay() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=500 if request.path == "/0" else 200)

    with serve(answer) as server:
        outcome = visit(server, 2, at_once=False)
        assert outcome.statuses() == [500, 200]
        assert "newsbot/politeness/backed_off" not in outcome.stats


def test_host_that_always_fails_is_given_up_and_other_hosts_continue() -> None:
    async def broken(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=502)

    with serve(broken) as server, serve(page) as other:
        settings = {"NEWSBOT_ALLOW_PRIVATE": f"{server.netloc},{other.netloc}", "NEWSBOT_GIVE_UP": 2, **NO_ROBOTS}
        outcome = ask(*(f"{server.url}/{n}" for n in range(6)), f"{other.url}/", settings=settings)
        assert outcome.statuses() == [502, 502, 502, 0, 0, 0, 200]
        assert outcome.errors()[3:6] == ["given-up"] * 3
        assert len(server.log) == 3
        assert "given up for this run: 3 requests in a row failed within" in outcome.log


def test_host_whose_retry_after_is_too_long_is_given_up_at_once() -> None:
    with serve(once({"status": 429, "headers": {"Retry-After": "86400"}})) as server:
        outcome = visit(server, 3)
        assert outcome.errors() == [None, "given-up", "given-up"]
        assert len(server.log) == 1


def test_timeout_ends_the_request_and_increases_the_delay() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60 if request.path == "/0" else 0)
        return web.Response(text="page")

    with serve(answer) as server:
        outcome = visit(server, 2, DOWNLOAD_TIMEOUT=5)
        assert outcome.errors() == ["DownloadTimeoutError", None]
        assert server.gaps()[0] >= 5.0


def test_sigterm_ends_waiting_requests_at_once() -> None:
    with serve(once({"status": 429, "headers": {"Retry-After": "300"}})) as server:
        settings = {"NEWSBOT_ALLOW_PRIVATE": server.netloc, **NO_ROBOTS}
        # A new interpreter: the signal meets the handlers that Scrapy installs in it.
        process = start(*(f"{server.url}/{n}" for n in range(4)), settings=settings, real=True)
        assert process.stderr is not None
        for line in process.stderr:
            if "as the host asks" in line:
                break
        process.send_signal(signal.SIGTERM)
        outcome = outcome_of(process, *process.communicate())
        assert outcome.errors() == [None, "stopped", "stopped", "stopped"]


def test_closing_the_spider_ends_waiting_requests() -> None:
    with serve(once({"status": 429, "headers": {"Retry-After": "300"}})) as server:
        # The first page is that of the spider, which is in no log.
        outcome = visit(server, 3, CLOSESPIDER_PAGECOUNT=2)
        assert outcome.errors() == [None, "stopped", "stopped"]
        assert outcome.seconds < 150


def test_sites_on_one_ip_address_share_the_delay_with_share_ip(tmp_path: Path) -> None:
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
            outcome = connection.exec_driver_sql("SELECT last_start FROM hosts WHERE host = 'ip:127.0.0.1'").scalar()
        archive.close()
        assert outcome, "other processes cannot know of the requests to the address"


def test_site_that_is_given_up_does_not_stop_a_site_on_the_same_ip_address() -> None:
    names = {"one.test": [["127.0.0.1"]], "two.test": [["127.0.0.1"]]}

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.host.startswith("one."):
            return web.Response(status=429, headers={"Retry-After": "86400"})
        return web.Response(text="page")

    with serve(answer) as server:
        urls = [f"http://{name}:{server.port}/" for name in ("one.test", "two.test", "one.test")]
        settings: dict[str, object] = {"NEWSBOT_ALLOW_PRIVATE": "1", "NEWSBOT_SHARE_IP": 1, **NO_ROBOTS}
        outcome = ask(*urls, settings=settings, dns=names, at_once=False)
    assert outcome.errors() == [None, None, "given-up"]
    assert outcome.statuses() == [429, 200, 0]


def test_missing_contact_is_logged() -> None:
    with serve(page) as server:
        assert "NEWSBOT_CONTACT is not set" in visit(server, 1, NEWSBOT_CONTACT="").log
        assert "NEWSBOT_CONTACT" not in visit(server, 1, NEWSBOT_CONTACT="a@example.org").log
