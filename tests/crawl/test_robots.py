"""robots.txt, over whole crawls. RFC 9309."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from tests.crawl.asking import ask
from tests.crawl.loopback import Answer, Server, serve


def site(robots: str = "", *, status: int = 200, **headers: str) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path != "/robots.txt":
            return web.Response(text="page")
        await asyncio.sleep(0.05)  # so that all requests wait for it
        return web.Response(status=status, text=robots, headers=headers)

    return answer


def visit(server: Server, *paths: str, **settings: Any) -> Any:
    allowed = {"NEWSBOT_ALLOW_PRIVATE": server.netloc, "NEWSBOT_ROBOTS_TRIES": 2}
    return ask(*(server.url + path for path in paths), settings=allowed | settings)


def test_disallowed_urls_requested_at_once_are_not_fetched() -> None:
    with serve(site("User-agent: *\nDisallow: /wp-json/")) as server:
        outcome = visit(server, *(f"/wp-json/{n}" for n in range(6)))
        assert outcome.errors() == ["robots"] * 6
        assert server.paths() == ["/robots.txt"]


def test_allowed_urls_requested_at_once_are_fetched_after_one_robots_txt() -> None:
    with serve(site("User-agent: *\nDisallow: /wp-admin/")) as server:
        outcome = visit(server, *(f"/wp-json/{n}" for n in range(6)))
        assert outcome.statuses() == [200] * 6
        assert server.paths()[0] == "/robots.txt"
        assert len(server.asked("/robots.txt")) == 1


def test_scrapys_middleware_fetches_disallowed_urls_that_are_requested_at_once() -> None:
    ours = "newsbot.middlewares.robots.RobotsMiddleware"
    theirs = "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware"
    with serve(site("User-agent: *\nDisallow: /")) as server:
        middlewares = {ours: None, theirs: 100}
        visit(server, *(f"/{n}" for n in range(6)), DOWNLOADER_MIDDLEWARES=middlewares)
        # When this test fails, Scrapy has repaired the defect, and newsbot's middleware can become smaller.
        assert len(server.pages()) == 4


def test_group_for_newsbot_replaces_the_group_for_all() -> None:
    rules = "User-agent: *\nDisallow: /\n\nUser-agent: newsbot\nDisallow: /no\n"
    with serve(site(rules)) as server:
        assert visit(server, "/yes", "/no").errors() == [None, "robots"]


def test_group_is_chosen_by_the_whole_product_token() -> None:
    rules = "User-agent: news\nDisallow:\n\nUser-agent: NewsBot/1.0\nDisallow: /no\nCrawl-delay: 1.5\n"
    with serve(site(rules)) as server:
        assert visit(server, "/yes", "/no").errors() == [None, "robots"]
        assert server.gaps()[0] >= 1.5


def test_nothing_is_fetched_when_robots_txt_answers_503() -> None:
    with serve(site(status=503)) as server:
        outcome = visit(server, *(f"/{n}" for n in range(6)))
        assert outcome.errors() == ["robots-unreachable"] * 6
        assert set(server.paths()) == {"/robots.txt"}
        assert len(server.paths()) == 2
        assert "robots.txt gives no answer (status 503)" in outcome.log


def test_nothing_is_fetched_when_robots_txt_answers_429() -> None:
    with serve(site(status=429)) as server:
        assert visit(server, "/").errors() == ["robots-unreachable"]
        assert set(server.paths()) == {"/robots.txt"}


def test_nothing_is_fetched_when_the_connection_for_robots_txt_drops() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/robots.txt":
            assert request.transport is not None
            request.transport.close()
        return web.Response(text="page")

    with serve(answer) as server:
        assert visit(server, "/").errors() == ["dropped"]
        assert set(server.paths()) == {"/robots.txt"}


def test_robots_txt_that_answers_at_the_second_try_is_obeyed() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path != "/robots.txt":
            return web.Response(text="page")
        if len(server.paths()) == 1:
            return web.Response(status=500)
        return web.Response(text="User-agent: *\nDisallow: /no")

    with serve(answer) as server:
        assert visit(server, "/yes", "/no").errors() == [None, "robots"]


def test_everything_is_allowed_without_a_robots_txt() -> None:
    for status in (404, 410, 401, 403):
        with serve(site("<html>", status=status)) as server:
            assert visit(server, "/").statuses() == [200]


def redirecting(hops: int) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        name = request.path.strip("/")
        if name == "robots.txt" or name.isdigit():
            done = 0 if name == "robots.txt" else int(name)
            if done < hops:
                return web.Response(status=302, headers={"Location": f"/{done + 1}"})
            return web.Response(text="User-agent: *\nDisallow: /no")
        return web.Response(text="page")

    return answer


def test_redirects_of_robots_txt_are_followed_up_to_five_hops() -> None:
    with serve(redirecting(5)) as server:
        assert visit(server, "/no").errors() == ["robots"]


def test_robots_txt_with_more_than_five_redirects_counts_as_absent() -> None:
    with serve(redirecting(6)) as server:
        assert visit(server, "/no").statuses() == [200]
        assert "/6" not in server.paths()


def test_nothing_is_fetched_when_robots_txt_is_too_large() -> None:
    with serve(site("# filler\n" * 300_000)) as server:
        assert visit(server, "/").errors() == ["robots-unreachable"]


def test_rules_beyond_512_kib_are_not_read() -> None:
    filler = "# filler\n" * 70_000
    with serve(site(f"User-agent: *\nDisallow: /first\n{filler}Disallow: /last\n")) as server:
        assert visit(server, "/first", "/last").errors() == ["robots", None]


def test_crawl_delay_applies_also_to_the_request_that_fetched_robots_txt() -> None:
    with serve(site("User-agent: newsbot\nCrawl-delay: 1.5\n")) as server:
        outcome = visit(server, "/1", "/2")
        to_first, to_second = server.gaps()
        assert outcome.statuses() == [200, 200]
        assert to_first >= 1.5  # the delay counts from the answer with the robots.txt
        assert to_second >= 1.5 * 0.95  # the server may record the first request late


def test_crawl_delay_beyond_the_cap_is_logged() -> None:
    with serve(site("User-agent: *\nCrawl-delay: 86400\nDisallow: /\n")) as server:
        assert "a Crawl-delay of 86400 s; newsbot waits 300 s" in visit(server, "/").log


def test_crawl_delay_beyond_the_cap_is_limited_to_the_cap() -> None:
    with serve(site("User-agent: *\nCrawl-delay: 86400\n")) as server:
        cap = ("newsbot.middlewares.politeness", "CRAWL_DELAY_CAP", 1.0)
        urls = (f"{server.url}/1", f"{server.url}/2")
        # The cap of 300 seconds is a constant, which only a forked process can change.
        outcome = ask(*urls, settings={"NEWSBOT_ALLOW_PRIVATE": server.netloc}, constants=[cap], real=False)
        assert outcome.statuses() == [200, 200]
        assert server.gaps()[1] >= 0.95  # the server may be late to note the first


def test_request_for_robots_txt_keeps_the_delay_of_the_host() -> None:
    with serve(site()) as server:
        visit(server, "/1", NEWSBOT_DELAY=1)
        (gap,) = server.gaps()
        assert gap >= 0.99


def test_redirect_of_robots_txt_to_a_private_address_is_refused() -> None:
    async def secret(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="secret")

    with serve(secret) as inner, serve(site(status=302, Location=f"{inner.url}/robots.txt")) as server:
        assert visit(server, "/").errors() == ["robots-unreachable"]
        assert inner.log == []
