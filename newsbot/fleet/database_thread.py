"""Connections of a worker to the archive that neither delay its crawls nor wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from newsbot.archive.database import Database
from newsbot.errors import ArchiveError

Answer = TypeVar("Answer")


class DatabaseThread:
    """A thread with its own database connections. Its work neither delays the crawls nor waits for them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fleet")

    async def do(self, work: Callable[[Database], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._database)

    def close(self) -> None:
        self._thread.shutdown()
        self._database.close()


def reconnect(database: Database) -> None:
    """Replace connections that the server has closed, for example when it restarted. Raises ArchiveError."""
    with suppress(ArchiveError):
        _try(database)
        return
    _try(database)


def _try(database: Database) -> None:
    with database.reading() as connection:
        connection.exec_driver_sql("SELECT 1")
    with database.writing():
        pass
