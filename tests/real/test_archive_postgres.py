"""The archive on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsbot.archive import Archive, Feed
from newsbot.archive.hosts import Hosts
from newsbot.archive.reader import Filter, read_current, read_history
from newsbot.archive.schema_version import migrate
from newsbot.errors import ArchiveError
from newsbot.items import Author, Checkpoint, Post
from newsbot.politeness.known import KnownRobots
from newsbot.wordpress.guids import guid_key
from newsbot.wordpress.questions import AskKnown, Recall
from tests.crawl.scrapy_crawl import crawl
from tests.newsroom import Newsroom
from tests.real.postgresql import PostgreSQL
from tests.unit.test_forgetting import check_forgetting
from tests.unit.test_moved_archive import check_rename, fill

pytestmark = pytest.mark.real

WHEN = datetime(2026, 11, 23, 10, tzinfo=UTC)


def open_(postgresql: PostgreSQL, run: str) -> Archive:
    return Archive.open(postgresql.url, run=run, clock=lambda: WHEN, alive=lambda _: False)


def post(number: int, site: str, **fields: object) -> Post:
    values = {"title": f"T{number}", "content_text": "zero \x00 byte", "guid": f"{site}/?p={number}"} | fields
    return Post(site=site, type="post", id=number, author=Author(id=1), **values)  # type: ignore[arg-type]


def test_a_new_archive_has_the_tables_that_the_migrations_make(postgresql: PostgreSQL) -> None:
    made, migrated = (sa.create_engine(postgresql.new_database()) for _ in range(2))
    Archive.open(made.url.render_as_string()).close()
    with migrated.begin() as connection:
        migrate(connection, None, "the archive")
    assert described(made) == described(migrated)
    assert "rows" in described(made)
    migrated.dispose()
    made.dispose()


def described(engine: sa.Engine) -> dict[str, list[str]]:
    """Table -> its columns, keys and indexes in words."""
    found, inspector = {}, sa.inspect(engine)
    for table in inspector.get_table_names():
        columns = [
            (column["name"], str(column["type"]), column["nullable"], column["default"])
            for column in inspector.get_columns(table)
        ]
        keys = [inspector.get_pk_constraint(table), *inspector.get_foreign_keys(table)]
        rest = [*inspector.get_unique_constraints(table), *inspector.get_indexes(table)]
        found[table] = [str(one) for one in (*columns, *keys, *sorted(rest, key=str))]
    return found


def test_collection_is_stored_committed_and_delivered(postgresql: PostgreSQL, tmp_path: Path) -> None:
    site = "https://life.example"
    archive = open_(postgresql, "life-1")
    archive.runs.start("wp_posts")
    archive.outbox.enter()
    assert archive.leases.take(site) is None
    archive.state(site, "post")
    archive.remember(site, "users", {1: {"name": "Ann"}})
    for number in range(1, 1201):
        assert archive.add(post(number, site, published=f"2026-01-{number % 28 + 1:02d}T00:00:00Z"))
    archive.commit(Checkpoint(site=site, type="post", sequence=1200, cursor={"id": 1200}))
    edited = post(7, site, title="Edited")
    assert archive.add(edited)
    archive.flush()
    archive.close()

    heir = open_(postgresql, "life-2")
    heir.runs.start("wp_posts")
    heir.outbox.enter()
    assert heir.leases.take(site) is None, "the holder is dead"
    recovered = [row.record for row in heir.outbox.recover(site, "posts")]
    assert len(recovered) == 1201
    state = heir.state(site, "post")
    assert (state.cursor, state.sequence, state.live) == ({"id": 1200}, 1200, 1200)
    assert heir.recall(Recall(site=site, relation="users", ids=(1,))) == {1: {"name": "Ann"}}
    assert len(heir.live.ids(AskKnown(site=site, type="post", ids=tuple(range(900, 2000))))) == 301
    gone = heir.tombstone(site, "post", 9, "2026-11-23T10:00:00Z")
    assert gone is not None
    assert heir.add(gone)
    assert heir.add(post(7, site, title="Edited")) is False
    facts = {"whole": True, "watermark": "2026-11-23T10:00:00Z"}
    heir.commit(Checkpoint(site=site, type="post", sequence=1202, cursor=facts, done=True))
    feed = Feed(tmp_path / ".a.part", tmp_path / "a")
    feed.part.write_text("rows")
    heir.outbox.sealing([feed])
    heir.close()

    last = open_(postgresql, "life-3")
    assert last.outbox.finish_renames() == [feed.final]
    assert list(last.outbox.recover(site, "posts")) == []
    asked = Filter(site=site, deleted=True)
    changes = [row.state.change for row in read_current(last.database, asked)]
    assert (changes.count("new"), changes.count("edited"), changes.count("deleted")) == (1198, 1, 1)
    assert sum(1 for _ in read_history(last.database, asked)) == 1202
    last.close()


def test_rows_that_share_a_guid_are_found(postgresql: PostgreSQL) -> None:
    one, two = "https://owner.example", "https://copy.example"
    archive = open_(postgresql, "owner")
    archive.was_empty = False
    archive.add(post(1, one))
    archive.flush()
    key = guid_key(f"{one}/?p=1")
    assert key is not None
    assert (archive.holds(post(1, one)), archive.shares_guid(post(2, one), key)) == (True, True)
    assert [row.site for row in archive.others_with_guid(post(2, two), key, pending=False)] == [one]
    archive.close()


def test_stopped_server_gives_one_line_and_the_next_run_continues(postgresql: PostgreSQL) -> None:
    site = "https://outage.example"
    archive = open_(postgresql, "outage")
    archive.state(site, "post")
    archive.add(post(1, site))
    archive.commit(Checkpoint(site=site, type="post", sequence=1, cursor={"id": 1}))
    archive.add(post(2, site))
    postgresql.stop()
    with pytest.raises(ArchiveError) as caught:
        archive.commit(Checkpoint(site=site, type="post", sequence=2, cursor={"id": 2}))
    assert "\n" not in str(caught.value)
    assert "does not answer" in str(caught.value)
    postgresql.start()
    archive.flush()
    state = archive.state(site, "post")
    assert (state.live, state.cursor) == (2, {"id": 1})
    archive.close()


def test_server_that_stops_during_a_crawl_ends_it_and_the_next_run_delivers_the_rest(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    kept = {"NEWSBOT_ARCHIVE": postgresql.url}
    with Newsroom(posts=320) as room:

        def leave(_: object) -> None:
            if sum(request.route == "/wp/v2/posts" for request in room.requests) == 3:
                postgresql.stop()

        room.on_request(leave)
        run = crawl(tmp_path, "wp_posts", site=room.url, output="0.jsonl", env=kept)
        room.site.hooks.clear()
        room.forget()
        absent = crawl(tmp_path, "wp_posts", site=room.url, output="1.jsonl", env=kept)
        assert (absent.status, absent.said.count("\n"), len(room.requests)) == (1, 1, 0), absent.said
        assert "does not answer" in absent.said
        postgresql.start()
        last = crawl(tmp_path, "wp_posts", site=room.url, output="2.jsonl", env=kept)
        live = sorted(room.ids("post"))
    assert (run.status, "Traceback" in run.said) == (1, False), run.said
    (line,) = (line for line in run.said.splitlines() if ". The crawl stops; the next crawl continues" in line)
    assert "does not answer" in line
    assert not (tmp_path / "0.jsonl").exists(), "its rows could not be kept"
    assert last.status == 0, last.said
    assert sorted(row["id"] for row in last.rows("2.jsonl")) == live


def test_processes_share_pace_and_robots_txt_of_hosts(postgresql: PostgreSQL) -> None:
    open_(postgresql, "hosts").close()
    now = WHEN.timestamp()
    first, other = (Hosts.open(postgresql.url, clock=lambda: now) for _ in range(2))
    assert first.take_turn("pace.example", delay=2, penalty=1).wait == 0
    assert other.take_turn("pace.example", delay=2, penalty=0).wait == 3
    first.learn("held.example", penalty=0, hold=120)
    assert other.take_turn("held.example", delay=0, penalty=0).wait == 120
    answer = KnownRobots(fetched=now, status=200, body=b"User-agent: *\x00")
    first.learn_robots("https://held.example", answer)
    assert other.robots("https://held.example") == answer
    first.close()
    other.close()


def test_renamed_site_keeps_all_that_the_archive_holds(postgresql: PostgreSQL) -> None:
    url = postgresql.new_database()
    died = Archive.open(url, run="run-1", alive=lambda _: False)
    fill(died)
    died.close()
    archive = Archive.open(url, run="run-2", alive=lambda _: False)
    archive.runs.start("wp_posts")
    check_rename(archive, url)
    archive.close()


def test_person_and_site_are_forgotten(postgresql: PostgreSQL, tmp_path: Path) -> None:
    check_forgetting(postgresql.new_database(), tmp_path)
