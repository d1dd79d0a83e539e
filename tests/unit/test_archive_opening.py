"""Archives that cannot be opened or written: newer ones, those of other programs, locked ones, full disks."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from newsbot.archive import Archive
from newsbot.archive.schema import VERSION
from newsbot.archive.schema_version import migrate
from newsbot.errors import ArchiveError
from tests.unit.reopened_archive import SITE, Open, checkpoint, post
from tests.unit.reopened_archive import clock as clock
from tests.unit.reopened_archive import empty_archive as empty_archive
from tests.unit.reopened_archive import reopen as reopen


def test_newer_archive_is_refused_with_one_line(reopen: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reopen().close()
    monkeypatch.setattr("newsbot.archive.database._served", set())
    with sqlite3.connect(tmp_path / "newsbot.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ArchiveError, match=rf"newer \(9999\) than this newsbot \({VERSION}\)"):
        reopen()


def test_database_of_another_program_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "wiki.db"
    with closing(sqlite3.connect(path)) as foreign:
        foreign.execute("CREATE TABLE pages (title TEXT)")
    before = path.read_bytes()
    with pytest.raises(ArchiveError, match="another program: it has tables such as pages"):
        Archive.open(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as foreign:
        assert foreign.execute("SELECT name FROM sqlite_master").fetchall() == [("pages",)]
    assert len(path.read_bytes()) == len(before)


def test_a_new_archive_has_the_tables_that_the_migrations_make(reopen: Open, tmp_path: Path) -> None:
    reopen().close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with engine.begin() as connection:
        migrate(connection, None, "the archive")
    engine.dispose()
    new, migrated = (definitions(tmp_path / name) for name in ("newsbot.db", "migrated.db"))
    assert new == migrated
    assert {"rows", "rows_guid", "alembic_version"} <= {name for name, _ in new}


def definitions(path: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as raw:
        found = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    return [(name, " ".join(sql.split())) for name, sql in found]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "a database in memory"),
        ("nonsense", "not an SQLAlchemy URL"),
        ("mysql://x/y", "sqlite or postgresql"),
        ("postgresql://nobody@127.0.0.1:1/none", "does not answer"),
        ("sqlite:////proc/none/newsbot.db", "cannot be created"),
    ],
)
def test_unusable_url_gives_one_line(url: str, words: str) -> None:
    with pytest.raises(ArchiveError, match=words) as caught:
        Archive.open(url)
    assert "\n" not in str(caught.value)


def test_missing_archive_is_not_created_for_a_reader(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="there is no archive"):
        Archive.open(f"sqlite:///{tmp_path / 'none.db'}", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("body", [b"this is no database" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_corrupt_file_gives_one_line(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "bad.db").write_bytes(body)
    with pytest.raises(ArchiveError, match=r"is not an archive|is corrupt"):
        Archive.open(f"sqlite:///{tmp_path / 'bad.db'}")


def test_error_does_not_hold_the_password_of_the_archive() -> None:
    with pytest.raises(ArchiveError) as caught:
        Archive.open("postgresql://somebody:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)


def test_locked_archive_is_reported_and_the_page_can_be_committed_later(
    reopen: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsbot.archive.database.BUSY_SECONDS", 0.1)
    archive = reopen()
    archive.state(SITE, "post")
    archive.add(post(1))
    other = sqlite3.connect(tmp_path / "newsbot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ArchiveError, match="is locked"):
        archive.commit(checkpoint(1))
    other.execute("ROLLBACK")
    other.close()
    archive.flush()
    assert archive.state(SITE, "post").live == 1


def test_process_that_creates_the_archive_waits_for_another_creating_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "newsbot.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            other.execute("ROLLBACK")

    monkeypatch.setattr("newsbot.archive.database.time.sleep", wait)
    Archive.open(f"sqlite:///{path}").close()
    assert len(waits) == 2
    other.close()


def test_new_archive_that_stays_locked_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsbot.archive.database.BUSY_SECONDS", 0.1)
    path = tmp_path / "newsbot.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ArchiveError, match="is locked"):
        Archive.open(f"sqlite:///{path}")
    other.close()


def test_writer_waits_for_another_writer(reopen: Open, tmp_path: Path) -> None:
    archive = reopen()
    archive.add(post(1))
    other = sqlite3.connect(tmp_path / "newsbot.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.2, other.execute, ["ROLLBACK"])
    release.start()
    archive.commit(checkpoint(1))
    release.join()
    other.close()
    assert archive.state(SITE, "post").live == 1


def test_full_disk_stores_no_row_of_the_page(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    with archive.database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    raw: Any = archive.database._writer.connection.driver_connection  # type: ignore[union-attr]
    raw.execute(f"PRAGMA max_page_count={pages + 1}")
    for number in range(2, 400):
        archive.add(post(number, raw={"noise": [hash((number, i)) for i in range(100)]}))
    with pytest.raises(ArchiveError, match="disk is full"):
        archive.commit(checkpoint(399))
    state = reopen("run-2").state(SITE, "post")
    assert (state.live, state.sequence) == (1, 1)
