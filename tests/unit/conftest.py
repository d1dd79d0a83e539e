"""What the unit tests share: the compiled statements of the archive."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import pytest
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Engine


class OneDialect(SQLiteDialect_pysqlite):
    """SQLite's dialect, one object for all engines: the key of a compiled statement names its dialect."""

    supports_statement_cache = True
    compiled: ClassVar[dict[Any, Any]] = {}
    _made: ClassVar[list[Any]] = []

    def __new__(cls, **_: Any) -> Self:
        cls._made[:] = cls._made or [super().__new__(cls)]
        only: Self = cls._made[0]
        return only

    def __init__(self, **arguments: Any) -> None:
        if "dbapi" not in self.__dict__:
            super().__init__(**arguments)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=cls.compiled)


@pytest.fixture(scope="session", autouse=True)
def compiled_statements() -> None:
    """Let the SQLite archives of all tests share their compiled statements.

    A test opens many small archives, and SQLAlchemy compiles each statement anew for each of them. Sharing them saves a
    quarter of the time of the archive's tests.
    """
    registry.register("sqlite", __name__, OneDialect.__name__)
