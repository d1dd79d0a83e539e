"""What the archive answers about known rows: ids, windows, shared guids and linked objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from newsbot.archive import current_rows
from newsbot.archive.current_rows import LoadedRange
from newsbot.items import Post
from newsbot.wordpress.guids import guid_key
from newsbot.wordpress.questions import AskKnown, Recall
from tests.unit.reopened_archive import SITE, Clock, Open, checkpoint, post
from tests.unit.reopened_archive import clock as clock
from tests.unit.reopened_archive import empty_archive as empty_archive
from tests.unit.reopened_archive import reopen as reopen


def test_uncommitted_rows_are_known(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    gone = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert gone is not None
    archive.add(gone)
    archive.add(post(2))
    second = [f"2026-01-01T00:00:0{number}Z" for number in range(4)]
    for since, until, known in ((None, None, {2}), (second[2], second[3], {2}), (second[1], second[2], set())):
        assert archive.live.ids(AskKnown(site=SITE, type="post", since=since, until=until)).keys() == known


def test_archive_finds_the_rows_that_share_a_guid(reopen: Open) -> None:
    first = reopen()
    first.add(post(1))
    first.add(post(2, duplicate_of="https://third.example post 2"))
    first.commit(checkpoint(2))
    archive = reopen("run-2")
    key, of_copy = guid_key(post(1).guid), guid_key(post(2).guid)
    assert key is not None and of_copy is not None
    assert (archive.holds(post(1)), archive.holds(post(9))) == (True, False)
    assert archive.shares_guid(post(9), key) is True
    other = post(1)
    other.site = "https://other.example"
    assert archive.shares_guid(other, key) is False
    assert [(row.site, row.id) for row in archive.others_with_guid(other, key, pending=False)] == [(SITE, 1)]
    assert archive.others_with_guid(post(1), key, pending=False) == []
    assert archive.others_with_guid(other, of_copy, pending=False) == [], "a copy is no original"


def test_uncommitted_rows_that_share_a_guid_are_found(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    other, key = post(1), guid_key(post(1).guid)
    other.site = "https://other.example"
    assert key is not None
    assert archive.others_with_guid(other, key, pending=False) == []
    assert [row.id for row in archive.others_with_guid(other, key, pending=True)] == [1]
    archive.commit(checkpoint(1))


def test_collision_flags_the_row_that_had_the_guid_first(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.add(post(2, guid=post(1).guid, guid_collision=True))
    archive.commit(checkpoint(2))
    first = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(first, Post)
    assert first.guid_collision is True


def test_guid_collision_flag_is_kept(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1, guid_collision=True))
    archive.commit(checkpoint(1))
    came = post(1, title="Other")
    archive.add(came)
    archive.commit(checkpoint(2))
    gone = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(gone, Post)
    assert (came.guid_collision, gone.guid_collision) == (True, True)


def test_known_ids_are_read_by_ids_and_by_window(reopen: Open) -> None:
    archive = reopen()
    for number in range(1, 1200):
        archive.add(post(number, published=f"2026-01-{1 + number % 28:02d}T00:00:00Z"))
    archive.commit(checkpoint(1199))
    assert set(archive.live.ids(AskKnown(site=SITE, type="post", ids=tuple(range(1000, 3000))))) == set(
        range(1000, 1200)
    )
    window = AskKnown(site=SITE, type="post", since="2026-01-02T00:00:00Z", until="2026-01-03T00:00:00Z")
    assert set(archive.live.ids(window)) == {n for n in range(1, 1200) if n % 28 == 1}
    assert archive.live.ids(AskKnown(site="https://other.example", type="post")) == {}


def test_known_ids_are_recognised_in_any_order(reopen: Open) -> None:
    archive = reopen()
    numbers = [(n * 7919) % 10_007 for n in range(1, 2000)]
    for number in numbers:
        archive.add(post(number))
    archive.commit(checkpoint(len(numbers)))
    second = reopen("run-2")
    second.state(SITE, "post")
    assert not any(second.add(post(number)) for number in reversed(numbers))
    assert second.add(post(20_000)) is True


def test_ids_in_any_order_are_read_with_few_queries(reopen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, numbers = reopen(), list(range(1, 401))
    for number in numbers:
        archive.add(post(number))
    archive.commit(checkpoint(len(numbers)))
    second = reopen("run-2")
    second.state(SITE, "post")
    read: list[Any] = []
    loads: list[int] = []
    made, load = current_rows._current_row, LoadedRange.load

    def counted(loaded: LoadedRange, connection: Connection, collection: int, row_id: int) -> None:
        loads.append(row_id)
        load(loaded, connection, collection, row_id)

    def noted(row: Any) -> Any:
        read.append(row)
        return made(row)

    monkeypatch.setattr(current_rows, "_current_row", noted)
    monkeypatch.setattr(LoadedRange, "load", counted)

    def meet(ids: Iterable[int]) -> tuple[int, int]:
        """How often a range was loaded for 400 ids, and how many rows that took."""
        read.clear()
        loads.clear()
        assert not any(second.add(post(number)) for number in ids)
        return len(loads), len(read)

    queries, rows = meet(numbers)
    assert queries < 20 and rows < 1_000
    _, rows = meet(n * 353 % 400 + 1 for n in range(400))
    assert rows < 4_000
    queries, rows = meet(numbers)
    assert queries < 20 and rows < 1_000, "a range grows again once its rows are asked for"


def test_linked_objects_are_recalled_until_they_expire(reopen: Open, clock: Clock) -> None:
    archive = reopen()
    archive.remember(SITE, "users", {1: {"name": "Ann"}})
    assert archive.recall(Recall(site=SITE, relation="users", ids=(1, 2))) == {1: {"name": "Ann"}}
    archive.add(post(1))
    archive.commit(checkpoint(1))
    second = reopen("run-2")
    assert second.recall(Recall(site=SITE, relation="users", ids=(1, 2))) == {1: {"name": "Ann"}}
    assert second.recall(Recall(site=SITE, relation="media", ids=(1,))) == {}
    clock.pass_(days=31)
    assert second.recall(Recall(site=SITE, relation="users", ids=(1,))) == {}
