"""The archive in whole crawls: real pipelines, real feeds, and processes that are killed."""

from __future__ import annotations

import csv
import json
import os
import random
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests import fork_server

ROOT = Path(__file__).parents[2]
POSTS = 60


def crawl(folder: Path, **options: Any) -> tuple[int, str, dict[str, Any]]:
    done = fork_server.run(
        [sys.executable, "-m", "tests.crawl.archive_spider", json.dumps({"posts": POSTS, **options})],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
    return done.returncode, done.stderr, json.loads(last) if last.startswith("{") else {}


def rows(folder: Path, kind: str) -> list[tuple[str, int, int, str]]:
    found = []
    for path in sorted((folder / "data" / "archived").glob(f"*.{kind}")):
        if kind == "csv":
            with path.open(encoding="utf-8", newline="") as file:
                listed: list[Any] = list(csv.DictReader(file))
        else:
            listed = [json.loads(line) for line in path.read_text().splitlines()]
        found += [(row["site"], int(row["id"]), int(row["revision"]), row["change"]) for row in listed]
    return found


def copies(folder: Path) -> Counter[str | None]:
    """``duplicate_of`` without its id -> rows."""
    found = [path.read_text().splitlines() for path in (folder / "data" / "archived").glob("*.jsonl")]
    originals = [json.loads(line)["duplicate_of"] for lines in found for line in lines]
    return Counter(original and original.rpartition(" ")[0] for original in originals)


def everything(sites: int = 1) -> set[tuple[str, int, int, str]]:
    return {(f"https://{s}.example", n, 1, "new") for s in range(sites) for n in range(1, POSTS + 1)}


def test_second_run_delivers_only_changed_rows(tmp_path: Path) -> None:
    _, log, stats = crawl(tmp_path)
    assert set(rows(tmp_path, "jsonl")) == set(rows(tmp_path, "csv")) == everything(), log
    assert stats["newsbot/archive/new"] == POSTS
    _, _, stats = crawl(tmp_path)
    assert len(rows(tmp_path, "jsonl")) == POSTS
    assert stats["newsbot/archive/unchanged"] == POSTS
    crawl(tmp_path, edited=" anew")
    assert Counter(change for *_, change in rows(tmp_path, "csv")) == {"new": POSTS, "edited": POSTS}


def test_full_run_delivers_every_row_again(tmp_path: Path) -> None:
    crawl(tmp_path)
    crawl(tmp_path, settings={"NEWSBOT_FULL": True})
    assert Counter(change for *_, change in rows(tmp_path, "jsonl")) == {"new": POSTS, "unchanged": POSTS}


def test_killed_runs_lose_no_row_and_deliver_none_twice(tmp_path: Path) -> None:
    moments = random.Random(3)
    for _ in range(12):
        status, _, _ = crawl(tmp_path, kill_at=moments.randrange(1, 25))
        if status == 0:
            break
    status, log, _ = crawl(tmp_path)
    assert status == 0
    for kind in ("jsonl", "csv"):
        assert sorted(rows(tmp_path, kind)) == sorted(everything()), log
    with sqlite3.connect(tmp_path / "newsbot.db") as truth:
        assert truth.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
        assert set(truth.execute("SELECT state FROM runs").fetchall()) == {("dead",), ("delivered",)}
    assert not list((tmp_path / "data" / "archived").glob(".*.part"))


def test_crawl_stopped_within_a_page_delivers_its_rows_and_the_next_run_continues(tmp_path: Path) -> None:
    _, log, stats = crawl(tmp_path, stop_at=25)
    assert (len(rows(tmp_path, "jsonl")), stats["reason"]) == (24, "shutdown"), log
    crawl(tmp_path)
    assert sorted(rows(tmp_path, "jsonl")) == sorted(everything()), log


def test_row_that_does_not_reach_the_archive_is_reported_and_comes_in_the_next_run(tmp_path: Path) -> None:
    _, log, stats = crawl(tmp_path, settings={"TEST_LOSE": 25})
    assert log.count("https://0.example post: the walk sent 30 rows and the archive received 29") == 1
    assert stats["newsbot/archive/holes"] == 1
    crawl(tmp_path)
    assert sorted(rows(tmp_path, "jsonl")) == sorted(everything())


def test_copy_of_another_site_is_delivered_once_and_marked(tmp_path: Path) -> None:
    _, log, stats = crawl(tmp_path, sites=2)
    assert len(rows(tmp_path, "jsonl")) == 2 * POSTS, log
    assert stats["newsbot/dedupe/other_site"] == POSTS
    assert copies(tmp_path) == {None: POSTS, "https://0.example post": POSTS}
    crawl(tmp_path, sites=2)
    assert len(rows(tmp_path, "jsonl")) == 2 * POSTS


def test_archive_that_fails_during_the_crawl_stops_it_and_commits_nothing(tmp_path: Path) -> None:
    crawl(tmp_path, stop_at=15)
    before = len(rows(tmp_path, "jsonl"))
    with sqlite3.connect(tmp_path / "newsbot.db") as raw:
        raw.execute("CREATE TRIGGER broken BEFORE INSERT ON revisions BEGIN SELECT RAISE(ABORT, 'no more room'); END")
    _, log, stats = crawl(tmp_path)
    assert stats["newsbot/archive/failed"] == 1
    assert stats["reason"] == "archive"
    assert "The crawl stops; the next crawl continues from the last checkpoint" in log
    assert "Traceback" not in log
    assert len(rows(tmp_path, "jsonl")) == before
    with sqlite3.connect(tmp_path / "newsbot.db") as raw:
        raw.execute("DROP TRIGGER broken")
    crawl(tmp_path)
    assert sorted(rows(tmp_path, "jsonl")) == sorted(everything())
    assert sorted(rows(tmp_path, "csv")) == sorted(everything())


def test_crawl_without_an_archive_delivers_all(tmp_path: Path) -> None:
    status, log, _ = crawl(tmp_path, settings={"NEWSBOT_ARCHIVE": ""})
    lines = [path.read_text() for path in (tmp_path / "data" / "archived").glob("*.jsonl")]
    assert (status, len(lines[0].splitlines())) == (0, POSTS), log
    assert not (tmp_path / "newsbot.db").exists()


@pytest.mark.parametrize("append", [False, True])
def test_all_feeds_appear_under_their_names_at_the_same_time(tmp_path: Path, append: bool) -> None:
    feeds = {name: {"overwrite": not append} for name in ("a.jsonl", "b.csv")}
    crawl(tmp_path, settings={"FEEDS": feeds}, stop_at=20)
    _, log, _ = crawl(tmp_path, settings={"FEEDS": feeds})
    with (tmp_path / "b.csv").open(encoding="utf-8", newline="") as file:
        table = [int(row["id"]) for row in csv.DictReader(file)]
    lines = [json.loads(line)["id"] for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    expected = list(range(1, POSTS + 1)) if append else list(range(20, POSTS + 1))
    assert lines == table == expected, log


@pytest.mark.parametrize("size", [7, 25])
def test_feed_batches_after_a_killed_run_hold_every_row_once(tmp_path: Path, size: int) -> None:
    feeds = {f"%(run)s-%(batch_id)d.{kind}": {"overwrite": True, "batch_item_count": size} for kind in ("jsonl", "csv")}
    crawl(tmp_path, settings={"FEEDS": feeds}, kill_at=36, pause=0.1, patience=0.02)
    assert not list(tmp_path.glob("*.jsonl")), "no batch is told before its rows are kept"
    _, log, _ = crawl(tmp_path, settings={"FEEDS": feeds})
    lines = [line for path in tmp_path.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert sorted(json.loads(line)["id"] for line in lines) == list(range(1, POSTS + 1)), log
    assert len(list(tmp_path.glob("*.csv"))) == -(-POSTS // size)


def test_rows_of_a_feed_that_cannot_be_created_come_in_the_next_run(tmp_path: Path) -> None:
    _, log, stats = crawl(tmp_path, settings={"FEEDS": {"%(nowhere)s.jsonl": {}}})
    assert "Feeds that could not be created: 1." in log
    assert stats["newsbot/feeds/failed"] == 1
    crawl(tmp_path)
    assert sorted(rows(tmp_path, "jsonl")) == sorted(everything())
