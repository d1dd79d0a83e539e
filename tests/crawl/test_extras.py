"""A command whose extra is not installed ends with one line, exit status 2 and no request. Other commands work without
extras."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import fork_server
from tests.crawl.scrapy_crawl import environment
from tests.newsroom import Newsroom

pytestmark = pytest.mark.xdist_group("extras")  # one worker starts the server of processes without extras

ALL = (
    "playwright",
    "scrapy_playwright",
    "datasketch",
    "numpy",
    "scipy",
    "html_to_markdown",
    "pyarrow",
    "psycopg",
    "xlsxwriter",
    "sqlite_utils",
    "jinja2",
    "prometheus_client",
    "spidermon",
)


def scrapy(
    folder: Path, *arguments: str, real: bool | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A scrapy command in a process in which no extra can be imported."""
    return fork_server.run(
        [sys.executable, "-m", "scrapy", *arguments],
        cwd=folder,
        env=environment(folder, **(env or {})),
        capture_output=True,
        text=True,
        real=real,
        without=ALL,
    )


@pytest.mark.parametrize(
    ("arguments", "settings", "line"),
    [
        (["crawl", "wp_posts"], {"NEWSBOT_MARKDOWN": "1"}, "NEWSBOT_MARKDOWN=1 needs the extra [markdown]"),
        (["crawl", "wp_posts", "-a", "render=always"], {}, "render=always needs the extra [browser]"),
        (["crawl", "wp_posts"], {"NEWSBOT_ARCHIVE": "postgresql://127.0.0.1:1/none"}, "needs the extra [postgresql]"),
        (["crawl", "wp_posts"], {"NEWSBOT_METRICS_PORT": "9464"}, "NEWSBOT_METRICS_PORT needs the extra [metrics]"),
        (["crawl", "wp_posts"], {"SPIDERMON_ENABLED": "1"}, "SPIDERMON_ENABLED=1 needs the extra [monitors]"),
        (["export", "all.parquet"], {}, "all.parquet needs the extra [parquet]"),
        (["crawl", "wp_posts", "-O", "all.xlsx"], {}, "all.xlsx needs the extra [xlsx]"),
        (["export", "copies.csv", "--duplicates"], {}, "--duplicates needs the extra [duplicates]"),
    ],
)
def test_missing_extra_gives_one_line_and_no_request(
    arguments: list[str], settings: dict[str, str], line: str, tmp_path: Path
) -> None:
    with Newsroom(posts=3) as room:
        site = ["-a", f"site={room.url}"] if arguments[0] == "crawl" else []
        done = scrapy(tmp_path, *arguments, *site, env=settings)
        assert (done.returncode, done.stdout, len(room.requests)) == (2, "", 0), done.stderr
    assert done.stderr.count("\n") == 1
    assert line in done.stderr
    assert not (tmp_path / "newsbot.db").exists()


def test_a_crawl_and_an_export_need_no_extra(tmp_path: Path) -> None:
    with Newsroom(posts=20) as room:
        # A new interpreter, whose modules are imported in the order of a user's process.
        done = scrapy(tmp_path, "crawl", "wp_posts", "-a", f"site={room.url}", "-O", "out.jsonl", real=True)
    assert done.returncode == 0, done.stderr
    assert scrapy(tmp_path, "export", "all.csv").returncode == 0
    assert (tmp_path / "all.csv").read_bytes().count(b"\n") >= 21


def test_page_that_needs_a_browser_is_missing_and_the_receipt_names_the_extra(tmp_path: Path) -> None:
    with Newsroom(posts=3, javascript=True, feed="none", pages=0) as room:
        room.order("unauthorized", "/wp/v2")
        done = scrapy(tmp_path, "crawl", "wp_posts", "-a", f"site={room.url}", "-O", "out.jsonl")
    assert done.returncode == 1, done.stderr
    assert "needs the extra [browser]: pip install playwright scrapy-playwright" in done.stdout
