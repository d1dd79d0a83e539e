"""The version of an archive's schema: read, created and migrated."""

from __future__ import annotations

import importlib.resources
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.schema import VERSION, metadata, version_table
from newsbot.errors import ArchiveError


def version_of(connection: Connection) -> str | None:
    """The version of the archive's schema; None for a database without tables."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def create_tables(connection: Connection) -> None:
    """Create in an empty archive the tables that all migrations together create, without importing Alembic."""
    metadata.create_all(connection, checkfirst=False)
    version_table.create(connection, checkfirst=True)
    connection.execute(version_table.insert().values(version_num=VERSION))


@contextmanager
def _on_disk(folder: Traversable) -> Iterator[Path]:
    """A package's folder that Alembic can read. Scrapyd runs the project from a zipped egg, which has no folders."""
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


def migrate(connection: Connection, found: str | None, place: str) -> None:
    """Bring the tables from the version ``found`` to today's. Raises ArchiveError for a newer version."""
    # The import of Alembic takes 0.2 s and 6 MiB, so it is imported only where an archive must change.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    with _on_disk(importlib.resources.files("newsbot.archive") / "migrations") as folder:
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        ours = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in ours:
            raise ArchiveError(f"the archive {place} is newer ({found}) than this newsbot ({VERSION}). Update newsbot")
        command.upgrade(config, "head")
