"""``scrapy verify`` on records that are written here: what agrees with its record, and what does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from scrapy import Spider
from scrapy.utils.test import get_crawler

from newsbot import signals
from newsbot.errors import BadArgument
from newsbot.export.verified import Verified
from newsbot.export.warc_answers import VIEWS, answers_of, reply_of
from newsbot.export.warc_rows import Remaker
from newsbot.export.warc_verifying import check_package, verify_receipt
from newsbot.feeds.typed_exporters import ParquetExporter
from newsbot.items import Post, WarcRecord
from newsbot.safe_json import json_bytes
from newsbot.warc.exchange import Exchange
from newsbot.warc.finishing import StoredFile
from newsbot.warc.recorder import Recorder
from newsbot.wordpress.messages import Reply

KEY = "https://news.example"
API = f"{KEY}/wp-json/wp/v2"
AT = "2026-11-28T06:00:05Z"


class Run:
    """A run that writes WARC files, rows and a receipt to one folder."""

    def __init__(self, folder: Path, name: str = "run") -> None:
        self.folder, self.stored = folder, list[StoredFile]()
        self.crawler = get_crawler(Spider, {"NEWSBOT_WARC": str(folder / "warc"), "NEWSBOT_RUN": name})
        self.crawler.signals.connect(self._keep, signals.warc_stored)
        self.recorder = Recorder(self.crawler)
        self.rows: list[dict[str, Any]] = []
        self.name = name

    def _keep(self, stored: StoredFile) -> None:
        self.stored.append(stored)

    def answer(self, url: str, body: object, kind: str = "application/json") -> WarcRecord:
        data = body.encode() if isinstance(body, str) else orjson.dumps(body)
        exchange = Exchange(url=url)
        exchange.sent(f"GET {url.removeprefix(KEY)} HTTP/1.1\r\nHost: news.example\r\n\r\n".encode())
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
        exchange.receive(head.encode() + data)
        record = self.recorder.record(exchange, fetched_at=AT, truncated=None)
        assert record is not None
        return record

    def page(self, url: str, text: str) -> WarcRecord:
        return self.answer(url, text, "text/html; charset=utf-8")

    def end(self) -> None:
        self.recorder.close()

    def make(self, record: WarcRecord, row_id: int, *, url: str | None = None, view: Any = "next") -> dict[str, Any]:
        """The row that the record gives, as a line of a file."""
        answers = answers_of(sorted((self.folder / "warc").glob(f"newsbot-{self.name}-*.gz")))
        place = answers.ids[record.record]
        remaker = Remaker(answers=answers, key=KEY)
        remaker.prefer(place.order, view)
        reply = reply_of(place.path, place.offset)
        if url is None:
            made = next(row for row in remaker.rows(reply, "posts", "post") if row.id == row_id)
        else:
            made = remaker.from_page(reply, {"url": url, "type": "post", "id": row_id, "via": "page"})
        made = remaker.clean(made)
        assert isinstance(made, Post)
        made.warc = record
        found: dict[str, Any] = json.loads(json_bytes(made)[0])
        return found

    def verified(
        self, *rows: Mapping[str, Any], feed: str = "out.jsonl", more: Mapping[str, Any] | None = None
    ) -> Verified:
        (self.folder / feed).write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        warc: dict[str, Any] = {"folder": "warc", "files": [asdict(file) for file in self.stored]}
        receipt = {
            "started": "2026-11-28T06:00:00Z",
            "ended": "2026-11-28T06:00:10Z",
            "sites": [{"site": KEY}],
            "feeds": [feed, *(path.name for path in self.folder.glob("other*.jsonl"))],
            "warc": warc | dict(more or {}),
        }
        path = self.folder / "receipt.json"
        path.write_bytes(orjson.dumps(receipt))
        return verify_receipt(path)


def raw(number: int, **fields: Any) -> dict[str, Any]:
    receipt = {
        "id": number,
        "date": "2026-11-27T10:00:00",
        "date_gmt": "2026-11-27T10:00:00",
        "modified_gmt": "2026-11-27T10:00:00",
        "guid": {"rendered": f"{KEY}/?p={number}"},
        "slug": f"story-{number}",
        "status": "publish",
        "type": "post",
        "link": f"{KEY}/story-{number}/",
        "title": {"rendered": f"Story {number}"},
        "content": {
            "rendered": "<p>The council met on Monday and decided to build the bridge.</p>",
            "protected": False,
        },
    }
    return receipt | fields


def test_changed_row_differs_from_its_record(tmp_path: Path) -> None:
    run = Run(tmp_path)
    record = run.answer(f"{API}/posts?page=1&password=S3", [raw(1), raw(2)])
    run.end()
    rows = [run.make(record, number) | {"request_url": f"{API}/posts?page=1&password=S3"} for number in (1, 2)]
    assert (run.verified(*rows).count, run.verified(*rows).rows) == (0, 2)
    found = run.verified(rows[0], rows[1] | {"title": "Another"})
    assert found.faults == ["out.jsonl, row 2 (post 2): title differs from what its record gives"]
    assert b"S3" not in b"".join(path.read_bytes() for path in (tmp_path / "warc").glob("*.cdxj"))


def test_objects_that_changed_during_the_run_are_no_difference(tmp_path: Path) -> None:
    """An author is renamed, and the second part of an article is edited, while the run reads both more than once."""
    run = Run(tmp_path)
    first = run.answer(f"{API}/posts?page=1", [raw(1, author=7)])
    run.answer(f"{API}/users?include=7", [{"id": 7, "name": "Ann", "slug": "ann"}])
    second = run.answer(f"{API}/posts?page=2", [raw(2, author=7)])
    run.answer(f"{API}/users?include=7", [{"id": 7, "name": "Bea", "slug": "ann"}])
    run.end()
    made = [run.make(first, 1, view="first"), run.make(second, 2, view="last")]
    assert [row["authors"][0]["name"] for row in made] == ["Ann", "Bea"]
    assert run.verified(*made).faults == []
    # Either name is in a record, whichever the crawl had.
    assert run.verified(run.make(first, 1, view="last"), run.make(second, 2, view="first")).faults == []
    made[1]["authors"][0]["name"] = "Cleo"
    assert run.verified(*made).faults == ["out.jsonl, row 2 (post 2): authors differs from what its record gives"]


def test_values_without_a_record_are_reported_as_unverifiable(tmp_path: Path) -> None:
    """The disk was full before the authors came, and a record is gone."""
    run = Run(tmp_path)
    first = run.answer(f"{API}/posts?page=1", [raw(number, author=7) for number in range(1, 4)])
    run.end()
    row = run.make(first, 1)
    found = run.verified(row | {"author": {"id": 7, "name": "Ann"}}, run.make(first, 2) | {"title": "Another"})
    assert found.faults == [
        "out.jsonl, row 1 (post 1): no record holds the answers that its author came with",
        "out.jsonl, row 2 (post 2): title differs from what its record gives",
    ]
    gone = {"warc": {**row["warc"], "offset": 3}}
    found = run.verified(*(run.make(first, number) | gone for number in (1, 2, 3)))
    no_record = f"{first.file} has no record {first.record} at byte 3, or the record is damaged"
    assert (found.faults, found.rows) == ([f"out.jsonl, row 1 (post 1): {no_record}; rows of this record: 3"], 3)


def test_values_without_a_record_are_reported_when_another_object_changed(tmp_path: Path) -> None:
    run = Run(tmp_path)
    record = run.answer(f"{API}/posts?page=1", [raw(1, author=7), raw(2, author=7), raw(3, author=8)])
    for name in ("Bea", "Cleo"):
        run.answer(f"{API}/users?include=8", [{"id": 8, "name": name, "slug": "bea"}])
    run.end()
    known = {"author": {"id": 7, "name": "Ann"}}
    found = run.verified(*(run.make(record, number) | known for number in (1, 2)))
    assert found.faults == [
        f"out.jsonl, row {number} (post {number}): no record holds the answers that its author came with"
        for number in (1, 2)
    ]


def article(text: str, more: str = "") -> str:
    paragraphs = "".join(f"<p>{text} The council met on day {day} and decided to build it.</p>" for day in range(6))
    return (
        f"<html lang=en><head><title>Bridge</title><meta property='og:type' content='article'>"
        f"<link rel='shortlink' href='{KEY}/?p=5'></head><body class='single postid-5'><article class='post-5 post'>"
        f"<h1 class='entry-title'>Bridge</h1><div class='entry-content'>{paragraphs}{more}</div></article></body>"
    )


def test_each_answer_of_a_page_verifies_its_own_row(tmp_path: Path) -> None:
    run, url = Run(tmp_path), f"{KEY}/bridge/"
    parts = f"<a class='post-page-numbers' href='{url}2/'>2</a>"
    records = []
    for day in ("Monday", "Friday"):
        records.append(run.page(url, article(f"It rained on {day}.", parts)))
        run.page(f"{url}2/", article(f"The end of {day}."))
    run.end()
    rows = [run.make(record, 5, url=url) for record in records]
    for row, day in zip(rows, ("Monday", "Friday"), strict=True):
        assert f"rained on {day}" in row["content_text"]
        assert f"end of {day}" in row["content_text"]
    assert run.verified(*rows).faults == []
    rows[0]["content_text"] = rows[0]["content_text"].replace("The end of Monday", "The end of Sunday")
    assert run.verified(*rows).faults == ["out.jsonl, row 1 (post 5): content_text differs from what its record gives"]


def test_row_of_a_rendered_page_is_verified_by_its_conversion_record(tmp_path: Path) -> None:
    run, url = Run(tmp_path), f"{KEY}/bridge/"
    original = run.page(url, "<html><body><div id=app></div></body></html>")
    shown = Reply(status=200, url=url, body=article("Scripts wrote this.").encode(), fetched_at=AT)
    record = run.recorder.convert(original, shown)
    assert record is not None
    run.end()
    row = run.make(record, 5, url=url)
    assert "Scripts wrote this" in row["content_text"]
    assert run.verified(row).faults == []
    assert run.verified(row | {"warc": asdict(original)}).count == 1
    assert run.verified(row | {"title": "Another"}).count == 1


def test_rows_that_other_runs_appended_to_the_file_are_no_difference(tmp_path: Path) -> None:
    older, run = Run(tmp_path, "older"), Run(tmp_path)
    first = older.answer(f"{API}/posts?page=1", [raw(1), raw(3)])
    second = run.answer(f"{API}/posts?page=1", [raw(2), raw(4)])
    older.end()
    run.end()
    before = older.make(first, 3) | {"warc": None, "fetched_at": "2026-11-28T05:00:00Z"}
    after = older.make(first, 3) | {"warc": None, "fetched_at": "2026-11-28T07:00:00Z"}
    found = run.verified(older.make(first, 1), run.make(second, 2), before, after)
    assert (found.faults, found.rows) == ([], 2)
    assert found.notes == ["not compared: 2 rows without a record, of runs that wrote no WARC files"]
    # A row of this run that lost its record is a difference.
    found = run.verified(run.make(second, 2), run.make(second, 4) | {"warc": None})
    assert found.faults == ["1 row of this run without a record"]


def test_rows_of_rotated_files_and_of_a_killed_run_are_verified(tmp_path: Path) -> None:
    dying, run = Run(tmp_path, "dying"), Run(tmp_path)
    dying.recorder._files._largest = run.recorder._files._largest = 1_500
    made = {}
    for number in range(1, 7):
        writing = dying if number < 4 else run
        made[number] = writing.answer(f"{API}/posts?page={number}", [raw(number, author=number)])
        writing.answer(f"{API}/users?include={number}", [{"id": number, "name": f"Ann {number}"}])
        searching = writing.recorder._files._dead
        assert searching is not None
        searching.result()  # its search for dead files, before this run or the other one dies
    out, last = dying.recorder._files._out, dying.recorder._files._path
    assert out is not None
    assert last is not None
    out.file.close()  # kill -9: the lock is gone
    third = Run(tmp_path, "third")
    third.answer(f"{API}/posts?page=9", [])
    third.end()
    run.end()
    assert len(run.stored) > 1
    assert len({record.file for number, record in made.items() if number < 4}) > 1
    rows = [(dying if number < 4 else run).make(record, number) for number, record in made.items()]
    assert [row["authors"][0]["name"] for row in rows] == [f"Ann {number}" for number in made]
    found = run.verified(*rows)
    assert (found.faults, found.rows) == ([], 6)
    assert last.name in {file.file for file in third.stored}
    (tmp_path / "warc" / made[4].file).unlink()
    assert run.verified(*rows).faults[0] == f"{made[4].file}: the file is missing"


def test_each_answer_is_in_one_view(tmp_path: Path) -> None:
    run = Run(tmp_path)
    bodies = [f"[{number}]" for number in range(4)]
    records = [run.answer(f"{API}/x", body) for body in bodies]
    run.end()
    answers = answers_of([tmp_path / "warc" / records[0].file])
    answers.order = answers.ids[records[2].record].order
    seen = {}
    for view in VIEWS:
        answers.view = view
        reply = answers.find(f"{API}/x")
        assert reply is not None
        seen[view] = reply.body.decode()
    assert seen == {"next": "[2]", "before": "[1]", "last": "[3]", "first": "[0]"}


def test_missing_row_of_a_file_is_reported(tmp_path: Path) -> None:
    run = Run(tmp_path)
    record = run.answer(f"{API}/posts?page=1", [raw(1), raw(2), raw(3)])
    run.end()
    rows = [run.make(record, number) for number in (1, 2, 3)]
    receipt = {"rows": [{"site": KEY, "kind": "posts", "type": "post", "ids": "1-3"}]}
    assert run.verified(*rows, more=receipt).faults == []
    # The same number of rows proves nothing: one came twice.
    found = run.verified(rows[0], rows[0], rows[2], more=receipt)
    assert found.faults == [f"{KEY}: 1 post row (2): the receipt names them, and no file of the run holds them"]
    # Another file has all rows, and this one lacks two. A file that a later run wrote may lack what was deleted since.
    (tmp_path / "other.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    found = run.verified(rows[0], more=receipt)
    assert found.faults == [f"out.jsonl: {KEY}: 2 post rows (2-3) are missing, which another file of the run holds"]
    later = {"change": "deleted", "fetched_at": "2026-11-28T07:00:00Z"}
    assert run.verified(rows[0], rows[1] | later, more=receipt).faults == []


def chosen(file: str, left_out: str = "", **choice: bool) -> dict[str, Any]:
    ids = [{"site": KEY, "kind": "posts", "type": "post", "ids": left_out}] if left_out else []
    return {"file": file, "columns": False, "batch": False, "left_out": ids} | choice


def test_rows_that_the_user_excluded_are_not_missing(tmp_path: Path) -> None:
    run = Run(tmp_path)
    record = run.answer(f"{API}/posts?page=1", [raw(1), raw(2), raw(3)])
    run.end()
    rows = [run.make(record, number) for number in (1, 2, 3)]
    receipt = {"rows": [{"site": KEY, "kind": "posts", "type": "post", "ids": "1-3"}]}
    filtered = receipt | {"chosen": [chosen("out.jsonl", "2-3")]}
    # The only file lacks them, and it holds no row at all.
    assert run.verified(rows[0], more=filtered).faults == []
    assert run.verified(more=receipt | {"chosen": [chosen("out.jsonl", "1-3")]}).faults == []
    lost = ": 1 post row (1): the receipt names them, and no file of the run holds them"
    assert run.verified(more=filtered).faults == [f"{KEY}{lost}"]
    # Another file has all rows. Rows that the filter took must be in the file.
    other = tmp_path / "other.jsonl"
    other.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    assert run.verified(rows[0], more=filtered).faults == []
    found = run.verified(more=filtered)
    assert found.faults == [f"out.jsonl: {KEY}: 1 post row (1) are missing, which another file of the run holds"]
    # Rows that one file leaves out must be in the other file.
    other.write_bytes(orjson.dumps(rows[0]) + b"\n")
    assert run.verified(rows[0], more=filtered).faults == [
        f"{KEY}{lost}".replace("1 post row (1)", "2 post rows (2-3)")
    ]


def test_files_with_chosen_columns_or_batches_may_lack_rows(tmp_path: Path) -> None:
    run = Run(tmp_path)
    record = run.answer(f"{API}/posts?page=1", [raw(1), raw(2)])
    run.end()
    rows = [run.make(record, number) for number in (1, 2)]
    receipt = {"rows": [{"site": KEY, "kind": "posts", "type": "post", "ids": "1-2"}]}
    (tmp_path / "other.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    columns = receipt | {"chosen": [chosen("out.jsonl", columns=True)]}
    assert (run.verified({"title": "Story 1"}, more=columns).faults, run.verified(more=columns).notes) == ([], [])
    assert run.verified(rows[0], more=receipt | {"chosen": [chosen("out.jsonl", batch=True)]}).faults == []
    (tmp_path / "other.jsonl").unlink()
    with pytest.raises(BadArgument, match="with every column"):
        run.verified({"title": "Story 1"}, more=columns)


@pytest.mark.parametrize("ids", ["x", "1-99999999999", "1,,a"])
def test_a_receipt_whose_ids_cannot_be_read_is_refused(tmp_path: Path, ids: str) -> None:
    run = Run(tmp_path)
    run.end()
    receipt = {"rows": [{"site": KEY, "kind": "posts", "type": "post", "ids": ids}]}
    with pytest.raises(BadArgument, match="is no range of ids"):
        run.verified(more=receipt)


def test_a_row_of_a_parquet_file_is_compared_with_its_record(tmp_path: Path) -> None:
    run = Run(tmp_path)
    record = run.answer(f"{API}/posts?page=1", [raw(1, tags=[4]), raw(2)])
    run.end()
    item = SimpleNamespace(item_class=Post)
    crawler: Any = SimpleNamespace(settings=run.crawler.settings, stats=None, spidercls=item)
    differs = "posts.parquet, row 1 (post 1): title differs from what its record gives"
    for title, receipt in (("Story 1", []), ("Another", [differs])):
        rows = [run.make(record, 1) | {"title": title}, run.make(record, 2)]
        with (tmp_path / "posts.parquet").open("wb") as file:
            exporter = ParquetExporter(file, crawler=crawler)
            exporter.start_exporting()
            for row in rows:
                exporter.export_item(row)
            exporter.finish_exporting()
        found = Verified()
        check_package(tmp_path / "warc", [tmp_path / "posts.parquet"], found, absent=[])
        assert found.faults == receipt
