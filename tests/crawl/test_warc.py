"""Whole crawls that write WARC files: the contents of the files, the secrets that they never contain, and the rows and
the receipt."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from queue import Queue
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType

from newsbot.compact import IdSet
from tests import fork_server
from tests.crawl.scrapy_crawl import Run, command, crawl, environment, start
from tests.newsroom import Newsroom, Request


def records(folder: Path) -> list[tuple[str, Any]]:
    """Each record of a folder with the name of its file, as another library reads it."""
    found = []
    for path in sorted(folder.glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.any_type, parse_http=True):
                record.freeze()
                found.append((path.name, record))
    return found


def check_files(run: Run, recorded: dict[str, Any]) -> None:
    folder = (run.folder / "data" / "receipts" / recorded["folder"]).resolve()
    assert [path.name for path in folder.glob("*.open")] == []
    for one in recorded["files"]:
        data = (folder / one["file"]).read_bytes()
        assert (len(data), sha256(data).hexdigest()) == (one["bytes"], one["sha256"])


def test_every_exchange_is_recorded_without_secrets_and_each_row_names_its_record(tmp_path: Path) -> None:
    with Newsroom(posts=120) as room:
        room.order("status", match="/wp/v2/users", status=503, times=1)
        secret = {"NEWSBOT_AUTH": f"{room.url.removeprefix('http://').strip('/')}=anna:s3cret word"}
        run = crawl(tmp_path, "wp_posts", site=room.url, warc="1", env=secret)
        asked = len(room.requests)
        assert run.status == 0, run.said
        found = records(tmp_path / "data" / "warc")
        by_id = {record.record_id.strip("<>"): record for _, record in found}
        kinds = [str(record.record_type).rpartition(".")[2] for _, record in found]
        assert (kinds.count("response"), kinds.count("request")) == (asked, asked)
        check_files(run, run.receipt()["warc"])
        status, said = verified(run)
        assert (status, "120 rows agree" in said) == (0, True), said
        listed = {
            name: {each["id"] for each in json.loads(response.reader.read())}
            for name, response in by_id.items()
            if "/wp/v2/posts?" in response.headers.get("WARC-Target-URI", "")
            and response.record_type == WarcRecordType.response
        }
        for row in run.rows():
            warc = row["warc"]
            response = by_id[warc["record"]]
            assert row["id"] in listed[warc["record"]]
            assert (response.headers["X-Newsbot-Fetched-At"], warc["file"]) == (row["fetched_at"], found[0][0])
        everything = b"".join(gzip.decompress(path.read_bytes()) for path in (tmp_path / "data" / "warc").glob("*.gz"))
        assert any(request.headers.get("authorization") for request in room.requests)
        assert b"uthorization: " not in everything
        assert b"s3cret" not in everything
        # An update: rows that did not change keep their record, and the archive gives the run its known facts.
        room.edit(max(room.ids("post")), body="<p>The council met again.</p>")
        later = crawl(tmp_path, "wp_posts", "-O", "whole.jsonl", site=room.url, warc="1", output=None, env=secret)
        rows = {row["id"]: row["warc"]["file"] for row in later.rows("whole.jsonl")}
        files = [file["file"] for file in later.receipt()["warc"]["files"]]
        assert sorted(set(rows.values())) == sorted({found[0][0], *files})
    check_files(later, later.receipt()["warc"])
    status, said = verified(later)
    assert (status, f"and {len(rows)} rows agree" in said) == (0, True), said
    check_package(later)
    check_index(tmp_path / "data" / "warc")
    damage(later)


def scrapy(run: Run, *args: str) -> tuple[int, str]:
    line = [sys.executable, "-m", "scrapy", *args]
    done = fork_server.run(line, cwd=run.folder, env=environment(run.folder), capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def check_package(run: Run) -> None:
    """A data package carries the WARC files, and its rows are compared with them."""
    assert scrapy(run, "export", "package", "--package")[0] == 0
    package = run.folder / "package"
    carried = {path.name for path in (run.folder / "data" / "warc").iterdir()}
    assert {path.name for path in (package / "warc").iterdir()} == carried
    status, said = scrapy(run, "verify", "package")
    assert (status, "and 120 rows agree with the descriptor" in said) == (0, True), said
    path, descriptor = package / "posts.jsonl", package / "datapackage.json"
    before, lines = path.read_bytes(), path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[2] = lines[2].replace('"status":"publish"', '"status":"private"')
    path.write_text("".join(lines), encoding="utf-8")
    descriptor_of_package = json.loads(descriptor.read_text(encoding="utf-8"))
    for one in descriptor_of_package["resources"]:
        if one["path"] == "posts.jsonl":
            assert one["bytes"] == len(before) == path.stat().st_size
            one["hash"] = f"sha256:{sha256(path.read_bytes()).hexdigest()}"
    descriptor.write_text(json.dumps(descriptor_of_package), encoding="utf-8")
    # The descriptor agrees with the row that was changed. Only the record does not.
    status, said = scrapy(run, "verify", "package")
    assert (status, "status differs from what its record gives" in said) == (1, True), said


def check_index(warc: Path) -> None:
    answers = [record for _, record in records(warc) if record.record_type == WarcRecordType.response]
    for path in warc.glob("*.cdxj"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines == sorted(lines)
        assert lines
        for line in lines:
            told = json.loads(line.split(" ", 2)[2])
            with (warc / told["filename"]).open("rb") as file:
                file.seek(int(told["offset"]))
                record = next(iter(ArchiveIterator(file)))
                assert record.headers["WARC-Target-URI"] == told["url"]
                assert record.http_headers.status_code == int(told["status"])
                assert record.headers["WARC-Payload-Digest"] == told["digest"]
    assert len(answers) == sum(len(path.read_text("utf-8").splitlines()) for path in warc.glob("*.cdxj"))


def damage(run: Run) -> None:
    """Damage a run's files in one way after another: each damage is reported, with the rows that it concerns."""
    warc = run.folder / "data" / "warc"
    name = run.receipt()["warc"]["files"][0]["file"]
    older = next(path for path in sorted(warc.glob("*.gz")) if path.name != name)
    shutil.copytree(warc, run.folder / "whole")
    row = next(row for row in run.rows("whole.jsonl") if row["warc"]["file"] == name)

    def after(change: Callable[[], object]) -> str:
        change()
        status, said = verified(run)
        shutil.rmtree(warc)
        shutil.copytree(run.folder / "whole", warc)
        assert status == 1, said
        return said

    def flip() -> None:
        data = bytearray((warc / name).read_bytes())
        data[row["warc"]["offset"] + 400] ^= 1
        (warc / name).write_bytes(data)

    said = after(flip)
    assert f"{name}: the checksum differs" in said
    assert f"(post {row['id']}): {name} has no record {row['warc']['record']}" in said
    assert f"its WARC file {older.name} is missing" in after(older.unlink)
    assert f"{name}: the file is missing" in after((warc / name).unlink)
    # A row that somebody changed.
    path = run.folder / "whole.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[3] = json.dumps(json.loads(lines[3]) | {"title": "Another title", "authors": []}) + "\n"
    path.write_text("".join(lines), encoding="utf-8")
    status, said = verified(run)
    assert (status, "row 4 (post" in said, "1 difference" in said) == (1, True, True)
    assert "): title, authors differ from what its record gives" in said


def verified(run: Run) -> tuple[int, str]:
    """The exit status of ``scrapy verify`` on the receipt of a run, and what it says."""
    latest = max((run.folder / "data" / "receipts").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    return scrapy(run, "verify", str(latest))


def test_killed_crawl_leaves_whole_records_and_the_next_run_continues(tmp_path: Path) -> None:
    with Newsroom(posts=500, latency=0.02) as room:
        warc = tmp_path / "data" / "warc"
        pids: Queue[int] = Queue()

        def kill(_: Request) -> None:
            if any(path.stat().st_size > 400_000 for path in warc.glob("*.open")):
                room.site.hooks.clear()
                os.kill(pids.get(), signal.SIGKILL)

        room.on_request(kill)
        with start(command("wp_posts", site=room.url, warc="1"), tmp_path) as running:
            pids.put(running.pid)
        assert running.returncode == -signal.SIGKILL
        part = next(warc.glob("*.open"))
        # The kernel wrote the beginning of one more record.
        with part.open("ab") as file:
            file.write(b"\x1f\x8b\x08\x00unfinished")
        own = json.dumps(CHOSEN)
        run = crawl(tmp_path, "wp_posts", "-s", f"FEEDS={own}", output=None, site=room.url, warc="1")
    assert run.status == 0, run.said
    recorded = run.receipt()["warc"]
    assert [(one["kind"], one["type"]) for one in recorded["rows"]] == [("posts", "post")]
    assert len(IdSet.of_ranges(recorded["rows"][0]["ids"])) == 500
    assert part.name.removesuffix(".open") in {one["file"] for one in recorded["files"]}
    check_files(run, recorded)
    assert len(run.rows()) == 500
    assert {row["warc"]["file"] for row in run.rows()} <= {one["file"] for one in recorded["files"]}
    assert len(records(warc)) == sum(one["records"] for one in recorded["files"])
    # Rows that feeds leave out on purpose are not missing. A row that their filter took is missing if the file lacks
    # it.
    odd = tmp_path / "odd.jsonl"
    lines = odd.read_bytes().splitlines(keepends=True)
    batches = list(tmp_path.glob("batch-*.jsonl"))
    assert (len(lines), len(batches), (tmp_path / "titles.jsonl").is_file()) == (250, 2, True)
    status, said = verified(run)
    assert (status, "1,250 rows agree" in said) == (0, True), said
    odd.write_bytes(b"".join(lines[1:]))
    status, said = verified(run)
    assert (status, "1 post row (" in said, "missing, which another file" in said) == (1, True, True), said


class OddIds:
    """An item filter of a user. It uses nothing of newsbot, and accepts every second row."""

    def __init__(self, feed_options: dict[str, Any]) -> None:
        self.options = feed_options

    def accepts(self, item: Any) -> bool:
        return bool(getattr(item, "id", 0) % 2)


CHOSEN = {
    "out.jsonl": {"format": "jsonlines", "overwrite": True},
    "odd.jsonl": {"format": "jsonlines", "item_filter": "tests.crawl.test_warc.OddIds"},
    "titles.jsonl": {"format": "jsonlines", "fields": ["title"]},
    "batch-%(batch_id)d.jsonl": {"format": "jsonlines", "overwrite": True, "batch_item_count": 250},
}
"""A file that holds all rows, and three that do not."""


def test_rows_from_feeds_and_pages_are_verified_from_their_records(tmp_path: Path) -> None:
    with Newsroom(posts=45) as room:
        room.order("unauthorized")
        shut = crawl(tmp_path / "feed", "wp_posts", site=room.url, warc="1")
        room.order("status", match="feed", status=404)
        pages = crawl(tmp_path / "pages", "wp_posts", site=room.url, warc="1")
        key = room.url.rstrip("/")
    for run, via in ((shut, "feed"), (pages, "page")):
        assert {row["via"] for row in run.rows()} == {via}
        status, said = verified(run)
        assert (status, "45 rows agree" in said) == (0, True), said
    # The forgotten rows are removed from the WARC files too, and verify says so.
    status, said = scrapy(pages, "forget", "site", key, "--yes")
    assert (status, "records of the WARC files" in said) == (0, True), said
    everything = b"".join(gzip.decompress(path.read_bytes()) for path in (tmp_path / "pages").rglob("*.warc.gz"))
    assert b"HTTP/1.1" not in everything
    status, said = verified(pages)
    assert (status, "scrapy forget removed its record" in said) == (1, True), said
