"""``scrapy forget`` between two crawls: a person's comments leave, stay away, and the second crawl is complete."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from queue import Queue
from typing import Any

from tests import fork_server
from tests.crawl.scrapy_crawl import command, crawl, environment, start
from tests.newsroom import Newsroom, Request


def forget(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return fork_server.run(
        [sys.executable, "-m", "scrapy", "forget", *args],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_comments_of_a_forgotten_person_are_not_delivered_again(tmp_path: Path) -> None:
    with Newsroom(posts=10, comments=40) as room:
        first = crawl(tmp_path, "wp_comments", site=room.url)
        name, count = Counter(row["author"]["name"] for row in first.rows()).most_common(1)[0]
        ids = {row["id"] for row in first.rows() if row["author"]["name"] == name}
        refused = forget(tmp_path, "person", name)
        assert refused.returncode == 2
        assert refused.stderr.strip().endswith("Nobody can confirm this here: add --yes")
        done = forget(tmp_path, "person", name, "--yes")
        assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"{count} rows are removed from the archive")
        (removed,) = (tmp_path / "data" / "forget").glob("*-comments.jsonl")
        rows = [json.loads(line) for line in removed.read_text().splitlines()]
        assert {row["id"] for row in rows} == ids
        assert {(row["change"], row["author"], row["content_html"]) for row in rows} == {("deleted", None, None)}
        second = crawl(tmp_path, "wp_comments", site=room.url, full="1")
    assert (first.status, second.status) == (0, 0), second.said
    assert {row["id"] for row in second.rows()} == {row["id"] for row in first.rows()} - ids
    assert forget(tmp_path, "site").returncode == 2


def test_rows_forgotten_after_a_killed_run_are_not_delivered_by_the_next_run(tmp_path: Path) -> None:
    """A run is killed, then a person and after that all comments are forgotten: the next run brings all comments but
    those that were the person's."""
    with Newsroom(posts=10, comments=600) as room:
        pids: Queue[int] = Queue()
        pages: list[str] = []

        def kill(request: Request) -> None:
            if "/wp/v2/comments" in request.url and "content" in request.url:
                pages.append(request.url)
                if len(pages) == 5:
                    os.kill(pids.get(), signal.SIGKILL)

        room.on_request(kill)
        killed = start(command("wp_comments", site=room.url), tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        pids.put(killed.pid)
        killed.communicate()
        room.site.hooks.clear()
        held = exported(tmp_path)
        assert 0 < len(held) < 600
        name = Counter(row["author"]["name"] for row in held).most_common(1)[0][0]
        forgotten = {row["id"] for row in held if row["author"]["name"] == name}
        for wish in (["person", name], ["comments"], ["comments"]):
            assert forget(tmp_path, *wish, "--yes").returncode == 0
        assert exported(tmp_path) == []
        run = crawl(tmp_path, "wp_comments", site=room.url)
        assert run.status == 0, run.said
        every = [row["id"] for row in crawl(tmp_path / "other", "wp_comments", site=room.url).rows()]
        assert sorted(row["id"] for row in run.rows()) == sorted(set(every) - forgotten)
        assert name not in {row["author"]["name"] for row in exported(tmp_path) if row["id"] in forgotten}


def exported(folder: Path) -> list[dict[str, Any]]:
    """The comments that the archive holds."""
    path = folder / "comments.jsonl"
    path.unlink(missing_ok=True)
    done = fork_server.run(
        [sys.executable, "-m", "scrapy", "export", str(path), "--kind", "comments"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
