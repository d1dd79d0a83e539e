"""What is recorded of an exchange, and how WARC files are begun, finished and mended."""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from scrapy.settings import Settings

from newsbot.arguments.warc import check_warc, warc_folder
from newsbot.errors import BadArgument
from newsbot.warc import files
from newsbot.warc.files import RawHead, WarcFiles
from newsbot.warc.finishing import Lock, StoredFile, finish_dead, lock, opened
from newsbot.warc.index import surt

URL = "http://news.example/wp-json/"
OPEN_HEAD = b"HTTP/1.1 200 OK\r\nServer:nginx\r\nX-WP-Total:  7\r\nTransfer-Encoding: chunked\r\n\r\n"


def writer(folder: Path, stored: list[StoredFile], run: str = "run", largest: int = files.LARGEST) -> WarcFiles:
    return WarcFiles(folder, run, {"software": "newsbot/0"}, stored=stored.append, largest=largest)


def response(made_by: WarcFiles, body: bytes) -> Any:
    return made_by.builder().create_warc_record(
        URL, "response", payload=BytesIO(body), length=len(body), http_headers=RawHead(OPEN_HEAD)
    )


def records(path: Path) -> list[tuple[str, bytes]]:
    with path.open("rb") as file:
        found = ArchiveIterator(file, record_types=WarcRecordType.any_type, parse_http=False)
        return [(record.record_id or "", record.reader.read()) for record in found]


def test_files_are_renamed_when_whole_and_split_when_large(tmp_path: Path) -> None:
    stored: list[StoredFile] = []
    writing = writer(tmp_path, stored, largest=2_000)
    # Another process of the same run has the first name.
    (tmp_path / "newsbot-run-00001.warc.gz").write_bytes(b"")
    bodies = [os.urandom(900) for _ in range(5)]
    places = [writing.write([response(writing, body)])[0] for body in bodies]
    assert len(list(tmp_path.glob("*.open"))) == 1
    writing.close()
    assert list(tmp_path.glob("*.open")) == []
    assert len({place.file for place in places}) == len(stored) > 1
    for place, body in zip(places, bodies, strict=True):
        with (tmp_path / place.file).open("rb") as file:
            file.seek(place.offset)
            record = next(iter(ArchiveIterator(file, parse_http=False)))
            assert (record.record_id, record.reader.read()) == (f"<{place.record}>", OPEN_HEAD + body)
    for one in stored:
        data = (tmp_path / one.file).read_bytes()
        assert (one.bytes, one.sha256) == (len(data), sha256(data).hexdigest())
        assert len(records(tmp_path / one.file)) == one.records


def test_file_of_a_dead_run_is_finished_and_file_of_a_running_run_is_unchanged(tmp_path: Path) -> None:
    dying, living = (writer(tmp_path, [], run) for run in ("dead", "alive"))
    for writing in (dying, living):
        place = writing.write([response(writing, b"whole")])[0]
        writing.write([response(writing, os.urandom(5_000))])
        writing._dead.result()  # type: ignore[union-attr]  # its own search for dead files
    part = opened(tmp_path / "newsbot-dead-00001.warc.gz")
    dying._out.file.close()  # type: ignore[union-attr]
    with part.open("r+b") as file:
        file.truncate(part.stat().st_size - 100)
    opened(tmp_path / "newsbot-empty-00001.warc.gz").write_bytes(b"\x1f\x8b")
    stored: list[StoredFile] = []
    next_run = writer(tmp_path, stored, "next")
    next_run.write([response(next_run, b"goes on")])
    next_run.finish()
    stored.sort(key=lambda one: one.file)
    assert stored.pop().file == "newsbot-next-00001.warc.gz"
    assert [(one.file, one.records) for one in stored] == [("newsbot-dead-00001.warc.gz", 2)]
    assert records(tmp_path / "newsbot-dead-00001.warc.gz")[1][1] == OPEN_HEAD + b"whole"
    names = {path.name for path in tmp_path.glob("*.open")}
    assert names == {f"newsbot-{run}-00001.warc.gz.open" for run in ("alive",)}
    assert place.offset > 0
    living.close()
    assert finish_dead(tmp_path) == []


def test_full_disk_keeps_the_whole_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[StoredFile] = []
    writing = writer(tmp_path, stored)
    writing.write([response(writing, b"first")])
    write = files._Digested.write
    left = [600]

    def fill(self: Any, data: bytes) -> None:
        left[0] -= len(data)
        write(self, data[: max(0, left[0] + len(data))])
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files._Digested, "write", fill)
    with pytest.raises(OSError, match="No space"):
        writing.write([response(writing, os.urandom(300)), response(writing, os.urandom(3_000))])
    other = tmp_path / "other"
    with pytest.raises(OSError, match="No space"):
        writer(other, stored, "other").write([response(writing, b"first")])
    assert list(other.iterdir()) == []
    monkeypatch.undo()
    writing.close()
    assert len(stored) == 1
    path = tmp_path / stored[0].file
    assert [body for _, body in records(path)][1:] == [OPEN_HEAD + b"first"]
    assert stored[0].sha256 == sha256(path.read_bytes()).hexdigest()


def test_lock_is_exclusive(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as first, path.open("rb") as second:
        assert lock(first) is Lock.OURS
        assert lock(second) is Lock.TAKEN


def test_without_locks_a_file_is_dead_after_a_day_without_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    living = writer(tmp_path, [])
    living.write([response(living, b"whole")])
    part = opened(tmp_path / "newsbot-run-00001.warc.gz")
    assert finish_dead(tmp_path) == []
    living.write([response(living, b"goes on")])
    os.utime(part, (1.7e9, 1.7e9))
    assert [(file.file, file.records) for file in finish_dead(tmp_path)] == [("newsbot-run-00001.warc.gz", 3)]


def test_file_that_cannot_be_finished_is_logged_and_other_files_are_finished(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = opened(tmp_path / "newsbot-foreign-00001.warc.gz")
    dying = writer(tmp_path, [], "dying")
    dying.write([response(dying, b"whole")])
    dying._dead.result()  # type: ignore[union-attr]  # its own search for dead files
    foreign.write_bytes(b"")
    dying._out.file.close()  # type: ignore[union-attr]
    open_path = Path.open

    def refuse(path: Path, *args: Any) -> Any:
        if path == foreign:
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_path(path, *args)

    monkeypatch.setattr(Path, "open", refuse)
    caplog.set_level("WARNING")
    assert [file.file for file in finish_dead(tmp_path)] == ["newsbot-dying-00001.warc.gz"]
    assert f"{foreign}: the WARC file of a dead run cannot be finished: Permission denied" in caplog.text


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www2.News.example/A/b/?Z=1&a=2", "example,news)/a/b?a=2&z=1"),
        ("http://news.example:8080", "example,news:8080)/"),
        ("https://news.example:443/?", "example,news)/"),
        ("http://127.0.0.1/wp-json/?rest_route=/x", "1,0,0,127)/wp-json?rest_route=/x"),
    ],
    ids=["order", "port", "usual port", "address"],
)
def test_urls_have_the_sort_keys_of_replay_tools(url: str, key: str) -> None:
    assert surt(url) == key


def test_new_file_of_a_run_is_locked_while_dead_files_are_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks: list[Lock] = []

    def finish_dead(folder: Path) -> list[StoredFile]:
        for part in folder.glob("*.open"):
            with part.open("r+b") as file:
                locks.append(lock(file))
        return []

    monkeypatch.setattr(files, "_finish_dead", finish_dead)
    writing = writer(tmp_path, [])
    writing.write([response(writing, b"kept")])
    writing._dead.result()  # type: ignore[union-attr]  # its search for dead files, before its own file is whole
    writing.finish()
    assert locks == [Lock.TAKEN]


def test_files_of_dead_runs_are_finished_after_the_first_file_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish_dead = Mock(return_value=[])
    monkeypatch.setattr(files, "_finish_dead", finish_dead)
    writing = writer(tmp_path, [])
    with monkeypatch.context() as full_disk:
        full_disk.setattr(files, "FileIO", Mock(side_effect=OSError("No space left on device")))
        with pytest.raises(OSError, match="No space"):
            writing.write([response(writing, b"lost")])
    writing.write([response(writing, b"kept")])
    writing.finish()
    finish_dead.assert_called_once_with(tmp_path)


@pytest.mark.parametrize("off", ["", "0", "false", "No", "off"])
def test_setting_disables_warc_files(off: str) -> None:
    settings = Settings({"NEWSBOT_WARC": off, "NEWSBOT_DATA": "data"})
    assert warc_folder(settings, asked=None) == ""
    assert warc_folder(settings, asked=True) == "data/warc"


@pytest.mark.parametrize("reason", ["a file", "no rights", "full"])
def test_unwritable_folder_is_refused_before_the_first_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    folder = tmp_path / "warc"
    if reason == "a file":
        folder.write_bytes(b"")
    elif reason == "no rights":

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    else:

        def fill(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("os.fsync", fill)
    reasons = {"a file": "File exists", "no rights": "Permission denied", "full": "No space left on device"}[reason]
    with pytest.raises(BadArgument, match=f"WARC files cannot be written to {folder}: {reasons}"):
        check_warc(Settings({"NEWSBOT_WARC": str(folder), "NEWSBOT_DATA": "data"}), asked=None)
