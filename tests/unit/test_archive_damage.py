"""An archive that is broken in its middle: what is whole is read, what is damaged is named or asked for again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import zstandard

from newsbot.archive import Archive
from newsbot.archive.payloads import BrokenPayload, compressed, fields_of, json_of, pack
from newsbot.archive.reader import Filter, read_current, read_history
from newsbot.archive.schema import collections, linked, outbox, revisions, sites
from newsbot.errors import ArchiveError
from newsbot.items import Checkpoint, Post
from newsbot.wordpress.questions import Recall

SITE = "https://news.example"
WHEN = "2026-11-23T10:00:00Z"


def post(number: int) -> Post:
    values = {"title": f"Title {number}", "content_text": f"Words of post {number}.", "modified": WHEN}
    return Post(site=SITE, type="post", id=number, guid=f"{SITE}/?p={number}", **values)  # type: ignore[arg-type]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Posts 1 to 3 of a run that died. The content of post 2 is damaged."""
    archive = Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}", run="run-1", alive=lambda _: False)
    archive.runs.start("wp_posts")
    for number in (1, 2, 3):
        archive.add(post(number))
    end = {"whole": True, "watermark": WHEN, "swept": WHEN}
    archive.commit(Checkpoint(site=SITE, type="post", sequence=3, cursor=end, done=True))
    with archive.database.writing() as connection:
        stored = connection.execute(sa.select(revisions.c.payload).where(revisions.c.id == 2)).scalar_one()
        damaged = stored[:30] + bytes(byte ^ 0x55 for byte in stored[30:40]) + stored[40:]
        connection.execute(sa.update(revisions).where(revisions.c.id == 2).values(payload=damaged))
    yield archive
    archive.close()


def reopened(archive: Archive) -> Archive:
    return Archive.open(archive.database.place, run="run-2", alive=lambda _: False)


def test_reader_skips_damaged_rows_and_names_them(archive: Archive) -> None:
    broken: list[str] = []
    assert [row.record().id for row in read_current(archive.database, Filter(), broken)] == [1, 3]
    assert broken == [f"{SITE} post 2"]
    assert len(list(read_history(archive.database, Filter(), broken))) == 2
    assert broken == [f"{SITE} post 2"] * 2


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"not a frame", bytes(range(100, 160)), pack(post(1))[:-9],
        zstandard.ZstdCompressor(write_checksum=False).compress(b'{"site": "https://news.ex'),
        b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 7 + b"\x00" * 9,
    ],
    ids=["empty", "text", "bytes", "cut off", "another frame", "claims a large size"],
)  # fmt: skip
def test_damaged_payload_is_recognised(payload: bytes) -> None:
    with pytest.raises(BrokenPayload):
        json_of(payload)


def test_payload_with_invalid_json_is_damaged() -> None:
    with pytest.raises(BrokenPayload):
        fields_of(compressed(b'{"raw":{"views":1' + b"0" * 400 + b"}}"))


def test_payload_has_a_checksum() -> None:
    payload = pack(post(1))
    for place in range(20, len(payload), 7):
        flipped = payload[:place] + bytes([payload[place] ^ 1]) + payload[place + 1 :]
        with pytest.raises(BrokenPayload):
            json_of(flipped)


def test_damaged_undelivered_row_is_requested_again(archive: Archive) -> None:
    heir = reopened(archive)
    assert [row.record.id for row in heir.outbox.recover(SITE, "posts")] == [1, 3]
    state = heir.state(SITE, "post")
    assert (state.whole, state.swept) == (True, None), "a sweep finds the row"
    again = post(2)
    assert heir.add(again) is True
    assert (again.change, again.revision) == ("edited", 2)
    heir.flush()
    with heir.database.reading() as connection:
        promised = connection.execute(sa.select(outbox.c.id, outbox.c.revision).order_by(outbox.c.id)).all()
    assert [tuple(entry) for entry in promised] == [(1, 1), (2, 2), (3, 1)]
    heir.close()


def test_deletion_of_a_damaged_row_is_delivered_without_its_content(archive: Archive) -> None:
    heir = reopened(archive)
    heir.runs.start("wp_posts")
    gone = heir.tombstone(SITE, "post", 2, WHEN)
    assert isinstance(gone, Post)
    assert (gone.id, gone.change, gone.title, gone.deleted_at) == (2, "deleted", None, WHEN)
    assert heir.add(gone) is True
    heir.flush()
    last = Archive.open(archive.database.place, run="run-3", alive=lambda _: False)
    recovered = [(row.record.id, row.record.change) for row in last.outbox.recover(SITE, "posts")]
    assert (2, "deleted") in recovered
    heir.close()
    last.close()


def test_damaged_facts_of_a_site_count_as_unknown(archive: Archive) -> None:
    archive.runs.keep_site(SITE, {"key": SITE, "name": "News"})
    archive.remember(SITE, "/wp/v2/users", {1: {"id": 1}})
    archive.flush()
    with archive.database.writing() as connection:
        connection.execute(sa.update(sites).values(facts=b"{broken"))
        connection.execute(sa.update(linked).values(object=b"\xff"))
        connection.execute(sa.update(collections).values(cursor=b"[1"))
    heir = reopened(archive)
    assert heir.runs.site_behind(SITE) is None
    assert heir.recall(Recall(site=SITE, relation="/wp/v2/users", ids=(1,))) == {}
    assert heir.state(SITE, "post").cursor is None
    heir.close()


def test_row_whose_content_is_lost_is_named(archive: Archive) -> None:
    with archive.database.writing() as connection:
        connection.execute(sa.delete(revisions).where(revisions.c.id == 3))
    broken: list[str] = []
    assert [row.record().id for row in read_current(archive.database, Filter(), broken)] == [1]
    assert broken == [f"{SITE} post 2", f"{SITE} post 3"]
    gone = archive.tombstone(SITE, "post", 3, WHEN)
    assert gone is not None and (gone.id, gone.change) == (3, "deleted")


def test_undelivered_row_without_its_content_is_requested_again(archive: Archive) -> None:
    with archive.database.writing() as connection:
        connection.execute(sa.delete(revisions).where(revisions.c.id == 3))
    heir = reopened(archive)
    assert [row.record.id for row in heir.outbox.recover(SITE, "posts")] == [1]
    assert heir.state(SITE, "post").swept is None
    assert heir.add(post(3)) is True
    heir.flush()
    heir.close()


@pytest.mark.parametrize("left", [0.05, 0.3, 0.6, 0.95])
def test_truncated_file_gives_one_line(archive: Archive, tmp_path: Path, left: float) -> None:
    for number in range(4, 400):
        archive.add(post(number))
    archive.flush()
    archive.close()
    path = tmp_path / "newsbot.db"
    os.truncate(path, int(path.stat().st_size * left))
    with pytest.raises(ArchiveError, match=r"^the archive .* is corrupt\. [^\n]*$"):
        read_all(archive)


def read_all(archive: Archive) -> None:
    list(read_current(reopened(archive).database, Filter()))
