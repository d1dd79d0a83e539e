"""Pages rendered by Chromium: the resulting rows, and what a page cannot do in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.crawl.loopback import Server, serve
from tests.real.pages_for_browser import ARTICLE, LOOSE_ENDS, STORY, site
from tests.real.rendering import Outcome, render

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("chromium")]


@pytest.fixture(scope="module")
def shown() -> Iterator[tuple[Outcome, Server]]:
    """One crawl of every page of the site."""
    with serve(site) as server:
        paths = ("/old", "/article", "/memory", "/memory", "/leaves", "/asks", "/large", "/pdf", "/check", "/secret")
        # A busy machine needs more than ten seconds to give the DOM of the large page.
        outcome = render(
            *(server.url + path for path in paths),
            settings={"DOWNLOAD_MAXSIZE": 4_000_000, "NEWSBOT_RENDER_SECONDS": 120},
            constants=[("newsbot.browser.page", "PATIENCE", 120.0)],
        )
        assert outcome.status == 0, outcome.log
        assert not re.search(LOOSE_ENDS, outcome.log), outcome.log
        yield outcome, server


def test_rendered_page_holds_the_article_that_scripts_load(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    for number in (0, 1):
        reply = outcome.replies[number]
        assert reply["url"] == f"{server.url}/article"
        assert reply["status"] == 200
        assert reply["headers"]["content-type"] == "text/html; charset=utf-8"
        assert f"<p>{STORY}</p>" in outcome.body(number)
        assert outcome.body(number).startswith("<!DOCTYPE html>")
        assert 'data-theme="set"' in outcome.body(number)


def test_browser_sends_the_user_agent_of_newsbot(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    names = {asked.headers["User-Agent"] for asked in server.log}
    assert len(names) == 1
    assert f"<title>{names.pop()}</title>" in outcome.body()


def test_script_that_pages_share_is_requested_once(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    assert len(server.asked("/theme.js")) == 1
    assert len(server.asked("/wp-json/wp/v2/posts/7")) == 2
    assert outcome.count("kept") == 1


def test_page_leaves_no_cookie_and_no_storage(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    assert "<p>a stranger, been=here</p>" in outcome.body(2)
    assert "<p>a stranger, been=here</p>" in outcome.body(3)
    assert not any("Cookie" in asked.headers for asked in server.log)


def test_page_cannot_navigate_to_another_address(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    assert "<p>stays</p>" in outcome.body(4)
    assert outcome.replies[4]["url"] == f"{server.url}/leaves"
    assert server.asked("/elsewhere") == []


def test_page_receives_only_subresources_that_the_rules_and_robots_txt_allow(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    for said in ("half a face ?;", "moved;", "no away;", "no post;", "no secret;", "no bot check;"):
        assert said in outcome.body(5)
    asked = {path for path in server.paths() if path not in ("/old", "/article", "/theme.js", "/memory", "/leaves")}
    ours = {"/robots.txt", "/asks", "/large", "/pdf", "/check"}
    assert asked - ours == {"/wp-json/wp/v2/posts/7", "/moved.json", "/here.json", "/away.json"}


def test_dom_beyond_the_limit_is_reported_also_when_the_page_hides_its_size(shown: tuple[Outcome, Server]) -> None:
    outcome, _ = shown
    assert outcome.replies[6]["error"] == "too-large"


def test_answer_that_is_no_page_is_not_rendered(shown: tuple[Outcome, Server]) -> None:
    outcome, _ = shown
    assert outcome.body(7) == "%PDF"
    assert outcome.replies[8]["status"] == 403
    assert outcome.body(8) == "<title>Just a moment...</title>"
    assert outcome.replies[9]["error"] == "robots"


def test_requests_of_the_browser_are_counted(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    asked = [path for path in server.paths() if path not in ("/robots.txt", "/old")]
    # The driver counts a document and its redirects as one, and one that robots.txt disallows too.
    assert outcome.requests == len(asked) + 1
    assert outcome.count("requests") == 1 + 2 + 3
    assert outcome.count("pages") == 7
    assert outcome.count("blocked") > 10
    assert outcome.count("started") == 1
    assert outcome.bytes > 2 * len(ARTICLE)


def test_render_never_makes_no_request() -> None:
    with serve(site) as server:
        outcome = render(f"{server.url}/article", render="never")
        assert outcome.errors() == ["no-browser"]
        assert outcome.replies[0]["detail"] == "render=never"
        assert server.log == []
        assert not outcome.imported


def test_crawl_without_rendered_pages_does_not_import_the_browser() -> None:
    with serve(site) as server:
        outcome = render(f"{server.url}/article", plain=True)
        assert STORY not in outcome.body()
        assert server.paths() == ["/robots.txt", "/article"]
        assert not outcome.imported
