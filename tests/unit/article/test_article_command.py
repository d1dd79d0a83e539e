"""``scrapy article`` as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from newsbot.wordpress.messages import Reply
from newsbot.wordpress.single_article import NotAnArticle, read_article
from tests import fork_server

ROOT = Path(__file__).parents[3]
STORY = "".join(
    f"<p>On day {n} the harbour board voted to replace its two oldest cranes, and went home.</p>" for n in range(4)
)
POST = {
    "id": 7,
    "type": "post",
    "link": "https://news.example/a/",
    "date": "2026-05-03T10:00:00",
    "date_gmt": "2026-05-03T08:00:00",
    "title": {"rendered": "Cranes &amp; quays"},
    "content": {"rendered": f'{STORY}<div class="sharedaddy">Share</div>'},
}
PAGE = (
    '<html lang="en"><head><link rel="canonical" href="https://news.example/b/">'
    '<meta property="og:title" content="Winter">'
    '<meta property="article:published_time" content="2026-05-04T10:00:00+00:00"></head><body class="postid-8">'
    f'<a rel="author">By Ann Writer</a><div class="entry-content">{STORY}<img src="/c.jpg"></div></body></html>'
)


def scrapy_article(*arguments: str, real: bool | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scrapy", "article", *arguments]
    return fork_server.run(command, cwd=ROOT, capture_output=True, text=True, real=real)


def test_rest_object_and_page_give_the_fields_of_a_crawl(tmp_path: Path) -> None:
    post, page = tmp_path / "post.json", tmp_path / "page.html"
    post.write_text(json.dumps([POST]), encoding="utf-8")
    page.write_text(PAGE, encoding="utf-8")
    done = scrapy_article("--json", str(post), str(page), real=True)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["title"], first["url"], first["published"]) == (
        "Cranes & quays",
        POST["link"],
        "2026-05-03T08:00:00Z",
    )
    assert (first["html"], first["removed"], first["judge"]) == (STORY, {"jetpack-share": 1}, "api")
    assert (second["source"], second["title"], second["author"]) == (str(page), "Winter", "Ann Writer")
    assert (second["url"], second["language"], second["judge"]) == ("https://news.example/b/", "en", "container")
    assert second["published"] == "2026-05-04T10:00:00Z"
    assert [image["url"] for image in second["images"]] == ["https://news.example/c.jpg"]
    text = scrapy_article(str(post)).stdout
    assert "title: Cranes & quays\n" in text
    assert "removed: jetpack-share 1\njudge: api\n\nOn day 0 the harbour" in text


def test_output_for_a_terminal_holds_no_control_characters_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE.replace("Winter", "Win\x1b]0;x\x07ter\u202e"), encoding="utf-8")
    assert not {"\x1b", "\x07", "\u202e"} & set(scrapy_article(str(page)).stdout)


def test_unreadable_page_gives_one_line_and_status_1_and_the_others_are_printed(tmp_path: Path) -> None:
    page, other = tmp_path / "page.html", tmp_path / "list.html"
    page.write_text(PAGE, encoding="utf-8")
    other.write_text('<body class="home blog"><p>x</p></body>', encoding="utf-8")
    done = scrapy_article("--json", str(tmp_path / "none.html"), str(other), "http://127.0.0.1:9/a", str(page))
    assert done.returncode == 1
    assert json.loads(done.stdout)["title"] == "Winter"
    assert f"scrapy article: {tmp_path / 'none.html'}: No such file or directory\n" in done.stderr
    assert f"scrapy article: {other}: the page lists articles\n" in done.stderr
    assert "scrapy article: http://127.0.0.1:9/a: 127.0.0.1 is loopback" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "takes files or URLs, not none"), (["http://bad host/"], "'http://bad host/' is not a web address")],
)
def test_bad_arguments_give_one_line_and_status_2(arguments: list[str], said: str) -> None:
    done = scrapy_article(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"scrapy article: {said}\n")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{}", "the object has no usable id"),
        (b"[1, 2]", "no usable id"),
        (b"<body class='postid-1'><div class='entry-content'></div></body>", "the page does not show an article"),
        (b"<body class='archive'></body>", "the page lists articles"),
    ],
)
def test_answer_without_an_article_raises_an_error_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(NotAnArticle, match=why):
        read_article(Reply(status=200, url="https://localhost/", body=body))
    with pytest.raises(NotAnArticle, match="HTTP 404"):
        read_article(Reply(status=404, url="https://localhost/", body=body))
