"""An empty archive of an older version, for the tests of migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

MIGRATIONS = Path(__file__).parents[1] / "newsbot" / "archive" / "migrations"


@contextmanager
def older_archive(place: Path | str, version: str) -> Iterator[sa.Connection]:
    """A transaction on an archive that the migrations up to ``version`` have made. A path is an SQLite file."""
    engine = sa.create_engine(f"sqlite:///{place}" if isinstance(place, Path) else place)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        yield connection
    engine.dispose()
