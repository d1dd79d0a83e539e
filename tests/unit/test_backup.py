"""Backup, restore and upgrade of an archive in SQLite, by the commands of docs/deployment.md."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsbot.archive import Archive
from newsbot.archive.followed import Followed, FollowedSite
from tests.older_archive import older_archive
from tests.unit.documents import commands_of

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
OLD_WORKER = (
    "INSERT INTO followed (url, spider, entry, weight, paused, failures) VALUES ('{}', 'wp_posts', {}, 1.0, {}, 0)"
)
"""How newsbot stored a followed site before the migration 0005."""


def follow(archive: Archive, *urls: str) -> None:
    Followed(archive.database).add([FollowedSite(url=url, spider="wp_posts", entry={"url": url}) for url in urls])


def followed(url: str) -> list[str]:
    archive = Archive.open(url, run="run-2", clock=lambda: NOW)
    try:
        return sorted(site.url for site in Followed(archive.database).sites())
    finally:
        archive.close()


@pytest.mark.parametrize("program", ["sqlite3", "python3"])
def test_backup_during_a_crawl_can_be_restored(program: str, tmp_path: Path) -> None:
    if shutil.which(program) is None:
        pytest.skip("sqlite3 is not installed: sudo apt-get install sqlite3")
    live, backup = tmp_path / "newsbot.db", tmp_path / "backup.db"
    places = {"/var/lib/newsbot/newsbot.db": str(live), "/backup/newsbot.db": str(backup)}
    (make,) = commands_of("deployment.md", "Backup and restore", program, **places)
    (put_back,) = commands_of("deployment.md", "Backup and restore", "rm -f", **places)
    archive = Archive.open(f"sqlite:///{live}", run="run-1", clock=lambda: NOW)
    follow(archive, "kept.example")
    crawl = sqlite3.connect(live)
    crawl.execute("BEGIN IMMEDIATE")
    crawl.execute("UPDATE followed SET url = 'half.example'")
    subprocess.run(make, shell=True, check=True)
    crawl.rollback()
    crawl.close()
    follow(archive, "later.example")
    # As after a crash: the last changes of the lost archive lie beside it, and must not be put onto the backup.
    changes = live.with_name("newsbot.db-wal")
    kept = changes.read_bytes()
    archive.close()
    changes.write_bytes(kept)
    subprocess.run(put_back, shell=True, check=True)
    assert followed(f"sqlite:///{live}") == ["kept.example"]


def test_old_worker_continues_after_a_new_worker_migrates(tmp_path: Path) -> None:
    path = tmp_path / "newsbot.db"
    with older_archive(path, "0004"):
        pass
    old = sqlite3.connect(path, isolation_level=None)
    old.execute(OLD_WORKER.format("before.example", "x'7b7d'", 0))
    assert followed(f"sqlite:///{path}") == ["before.example"]
    old.execute(OLD_WORKER.format("after.example", "x'7b7d'", 0))
    old.close()
    assert followed(f"sqlite:///{path}") == ["after.example", "before.example"]
