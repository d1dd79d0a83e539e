"""``scrapy export --duplicates``: posts with the same text."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsbot.archive import Archive
from newsbot.items import Checkpoint, Comment, Post
from tests import fork_server

ROOT = Path(__file__).parents[2]
ONE, TWO, THREE = "https://one.example", "https://two.example", "https://three.example"
STORY = (
    "The harbour board voted on Tuesday to replace the two oldest cranes before winter. Nobody would name the price. "
    "The cranes came from a yard that closed before most of the board were born, and lift half of what they did."
)
OTHER = (
    "Nothing was lost but a fence, two boats and the patience of the people on the wrong side of the ford. The water "
    "fell again by evening, and on Sunday the market opened as it always does, though a little damper than before."
)

Export = Callable[..., subprocess.CompletedProcess[str]]


def make(folder: Path) -> None:
    archive = Archive.open(f"sqlite:///{folder / 'newsbot.db'}", run="r")
    posts = [
        (ONE, 1, "=The cranes", STORY, "2026-05-02T08:00:00Z"),
        (ONE, 2, "Ford", OTHER, "2026-05-01T08:00:00Z"),
        (ONE, 3, "Ford, again", OTHER, "2026-05-03T08:00:00Z"),
        (TWO, 1, "Cranes", STORY.replace("Tuesday", "Monday"), "2026-05-02T07:00:00Z"),
        (TWO, 2, "A photograph", "A photograph.", "2026-05-02T07:00:00Z"),
        (THREE, 9, "A photograph", "A photograph.", None),
        (THREE, 10, "Empty", None, None),
    ]
    for site, row_id, title, text, published in posts:
        url = f"{site}/{row_id}/"
        archive.add(
            Post(site=site, type="post", id=row_id, url=url, title=title, content_text=text, published=published)
        )
    archive.add(Comment(site=ONE, type="comment", id=1, content_text="Hello"))
    archive.commit(Checkpoint(site=ONE, type="post", sequence=3))
    archive.flush()
    archive.close()


@pytest.fixture
def export(tmp_path: Path) -> Export:
    make(tmp_path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        setting = f"NEWSBOT_ARCHIVE=sqlite:///{tmp_path / 'newsbot.db'}"
        line = [sys.executable, "-m", "scrapy", "export", *arguments, "--duplicates", "-s", setting]
        return fork_server.run(line, cwd=ROOT, capture_output=True, text=True)

    return run


def test_cluster_spans_sites_and_begins_with_the_earliest_post(export: Export, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    done = export(str(path))
    assert (done.returncode, done.stdout) == (0, f"1 cluster in {path}\n"), done.stderr
    (cluster,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert (cluster["cluster"], cluster["sites"]) == (1, 2)
    assert [(post["site"], post["id"], post["url"]) for post in cluster["posts"]] == [
        (TWO, 1, f"{TWO}/1/"),
        (ONE, 1, f"{ONE}/1/"),
    ]
    assert [post["likeness"] == 1 for post in cluster["posts"]] == [True, False]


def test_export_of_one_site_finds_duplicates_within_this_site(export: Export, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    assert export(str(path), "--site", ONE).returncode == 0
    (cluster,) = json.loads(path.read_text())
    assert [post["title"] for post in cluster["posts"]] == ["Ford", "Ford, again"]


def test_csv_has_a_row_for_each_post_and_no_formula(export: Export, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    assert export(str(path)).returncode == 0
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["cluster"], row["posts"], row["sites"], row["title"]) for row in rows] == [
        ("1", "2", "2", "Cranes"),
        ("1", "2", "2", "'=The cranes"),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x.parquet",), "--duplicates writes only .jsonl, .json and .csv"),
        (("x.jsonl", "--revisions"), "does not go together with --revisions"),
        (("x.jsonl", "--type", "comment"), "comment is not a type of posts"),
    ],
)
def test_bad_arguments_give_one_line_and_status_2(export: Export, arguments: tuple[str, ...], said: str) -> None:
    done = export(*arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr
