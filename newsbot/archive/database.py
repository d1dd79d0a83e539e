"""Opening the archive's database, keeping its schema, and telling its failures in one line."""

from __future__ import annotations

import importlib.resources
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from newsbot.archive.schema import VERSION, metadata, version_table
from newsbot.errors import ArchiveError, BadArchiveUrl
from newsbot.extras import missing

BUSY_SECONDS = 10
"""How long a writer waits for another one before it calls the archive locked."""

_MIGRATION_LOCK = 7_236_842
"""PostgreSQL's advisory lock for two processes that find the same old archive."""


class Database:
    """One archive's connections: ``reader`` stays open and holds no transaction, ``writing`` is one transaction."""

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
        with self.telling():
            yield self.reader

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """One transaction, whole or not at all. ``durable`` outlives a power cut too, and all before it with it."""
        with self.telling():
            if self._writer is None or self._writer.closed or self._writer.invalidated:
                self._writer = self.engine.connect().execution_options(newsbot_write=True)
            if self.sqlite:
                raw: Any = self._writer.connection.driver_connection
                raw.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            with self._writer.begin():
                yield self._writer

    @contextmanager
    def streaming(self) -> Iterator[Connection]:
        """A connection of its own for a long read, which sees one state of the archive throughout."""
        with self.telling(), self.engine.connect() as connection:
            yield connection.execution_options(yield_per=500)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn a database's failure into one line of ours."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as failure:
            if isinstance(failure, DBAPIError) and failure.connection_invalidated:
                # The server went away: no connection to it is worth keeping.
                self._reader = self._writer = None
                self.engine.dispose()
            raise ArchiveError(f"the archive {self.place} {_reason(failure)}") from failure

    def close(self) -> None:
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None
        self.engine.dispose()


def _reason(failure: Exception) -> str:
    """What happened, in words; the driver's own text where it is none of the usual."""
    text = str(getattr(failure, "orig", None) or failure).strip().partition("\n")[0]
    for mark, words in (
        ("database is locked", "is locked: another process writes to it and comes to no end"),
        ("not a database", "is no archive: the file is not an SQLite database"),
        ("malformed", "is corrupt: restore it from a copy, or move it away and crawl again"),
        ("disk is full", "cannot grow: the disk is full"),
        ("No space left", "cannot grow: the disk is full"),
        ("disk I/O error", "cannot be read or written: disk I/O error"),
        ("unable to open", "cannot be opened: does its folder exist, and may it be written?"),
        ("readonly", "cannot be written: the file is read-only"),
    ):
        if mark in text:
            return words
    if isinstance(failure, DBAPIError) and (failure.connection_invalidated or "connect" in text):
        return f"does not answer: {text}"
    return f"failed: {text}"


def open_database(url: str, *, create: bool = True) -> Database:
    """The database behind an SQLAlchemy URL, its schema up to date.

    Raises ArchiveError where it cannot be used, is newer than this code, or is missing while ``create`` is False;
    BadArchiveUrl where the URL is at fault.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        _check_file(parsed, create=create)
    try:
        database = Database(_engine(parsed), parsed.render_as_string(hide_password=True))
    except NoSuchModuleError as unknown:
        raise BadArchiveUrl(f"NEWSBOT_ARCHIVE names a driver that is not known: {unknown}") from unknown
    except ImportError as absent:
        raise ArchiveError(f"the archive needs a driver that is not installed: {absent}") from absent
    try:
        with database.telling():
            _bring_up_to_date(database)
    except ArchiveError:
        database.close()
        raise
    return database


def try_archive(url: str) -> None:
    """Find out whether a crawl could write to the archive: opened, up to date, not locked. Raises ArchiveError."""
    database = open_database(url)
    try:
        with database.writing():
            pass
    finally:
        database.close()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as fault:
        raise BadArchiveUrl("NEWSBOT_ARCHIVE is no SQLAlchemy URL (sqlite:///newsbot.db, postgresql://...)") from fault
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadArchiveUrl(f"an archive lives in sqlite or postgresql, not in {parsed.get_backend_name()}")
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "postgresql+psycopg" and (line := missing("postgresql", "an archive in PostgreSQL")):
        raise BadArchiveUrl(line)
    return parsed


def _check_file(url: URL, *, create: bool) -> None:
    if url.database in (None, "", ":memory:"):
        raise BadArchiveUrl("an archive in memory forgets everything: name a file, or leave NEWSBOT_ARCHIVE empty")
    path = Path(url.database)
    if not create and not path.exists():
        raise ArchiveError(f"there is no archive at {path}")
    if create:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise ArchiveError(f"the archive {path} cannot be made: {fault.strerror}") from fault


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        # A stopped process must not hold a lock for ever, nor must a dead network hold us.
        options = f"-c lock_timeout={BUSY_SECONDS}s -c idle_in_transaction_session_timeout=60s"
        return sa.create_engine(
            url,
            pool_pre_ping=True,
            connect_args={"options": options, "connect_timeout": BUSY_SECONDS, "tcp_user_timeout": 30_000},
        )
    # NullPool: the two long-lived connections are ours to keep; a pool would only hide them.
    patience = {} if "timeout" in url.query else {"timeout": BUSY_SECONDS}
    engine = sa.create_engine(url, poolclass=NullPool, connect_args=patience)

    @sa.event.listens_for(engine, "connect")
    def prepare(raw: sqlite3.Connection, _record: object) -> None:
        # The driver begins transactions late and never around DDL: we begin our own.
        raw.isolation_level = None
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=NORMAL")
        raw.execute("PRAGMA cache_size=-16000")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            # IMMEDIATE: two writers queue up instead of failing when the second one's read turns into a write.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("newsbot_write") else "BEGIN")

    return engine


def _bring_up_to_date(database: Database) -> None:
    if _version(database.reader) == VERSION:
        return
    with database.writing(durable=True) as connection:
        if not database.sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        found = _version(connection)
        if found is None:
            _create(connection)
        elif found != VERSION:
            _migrate(connection, found, database.place)


def _version(connection: Connection) -> str | None:
    """The archive's schema version, None where it has no tables yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _create(connection: Connection) -> None:
    """Make the newest tables in an empty archive, as all migrations together make them, without importing Alembic."""
    metadata.create_all(connection, checkfirst=False)
    version_table.create(connection, checkfirst=True)
    connection.execute(version_table.insert().values(version_num=VERSION))


@contextmanager
def _on_disk(folder: Traversable) -> Iterator[Path]:
    """A package's folder as one Alembic can read: Scrapyd runs the project out of a zipped egg, where there is none."""
    if isinstance(folder, Path):
        yield folder
        return
    with tempfile.TemporaryDirectory() as copy:
        _unpack(folder, Path(copy) / folder.name)
        yield Path(copy) / folder.name


def _unpack(source: Traversable, target: Path) -> None:
    target.mkdir()
    for entry in source.iterdir():
        if entry.is_dir():
            _unpack(entry, target / entry.name)
        else:
            (target / entry.name).write_bytes(entry.read_bytes())


def _migrate(connection: Connection, found: str | None, place: str) -> None:
    # Alembic takes a fifth of a second and 6 MiB to import: only an archive that must change pays for it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    with _on_disk(importlib.resources.files("newsbot.archive") / "migrations") as folder:
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        ours = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in ours:
            raise ArchiveError(f"the archive {place} is newer ({found}) than this newsbot ({VERSION}): update newsbot")
        command.upgrade(config, "head")


def upsert(connection: Connection, table: sa.Table, *, keys: Sequence[str], replaced: Sequence[str]) -> Any:
    """An insert that replaces some columns where a row with these keys is there already; none: it is left as it is."""
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
