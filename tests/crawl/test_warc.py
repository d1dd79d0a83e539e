"""Whole crawls that write WARC files: what the files hold, what they never hold, what rows and receipt say."""

from __future__ import annotations

import gzip
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType

from tests.crawl.scrapy_crawl import Run, crawl
from tests.newsroom import Newsroom


def records(folder: Path) -> list[tuple[str, Any]]:
    """Each record of a folder with the name of its file, as another library reads it."""
    found = []
    for path in sorted(folder.glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, record_types=WarcRecordType.any_type, parse_http=True):
                record.freeze()
                found.append((path.name, record))
    return found


def check_files(run: Run, told: dict[str, Any]) -> None:
    folder = (run.folder / "data" / "receipts" / told["folder"]).resolve()
    assert [path.name for path in folder.glob("*.open")] == []
    for one in told["files"]:
        data = (folder / one["file"]).read_bytes()
        assert (len(data), sha256(data).hexdigest()) == (one["bytes"], one["sha256"])


def test_each_exchange_is_recorded_each_row_names_its_record_and_no_secret_is_kept(tmp_path: Path) -> None:
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
        everything = b"".join(gzip.decompress(path.read_bytes()) for path in (tmp_path / "data" / "warc").iterdir())
        assert any(request.headers.get("authorization") for request in room.requests)
        assert b"uthorization: " not in everything
        assert b"s3cret" not in everything
        # An update: rows that did not change keep their record, and the archive tells the run what it knows.
        room.edit(max(room.ids("post")), body="<p>The council met again.</p>")
        later = crawl(tmp_path, "wp_posts", "-O", "whole.jsonl", site=room.url, warc="1", output=None, env=secret)
        rows = {row["id"]: row["warc"]["file"] for row in later.rows("whole.jsonl")}
        files = [one["file"] for one in later.receipt()["warc"]["files"]]
        assert sorted(set(rows.values())) == sorted({found[0][0], *files})
    check_files(later, later.receipt()["warc"])
