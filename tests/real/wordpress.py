"""A real WordPress on 127.0.0.1, from Debian's packages: MariaDB, php-fpm and nginx of its own, nothing shared.

In a test (fixtures of ``tests/real/conftest.py``; each server starts once a session)::

    def test_x(wordpress: WordPress) -> None:      # runs on 6.1 and on 6.8; wordpress_61, wordpress_68 for one
        wordpress.url                              # http://127.0.0.1:40123
        wordpress.set_permalinks("plain")          # or "pretty", or "index" (/index.php/2024/...)
        wordpress.sql("SELECT ID FROM wp_posts WHERE post_status = %s", ["publish"])
        wordpress.php("echo get_permalink($args['id']);", id=7)
        with wordpress.kept():                     # what happens inside is undone after
            post = wordpress.insert_post(post_title="New", post_content="Text")
            with wordpress.mu_plugin("closed", "add_filter('rest_authentication_errors', ...);"):
                ...
        wordpress.requests()                       # what the server was asked

Truth to compare a crawl with: ``tests/real/truth.py``. By hand: ``python -m tests.real.wordpress [6.1|6.8] [posts]``.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from tests.real import wordpress_configs, wordpress_releases
from tests.real.mysql import MariaDB, Row
from tests.real.ports import free_port
from tests.real.wordpress_php import WITH_WORDPRESS, Php
from tests.real.wordpress_processes import Daemon, Missing, NotStarted, give_to, is_root, program

Permalinks = Literal["pretty", "plain", "index"]

_HERE = Path(__file__).parent
_MARK = "newsbot-bench-mark-"
_STRUCTURES: dict[Permalinks, str] = {
    "pretty": "/%year%/%monthnum%/%day%/%postname%/",
    "plain": "",
    "index": "/index.php/%year%/%monthnum%/%day%/%postname%/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One line of the server's log. ``ended_ms`` is Unix time in milliseconds, ``seconds`` what the answer took,
    ``bytes`` the size of the body as sent."""

    ended_ms: int
    method: str
    uri: str
    status: int
    seconds: float
    bytes: int
    user_agent: str


class WordPress:
    """A context manager. ``root`` is the file system that holds ``usr/share/wordpress`` (see wordpress_releases).

    ``prefix`` puts the site into a sub-directory ("/news"). Two sites may run at once on one MariaDB: give each its own
    ``database``.
    """

    def __init__(self, *, root: Path, mariadb: MariaDB, database: str, prefix: str = "") -> None:
        self.version = wordpress_releases.version(root)
        self.database = database
        self.url = ""
        self._root = root
        self._mariadb = mariadb
        self._prefix = prefix
        self._folder = Path()
        self._stack = contextlib.ExitStack()

    @property
    def _php(self) -> Php:
        return Php(self._folder / "calls.sock", script=self._folder / "call.php", root=self._site, url=self.url)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            # /tmp itself, not pytest's folder: php-fpm and nginx run as www-data, which may not look into that one.
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsbot-wordpress-")))
            self._folder.chmod(0o755)
            port = free_port()
            self.url = f"http://127.0.0.1:{port}{self._prefix}"
            self._copy_tree()
            self._start_php(stack)
            self._install()
            self._start_nginx(stack, port)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # The site

    def sql(self, query: str, params: Sequence[Any] = ()) -> list[Row]:
        return self._mariadb.sql(query, params, database=self.database)

    def php(self, code: str, **args: Any) -> str:
        """What ``code`` printed, after WordPress is loaded; it finds the keyword arguments in ``$args``. PhpError when
        PHP exits before the end of the code or reports a warning of its own."""
        return self._php.run(WITH_WORDPRESS + code, args)

    def seed(self, posts: int) -> None:
        """Fills the site with a newsroom (see seed.php). The same number gives the same newsroom, except for the new
        ids."""
        self._php.run(WITH_WORDPRESS + (_HERE / "seed.php").read_text().removeprefix("<?php"), {"posts": posts})

    def option(self, name: str, value: Any) -> None:
        self.php("update_option($args['name'], $args['value']);", name=name, value=value)

    def set_permalinks(self, style: Permalinks) -> None:
        [found] = self.sql("SELECT option_value FROM wp_options WHERE option_name = 'permalink_structure'")
        if found["option_value"] == _STRUCTURES[style]:
            return
        self.option("permalink_structure", _STRUCTURES[style])
        # A second call: types register their rules while WordPress loads, under the structure that holds at that time.
        self.php("flush_rewrite_rules(false);")

    @contextlib.contextmanager
    def mu_plugin(self, name: str, php: str) -> Iterator[None]:
        """Runs ``php`` (without ``<?php``) in every request inside the block: how tests put faults into a real
        WordPress."""
        path = self._site / "wp-content/mu-plugins" / f"{name}.php"
        path.write_text("<?php\n" + php)
        try:
            yield
        finally:
            path.unlink()

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Puts the whole database back as it was before the block."""
        tables = [str(next(iter(row.values()))) for row in self.sql("SHOW TABLES")]
        copy = f"{self.database}_kept"
        self.sql(f"CREATE DATABASE {copy}")
        try:
            for table in tables:
                self.sql(f"CREATE TABLE {copy}.{table} LIKE {table}")
                self.sql(f"INSERT INTO {copy}.{table} SELECT * FROM {table}")
            try:
                yield
            finally:
                for table in tables:
                    self.sql(f"DROP TABLE {table}")
                    self.sql(f"RENAME TABLE {copy}.{table} TO {self.database}.{table}")
        finally:
            self.sql(f"DROP DATABASE {copy}")

    # Posts, as an editor handles them

    def insert_post(self, **fields: Any) -> int:
        """The new id; ``fields`` as wp_insert_post takes them. Published now unless they say otherwise."""
        given = {"post_status": "publish", "post_author": 1, **fields}
        return int(self.php("$id = wp_insert_post(wp_slash($args), true);" + _ID_OR_ERROR, **given))

    def update_post(self, post: int, **fields: Any) -> None:
        self.php("$id = wp_update_post(wp_slash($args), true);" + _ID_OR_ERROR, **{**fields, "ID": post})

    def trash(self, post: int) -> None:
        self.php("wp_trash_post($args['id']) || exit;", id=post)

    def delete(self, post: int) -> None:
        self.php("wp_delete_post($args['id'], true) || exit;", id=post)

    def schedule(self, **fields: Any) -> int:
        """A post that is scheduled for a distant day."""
        return self.insert_post(**{"post_status": "future", "post_date": "2099-01-01 08:00:00", **fields})

    def publish_late(self, post: int, *, date: str, date_gmt: str) -> None:
        """Publishes a scheduled post whose hour passed a while ago, as a late cron does: neither ``date`` nor
        ``modified`` becomes now."""
        self.sql(
            "UPDATE wp_posts SET post_date = %s, post_modified = %s, post_date_gmt = %s, post_modified_gmt = %s "
            "WHERE ID = %s",
            [date, date, date_gmt, date_gmt, post],
        )
        self.php("check_and_publish_future_post($args['id']);", id=post)

    # What the server was asked

    def requests(self) -> list[Request]:
        """Every request since the start or since ``forget_requests``, in the order of their ends."""
        return [_request(line) for line in self._settled_log().splitlines() if _MARK not in line]

    def answered(self) -> int:
        """How many requests are answered and logged so far; the newest may be missing."""
        return self._access_log.read_bytes().count(b"\n")

    def forget_requests(self) -> None:
        self._settled_log()
        os.truncate(self._access_log, 0)

    def _settled_log(self) -> str:
        """The access log once it holds all that was answered. nginx writes a line after the client has its answer; its
        only worker writes them in turn, so that the line of a request made now comes after all the others."""
        mark = f"{_MARK}{secrets.token_hex(8)}"
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"{self.url}/wp-includes/images/blank.gif?{mark}", timeout=30).close()
        ends = time.monotonic() + 30
        while mark not in (text := self._access_log.read_text(encoding="utf-8")):
            if time.monotonic() > ends:
                raise NotStarted("nginx wrote no line for a request within 30 s")
            time.sleep(0.01)
        return text

    def php_errors(self) -> str:
        """What PHP logged while it served requests; "" where nothing went wrong."""
        path = self._folder / "php-errors.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def folder(self) -> Path:
        """WordPress's own folder, with ``wp-content``."""
        return self._site

    # Setting up

    @property
    def _site(self) -> Path:
        return self._folder / f"www{self._prefix}"

    @property
    def _access_log(self) -> Path:
        return self._folder / "access.log"

    def _copy_tree(self) -> None:
        ignored = shutil.ignore_patterns("wp-config.php", "akismet", "languages", ".htaccess")
        for source, target in (
            ("usr/share/wordpress", self._site),
            # Debian keeps here what users may change; a link from one theme folder to the other may be broken.
            ("var/lib/wordpress/wp-content", self._site / "wp-content"),
        ):
            shutil.copytree(
                self._root / source, target, ignore=ignored, ignore_dangling_symlinks=True, dirs_exist_ok=True
            )
        plugins = self._site / "wp-content/mu-plugins"
        plugins.mkdir()
        shutil.copy(_HERE / "wordpress_newsroom.php", plugins / "newsroom.php")
        config = wordpress_configs.wp_config(socket=self._mariadb.socket, database=self.database)
        (self._site / "wp-config.php").write_text(config)

    def _install(self) -> None:
        self._mariadb.sql(f"CREATE DATABASE {self.database} CHARACTER SET utf8mb4")
        self._php.run((_HERE / "wordpress_install.php").read_text(), {"title": "The Newsroom"})
        self.set_permalinks("pretty")

    def _start_php(self, stack: contextlib.ExitStack) -> None:
        config = self._folder / "php-fpm.conf"
        config.write_text(wordpress_configs.php_fpm(folder=self._folder, user=_WWW))
        shutil.copy(_HERE / "wordpress_call.php", self._folder / "call.php")
        errors = self._folder / "php-errors.log"
        errors.touch()
        give_to("www-data", errors)
        give_to("www-data", self._site / "wp-content/uploads")
        command = [_php_fpm(), "--fpm-config", str(config), "--nodaemonize"]
        daemon = Daemon(name="php-fpm", command=command, log=self._folder / "php-fpm.log")
        stack.callback(daemon.stop)
        daemon.start((self._folder / "php.sock").exists)

    def _start_nginx(self, stack: contextlib.ExitStack, port: int) -> None:
        config = self._folder / "nginx.conf"
        root = self._folder / "www"
        config.write_text(
            wordpress_configs.nginx(folder=self._folder, root=root, port=port, user=_WWW, prefix=self._prefix)
        )
        log = self._folder / "nginx.log"
        daemon = Daemon(name="nginx", command=[program("nginx"), "-e", str(log), "-c", str(config)], log=log)
        stack.callback(daemon.stop)
        daemon.start(self._answers)
        self.forget_requests()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/?rest_route=/&_fields=name", timeout=30) as reply:
                return bool(json.load(reply)["name"])
        except urllib.error.HTTPError as error:
            raise NotStarted(f"{error}: {error.read()[:500]!r}\n{self.php_errors()}") from error
        except OSError:
            return False


_WWW = "www-data" if is_root() else None
_ID_OR_ERROR = "if (is_wp_error($id)) { throw new RuntimeException($id->get_error_message()); } echo $id;"


def _php_fpm() -> str:
    """php-fpm8.2 on Debian 12: the newest there is."""
    found = sorted(Path("/usr/sbin").glob("php-fpm[0-9]*"))
    if not found:
        raise Missing("php-fpm is not installed: sudo sh tests/debian.sh wordpress")
    return str(found[-1])


def _request(line: str) -> Request:
    row = json.loads(line)
    return Request(
        ended_ms=round(row["msec"] * 1000),
        method=row["method"],
        uri=row["uri"],
        status=row["status"],
        seconds=row["seconds"],
        bytes=row["bytes"],
        user_agent=row["user_agent"],
    )


if __name__ == "__main__":
    from tests.real import wordpress_by_hand

    wordpress_by_hand.main()
