"""A private MariaDB for the tests: its own folder, a socket and no port."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import pymysql
import pymysql.converters
import pymysql.cursors
from pymysql.constants import FIELD_TYPE

from tests.real.wordpress_processes import Daemon, NotStarted, give_to, is_root, program

# All data is deleted after the test run, so that no write needs to survive a power cut.
_OPTIONS = """
skip-networking
skip-log-bin
skip-name-resolve
skip-slave-start
performance_schema=OFF
character-set-server=utf8mb4
collation-server=utf8mb4_unicode_520_ci
innodb_flush_log_at_trx_commit=0
innodb_flush_method=nosync
innodb_file_per_table=OFF
innodb_doublewrite=0
innodb_buffer_pool_size=128M
innodb_log_file_size=32M
innodb_buffer_pool_load_at_startup=OFF
innodb_buffer_pool_dump_at_shutdown=OFF
key_buffer_size=4M
max_connections=60
max_allowed_packet=64M
"""

# WordPress writes 0000-00-00 into its date columns: dates stay the text that SQL holds.
_CONVERSIONS = {
    key: convert
    for key, convert in pymysql.converters.conversions.items()
    if key not in (FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATE)
}

Row = dict[str, Any]


class MariaDB:
    """A context manager; root on the socket needs no password. ``folder`` is made by the caller and left to it."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "mysqld.sock"
        self._data = folder / "data"
        self._options = folder / "my.cnf"
        self._log = folder / "mariadb.log"
        self._daemon: Daemon | None = None

    def __enter__(self) -> Self:
        server = program("mariadbd")
        self._data.mkdir(parents=True)
        for folder in (self._data, self._data.parent):
            give_to("nobody", folder)
        # The web server's PHP runs as another user and must reach the socket.
        self._data.parent.chmod(0o755)
        self._options.write_text(
            f"[mariadbd]\ndatadir={self._data}\nsocket={self.socket}\npid-file={self._data}/pid\n{_OPTIONS}"
        )
        self._create_system_tables()
        self._daemon = Daemon(
            name="MariaDB",
            command=[server, f"--defaults-file={self._options}"],
            log=self._log,
            user="nobody",
        )
        self._daemon.start(self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        if self._daemon is not None:
            # An orderly shutdown took up to 20 s, and the folder is deleted afterwards.
            self._daemon.kill()

    def _create_system_tables(self) -> None:
        command = [
            program("mariadb-install-db"),
            f"--defaults-file={self._options}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]
        done = subprocess.run([*command, *(["--user=nobody"] if is_root() else [])], capture_output=True, text=True)
        if done.returncode:
            raise NotStarted(f"mariadb-install-db failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def _answers(self) -> bool:
        try:
            self.sql("SELECT 1")
        except pymysql.err.OperationalError:
            return False
        return True

    def sql(self, query: str, params: Sequence[Any] = (), *, database: str | None = None) -> list[Row]:
        """The rows of one statement, as dicts; dates and times are text. A fresh connection each time (1 ms), so any
        thread may ask. A ``%`` in the query is written ``%%`` when there are params."""
        connection = pymysql.connect(
            unix_socket=str(self.socket),
            user="root",
            database=database,
            charset="utf8mb4",
            autocommit=True,
            # Otherwise pymysql reads the machine's certificates (45 ms), although a socket needs none.
            ssl_disabled=True,
            conv=_CONVERSIONS,
            cursorclass=pymysql.cursors.DictCursor,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(query, params or None)
            return list(cursor.fetchall())
