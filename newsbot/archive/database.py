"""Opens the archive's database, with an up-to-date schema, and turns its failures into one line."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from newsbot.archive.schema import VERSION, version_table
from newsbot.archive.schema_version import create_tables, migrate, version_of
from newsbot.errors import ArchiveAway, ArchiveError, BadArchiveUrl
from newsbot.extras import missing

BUSY_SECONDS = 10
"""How long a writer waits for another writer before it reports that the archive is locked."""

_MIGRATION_LOCK = 7_236_842
"""Number of the advisory lock in PostgreSQL: only one process at a time changes the schema."""


class Database:
    """The connections of one archive. ``reader`` stays open without a transaction; ``writing`` is one transaction."""

    def __init__(self, engine: Engine, place: str) -> None:
        self.engine = engine
        self.place = place
        self.sqlite = engine.dialect.name == "sqlite"
        self._reader: Connection | None = None
        self._writer: Connection | None = None

    @property
    def reader(self) -> Connection:
        if self._reader is None or self._reader.closed or self._reader.invalidated:
            self._reader = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._reader

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.failures():
            yield self.reader

    @contextmanager
    def stating(self) -> Iterator[Connection]:
        """For one statement that writes. The statement is a transaction of its own and needs no round trips for begin
        and end.
        """
        with self.failures():
            yield self.reader

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """One transaction. With ``durable`` this transaction, and all before it, survive a power cut."""
        with self.failures():
            if self._writer is None or self._writer.closed or self._writer.invalidated:
                self._writer = self.engine.connect().execution_options(newsbot_write=True)
            if self.sqlite:
                raw: Any = self._writer.connection.driver_connection
                raw.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            with self._writer.begin():
                yield self._writer

    @contextmanager
    def streaming(self) -> Iterator[Connection]:
        """A separate connection for a long read, which sees one unchanging state of the archive."""
        with self.failures(), self.engine.connect() as connection:
            if not self.sqlite:
                # A slow reader, such as a pager or a pipe, holds no lock that others wait for.
                connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield connection.execution_options(yield_per=500)

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Turn a failure of the database into an ArchiveError with one line."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as failure:
            if isinstance(failure, DBAPIError) and failure.connection_invalidated:
                # The server closed the connection, so the other connections to the server are useless too.
                self._reader = self._writer = None
                self.engine.dispose()
            kind = ArchiveAway if _is_away(failure) else ArchiveError
            raise kind(f"the archive {self.place} {_reason(failure)}") from failure

    def close(self) -> None:
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None
        self.engine.dispose()


def _reason(failure: Exception) -> str:
    """What happened, why, and what to do; for an unusual failure, the text of the database driver."""
    text = _text(failure)
    for part, reason in _REASONS.items():
        if part in text:
            return reason
    if _is_away(failure):
        return f"does not answer: {text}. Start the server, or correct NEWSBOT_ARCHIVE"
    return f"failed: {text}"


def _is_away(failure: Exception) -> bool:
    """Whether the connection to the server is missing or broken. A full disk breaks connections too, but does not count
    here: the server does not restart."""
    text = _text(failure)
    broken = isinstance(failure, DBAPIError) and (failure.connection_invalidated or "connect" in text)
    return broken and not any(part in text for part in _REASONS)


def _text(failure: Exception) -> str:
    return str(getattr(failure, "orig", None) or failure).strip().partition("\n")[0]


_REASONS = {
    "unsupported startup": "is behind a pooler (PgBouncer) that refuses the settings of a connection. Use PostgreSQL's "
    "own port",
    "database is locked": "is locked: another process is still writing to it. End that process",
    "not a database": "is not an archive: the file is not an SQLite database. Correct NEWSBOT_ARCHIVE",
    "malformed": "is corrupt. Restore a copy of it, or move it away and crawl again",
    "disk is full": "cannot grow: the disk is full. Make room on the disk",
    "No space left": "cannot grow: the disk is full. Make room on the disk",
    "disk I/O error": "cannot be read or written: disk I/O error. Check the disk",
    "unable to open": "cannot be opened. Check that its folder exists and that this user may write to it",
    "readonly": "cannot be written: the file is read-only. Change the rights of the file",
}
"""Part of the database driver's text -> the end of the sentence that begins with "the archive <place>"."""


def open_database(url: str, *, create: bool = True) -> Database:
    """The database at an SQLAlchemy URL, with an up-to-date schema.

    Raises ArchiveError if the database cannot be used, is newer than this code, or is missing while ``create`` is
    False. Raises BadArchiveUrl if the URL itself is wrong.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        _check_file(parsed, create=create)
    try:
        database = Database(_engine(parsed), parsed.render_as_string(hide_password=True))
    except NoSuchModuleError as unknown:
        raise BadArchiveUrl(f"NEWSBOT_ARCHIVE names an unknown database driver: {unknown}") from unknown
    except ImportError as absent:
        raise ArchiveError(f"the archive needs a database driver that is not installed: {absent}") from absent
    try:
        with database.failures():
            _bring_up_to_date(database)
    except ArchiveError:
        database.close()
        raise
    return database


def try_archive(url: str) -> None:
    """Raise ArchiveError unless a crawl can open the archive and write to it."""
    database = open_database(url)
    try:
        with database.writing():
            pass
    finally:
        database.close()


def is_absent(url: str) -> bool:
    """Whether the archive is a file that does not exist. Raises BadArchiveUrl."""
    parsed = _parse(url)
    return parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as fault:
        raise BadArchiveUrl(
            "NEWSBOT_ARCHIVE is not an SQLAlchemy URL; write it like sqlite:///newsbot.db or postgresql://user@host/name"
        ) from fault
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadArchiveUrl(f"NEWSBOT_ARCHIVE takes a sqlite or postgresql database, not {parsed.get_backend_name()}")
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "postgresql+psycopg" and (line := missing("postgresql", "an archive in PostgreSQL")):
        raise BadArchiveUrl(line)
    return parsed


def _check_file(url: URL, *, create: bool) -> None:
    if url.database in (None, "", ":memory:"):
        raise BadArchiveUrl("NEWSBOT_ARCHIVE names a database in memory, which is lost after the run; name a file")
    path = Path(url.database)
    if not create and not path.exists():
        raise ArchiveError(f"there is no archive at {path}; crawl a site first, or correct NEWSBOT_ARCHIVE")
    if create:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise ArchiveError(f"the folder of the archive {path} cannot be created: {fault.strerror}") from fault


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        # A stopped process must not hold a lock for ever, and a dead network must not block this process.
        options = f"-c lock_timeout={BUSY_SECONDS}s -c idle_in_transaction_session_timeout=20s"
        return sa.create_engine(
            url,
            pool_pre_ping=True,
            connect_args={"options": options, "connect_timeout": BUSY_SECONDS, "tcp_user_timeout": 30_000},
        )
    # NullPool: Database keeps its two long-lived connections itself.
    timeout = {} if "timeout" in url.query else {"timeout": BUSY_SECONDS}
    engine = sa.create_engine(url, poolclass=NullPool, connect_args=timeout)

    @sa.event.listens_for(engine, "connect")
    def prepare(raw: sqlite3.Connection, _record: object) -> None:
        # The driver begins transactions late, and never around DDL. The listener below begins them instead.
        raw.isolation_level = None
        _keep_a_write_ahead_log(raw)
        raw.execute("PRAGMA synchronous=NORMAL")
        # KiB a connection. With four times this size, a million known rows are not found faster.
        raw.execute("PRAGMA cache_size=-2000")
        # With this setting SQLite reports a damaged page. Without it SQLite returns fewer rows.
        raw.execute("PRAGMA cell_size_check=ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            # IMMEDIATE: a second writer waits. Otherwise it would fail where a write follows its first read.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("newsbot_write") else "BEGIN")

    return engine


def _keep_a_write_ahead_log(raw: sqlite3.Connection) -> None:
    """Turn write-ahead logging on. If two processes do this to a new file at the same moment, SQLite does not wait: it
    refuses one of them at once."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as refused:
            if "locked" not in str(refused) or time.monotonic() >= give_up:
                raise
            time.sleep(0.02)
        else:
            return


_served: set[str] = set()
"""The archives that this process has found up to date."""


def _bring_up_to_date(database: Database) -> None:
    if (present := version_of(database.reader)) == VERSION:
        _served.add(database.place)
        return
    if database.place in _served and present is not None and present > VERSION:
        # A newer newsbot has migrated the archive since this process began. Migrations only add tables and columns, so
        # an older worker can continue until it is replaced.
        return
    with database.writing(durable=True) as connection:
        if not database.sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        found = version_of(connection)
        if found is None:
            if foreign := set(sa.inspect(connection).get_table_names()) - {version_table.name}:
                raise ArchiveError(
                    f"the archive {database.place} is a database of another program: it has tables such as "
                    f"{min(foreign)}, and none of an archive. Name an empty database in NEWSBOT_ARCHIVE"
                )
            create_tables(connection)
        elif found != VERSION:
            migrate(connection, found, database.place)
        _served.add(database.place)


def upsert(connection: Connection, table: sa.Table, *, keys: Sequence[str], replaced: Sequence[str]) -> Any:
    """An insert. If a row has these keys already, it replaces the columns ``replaced`` of that row, if any."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    statement = insert(table)
    if not replaced:
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={name: statement.excluded[name] for name in replaced}
    )
