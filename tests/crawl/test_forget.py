"""``scrapy forget`` between two crawls: a person's comments leave, stay away, and the second crawl is complete."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests import fork_server
from tests.crawl.scrapy_crawl import crawl, environment
from tests.newsroom import Newsroom


def forget(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return fork_server.run(
        [sys.executable, "-m", "scrapy", "forget", *args],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_forgotten_persons_comments_do_not_come_back(tmp_path: Path) -> None:
    with Newsroom(posts=10, comments=40) as room:
        first = crawl(tmp_path, "wp_comments", site=room.url)
        name, count = Counter(row["author"]["name"] for row in first.rows()).most_common(1)[0]
        ids = {row["id"] for row in first.rows() if row["author"]["name"] == name}
        refused = forget(tmp_path, "person", name)
        assert refused.returncode == 2
        assert refused.stderr.strip().endswith("Nobody can confirm this here: add --yes")
        done = forget(tmp_path, "person", name, "--yes")
        assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"{count} rows are removed from the archive")
        (told,) = (tmp_path / "data" / "forget").glob("*-comments.jsonl")
        rows = [json.loads(line) for line in told.read_text().splitlines()]
        assert {row["id"] for row in rows} == ids
        assert {(row["change"], row["author"], row["content_html"]) for row in rows} == {("deleted", None, None)}
        second = crawl(tmp_path, "wp_comments", site=room.url, full="1")
    assert (first.status, second.status) == (0, 0), second.said
    assert {row["id"] for row in second.rows()} == {row["id"] for row in first.rows()} - ids
    assert forget(tmp_path, "site").returncode == 2
