"""A file that a crawl overwrites holds the whole answer, even if the run brought only changes."""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from newsbot.archive.database import open_database
from newsbot.archive.followed import Followed, FollowedSite
from tests.crawl.scrapy_crawl import Run, crawl
from tests.newsroom import Newsroom


def crawl_into(folder: Path, spider: str, name: str, **arguments: str) -> Run:
    """A crawl with ``-O name``."""
    given = [word for key, value in arguments.items() for word in ("-a", f"{key}={value}")]
    return crawl(folder, spider, "-O", name, *given, output=None)


def ids(folder: Path, name: str) -> list[int]:
    text = (folder / name).read_text(encoding="utf-8")
    if name.endswith(".csv"):
        return [int(row["id"]) for row in csv.DictReader(text.splitlines())]
    rows = json.loads(text) if name.endswith(".json") else [json.loads(line) for line in text.split("\n") if line]
    return [row["id"] for row in rows]


def unique(found: Sequence[int]) -> set[int]:
    assert len(found) == len(set(found)), "a row is doubled"
    return set(found)


def test_overwritten_file_holds_all_rows_after_a_repeated_command_and_after_an_update(tmp_path: Path) -> None:
    with Newsroom(posts=30) as room:
        asked = {"site": room.url}
        first = crawl_into(tmp_path, "wp_posts", "out.jsonl", **asked)
        whole = unique(ids(tmp_path, "out.jsonl"))
        assert (first.status, len(whole)) == (0, 30)
        assert first.receipt()["sites"][0]["collections"]["post"]["earlier"] == 0

        room.forget()
        again = crawl_into(tmp_path, "wp_posts", "out.jsonl", **asked)
        collection = again.receipt()["sites"][0]["collections"]["post"]
        assert unique(ids(tmp_path, "out.jsonl")) == whole
        assert (collection["delivered"], collection["earlier"], collection["new"]) == (0, 30, 0)
        assert "rows: 30 in the whole answer; this run: 0 new" in again.said
        assert len(room.requests) < 8, "the site is asked only for what changed"

        gone, edited = sorted(whole)[3:5]
        room.delete(gone)
        now = datetime.now(ZoneInfo("Europe/Kyiv")).strftime("%Y-%m-%dT%H:%M:%S")
        room.edit(edited, title="A new title", modified=now)
        room.insert(date=now, title="New")
        news = crawl(tmp_path, "wp_posts", site=room.url).rows()
        assert sorted(row["change"] for row in news) == ["deleted", "edited", "new"]
        crawl_into(tmp_path, "wp_posts", "out.csv", **asked)
        crawl_into(tmp_path, "wp_posts", "out.parquet", **asked)
        table = importlib.import_module("pyarrow.parquet").read_table(tmp_path / "out.parquet")
        assert table.column("id").to_pylist() == ids(tmp_path, "out.csv")
        assert len(unique(ids(tmp_path, "out.csv"))) == 30
        assert gone not in ids(tmp_path, "out.csv")
        rows = list(csv.DictReader((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()))
        assert [row["title"] for row in rows if int(row["id"]) == edited] == ["A new title"]


def test_overwritten_file_holds_the_rows_of_its_limit_window_and_types(tmp_path: Path) -> None:
    with Newsroom(posts=30, pages=4, oddities=False, ties=0) as room:
        crawl_into(tmp_path, "wp_posts", "all.json", site=room.url, types="post,page")
        everything = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
        posts = sorted((row for row in everything if row["type"] == "post"), key=lambda row: row["published"])
        assert (len(posts), len(everything)) == (30, 34)
        for _ in range(2):
            crawl_into(tmp_path, "wp_posts", "newest.csv", site=room.url, limit="7")
            assert unique(ids(tmp_path, "newest.csv")) == {row["id"] for row in posts[-7:]}
        middle = posts[10]["published"]
        since, until = middle, posts[20]["published"]
        for _ in range(2):
            crawl_into(tmp_path, "wp_posts", "window.jsonl", site=room.url, since=since, until=until)
            inside = {row["id"] for row in posts if since <= row["published"] < until}
            assert unique(ids(tmp_path, "window.jsonl")) == inside
        # A run that asks for a part of a site marks no row as deleted: the archive still holds the rows.
        room.trash(posts[-1]["id"])
        room.trash(posts[12]["id"])
        crawl_into(tmp_path, "wp_posts", "newest.csv", site=room.url, limit="7")
        newest = {row["id"] for row in posts[-8:-1]}
        assert unique(ids(tmp_path, "newest.csv")) == newest
        crawl_into(tmp_path, "wp_posts", "window.jsonl", site=room.url, since=since, until=until)
        assert unique(ids(tmp_path, "window.jsonl")) == inside - {posts[12]["id"]}
        crawl_into(tmp_path, "wp_posts", "pages.jsonl", site=room.url, types="page")
        assert unique(ids(tmp_path, "pages.jsonl")) == {row["id"] for row in everything if row["type"] == "page"}
        room.order("unauthorized", "*")
        crawl_into(tmp_path, "wp_posts", "newest.csv", site=room.url, limit="7")
        assert unique(ids(tmp_path, "newest.csv")) == {row["id"] for row in posts[-7:]}, "the archive alone answers"
        room.relent()
        crawl(tmp_path, "wp_posts", site=room.url)
        room.order("unauthorized", "*")
        crawl_into(tmp_path, "wp_posts", "newest.csv", site=room.url, limit="7")
        assert unique(ids(tmp_path, "newest.csv")) == newest, "a deleted row takes no place"


def test_overwritten_file_holds_no_outdated_row(tmp_path: Path) -> None:
    with Newsroom(posts=30, oddities=False, ties=0) as room:
        (tmp_path / "folder.jsonl").mkdir()
        assert crawl_into(tmp_path, "wp_posts", "folder.jsonl", site=room.url).status == 1, (
            "the next run inherits the rows"
        )
        edited, gone = room.ids()[-1], room.ids()[-2]
        now = datetime.now(ZoneInfo("Europe/Kyiv")).strftime("%Y-%m-%dT%H:%M:%S")
        room.edit(edited, title="A new title", modified=now)
        room.delete(gone)
        given = ("-O", "newest.csv", "-O", "newest.parquet", "-O", "newest.xlsx")
        run = crawl(tmp_path, "wp_posts", "-O", "newest.jsonl", *given, output=None, site=room.url, limit="6")
        newest = room.ids()[-6:]
        for name in ("newest.jsonl", "newest.csv"):
            assert sorted(ids(tmp_path, name)) == sorted(newest), "only the rows that were asked for"
        table = importlib.import_module("pyarrow.parquet").read_table(tmp_path / "newest.parquet")
        assert sorted(table.column("id").to_pylist()) == sorted(newest)
        assert "A new title" in [row["title"] for row in run.rows("newest.jsonl") if row["id"] == edited]
        collection = run.receipt()["sites"][0]["collections"]["post"]
        assert (run.status, collection["recovered"], collection["earlier"]) == (0, 30, 0)
        assert not [path for path in tmp_path.iterdir() if path.suffix == ".part"]


def test_overwritten_file_keeps_the_rows_of_a_site_that_is_now_closed(tmp_path: Path) -> None:
    with Newsroom(posts=12) as room, Newsroom(posts=5) as other:
        asked = {"site": f"{room.url},{other.url}"}
        crawl_into(tmp_path, "wp_posts", "out.jsonl", **asked)
        before = (tmp_path / "out.jsonl").read_text(encoding="utf-8").count("\n")
        room.order("unauthorized", "*")
        failed = crawl_into(tmp_path, "wp_posts", "out.jsonl", **asked)
        assert failed.status == 1
        assert (tmp_path / "out.jsonl").read_text(encoding="utf-8").count("\n") == before


def test_overwritten_file_holds_the_rows_of_sites_that_are_not_due(tmp_path: Path) -> None:
    with Newsroom(posts=6) as room:
        database = open_database(f"sqlite:///{tmp_path / 'newsbot.db'}")
        Followed(database).add([FollowedSite(url=room.url, spider="wp_posts", entry={"url": room.url})])
        database.close()
        for _ in range(2):
            run = crawl_into(tmp_path, "wp_posts", "out.jsonl", sites="archive", due="1")
            assert len(unique(ids(tmp_path, "out.jsonl"))) == 6
        assert run.receipt()["not_due"] == 1


def test_run_without_changed_rows_writes_no_row_files(tmp_path: Path) -> None:
    with Newsroom(posts=6) as room:
        for _ in range(2):
            assert crawl(tmp_path, "wp_posts", output=None, site=room.url).status == 0
        assert len(list((tmp_path / "data" / "wp_posts").iterdir())) == 2
        assert len(list((tmp_path / "data" / "receipts").iterdir())) == 2
