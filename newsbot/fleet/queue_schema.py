"""The tables of the fleet: the tables of Procrastinate, and those that newsbot adds. All of them are in the archive's
database."""

from __future__ import annotations

import importlib.resources
from importlib.metadata import version
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

from newsbot.archive.database import BUSY_SECONDS, Database, open_database
from newsbot.errors import ArchiveError, BadArgument

VERSION = 1
"""The version of the tables below. A database with a higher version belongs to a newer newsbot."""

OLDEST_SERVER = 15

_LOCK = 7_236_843
"""Number of the advisory lock in PostgreSQL: only one worker at a time makes the tables."""

_OURS = """
CREATE TABLE fleet (
    version integer NOT NULL,
    procrastinate text NOT NULL,
    allowance double precision NOT NULL DEFAULT 0,
    filled timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE fleet_workers (
    worker bigint PRIMARY KEY,
    control bigint NOT NULL,
    holder text NOT NULL,
    slots integer NOT NULL,
    started timestamptz NOT NULL DEFAULT now(),
    seen timestamptz NOT NULL DEFAULT now(),
    sites_a_minute double precision NOT NULL DEFAULT 0,
    rows_a_minute double precision NOT NULL DEFAULT 0,
    requests_a_minute double precision NOT NULL DEFAULT 0
);
-- A job is fetched only if no other job has its lock. Without this index each fetch reads every job.
CREATE INDEX fleet_lock ON procrastinate_jobs (lock) WHERE status IN ('todo', 'doing');
"""
"""``allowance``: the requests that NEWSBOT_BUDGET leaves for now, as of ``filled``; each request takes one from it.
``worker`` and ``control`` are ids of procrastinate_workers, ``holder`` is the name of the process, as in the leases."""

_FUNCTIONS = ("procrastinate_defer_jobs_v1", "procrastinate_fetch_job_v2", "procrastinate_retry_job_v2")
"""Functions of Procrastinate 3.10 that older versions do not have."""


def open_fleet(url: str, *, create: bool) -> Database:
    """The archive at an SQLAlchemy URL, with the tables of the fleet. ``create``: create the tables if they are
    missing.

    Raises BadArgument for an archive that no fleet can use, ArchiveError where the database fails or is of another
    version.
    """
    if not url:
        raise BadArgument(
            "the archive is off, because NEWSBOT_ARCHIVE is empty; a fleet shares an archive in PostgreSQL"
        )
    if url.startswith("sqlite"):
        raise BadArgument(
            "a fleet shares an archive in PostgreSQL, not in SQLite; set NEWSBOT_ARCHIVE=postgresql://USER@HOST/DATABASE"
        )
    database = open_database(url)
    try:
        with database.failures():
            _check_server(database)
            _prepare(database, create=create)
    except ArchiveError:
        database.close()
        raise
    return database


def connection_text(url: str) -> str:
    """The connection string of libpq for the database at an SQLAlchemy URL."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _check_server(database: Database) -> None:
    connection = database.reader
    number = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    if number < OLDEST_SERVER * 10_000:
        raise ArchiveError(
            f"the archive {database.place} is on PostgreSQL {number // 10_000}; a fleet needs {OLDEST_SERVER} or newer"
        )
    # A pooler that gives each transaction another connection loses the settings of a connection.
    if connection.exec_driver_sql("SHOW lock_timeout").scalar_one() != f"{BUSY_SECONDS}s":
        raise ArchiveError(
            f"the archive {database.place} is behind a pooler (PgBouncer) that drops the settings of a connection; "
            "a fleet needs PostgreSQL's own port"
        )


def _prepare(database: Database, *, create: bool) -> None:
    if (found := _version(database.reader)) == VERSION:
        return
    if found is not None and found > VERSION:
        raise ArchiveError(
            f"the fleet of the archive {database.place} is newer ({found}) than this newsbot ({VERSION}). "
            "Update newsbot"
        )
    if not create:
        raise ArchiveError(f"no worker has used the archive {database.place} yet; scrapy fleet worker starts one")
    with database.writing(durable=True) as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        if _version(connection) is not None:
            return
        if _has_table(connection, "procrastinate_jobs"):
            raise ArchiveError(
                f"the database {database.place} has the queue of another application of Procrastinate. "
                "Give newsbot a database of its own"
            )
        schema = (importlib.resources.files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8")
        raw: Any = connection.connection.driver_connection
        raw.execute(schema + _OURS)
        values = {"version": VERSION, "procrastinate": version("procrastinate")}
        connection.execute(
            sa.text("INSERT INTO fleet (version, procrastinate) VALUES (:version, :procrastinate)"), values
        )


def _version(connection: Connection) -> int | None:
    """The version of the fleet's tables; None if there are no tables. Raises ArchiveError for a damaged queue."""
    if not _has_table(connection, "fleet"):
        return None
    present = sa.text("SELECT count(DISTINCT proname) FROM pg_proc WHERE proname = ANY(:names)")
    if connection.execute(present, {"names": list(_FUNCTIONS)}).scalar_one() != len(_FUNCTIONS):
        raise ArchiveError(
            "the tables of Procrastinate are not those of version 3.10. Apply its migrations, or install "
            "'procrastinate==3.10.0'"
        )
    return int(connection.exec_driver_sql("SELECT max(version) FROM fleet").scalar_one())


def _has_table(connection: Connection, name: str) -> bool:
    return connection.execute(sa.select(sa.func.to_regclass(name))).scalar() is not None
