"""``scrapy doctor`` against newsrooms: the requests that it makes, what it prints, its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests import fork_server
from tests.crawl.scrapy_crawl import STEADY, environment
from tests.newsroom import Newsroom


def doctor(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return fork_server.run(
        [sys.executable, "-m", "scrapy", "doctor", *args],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        constants=STEADY,
    )


def test_doctor_examines_each_site_within_its_limit_and_writes_no_file(tmp_path: Path) -> None:
    slow = "User-agent: *\nCrawl-delay: 0.01\n"
    with Newsroom(posts=60, robots=slow) as well, Newsroom(posts=5) as closed, Newsroom(posts=5) as walled:
        closed.order("unauthorized", "/wp/v2/posts")
        walled.order("challenge", "*")
        (tmp_path / "sites.txt").write_text(f"{well.url}\n{closed.url}\n")
        done = doctor(tmp_path, "sites.txt", walled.url, "--json")
        asked = [room.requests for room in (well, closed, walled)]
    assert done.returncode == 1, done.stderr
    first, second, third = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["by"], second["by"], third["by"]) == ("api", "feed and pages", None)
    assert {collection["type"]: collection["total"] for collection in first["collections"]}["post"] == 60
    assert (first["timezone"], first["version"], first["cost"]["delay"]) == ("Europe/Kyiv", "6.8", 0.01)
    assert third["plugins"] == {"security": ["Cloudflare"]}
    for found, requests in zip((first, second, third), asked, strict=True):
        assert found["requests"] == len(requests) <= 12
        assert requests[0].url == "/robots.txt"
        assert len({request.url for request in requests}) == len(requests)
    # No archive, no receipt, no file of rows.
    assert [path.name for path in tmp_path.iterdir()] == ["sites.txt"]


def test_doctor_counts_redirects_as_requests_and_bad_use_makes_none(tmp_path: Path) -> None:
    with Newsroom(posts=5) as room:
        room.order("redirect-loop", "/wp-json/")
        done = doctor(tmp_path, room.url)
        assert len(room.requests) == 12
        assert "12 requests, the most allowed; some questions were not asked" in done.stdout, done.stdout + done.stderr
        room.forget()
        done = doctor(tmp_path, room.url, "no.txt")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert done.stderr.startswith("scrapy doctor: sites= no.txt cannot be read")
        (tmp_path / "newsbot.db").write_text("no archive" * 100)
        done = doctor(tmp_path, room.url)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert "is not an archive" in done.stderr, done.stderr
        assert room.requests == []
