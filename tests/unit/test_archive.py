"""The archive on SQLite: pages, cursors, changes, holes, links, leases, and what is refused."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from newsbot.archive import Archive, MissingRows, current_rows
from newsbot.archive.current_rows import LoadedRange
from newsbot.archive.parts import PARTS, changed_parts, fingerprint
from newsbot.items import Author, Checkpoint, Embed, FeaturedImage, Image, Post, TermRef, columns
from newsbot.wordpress.guids import guid_key
from newsbot.wordpress.questions import AskKnown, Recall

SITE = "https://news.example"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def post(number: int, **fields: Any) -> Post:
    values: dict[str, Any] = {
        "title": f"Title {number}",
        "content_text": f"Text of {number}",
        "content_html": f"<p>Text of {number}</p>",
        "guid": f"{SITE}/?p={number}",
        "published": f"2026-01-01T00:00:{number % 60:02d}Z",
        "modified": "2026-02-01T00:00:00Z",
        "author": Author(id=1, name="Ann"),
        "terms": [TermRef(taxonomy="category", id=3, name="News")],
        "image": FeaturedImage(id=9, url="https://news.example/9.jpg"),
    }
    return Post(site=SITE, type="post", id=number, **(values | fields))


def checkpoint(sequence: int, **fields: Any) -> Checkpoint:
    return Checkpoint(site=SITE, type="post", sequence=sequence, **({"cursor": {"date": "x"}} | fields))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "empty.db"
    Archive.open(f"sqlite:///{path}").close()
    return path


Open = Callable[..., Archive]


@pytest.fixture
def reopen(tmp_path: Path, empty_archive: Path, clock: Clock) -> Iterator[Open]:
    path = tmp_path / "newsbot.db"
    shutil.copy(empty_archive, path)
    opened: list[Archive] = []

    def open_(run: str = "run-1", **options: Any) -> Archive:
        archive = Archive.open(f"sqlite:///{path}", run=run, clock=clock, **options)
        opened.append(archive)
        return archive

    yield open_
    for archive in opened:
        archive.close()


def test_next_run_finds_committed_rows_and_the_cursor(reopen: Open) -> None:
    first = reopen()
    assert [first.add(post(n)) for n in (1, 2)] == [True, True]
    first.commit(checkpoint(2, cursor={"date": "2026-01-01T00:00:02"}))
    state = reopen("run-2").state(SITE, "post")
    assert (state.cursor, state.sequence, state.live, state.whole) == ({"date": "2026-01-01T00:00:02"}, 2, 2, False)
    assert state.asked_at == "2026-11-23T10:00:00Z"


def test_rows_without_a_checkpoint_are_not_stored_after_a_kill(reopen: Open) -> None:
    reopen().add(post(1))
    assert reopen("run-2").live.ids(AskKnown(site=SITE, type="post")) == {}


def test_flush_stores_rows_and_does_not_move_the_cursor(reopen: Open) -> None:
    first = reopen()
    first.add(post(1))
    first.flush()
    second = reopen("run-2")
    assert second.state(SITE, "post").cursor is None
    again = post(1)
    assert second.add(again) is False
    assert (again.change, again.revision) == ("unchanged", 1)


@pytest.mark.parametrize(
    ("fields", "change", "changed"),
    [
        ({"title": "Other"}, "edited", "title"),
        ({"content_text": "Other"}, "edited", "text"),
        ({"author": Author(id=2, name="Ann")}, "edited", "author"),
        ({"terms": []}, "edited", "terms,term_names"),
        ({"image": None}, "edited", "image,image_url"),
        ({"author": Author(id=1, name="Ann Renamed")}, "edited", "author_name"),
        ({"author": Author(id=1)}, "unchanged", None),
        ({"author": Author(id=2)}, "edited", "author,author_name"),
        ({"terms": [TermRef(taxonomy="category", id=3, name="Reports")]}, "edited", "term_names"),
        ({"terms": [TermRef(taxonomy="category", id=3)]}, "unchanged", None),
        ({"image": FeaturedImage(id=9, url="https://news.example/new.jpg")}, "edited", "image_url"),
        ({"image": FeaturedImage(id=9)}, "unchanged", None),
        ({"image": FeaturedImage(id=9), "sticky": True}, "edited", "image_url,state"),
        ({"content_html": "<p nonce=2>Text of 1</p>", "comment_count": 5}, "unchanged", None),
        ({"slug": "new"}, "edited", "url"),
        ({"url": f"{SITE}/moved/"}, "edited", "url"),
        ({"excerpt": "Corrected"}, "edited", "excerpt"),
        ({"published": "2026-01-02T00:00:00Z"}, "edited", "published"),
        ({"published_local": "2026-01-01T02:00:00"}, "edited", "published"),
        ({"images": [Image(url="https://news.example/body.jpg")]}, "edited", "body_media"),
        ({"links": ["https://b.example/"]}, "edited", "body_media"),
        ({"embeds": [Embed(provider="YouTube", url="https://youtu.be/x")]}, "edited", "body_media"),
        ({"sticky": True}, "edited", "state"),
        ({"format": "video"}, "edited", "state"),
        ({"language": "uk"}, "unchanged", None),
        ({"authors": [Author(id=1, name="Ann"), Author(name="Ben")]}, "edited", "authors"),
        ({"modified": "2026-03-01T00:00:00Z"}, "unchanged", None),
        (
            {"terms": [TermRef(taxonomy="tag", id=5, name="A"), TermRef(taxonomy="category", id=3, name="News")]},
            "edited",
            "terms,term_names",
        ),
        ({"terms": [TermRef(taxonomy="tag", id=None, name="A")]}, "edited", "terms,term_names"),
        ({"title": " Title 1\n", "content_text": "\tText of 1 "}, "unchanged", None),
    ],
)
def test_edit_is_distinguished_from_insignificant_changes(
    reopen: Open, tmp_path: Path, fields: dict[str, Any], change: str, changed: str | None
) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    came = post(1, **fields)
    assert archive.add(came) is (change == "edited")
    archive.commit(checkpoint(2))
    assert (came.change, came.revision) == (change, 2 if changed else 1)
    with sqlite3.connect(tmp_path / "newsbot.db") as truth:
        stored = truth.execute("SELECT revision, change, changed FROM revisions ORDER BY revision").fetchall()
    assert stored == [(1, "new", None)] + ([(2, "edited", changed)] if changed else [])


def test_older_copy_of_a_cache_never_replaces_a_newer_one(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1, modified="2026-03-01T00:00:00Z"))
    archive.commit(checkpoint(1))
    old = post(1, modified="2026-02-01T00:00:00Z", title="Old")
    assert archive.add(old) is False
    archive.commit(checkpoint(2))
    assert archive.live.ids(AskKnown(site=SITE, type="post", ids=(1,))) == {1: "2026-03-01T00:00:00Z"}
    kept = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(kept, Post)
    assert kept.title == "Title 1"


def test_checkpoint_with_missing_rows_stores_the_rows_and_not_the_cursor(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1, cursor={"date": "one"}))
    archive.add(post(2))
    with pytest.raises(MissingRows, match=r"sent 3 rows and the archive received 2"):
        archive.commit(checkpoint(3, cursor={"date": "two"}))
    archive.add(post(4))
    with pytest.raises(MissingRows):
        archive.commit(checkpoint(4, cursor={"date": "three"}))
    with pytest.raises(MissingRows):
        archive.commit(checkpoint(4, cursor={"whole": True, "watermark": "2026-11-23T10:00:00Z"}, done=True))
    state = reopen("run-2").state(SITE, "post")
    assert (state.cursor, state.live, state.whole, state.watermark) == ({"date": "one"}, 3, False, None)


def test_late_row_does_not_replace_a_missing_row(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    with pytest.raises(MissingRows):
        archive.commit(checkpoint(2))
    archive.add(post(3))
    with pytest.raises(MissingRows):
        archive.commit(checkpoint(2, cursor={"date": "two"}))
    assert archive.state(SITE, "post").cursor is None


def test_counted_drop_is_no_missing_row(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.count_dropped(post(9))
    archive.commit(checkpoint(2))
    assert archive.state(SITE, "post").sequence == 2


def test_walk_continues_from_the_stored_sequence_or_starts_again(reopen: Open) -> None:
    first = reopen()
    first.state(SITE, "post")
    first.add(post(1))
    first.commit(checkpoint(1))
    second = reopen("run-2")
    assert second.state(SITE, "post").sequence == 1
    second.add(post(2))
    second.commit(checkpoint(2))
    third = reopen("run-3")
    third.state(SITE, "post")
    third.add(post(1))
    third.commit(checkpoint(1))
    assert third.incomplete == set()


def test_last_checkpoint_stores_the_facts_of_the_collection(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    facts = {"whole": True, "watermark": "2026-11-23T10:00:00Z", "hidden": 4, "swept": "2026-11-23T10:00:00Z"}
    archive.commit(checkpoint(1, cursor=facts, done=True))
    state = archive.state(SITE, "post")
    assert (state.cursor, state.sequence, state.whole) == (None, 0, True)
    assert (state.watermark, state.hidden, state.swept) == (facts["watermark"], 4, facts["swept"])


def test_limited_run_does_not_change_an_unfinished_walk(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    limited = reopen("run-2")
    limited.state(SITE, "post")
    limited.add(post(9))
    limited.commit(checkpoint(1, cursor=None, done=True))
    state = limited.state(SITE, "post")
    assert (state.cursor, state.sequence, state.whole) == ({"date": "x"}, 1, False)


def test_walk_that_is_not_whole_begins_again(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    archive.commit(checkpoint(1, cursor={"whole": False}, done=True))
    state = archive.state(SITE, "post")
    assert (state.cursor, state.sequence, state.whole) == (None, 0, False)


def test_whole_collection_keeps_its_owed_rows(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1, cursor={"whole": True, "owed": [7, 8]}, done=True))
    state = archive.state(SITE, "post")
    assert (state.owed, state.cursor, state.whole) == ((7, 8), None, True)


def test_two_changes_of_a_row_in_one_page_are_two_revisions(reopen: Open, tmp_path: Path) -> None:
    archive = reopen()
    for title in ("One", "Two", "Three"):
        assert archive.add(post(1, title=title)) is True
    archive.flush()
    with sqlite3.connect(tmp_path / "newsbot.db") as truth:
        stored = truth.execute("SELECT revision, change FROM revisions ORDER BY revision").fetchall()
    assert stored == [(1, "new"), (2, "edited"), (3, "edited")]


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


def test_copy_is_stored_like_any_other_row(reopen: Open) -> None:
    archive = reopen()
    assert archive.add(post(1, duplicate_of="https://other.example post 1")) is True
    archive.commit(checkpoint(1))
    gone = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(gone, Post) and gone.duplicate_of == "https://other.example post 1"


def test_collision_flags_the_row_that_had_the_guid_first(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.add(post(2, guid=post(1).guid, guid_collision=True))
    archive.commit(checkpoint(2))
    first = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(first, Post)
    assert first.guid_collision is True


def test_tombstone_holds_the_last_version_and_a_returned_row_is_edited(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1, title="Title one"))
    archive.commit(checkpoint(1))
    gone = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(gone, Post)
    assert (gone.title, gone.change, gone.deleted_at) == ("Title one", "deleted", "2026-11-23T10:00:00Z")
    assert gone.author == Author(id=1, name="Ann")
    assert gone.terms == [TermRef(taxonomy="category", id=3, name="News")]
    assert archive.state(SITE, "post").live == 1, "nothing is written before the row came through"
    assert archive.add(gone) is True
    archive.commit(checkpoint(1))
    assert archive.state(SITE, "post").live == 0
    assert archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z") is None
    back = post(1, title="Title one")
    assert archive.add(back) is True
    assert (back.change, back.revision, back.deleted_at) == ("edited", 3, None)
    archive.commit(checkpoint(1))
    assert archive.state(SITE, "post").live == 1


def test_deletion_is_delivered_once(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    gone = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert gone is not None
    assert archive.add(gone) is True
    again = post(1)
    again.change = "deleted"
    assert archive.add(again) is False
    archive.flush()
    never_held = post(2)
    never_held.change = "deleted"
    assert archive.add(never_held) is False


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


def test_full_run_delivers_unchanged_rows(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    full = reopen("run-2", full=True)
    came = post(1)
    assert full.add(came) is True
    assert came.change == "unchanged"


@pytest.mark.parametrize(
    "older", [{"modified": "2026-01-15T00:00:00Z", "title": "As it was"}, {"via": "feed", "author": None, "terms": []}]
)
def test_full_run_delivers_the_stored_version_instead_of_an_older_or_poorer_one(
    reopen: Open, older: dict[str, Any]
) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    came = post(1, **older)
    assert reopen("run-2", full=True).add(came) is True
    assert (came.title, came.modified, came.via) == ("Title 1", "2026-02-01T00:00:00Z", "rest")
    assert (came.author, came.revision, came.change) == (Author(id=1, name="Ann"), 1, "unchanged")


def test_last_seen_changes_and_first_seen_does_not(reopen: Open, clock: Clock) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    clock.pass_(days=1)
    came = post(1, title="New title")
    archive.add(came)
    assert (came.first_seen, came.last_seen) == ("2026-11-23T10:00:00Z", "2026-11-24T10:00:00Z")


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


def test_archive_returns_all_columns(reopen: Open) -> None:
    archive = reopen()
    came = post(1, content_text="lone \ud800 surrogate", raw={"big": 2**70})
    archive.add(came)
    archive.commit(checkpoint(1))
    gone = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(gone, Post)
    assert gone.raw == {"big": float(2**70)}
    assert [name for name in columns(Post) if getattr(gone, name) != getattr(came, name)] == [
        *("content_text", "revision", "change", "deleted_at")
    ]


def test_another_order_of_terms_is_no_edit(reopen: Open) -> None:
    archive = reopen()
    terms = [TermRef(taxonomy="category", id=number) for number in (3, 4)]
    archive.add(post(1, terms=terms))
    archive.commit(checkpoint(1))
    assert archive.add(post(1, terms=terms[::-1])) is False


def test_row_with_only_a_new_modified_date_is_touched_and_not_edited(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    again = post(1, modified="2026-03-01T00:00:00Z")
    assert (archive.add(again), archive.was_touched(again)) == (False, True)
    archive.commit(checkpoint(2))
    assert (archive.add(again), archive.was_touched(again)) == (False, False)


def test_shorter_fingerprint_of_an_older_version_is_compared_in_its_parts() -> None:
    before, same, other = (fingerprint(post(1, **fields)) for fields in ({}, {"sticky": True}, {"title": "Other"}))
    older = before[:40]
    assert changed_parts("posts", older, same) == []
    assert changed_parts("posts", older, other) == ["title"]
    assert changed_parts("posts", b"", same) == list(PARTS["posts"])
