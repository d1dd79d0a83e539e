"""Scrapy's usual ways of extending a project work: pipelines, extensions and storages of a user are added to
newsbot's."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests import fork_server
from tests.crawl.own_components import blocks
from tests.crawl.scrapy_crawl import crawl, environment
from tests.newsroom import Newsroom

OWN = "tests.crawl.own_components"


def setting(name: str, value: dict[str, object]) -> list[str]:
    return ["-s", f"{name}={json.dumps(value)}"]


def test_components_of_a_user_are_added_and_receive_only_rows(tmp_path: Path) -> None:
    bucket = tmp_path / "bucket.jsonl"
    options = [
        *setting("ITEM_PIPELINES", {f"{OWN}.LoudTitles": 150, f"{OWN}.LongReadsOnly": 950}),
        *setting("EXTENSIONS", {f"{OWN}.CountedRows": 500}),
        *setting("FEED_STORAGES", {"s3": f"{OWN}.Bucket"}),
        *("-o", f"s3://{bucket}:jsonl"),
    ]
    with Newsroom(posts=20) as room:
        run = crawl(tmp_path, "wp_posts", *options, site=room.url)
        switched: dict[str, object] = {"newsbot.pipelines.dedupe.DedupePipeline": None, f"{OWN}.LongReadsOnly": 150}
        place, own = tmp_path / "off", setting("ITEM_PIPELINES", switched)
        off = crawl(place, "wp_posts", *own, "-s", "CLOSESPIDER_ITEMCOUNT=5", site=room.url)
        first, receipt = off.rows(), off.receipt()
        rest = crawl(place, "wp_posts", *own, site=room.url).rows()
        behind = setting("ITEM_PIPELINES", {f"{OWN}.LongReadsOnly": 950})
        whole = crawl(tmp_path / "whole", "wp_posts", *behind, "-O", "all.jsonl", output=None, site=room.url)
        failing = crawl(
            tmp_path / "no", "wp_posts", *setting("ITEM_PIPELINES", {f"{OWN}.NeverOpens": 850}), site=room.url
        )
    assert run.status == 0, run.said
    rows = run.rows()
    assert 0 < len(rows) < 20
    assert all(row["title"] == row["title"].upper() and row["word_count"] >= 100 for row in rows)
    assert len(bucket.read_text(encoding="utf-8").splitlines()) == len(rows)
    facts = run.receipt()["sites"][0]["collections"]["post"]
    assert (facts["verdict"], facts["delivered"], facts["filtered"]) == ("complete", len(rows), 20 - len(rows))
    assert f"'own/rows': {len(rows)}" in run.said
    assert f"{20 - len(rows)} left out by your pipelines" in run.said
    dropped = " rows that a pipeline after 900 dropped are in the file of -O"
    assert (len(whole.rows("all.jsonl")), dropped in run.said) == (20, False)
    assert f"{20 - len(rows)}{dropped}" in whole.said
    assert (failing.status, failing.said.count("] ERROR: ")) == (1, 1), failing.said
    assert "RuntimeError: no such table" in failing.said
    assert (off.status, receipt["complete"], receipt["unproven"]) == (1, False, ["copies of a row are not dropped"])
    assert "not proven, since components are switched off: copies of a row are not dropped" in off.said
    assert receipt["reason"] == "closespider_itemcount"
    # A few rows are between the spider and the pipelines.
    assert 5 <= len(first) <= 8
    assert sorted(row["id"] for row in first + rest) == sorted(row["id"] for row in rows)
    assert "post: CLOSESPIDER_ITEMCOUNT closed the crawl; " in receipt["sites"][0]["why"]
    assert "the archive received" not in off.said, "a row that was dropped before the archive is not missing"


def test_bad_argument_in_a_script_gives_one_error_line(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(blocks()[2].replace("limit=", "limt="), encoding="utf-8")
    env = environment(tmp_path)
    done = fork_server.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=env, capture_output=True, text=True, real=True
    )
    assert "Traceback" not in done.stderr
    (error,) = (line for line in done.stderr.splitlines() if "ERROR" in line)
    assert "complete: False" in done.stdout
    assert "wp_posts: unknown argument limt=: did you mean limit=?" in error
