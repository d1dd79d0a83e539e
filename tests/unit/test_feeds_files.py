"""How the file of a feed is completed, and how old and new rows are combined in one file."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from newsbot.feeds import files
from newsbot.feeds.files import CannotAppend, FolderLock, PartFile

RUN = "20261123T101500Z-ab12"


def merged(form: str, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    files.merge(form, old=io.BytesIO(old), new=io.BytesIO(new), out=out)
    return out.getvalue()


def test_part_file_gets_its_final_name_only_by_renaming(tmp_path: Path) -> None:
    target = tmp_path / "a.jsonl"
    target.write_bytes(b"old")
    part = PartFile(target, run=RUN)
    part.file.write(b"new")
    part.seal()
    assert target.read_bytes() == b"old"
    assert part.path.name == f".a.jsonl.{RUN}.part"
    part.rename(target)
    assert target.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_part_file_and_its_new_name_are_synchronised_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.jsonl"
    part = PartFile(target, run=RUN)
    synced: list[tuple[Path, int]] = []

    def note(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((path, path.stat().st_size if path.is_file() else len(list(path.glob("*.jsonl")))))

    monkeypatch.setattr(os, "fsync", note)
    part.file.write(b"new")
    part.seal()
    assert synced == [(part.path, 3)], "all bytes are written when the part is synced"
    part.rename(target)
    assert synced[1:] == [(tmp_path, 1)], "the folder is synced once the name stands in it"


def test_a_part_has_the_mode_of_the_file_it_replaces(tmp_path: Path) -> None:
    target = tmp_path / "a.jsonl"
    target.touch()
    target.chmod(0o640)
    part = PartFile(target, run=RUN)
    part.rename(target)
    assert target.stat().st_mode & 0o777 == 0o640


def test_two_part_files_of_one_run_and_target_are_separate(tmp_path: Path) -> None:
    one, two = PartFile(tmp_path / "a", run=RUN), PartFile(tmp_path / "a", run=RUN)
    assert one.path != two.path
    one.discard()
    assert two.path.exists()
    two.discard()


def test_cleanup_removes_only_part_files_of_dead_runs(tmp_path: Path) -> None:
    dead = tmp_path / f".b.csv.{RUN}.part"
    dead.write_bytes(b"x")
    stranger = tmp_path / ".mine.part"
    stranger.touch()
    living = PartFile(tmp_path / "a.csv", run=RUN)
    assert files.remove_dead_parts(tmp_path) == [dead]
    assert living.path.exists()
    assert stranger.exists()
    living.discard()


def test_folder_lock_is_exclusive(tmp_path: Path) -> None:
    with FolderLock(tmp_path) as first, FolderLock(tmp_path) as second:
        assert first.take()
        assert not second.take()
    with FolderLock(tmp_path) as third:
        assert third.take()


def test_rows_appended_to_an_empty_file_begin_with_the_first_row() -> None:
    assert merged("jsonl", b"", b'{"a":2}\n') == b'{"a":2}\n'


@pytest.mark.parametrize("old", [b'{"a":1}\n', b'{"a":1}'])
def test_json_lines_are_appended_after_a_repaired_line_end(old: bytes) -> None:
    assert merged("jsonl", old, b'{"a":2}\n') == b'{"a":1}\n{"a":2}\n'


@pytest.mark.parametrize("old", [b"a,b\r\n1,2\r\n", b"a,b\r\n1,2", b"\xef\xbb\xbfa,b\n1,2\n"])
def test_csv_is_appended_without_a_second_header(old: bytes) -> None:
    lines = merged("csv", old, b"\xef\xbb\xbfa,b\r\n3,4\r\n").decode("utf-8-sig").split()
    assert lines == ["a,b", "1,2", "3,4"]


@pytest.mark.parametrize("old", [b"a,c\r\n1,2\r\n", b"a\r\n", b'a,b\r\n1,"2', b"\xff\xfe\x00"])
def test_csv_with_other_columns_or_a_truncated_row_is_refused(old: bytes) -> None:
    with pytest.raises(CannotAppend):
        merged("csv", old, b"a,b\r\n3,4\r\n")


@pytest.mark.parametrize("old", ["[]", "[\n\n]\n", " [1]\n", '[\n{"a":"]"}\n]\n', json.dumps(list(range(3000)))])
@pytest.mark.parametrize("new", [b"[\n]\n", b'[\n{"b":1}\n]\n', b'[\n{"b":1},\n{"b":2}\n]\n'])
def test_json_arrays_are_merged(old: str, new: bytes) -> None:
    assert json.loads(merged("json", old.encode(), new)) == json.loads(old) + json.loads(new)


@pytest.mark.parametrize("old", [b"{}", b'[\n{"a":[1]', b"[1", b'"]"', b"x]"])
def test_file_that_is_no_complete_json_array_is_refused(old: bytes) -> None:
    with pytest.raises(CannotAppend):
        merged("json", old, b"[\n]\n")


def test_large_array_is_accepted_only_with_the_ending_that_newsbot_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CHUNK", 1)
    row = b'{"a":"' + b"x" * 100 + b'"}'
    assert len(json.loads(merged("json", b"[\n" + row + b"\n]\n", b"[\n1\n]\n"))) == 2
    with pytest.raises(CannotAppend):
        merged("json", b"[" + row + b"]", b"[\n1\n]\n")


HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n<items>\n'


def test_xml_is_merged_and_truncated_or_other_xml_is_refused() -> None:
    new = HEAD + b"<item>2</item>\n</items>\n"
    assert (
        merged("xml", HEAD + b"<item>1</item>\n</items>", new) == HEAD + b"<item>1</item>\n<item>2</item>\n</items>\n"
    )
    for old in (HEAD + b"<item>1", b"<items></items>"):
        with pytest.raises(CannotAppend):
            merged("xml", old, new)


def test_other_formats_are_refused() -> None:
    with pytest.raises(CannotAppend):
        merged("packed csv", b"x", b"y")
