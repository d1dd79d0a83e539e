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


def test_six_disallowed_urls_asked_at_once_are_not_fetched() -> None:
    with serve(site("User-agent: *\nDisallow: /wp-json/")) as server:
        told = visit(server, *(f"/wp-json/{n}" for n in range(6)))
        assert told.errors() == ["robots"] * 6
        assert server.paths() == ["/robots.txt"]


def test_six_allowed_urls_asked_at_once_are_fetched_after_one_robots_txt() -> None:
    with serve(site("User-agent: *\nDisallow: /wp-admin/")) as server:
        told = visit(server, *(f"/wp-json/{n}" for n in range(6)))
        assert told.statuses() == [200] * 6
        assert server.paths()[0] == "/robots.txt"
        assert len(server.asked("/robots.txt")) == 1


def test_scrapys_own_middleware_has_the_hole_that_ours_closes() -> None:
    ours = "newsbot.middlewares.robots.RobotsMiddleware"
    theirs = "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware"
    with serve(site("User-agent: *\nDisallow: /")) as server:
        middlewares = {ours: None, theirs: 100}
        visit(server, *(f"/{n}" for n in range(6)), DOWNLOADER_MIDDLEWARES=middlewares)
        # When this test fails, Scrapy has repaired the defect, and newsbot's middleware can become smaller.
        assert len(server.pages()) == 4


def test_our_own_group_counts_and_not_the_one_for_all() -> None:
    rules = "User-agent: *\nDisallow: /\n\nUser-agent: newsbot\nDisallow: /no\n"
    with serve(site(rules)) as server:
        assert visit(server, "/yes", "/no").errors() == [None, "robots"]


def test_whose_group_it_is_goes_by_the_whole_product_token() -> None:
    rules = "User-agent: news\nDisallow:\n\nUser-agent: NewsBot/1.0\nDisallow: /no\nCrawl-delay: 1.5\n"
    with serve(site(rules)) as server:
        assert visit(server, "/yes", "/no").errors() == [None, "robots"]
        assert server.gaps()[0] >= 1.5


def test_robots_txt_at_503_means_that_nothing_is_fetched() -> None:
    with serve(site(status=503)) as server:
        told = visit(server, *(f"/{n}" for n in range(6)))
        assert told.errors() == ["robots-unreachable"] * 6
        assert set(server.paths()) == {"/robots.txt"}
        assert len(server.paths()) == 2
        assert "robots.txt gives no answer (status 503)" in told.log


def test_robots_txt_at_429_means_that_nothing_is_fetched() -> None:
    with serve(site(status=429)) as server:
        assert visit(server, "/").errors() == ["robots-unreachable"]
        assert set(server.paths()) == {"/robots.txt"}


def test_a_connection_that_drops_at_robots_txt_means_that_nothing_is_fetched() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/robots.txt":
            assert request.transport is not None
            request.transport.close()
        return web.Response(text="page")

    with serve(answer) as server:
        assert visit(server, "/").errors() == ["dropped"]
        assert set(server.paths()) == {"/robots.txt"}


def test_a_robots_txt_that_answers_at_the_second_try_is_heeded() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path != "/robots.txt":
            return web.Response(text="page")
        if len(server.paths()) == 1:
            return web.Response(status=500)
        return web.Response(text="User-agent: *\nDisallow: /no")

    with serve(answer) as server:
        assert visit(server, "/yes", "/no").errors() == [None, "robots"]


def test_no_robots_txt_means_that_all_is_allowed() -> None:
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


def test_a_robots_txt_that_redirects_on_and_on_counts_as_none() -> None:
    with serve(redirecting(6)) as server:
        assert visit(server, "/no").statuses() == [200]
        assert "/6" not in server.paths()


def test_a_robots_txt_without_end_means_that_nothing_is_fetched() -> None:
    with serve(site("# filler\n" * 300_000)) as server:
        assert visit(server, "/").errors() == ["robots-unreachable"]


def test_rules_beyond_half_a_mebibyte_are_not_read() -> None:
    filler = "# filler\n" * 70_000
    with serve(site(f"User-agent: *\nDisallow: /first\n{filler}Disallow: /last\n")) as server:
        assert visit(server, "/first", "/last").errors() == ["robots", None]


def test_crawl_delay_is_kept_even_by_the_request_that_waited_for_it() -> None:
    with serve(site("User-agent: newsbot\nCrawl-delay: 1.5\n")) as server:
        told = visit(server, "/1", "/2")
        to_first, to_second = server.gaps()
        assert told.statuses() == [200, 200]
        assert to_first >= 1.5  # from the answer with the robots.txt
        assert to_second >= 1.5 * 0.95  # the server may record the first request late


def test_a_crawl_delay_beyond_the_cap_is_told() -> None:
    with serve(site("User-agent: *\nCrawl-delay: 86400\nDisallow: /\n")) as server:
        assert "a Crawl-delay of 86400 s; newsbot waits 300 s" in visit(server, "/").log


def test_a_crawl_delay_beyond_the_cap_is_kept_up_to_the_cap() -> None:
    with serve(site("User-agent: *\nCrawl-delay: 86400\n")) as server:
        cap = ("newsbot.middlewares.politeness", "CRAWL_DELAY_CAP", 1.0)
        urls = (f"{server.url}/1", f"{server.url}/2")
        # The cap of 300 seconds is a constant, which only a forked process can change.
        told = ask(*urls, settings={"NEWSBOT_ALLOW_PRIVATE": server.netloc}, constants=[cap], real=False)
        assert told.statuses() == [200, 200]
        assert server.gaps()[1] >= 0.95  # the server may be late to note the first


def test_robots_txt_is_asked_for_at_the_hosts_pace() -> None:
    with serve(site()) as server:
        visit(server, "/1", NEWSBOT_DELAY=1)
        (gap,) = server.gaps()
        assert gap >= 0.99


def test_a_robots_txt_that_redirects_to_a_private_address_is_no_way_in() -> None:
    async def secret(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="secret")

    with serve(secret) as inner, serve(site(status=302, Location=f"{inner.url}/robots.txt")) as server:
        assert visit(server, "/").errors() == ["robots-unreachable"]
        assert inner.log == []
