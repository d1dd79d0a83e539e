"""The store of files: each file is stored whole or not at all, and once, also where a run dies."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from newsbot.media.kinds import Kind
from newsbot.media.store import TRIES, OwedFile, Owner, Store

JPEG = Kind("jpg", "image/jpeg")
URL, OTHER = "https://a.test/wp-content/uploads/a.jpg", "https://a.test/wp-content/uploads/b.jpg"
OWNER = Owner(site="https://a.test", type="post", id=7)
AT = "2026-11-24T00:00:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path, limit=1_000)
    yield opened
    opened.close()


def again(folder: Path, *, limit: int = 1_000) -> Store:
    return Store(folder, limit=limit)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def keep(store: Store, url: str, body: bytes) -> str:
    digest, _ = store.keep(body, JPEG)
    store.note_kept(url, OWNER, digest=digest, kind=JPEG, size=len(body), at=AT)
    return digest


def test_file_is_stored_under_its_hash_and_listed_in_the_manifest(store: Store, tmp_path: Path) -> None:
    digest = keep(store, URL, b"picture")
    assert digest == hashlib.sha256(b"picture").hexdigest()
    assert (tmp_path / digest[:2] / f"{digest}.jpg").read_bytes() == b"picture"
    assert lines(tmp_path) == [
        {
            "url": URL,
            "sha256": digest,
            "path": f"{digest[:2]}/{digest}.jpg",
            "bytes": 7,
            "mime": "image/jpeg",
            "site": "https://a.test",
            "type": "post",
            "id": 7,
            "at": AT,
        }
    ]
    assert list((tmp_path / "parts").iterdir()) == []


def test_equal_content_of_two_addresses_is_stored_once(store: Store, tmp_path: Path) -> None:
    assert store.keep(b"picture", JPEG)[1] is True
    assert store.keep(b"picture", JPEG)[1] is False
    assert len(list(tmp_path.rglob("*.jpg"))) == 1


def test_equal_content_from_two_threads_is_new_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=60)
    # Neither thread goes on before the other one has written the content too.
    monkeypatch.setattr(os, "fsync", lambda _: both.wait())
    with ThreadPoolExecutor(2) as threads:
        news = [new for _, new in threads.map(lambda _: store.keep(b"picture", JPEG), range(2))]
    assert sorted(news) == [False, True]


def test_next_run_knows_the_stored_files(store: Store, tmp_path: Path) -> None:
    keep(store, URL, b"picture")
    store.note_refused(OTHER, OWNER, error="status-404", at=AT)
    later = again(tmp_path)
    assert (later.is_settled(URL), later.is_settled(OTHER), later.is_settled(URL + "?")) == (True, True, False)
    later.close()


def test_files_that_another_process_stores_are_known_at_once(store: Store, tmp_path: Path) -> None:
    other = again(tmp_path)
    assert not store.is_settled(URL)
    keep(other, URL, b"picture")
    assert store.is_settled(URL)
    other.close()


def test_too_large_file_is_requested_again_with_a_larger_limit(store: Store, tmp_path: Path) -> None:
    store.note_refused(URL, OWNER, error="too-large", at=AT)
    for limit, settled in ((500, True), (1_000, True), (2_000, False)):
        later = again(tmp_path, limit=limit)
        assert later.is_settled(URL) is settled
        later.close()


def test_failed_file_is_owed_until_it_comes_or_has_enough_tries(store: Store, tmp_path: Path) -> None:
    store.note_owed(OwedFile(url=URL, owner=OWNER, tries=1), error="timeout", at=AT)
    store.note_owed(OwedFile(url=OTHER, owner=OWNER, tries=TRIES), error="timeout", at=AT)
    later = again(tmp_path)
    (owed,) = later.owed("https://a.test")
    assert (owed.url, owed.owner, owed.tries) == (URL, OWNER, 1)
    assert later.owed("https://a.test") == later.owed("https://b.test") == []
    keep(later, URL, b"picture")
    later.close()
    last = again(tmp_path)
    assert last.owed("https://a.test") == []
    last.close()


@pytest.mark.parametrize("torn", ['{"url": "https://a.te', "nonsense\n", '{"url": 1}\n', "[]\n"])
def test_truncated_line_of_the_manifest_affects_no_other_line(store: Store, tmp_path: Path, torn: str) -> None:
    keep(store, URL, b"picture")
    with (tmp_path / "manifest.jsonl").open("a") as file:
        file.write(torn)
    later = again(tmp_path)
    keep(later, OTHER, b"another")
    assert later.is_settled(URL)
    last = again(tmp_path)
    assert last.is_settled(URL) and last.is_settled(OTHER)
    later.close()
    last.close()


def test_partly_written_files_are_removed_after_a_day(store: Store, tmp_path: Path) -> None:
    old, young = tmp_path / "parts" / "old.1.0", tmp_path / "parts" / "young.1.0"
    for part in (old, young):
        part.write_bytes(b"half")
    day_ago = time.time() - 90_000
    os.utime(old, (day_ago, day_ago))
    again(tmp_path).close()
    assert (old.exists(), young.exists()) == (False, True)


def test_no_address_writes_outside_of_the_folder(store: Store, tmp_path: Path) -> None:
    keep(store, "https://a.test/../../../../etc/passwd%00.jpg", b"picture")
    (path,) = tmp_path.rglob("*.jpg")
    assert path.resolve().is_relative_to(tmp_path.resolve())
    assert path.stat().st_mode & 0o111 == 0
