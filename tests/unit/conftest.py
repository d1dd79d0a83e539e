"""What the unit tests share: the compiled statements of the archive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import URL, Engine

from newsbot.archive import database


@pytest.fixture(scope="session", autouse=True)
def compiled_statements() -> Iterator[None]:
    """Let the SQLite archives of all tests share their compiled statements.

    A test opens many small archives, and SQLAlchemy compiles each statement anew for each of them. The statements are
    the same: a quarter of the time of the tests of the archive.
    """
    make, first = database._engine, list[Engine]()

    def engine(url: URL) -> Engine:
        made = make(url)
        if made.dialect.name != "sqlite":
            return made
        first[:] = first or [made]
        # The keys of the cache name the dialect.
        made.dialect = made.pool._dialect = first[0].dialect
        made._compiled_cache = first[0]._compiled_cache
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_engine", engine)
        yield
