"""Feeds of whole crawls: a file under its final name is complete, however the crawl ended."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from newsbot.feeds.files import FolderLock
from tests import fork_server
from tests.fork_server import Running

ROOT = Path(__file__).parents[2]


def start(folder: Path, *, real: bool | None = None, stderr: Any = subprocess.PIPE, **options: Any) -> Running:
    return fork_server.start(
        [sys.executable, "-m", "tests.crawl.feeds_spider", json.dumps(options)],
        real=real,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


class Ended:
    """The end of a crawl: its log, and the signals and stats of its feeds."""

    def __init__(self, process: Running) -> None:
        self.out, self.log = process.communicate()
        self.status = process.returncode
        last = self.log.strip().splitlines()[-1] if self.log.strip() else ""
        ending = json.loads(last) if last.startswith('{"signals"') else {"signals": [], "stats": {}}
        self.signals, self.stats = ending["signals"], ending["stats"]


def crawl(folder: Path, feeds: dict[str, Any] | None = None, **options: Any) -> Ended:
    settings = {**options.pop("settings", {}), **({"FEEDS": feeds} if feeds else {})}
    return Ended(start(folder, settings=settings, **options))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def ids(path: Path) -> list[int]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return [int(row["id"]) for row in csv.DictReader(file)]
    text = path.read_text(encoding="utf-8")
    return [row["id"] for row in (json.loads(text) if path.suffix == ".json" else map(json.loads, text.splitlines()))]


def test_crawl_without_named_feeds_writes_dated_files(tmp_path: Path) -> None:
    ended = crawl(tmp_path)
    lines, table = sorted((tmp_path / "data/feeds").iterdir(), key=lambda path: path.suffix, reverse=True)
    assert (lines.suffix, table.suffix) == (".jsonl", ".csv")
    assert lines.stem == table.stem
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{4}", lines.stem)
    assert ids(lines) == ids(table) == [0, 1, 2]
    assert ended.stats["newsbot/feeds/stored"] == 2
    assert sorted(ended.signals) == sorted(
        [word, path.name, word == "stored"] for path in (lines, table) for word in ("sealed", "stored")
    )


def test_second_run_with_the_same_run_id_overwrites_no_file(tmp_path: Path) -> None:
    run = "20261123T101500Z-ab12"
    for _ in range(2):
        crawl(tmp_path, settings={"NEWSBOT_RUN": run})
    expected = [f"{run}-2.csv", f"{run}-2.jsonl", f"{run}.csv", f"{run}.jsonl"]
    assert names(tmp_path / "data/feeds") == expected


def test_named_feeds_replace_the_dated_files_and_may_contain_the_run_id(tmp_path: Path) -> None:
    run = "20261123T101500Z-ab12"
    crawl(tmp_path, {"out/%(name)s-%(run)s.jsonl": {}}, settings={"NEWSBOT_RUN": run})
    assert ids(tmp_path / f"out/feeds-{run}.jsonl") == [0, 1, 2]
    assert not (tmp_path / "data").exists()


def test_run_without_rows_leaves_well_formed_files(tmp_path: Path) -> None:
    crawl(tmp_path, {"a.jsonl": {}, "a.json": {}, "a.csv": {}, "a.xml": {}}, posts=0)
    assert (tmp_path / "a.jsonl").read_bytes() == b""
    assert json.loads((tmp_path / "a.json").read_text()) == []
    assert (tmp_path / "a.csv").read_text().startswith("site,type,id,")
    assert (tmp_path / "a.xml").read_text().endswith("</items>\n")


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_appending_gives_one_well_formed_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"a.{form}"
    for _ in range(2):
        crawl(tmp_path, {path.name: {}})
    assert ids(path) == [0, 1, 2, 0, 1, 2]
    crawl(tmp_path, {path.name: {"overwrite": True}})
    assert ids(path) == [0, 1, 2]
    assert names(tmp_path) == [path.name]


def test_rows_that_cannot_be_appended_go_to_another_file_with_one_log_line(tmp_path: Path) -> None:
    old = tmp_path / "a.csv"
    old.write_text("other,columns\r\n1,2\r\n")
    ended = crawl(tmp_path, {"a.csv": {}})
    (beside,) = tmp_path.glob("a.2*.csv")
    assert old.read_text() == "other,columns\n1,2\n"
    assert ids(beside) == [0, 1, 2]
    assert f"the columns of its header differ from those of this run. The rows of this run are in {beside}" in ended.log
    assert "Traceback" not in ended.log
    assert ended.stats["newsbot/feeds/beside"] == 1


def test_parallel_crawls_that_append_to_one_file_lose_no_row(tmp_path: Path) -> None:
    logs = [tmp_path / f"{number}.log" for number in range(3)]
    with FolderLock(tmp_path) as lock:
        assert lock.take()
        processes = []
        for log in logs:
            with log.open("w") as file:
                processes.append(start(tmp_path, settings={"FEEDS": {"a.jsonl": {}}}, posts=50, stderr=file))
        wait_for(lambda: all("Closing spider" in log.read_text() for log in logs))
        # All runs have their rows, and no run adds its rows to the file while another run has the folder's lock.
        with pytest.raises(subprocess.TimeoutExpired):
            processes[0].wait(timeout=0.5)
        assert not (tmp_path / "a.jsonl").exists()
    for process in processes:
        process.communicate()
    assert sorted(ids(tmp_path / "a.jsonl")) == sorted(list(range(50)) * 3)


def test_killed_crawl_leaves_the_target_unchanged_and_the_next_crawl_removes_its_part_file(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_text("[]")
    ended = crawl(tmp_path, {"a.json": {"overwrite": True}}, posts=9, kill_at=5)
    assert ended.status == -signal.SIGKILL
    assert target.read_text() == "[]"
    assert len(list(tmp_path.glob(".a.json.*.part"))) == 1
    crawl(tmp_path, {"b.json": {}})
    assert names(tmp_path) == ["a.json", "b.json"]


def test_part_file_of_a_running_crawl_is_kept_when_another_crawl_cleans_up(tmp_path: Path) -> None:
    slow = start(tmp_path, settings={"FEEDS": {"slow.jsonl": {}}}, posts=100_000, pause=0.002)
    wait_for(lambda: row_is_in(tmp_path, "slow.jsonl"))
    crawl(tmp_path, {"quick.jsonl": {}})
    slow.send_signal(signal.SIGTERM)
    slow.communicate()
    delivered = ids(tmp_path / "slow.jsonl")
    assert 0 < len(delivered) < 100_000
    assert delivered == list(range(len(delivered)))


def test_sigterm_leaves_a_whole_file_of_the_delivered_rows(tmp_path: Path) -> None:
    process = start(tmp_path, settings={"FEEDS": {"a.json": {}}}, posts=100_000, pause=0.002)
    wait_for(lambda: row_is_in(tmp_path, "a.json"))
    process.send_signal(signal.SIGTERM)
    process.communicate()
    delivered = ids(tmp_path / "a.json")
    assert 0 < len(delivered) < 100_000
    assert delivered == list(range(len(delivered)))


@pytest.mark.parametrize("uri", ["folder", "file/a.jsonl", "/proc/none/a.jsonl"])
def test_unwritable_target_gives_one_error_and_other_feeds_are_whole(tmp_path: Path, uri: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    ended = crawl(tmp_path, {uri: {"format": "jsonl"}, "good.jsonl": {}}, posts=20)
    assert ids(tmp_path / "good.jsonl") == list(range(20))
    assert ended.log.count("cannot be written") == 1
    assert "Traceback" not in ended.log
    assert ended.stats["newsbot/feeds/failed"] == 1


def test_full_disk_gives_one_error_and_other_feeds_are_whole(tmp_path: Path) -> None:
    ended = crawl(tmp_path, {"/dev/full": {"format": "jsonl"}, "good.jsonl": {}}, posts=2000)
    assert ids(tmp_path / "good.jsonl") == list(range(2000))
    assert ended.log.count("cannot be written: No space left on device") == 1
    assert "Traceback" not in ended.log
    assert ended.stats["newsbot/feeds/failed"] == 1


def test_standard_output_receives_only_rows(tmp_path: Path) -> None:
    ended = crawl(tmp_path, {"stdout:": {"format": "jsonl"}})
    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == [0, 1, 2]
    assert names(tmp_path) == []


def test_closed_standard_output_ends_its_feed_and_not_the_crawl(tmp_path: Path) -> None:
    # A new interpreter: it flushes its own standard output once more as it ends.
    feeds = {"stdout:": {"format": "jsonl"}, "a.jsonl": {}}
    process = start(tmp_path, real=True, settings={"FEEDS": feeds}, posts=2000)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    log = process.stderr.read()
    assert process.wait() == 0
    assert ids(tmp_path / "a.jsonl") == list(range(2000))
    assert log.count("cannot be written: Broken pipe") == 1
    assert "Traceback" not in log


def test_gzip_feed_is_appended(tmp_path: Path) -> None:
    feed = {"a.jsonl.gz": {"format": "jsonl", "postprocessing": ["scrapy.extensions.postprocessing.GzipPlugin"]}}
    for _ in range(2):
        crawl(tmp_path, feed)
    with gzip.open(tmp_path / "a.jsonl.gz") as file:
        assert [json.loads(line)["id"] for line in file] == [0, 1, 2, 0, 1, 2]


def test_item_classes_and_fields_of_a_feed_are_applied(tmp_path: Path) -> None:
    feeds = {
        "posts.csv": {"item_classes": ["newsbot.items.Post"], "fields": ["id", "title"]},
        "none.jsonl": {"item_classes": ["newsbot.items.Term"]},
    }
    crawl(tmp_path, feeds)
    assert (tmp_path / "posts.csv").read_text() == "id,title\n0,'=0\n1,'=1\n2,'=2\n"
    assert (tmp_path / "none.jsonl").read_text() == ""


def test_symbolic_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "real.jsonl").touch()
    (tmp_path / "link.jsonl").symlink_to("real.jsonl")
    crawl(tmp_path, {"link.jsonl": {"overwrite": True}})
    assert (tmp_path / "link.jsonl").is_symlink()
    assert ids(tmp_path / "real.jsonl") == [0, 1, 2]


def test_feed_storages_that_need_the_network_are_unknown(tmp_path: Path) -> None:
    ended = crawl(tmp_path, {"ftp://127.0.0.1:1/a.jsonl": {}})
    assert "Unknown feed storage scheme: ftp" in ended.log


def row_is_in(folder: Path, name: str) -> bool:
    """Whether the unfinished file of a feed holds a row."""
    return any(part.stat().st_size > 2 for part in folder.glob(f".{name}.*.part"))


def wait_for(met: Any, seconds: float = 240) -> None:
    ends = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)
