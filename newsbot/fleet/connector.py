"""Procrastinate's connection to the queue."""

from __future__ import annotations

import logging
from typing import Any, LiteralString

from procrastinate import App, PsycopgConnector
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from newsbot.fleet.queue_schema import connection_text

logger = logging.getLogger(__name__)

_OPTIONS = (
    # A crash of PostgreSQL may lose the last half second of the queue. The lost jobs are then dispatched or rescued
    # again.
    "-c synchronous_commit=off -c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=20s"
)

POOL = 4
"""Connections of a worker to the queue."""


class QueueConnector(PsycopgConnector):
    """``mute``: execute nothing more. A worker must not report on jobs that other workers may have."""

    def __init__(self, url: str) -> None:
        super().__init__(
            pool_factory=_pool,
            conninfo=connection_text(url),
            min_size=1,
            max_size=POOL,
            timeout=10.0,
            configure=_configure,
            kwargs={
                "options": _OPTIONS,
                "connect_timeout": 10,
                "tcp_user_timeout": 30_000,
                "application_name": "newsbot fleet",
            },
        )
        self.muted = False

    def mute(self) -> None:
        self.muted = True

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        if not self.muted:
            await super().execute_query_async(query, **arguments)


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


def _pool(**options: Any) -> AsyncConnectionPool:
    # No connection is checked before its use: a broken one ends the session, and the next session opens others.
    return AsyncConnectionPool(**(options | {"check": None}))


def quiet() -> None:
    """Write no log lines for each job, each periodic task and the components of each run."""
    for name in ("procrastinate", "scrapy.addons", "scrapy.crawler", "scrapy.middleware"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # the pool logs each failed try; the session reports the first one
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)


def new_app(connector: QueueConnector) -> App:
    return App(connector=connector)
