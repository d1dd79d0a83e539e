"""Backup, restore and upgrade of an archive and a fleet in PostgreSQL, by the commands of docs/deployment.md."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest

from newsbot.archive import Archive
from newsbot.fleet.queue_schema import open_fleet
from tests.older_archive import older_archive
from tests.real.postgresql import PostgreSQL
from tests.unit.documents import commands_of
from tests.unit.test_backup import NOW, OLD_WORKER, follow, followed

pytestmark = pytest.mark.real


def test_archive_of_a_fleet_is_upgraded_backed_up_and_restored(postgresql: PostgreSQL, tmp_path: Path) -> None:
    url, restored = postgresql.new_database(), postgresql.new_database()
    with older_archive(url.replace("postgresql:", "postgresql+psycopg:"), "0004"):
        pass
    with psycopg.connect(url) as old:
        old.execute(OLD_WORKER.format("before.example", "'{}'::bytea", False))
        old.commit()
        assert followed(url) == ["before.example"]
        # The old worker does not know the new columns, and does not need to.
        old.execute(OLD_WORKER.format("after.example", "'{}'::bytea", False))
    open_fleet(url, create=True).close()
    places = {"/backup/newsbot.dump": str(tmp_path / "newsbot.dump")}
    (make,) = commands_of("deployment.md", "Backup and restore", "pg_dump", **places)
    (put_back,) = commands_of("deployment.md", "Backup and restore", "pg_restore", **places)
    programs = f"{postgresql.programs}{os.pathsep}{os.environ['PATH']}"
    archive = Archive.open(url, run="run-1", clock=lambda: NOW)
    with psycopg.connect(url) as crawl:
        crawl.execute("UPDATE followed SET url = 'half.example' WHERE url = 'after.example'")
        subprocess.run(make, shell=True, check=True, env={"PATH": programs, "NEWSBOT_ARCHIVE": url})
        crawl.rollback()
    follow(archive, "later.example")
    archive.close()
    subprocess.run(put_back, shell=True, check=True, env={"PATH": programs, "NEWSBOT_ARCHIVE": restored})
    assert followed(restored) == ["after.example", "before.example"]
    open_fleet(restored, create=False).close()
