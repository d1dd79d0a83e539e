"""What ``scrapy forget`` does in a folder in which runs write, end and die."""

from __future__ import annotations

import fcntl
import os
from hashlib import sha256
from pathlib import Path

import pytest

from newsbot.warc.finishing import StoredFile
from newsbot.warc.index import index_path
from newsbot.warc.reading import StoredRecord
from newsbot.warc.removing import finish_removals, remove, removing
from tests.unit.test_warc_forgetting import is_private
from tests.unit.test_warc_writing import response, writer


def record_of(folder: Path, run: str, stored: list[StoredFile], *bodies: bytes) -> Path:
    """The file of a run that holds these answers, and is whole."""
    writing = writer(folder, stored, run)
    writing.write([response(writing, body) for body in bodies])
    writing.finish()
    return folder / f"newsbot-{run}-00001.warc.gz"


@pytest.mark.parametrize("during", [b"private a", b"private b"], ids=["its own file", "another file"])
def test_run_can_finish_its_file_during_a_removal(tmp_path: Path, during: bytes) -> None:
    stored: list[StoredFile] = []
    writing = writer(tmp_path, stored, "a")
    writing.write([response(writing, body) for body in (b"private a", b"kept", b"private a")])
    record_of(tmp_path, "b", [], b"private b", b"kept")

    def is_removed(record: StoredRecord) -> bool:
        if during in record.block and not stored:
            writing.finish()
        return is_private(record)

    assert remove(tmp_path, is_removed) == 3
    for run in ("a", "b"):
        path = tmp_path / f"newsbot-{run}-00001.warc.gz"
        assert not removing(path).exists()
        assert len(index_path(path).read_text(encoding="utf-8").splitlines()) == 1
    if during == b"private b":
        assert stored[0].sha256 == sha256((tmp_path / stored[0].file).read_bytes()).hexdigest()


def test_run_does_not_wait_for_a_removal_in_its_folder(tmp_path: Path) -> None:
    stored: list[StoredFile] = []
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        path = record_of(tmp_path, "run", stored, b"kept")
    finally:
        os.close(folder)
    assert [file.file for file in stored] == [path.name]
    assert index_path(path).exists()


def test_unreadable_removal_list_is_logged_and_does_not_stop_a_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    foreign = removing(tmp_path / "newsbot-foreign-00001.warc.gz")
    foreign.mkdir()
    stored: list[StoredFile] = []
    path = record_of(tmp_path, "run", stored, b"kept")
    assert [file.file for file in stored] == [path.name]
    assert f"{foreign}: the records that are listed in it cannot be overwritten: Is a directory" in caplog.text
    with pytest.raises(IsADirectoryError):  # forget does not say that it is done
        remove(tmp_path, is_private)


def test_removal_list_of_a_deleted_file_is_deleted(tmp_path: Path) -> None:
    listed = removing(tmp_path / "newsbot-gone-00001.warc.gz")
    listed.write_bytes(b'[[0, 500, "urn:uuid:1", "2026-01-01T00:00:00Z"]]')
    finish_removals(tmp_path)
    assert not listed.exists()
