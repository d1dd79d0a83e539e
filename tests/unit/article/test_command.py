"""``scrapy clean`` as a user runs it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from newsbot.commands.clean import SomePages
from newsbot.net.refusals import BadUrl
from tests import fork_server

ROOT = Path(__file__).parents[3]


def scrapy_clean(*arguments: str, real: bool | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scrapy", "clean", *arguments]
    return fork_server.run(command, cwd=ROOT, capture_output=True, text=True, real=real)


def test_clean_prints_html_text_or_the_explanation_of_a_file(tmp_path: Path) -> None:
    post = tmp_path / "post.json"
    body = '<p>The board <a href="/v">voted</a>.</p><div class="yarpp">Related stuff</div>'
    post.write_text(json.dumps({"link": "https://news.example/a/", "content": {"rendered": body}}), encoding="utf-8")
    # A new interpreter: `python -m scrapy clean` as a user runs it.
    assert scrapy_clean(str(post), real=True).stdout == '<p>The board <a href="https://news.example/v">voted</a>.</p>\n'
    assert scrapy_clean(str(post), "--text").stdout == "The board voted.\n"
    assert scrapy_clean(str(post), "--explain").stdout.startswith("   1 x yarpp: ")


def test_missing_file_gives_one_line_and_status_1(tmp_path: Path) -> None:
    done = scrapy_clean(str(tmp_path / "none.html"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().endswith("none.html: No such file or directory")


def test_repeated_text_is_printed_as_rules_of_a_site_list(tmp_path: Path) -> None:
    feed = tmp_path / "posts.jsonl"
    row = json.dumps({"site": "https://news.example/", "content_html": "<p>Give to us</p>"}) + "\n"
    feed.write_text(row * 20, encoding="utf-8")
    done = scrapy_clean(str(feed), "--repeated")
    assert (done.returncode, done.stderr) == (0, "")
    assert '# at the end of 20 of 20 posts\n[[site.rule]]\nname = "repeated-1"\ntexts = ["give to us"]' in done.stdout
    feed.write_text("no posts", encoding="utf-8")
    done = scrapy_clean(str(feed), "--repeated")
    assert done.returncode == 1 and "holds no posts" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "takes one file or URL, not none"),
        (["a.html", "b.html"], "takes one file or URL, not a.html b.html"),
        (["http://bad host/"], "'http://bad host/' is not a web address"),
    ],
)
def test_bad_arguments_give_one_line_and_status_2(arguments: list[str], said: str) -> None:
    done = scrapy_clean(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"scrapy clean: {said}\n")


def test_refused_address_gives_status_1() -> None:
    done = scrapy_clean("http://127.0.0.1:9/a")
    assert done.returncode == 1
    assert "scrapy clean: http://127.0.0.1:9/a: 127.0.0.1 is loopback" in done.stderr


def test_address_that_is_given_twice_is_requested_once() -> None:
    asked = ["https://news.example/a/", "https://news.example/b/", "https://news.example/a/"]

    async def requested() -> list[str]:
        return [request.url async for request in SomePages(urls=asked, answers={}).start()]

    assert asyncio.run(requested()) == asked[:2]


def test_failed_answer_is_reported_with_its_status_or_reason() -> None:
    asked = "https://news.example/a/"
    response = HtmlResponse(asked, status=404)
    for error, said in (
        (HttpError(response), "HTTP 404"),
        (BadUrl(f"{asked}: no address"), "no address"),
        (TimeoutError(), "the page could not be fetched; a line above says why"),
    ):
        pages = SomePages(urls=[asked], answers={})
        failure = Failure(error)  # type: ignore[no-untyped-call]
        failure.request = Request(asked, cb_kwargs={"asked": asked})  # type: ignore[attr-defined]
        pages.note_reason(failure)
        assert pages.answers[asked].reason == said
