"""What a page in the browser may request, where Chromium is found, and that crawls without a browser load nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from newsbot.arguments.models import PostArguments
from newsbot.arguments.values import validate
from newsbot.browser.chromium import why_not_started
from newsbot.browser.executable import NAMES, find_chromium
from newsbot.browser.rules import is_page, refusal, request_headers, response_headers, site_of
from newsbot.errors import BadArgument
from newsbot.wordpress.messages import ERRORS, FINAL_ERRORS, Reply

PAGE = "https://www.news.example/2024/05/ferry/"


def may(url: str, *, kind: str = "fetch", method: str = "GET", page: str = PAGE) -> bool:
    return refusal(kind=kind, method=method, url=url, page=page) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://www.news.example/a.js?ver=6",
        "https://news.example/a.js",
        "http://news.example/a.js",
        "https://NEWS.example:443/a.js",
        "https://news.example./a.js",
    ],
)
def test_page_may_request_its_host_with_and_without_www(url: str) -> None:
    assert may(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example/a.js",
        "https://static.news.example/a.js",
        "https://news.example.evil.example/a.js",
        "https://news.example@evil.example/a.js",
        "https://news.example:8443/a.js",
        "https://news.example:99999/a.js",
        "https://[news.example/a.js",
        "file:///etc/passwd",
        "chrome://version/",
        "ws://news.example/a",
        "https:///a.js",
        "//news.example/a.js",
        "",
    ],
)
def test_page_may_not_request_other_hosts(url: str) -> None:
    assert not may(url)


def test_page_without_a_host_may_request_nothing() -> None:
    assert not may("about:blank", page="about:blank")
    assert site_of("data:text/html,x") is None


@pytest.mark.parametrize("kind", ["script", "xhr", "fetch"])
def test_resources_that_can_bring_text_are_allowed(kind: str) -> None:
    assert may("https://news.example/a", kind=kind)


@pytest.mark.parametrize(
    "kind",
    [
        *("document", "image", "stylesheet", "font", "media", "texttrack", "eventsource", "websocket", "manifest"),
        *("ping", "prefetch", "preflight", "signedexchange", "cspviolationreport", "other", ""),
    ],
)
def test_other_resources_are_blocked(kind: str) -> None:
    assert not may("https://news.example/a", kind=kind)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_methods_that_change_data_are_blocked(method: str) -> None:
    assert not may("https://news.example/a", method=method)


def test_scripts_of_a_bot_check_are_blocked() -> None:
    assert not may("https://news.example/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1", kind="script")


def test_request_headers_with_cookies_or_referer_are_removed() -> None:
    sent = {
        "Accept": "*/*",
        "x-requested-with": "XMLHttpRequest",
        "cookie": "a=1",
        "referer": PAGE,
        "range": "bytes=0-",
    }
    sent |= {"user-agent": "Mozilla/5.0", "authorization": "Basic eA==", "x-wp-nonce": "0123456789"}
    assert request_headers(sent) == {"Accept": "*/*", "x-requested-with": "XMLHttpRequest"}


def test_response_headers_of_cookies_refresh_and_connection_are_removed() -> None:
    come = {"content-type": "text/html; charset=koi8-r", "set-cookie": "a=1", "content-encoding": "br", "link": "<x>"}
    assert response_headers(come | {"refresh": "0; url=/", "content-length": "9"}) == {
        "content-type": "text/html; charset=koi8-r",
        "link": "<x>",
    }


def reply(status: int = 200, kind: str = "text/html; charset=UTF-8", error: str | None = None) -> Reply:
    return Reply(status=status, url=PAGE, headers={"content-type": kind}, error=error)


def test_only_a_successful_html_answer_is_rendered() -> None:
    assert is_page(reply())
    assert is_page(reply(kind="application/xhtml+xml"))
    assert is_page(reply(kind="Text/HTML"))
    for other in (reply(404), reply(403), reply(202), reply(503), reply(kind="application/pdf"), reply(kind="")):
        assert not is_page(other)
    assert not is_page(reply(error="timeout"))


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder: Path, name: str) -> str:
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return str(file)


def test_chromium_is_found_by_its_names(path: Path) -> None:
    found, why = find_chromium("")
    assert found is None
    assert "NEWSBOT_CHROMIUM" in why
    for name in reversed(NAMES):
        file = program(path, name)
        assert find_chromium("") == (file, "")


def test_chromium_of_the_setting_is_the_only_choice(path: Path) -> None:
    program(path, "chromium")
    mine = program(path, "mine")
    assert find_chromium(mine) == (mine, "")
    found, why = find_chromium("/nowhere/chromium")
    assert found is None
    assert why == "NEWSBOT_CHROMIUM is /nowhere/chromium, which is not a program"


def test_missing_browser_is_a_final_error() -> None:
    assert {"no-browser", "browser-failed"} <= FINAL_ERRORS <= set(ERRORS)


@pytest.mark.parametrize("value", ["auto", "never", "always"])
def test_render_accepts_auto_never_and_always(value: str) -> None:
    assert validate(PostArguments, {"site": "example.org", "render": value}).render == value


def test_another_value_of_render_is_refused() -> None:
    with pytest.raises(BadArgument, match=r"render= takes auto, never, always, not 'maybe'"):
        validate(PostArguments, {"site": "example.org", "render": "maybe"})


def test_spider_does_not_import_playwright() -> None:
    script = "import sys, newsbot.spiders.wp_posts; sys.exit('playwright' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (
            "BrowserType.launch: Target page, context or browser has been closed\n<launching> /x --a\n"
            "[pid=7][err] cannot open display\n[pid=7][err] error while loading shared libraries: x\nCall log:\n - x",
            "error while loading shared libraries: x",
        ),
        ("BrowserType.launch: ...\nChromium sandboxing failed!\n===", "this user may not use its sandbox"),
        (
            "launch:\n - [pid=7] <process did exit: exitCode=0, signal=null>\n",
            "process did exit: exitCode=0, signal=null",
        ),
        ("Failed to launch: Error: spawn /x EACCES\nCall log:", "Failed to launch: Error: spawn /x EACCES"),
        ("", "no reason given"),
    ],
)
def test_failed_start_is_explained_in_one_line(report: str, why: str) -> None:
    assert why_not_started(report) == why
