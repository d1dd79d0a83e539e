"""``scrapy export``: the archive in files, the same rows in every format."""

from __future__ import annotations

import csv
import importlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsbot.archive import Archive
from newsbot.archive.diff import word_diff
from newsbot.items import Author, Checkpoint, Comment, Post, Term, TermRef, columns
from tests import fork_server

ROOT = Path(__file__).parents[2]
ONE, TWO = "https://one.example", "https://two.example"

Export = Callable[..., subprocess.CompletedProcess[str]]


def make(folder: Path) -> None:
    archive = Archive.open(
        f"sqlite:///{folder / 'newsbot.db'}", run="r", clock=lambda: datetime(2026, 11, 23, 10, tzinfo=UTC)
    )
    for site in (ONE, TWO):
        for number in range(1, 6):
            archive.add(
                Post(
                    site=site,
                    type="post",
                    id=number,
                    guid=f"{site}/?p={number}",
                    title=f"=Title {number}",
                    content_text="The quick brown fox",
                    published=f"2026-01-0{number}T00:00:00Z",
                    author=Author(id=1, name="Ann"),
                    terms=[TermRef(taxonomy="category", id=3)],
                )
            )
        archive.commit(Checkpoint(site=site, type="post", sequence=5))
    archive.add(Comment(site=ONE, type="comment", id=1, content_text="Hello"))
    archive.add(Post(site=ONE, type="post", id=2, title="=Title 2", content_text="The slow brown fox"))
    gone = archive.tombstone(ONE, "post", 3, "2026-11-23T10:00:00Z")
    assert gone is not None
    archive.add(gone)
    archive.flush()
    archive.close()


@pytest.fixture
def export(tmp_path: Path) -> Export:
    make(tmp_path)

    def run(*arguments: str, archive: str = "newsbot.db", real: bool | None = None) -> subprocess.CompletedProcess[str]:
        url = f"sqlite:///{tmp_path / archive}"
        return fork_server.run(
            [sys.executable, "-m", "scrapy", "export", *arguments, "-s", f"NEWSBOT_ARCHIVE={url}"],
            real=real,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )

    return run


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_export_writes_live_rows_in_the_columns_of_a_crawl(export: Export, tmp_path: Path) -> None:
    # A new interpreter: `python -m scrapy export` as a user runs it.
    done = export(str(tmp_path / "out.jsonl"), real=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"9 rows in {tmp_path / 'out.jsonl'}\n"
    rows = lines(tmp_path / "out.jsonl")
    assert [(row["site"], row["id"]) for row in rows] == [
        *((ONE, n) for n in (1, 2, 4, 5)),
        *((TWO, n) for n in range(1, 6)),
    ]
    assert all(tuple(row) == columns(Post) for row in rows)
    edited = rows[1]
    assert (edited["revision"], edited["change"], edited["first_seen"]) == (2, "edited", "2026-11-23T10:00:00Z")


def test_standard_output_receives_only_rows(export: Export) -> None:
    done = export("-", "--format", "jsonl", "--site", ONE)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1, 2, 4, 5]
    assert export("-", "--format", "csv", "--site", ONE).stdout.count("Title") == 4


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--site", "two.example/"], [1, 2, 3, 4, 5]),
        (["--site", ONE, "--deleted"], [1, 2, 3, 4, 5]),
        (["--site", TWO, "--since", "2026-01-02", "--until", "2026-01-04T00:00:00+00:00"], [2, 3]),
        (["--site", TWO, "--since", "2026-01-02", "--until", "2026-01-03"], [2, 3]),
        (["--type", "comment"], [1]),
        (["--type", "post", "--site", TWO, "--since", "2027-01-01"], []),
    ],
)
def test_filter_arguments_select_rows(export: Export, tmp_path: Path, arguments: list[str], ids: list[int]) -> None:
    assert export(str(tmp_path / "out.json"), *arguments).returncode == 0
    assert [row["id"] for row in json.loads((tmp_path / "out.json").read_text())] == ids


def test_type_name_of_posts_and_terms_selects_the_posts_with_a_note(export: Export, tmp_path: Path) -> None:
    archive = Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}", run="events")
    archive.add(Post(site=ONE, type="event", id=7, title="A fair"))
    archive.add(Term(site=ONE, type="event", id=8, name="Fairs"))
    archive.flush()
    archive.close()
    done = export(str(tmp_path / "posts.jsonl"), "--type", "event")
    assert done.stderr == "scrapy export: event names posts and terms; these are its posts (--kind terms)\n"
    assert export(str(tmp_path / "terms.jsonl"), "--type", "event", "--kind", "terms").stderr == ""
    assert [row["title"] for row in lines(tmp_path / "posts.jsonl")] == ["A fair"]
    assert [row["name"] for row in lines(tmp_path / "terms.jsonl")] == ["Fairs"]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_damaged_row_is_reported_and_the_other_rows_are_written(export: Export, tmp_path: Path, name: str) -> None:
    with sqlite3.connect(tmp_path / "newsbot.db") as raw:
        raw.execute("UPDATE revisions SET payload = x'28b52ffd2000' WHERE id = 4")
    raw.close()
    done = export(str(tmp_path / name), "--site", ONE)
    assert done.returncode == 1
    assert done.stderr == (
        f"scrapy export: {name} has 3 rows; rows of the archive whose content is damaged: 1 ({ONE} post 4). "
        "Crawl their sites with -a full=1, which brings them again\n"
    )
    assert (tmp_path / name).read_text().count("Title") == 3


def test_csv_and_parquet_hold_the_same_rows(export: Export, tmp_path: Path) -> None:
    for name in ("out.csv", "out.parquet"):
        done = export(str(tmp_path / name), "--deleted")
        assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    pyarrow = importlib.import_module("pyarrow.parquet")
    parquet = pyarrow.read_table(tmp_path / "out.parquet").to_pylist()
    assert [int(row["id"]) for row in table] == [row["id"] for row in parquet] == [1, 2, 3, 4, 5] * 2
    assert list(table[0]) == list(parquet[0])
    assert (table[0]["title"], parquet[0]["title"]) == ("'=Title 1", "=Title 1")
    assert (parquet[0]["author_id"], parquet[0]["guid_collision"]) == (1, False)
    assert parquet[0]["terms"][0]["taxonomy"] == "category"
    assert parquet[0]["published"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_revisions_are_exported_with_a_word_diff(export: Export, tmp_path: Path) -> None:
    assert export(str(tmp_path / "out.jsonl"), "--revisions", "--site", ONE).returncode == 0
    exported = [(row["id"], row["revision"], row["change"], row["changed"]) for row in lines(tmp_path / "out.jsonl")]
    assert exported == [
        (1, 1, "new", []),
        (2, 1, "new", []),
        (2, 2, "edited", ["text", "author", "terms", "author_name", "term_names", "published"]),
        (3, 1, "new", []),
        (3, 2, "deleted", []),
        (4, 1, "new", []),
        (5, 1, "new", []),
    ]
    rows = lines(tmp_path / "out.jsonl")
    assert rows[2]["word_diff"] == "The [-quick-] {+slow+} brown fox"
    assert rows[4]["title"] == "=Title 3"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["out.xls"], 2, "must end in one of"),
        (
            ["-"],
            2,
            "standard output has no ending that names a format: add --format jsonl, json, csv, rss, jsonfeed or",
        ),
        (["-", "--format", "xlsx"], 2, "standard output cannot be xlsx: choose jsonl, json, csv, rss, jsonfeed or wxr"),
        (["-", "--package"], 2, "--package writes a folder, and - is standard output: name a folder"),
        (["out.csv", "--revisions"], 2, "--revisions writes only"),
        (["out.jsonl", "--since", "yesterday"], 2, "such as 2024-05-31, not 'yesterday'"),
        (["out.jsonl", "--until", "9999-12-31T23:00:00-05:00"], 2, "--until takes an ISO date"),
        (["out.jsonl", "--sitee", "x"], 2, "takes one file, not "),
        (["out.csv", "-s", "NEWSBOT_CSV_RAW=maybe"], 2, "NEWSBOT_CSV_RAW takes 1 or 0"),
        (["/proc/none/out.jsonl"], 1, "No such file"),
    ],
)
def test_bad_arguments_give_one_line(
    export: Export, tmp_path: Path, arguments: list[str], status: int, words: str
) -> None:
    file = arguments[0] if arguments[0] == "-" else str(tmp_path / arguments[0])
    done = export(file, *arguments[1:])
    assert (done.returncode, len(done.stderr.splitlines())) == (status, 1), done.stderr
    assert words in done.stderr
    assert not list(tmp_path.glob("*out*"))


def test_missing_archive_gives_one_line(export: Export, tmp_path: Path) -> None:
    done = export(str(tmp_path / "out.jsonl"), archive="none.db")
    assert (done.returncode, done.stderr.strip()) == (
        1,
        f"scrapy export: there is no archive at {tmp_path / 'none.db'}; crawl a site first, or correct NEWSBOT_ARCHIVE",
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("one two", "one  two\n", ""),
        ("", "all new", "{+all new+}"),
        ("all gone", "", "[-all gone-]"),
        ("a b c d e f g h x i", "a b c d e f g h y i", "... c d e f g h [-x-] {+y+} i"),
        (" ".join("x" * 30), " ".join("x" * 30 + "y"), "... x x x x x x {+y+}"),
    ],
)
def test_word_diff_marks_removed_and_added_words(before: str, after: str, expected: str) -> None:
    assert word_diff(before, after) == expected
