"""The real servers that tests ask for: each starts once a session, and under pytest-xdist once a run.

On a person's machine nothing is installed: a missing part skips its tests with a line that says how to get it. In CI
(``CI=true``) the packages are installed, and a part that is still missing is a failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

from newsbot.errors import BrowserError
from tests.real import wordpress_releases
from tests.real.mysql import MariaDB
from tests.real.postgresql import PostgreSQL
from tests.real.wordpress import WordPress
from tests.real.wordpress_processes import Missing

SEED_POSTS = int(os.environ.get("NEWSBOT_REAL_POSTS", "450"))
"""Public posts of a seeded site. ``make soak`` crawls sites of 2,000."""

LONGEST = 1_800
"""Seconds for a test with its fixtures: the first test of a group waits for packages, a server and its content."""

collect_ignore = [] if os.environ.get("NEWSBOT_SOAK") else ["test_fleet_soak.py"]
"""A fleet of two hundred sites takes minutes: only ``make soak`` runs it."""

_GROUPS = {
    "wordpress_68": "wordpress_68",
    "scrapyd": "wordpress_68",
    "wordpress_61": "wordpress_61",
    "chromium": "chromium",
    "postgresql": "postgresql",
    "prometheus": "prometheus",
}
"""Fixture -> group of the tests that use it; the first fixture of this table that a test uses decides. One worker of
pytest-xdist runs a whole group, so that each server starts once. Scrapyd's jobs crawl WordPress 6.8: one group."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("real") is not None:
            item.add_marker(pytest.mark.xdist_group(group_of(item)))
            # ``make soak`` sets no limit.
            if item.get_closest_marker("timeout") is None and config.option.timeout is None:
                item.add_marker(pytest.mark.timeout(LONGEST))


def group_of(item: pytest.Item) -> str:
    assert isinstance(item, pytest.Function)
    used = {*item.fixturenames, *([item.callspec.params.get("wordpress")] if hasattr(item, "callspec") else [])}
    return next(group for fixture, group in _GROUPS.items() if fixture in used)


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


def need(group: str) -> None:
    """In CI, Debian's packages of a group of ``tests/debian.sh``; elsewhere nothing."""
    if not in_ci():
        return
    script = wordpress_releases.PROJECT / "tests/debian.sh"
    done = subprocess.run(["sh", str(script), group], capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"Debian packages for {group}: {done.stderr.strip()[-1000:]}", pytrace=False)


def skip_or_fail(missing: Missing) -> NoReturn:
    if in_ci():
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))


Server = TypeVar("Server")


@contextlib.contextmanager
def running(make: Callable[[], AbstractContextManager[Server]]) -> Iterator[Server]:
    """The server that ``make`` builds, from its start to its end. A missing part skips the test, or fails it in CI."""
    with contextlib.ExitStack() as stack:
        try:
            started = stack.enter_context(make())
        except Missing as missing:
            skip_or_fail(missing)
        yield started


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    need("wordpress")
    with (
        tempfile.TemporaryDirectory(prefix="newsbot-mariadb-") as folder,
        running(lambda: MariaDB(Path(folder))) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    need("postgresql")
    with (
        tempfile.TemporaryDirectory(prefix="newsbot-postgresql-") as folder,
        running(lambda: PostgreSQL(Path(folder))) as server,
    ):
        yield server


@pytest.fixture
def postgresql(postgresql_server: PostgreSQL) -> PostgreSQL:
    """A running PostgreSQL; it is started again after a test that stopped it."""
    postgresql_server.start()
    return postgresql_server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium, which starts for this user."""
    # Each worker reads this file before all others: it imports no browser.
    from newsbot.browser.executable import find_chromium

    need("chromium")
    path, why = find_chromium("")
    if path is None:
        skip_or_fail(Missing(f"{why}: sudo sh tests/debian.sh chromium"))
    try:
        asyncio.run(_starts(path))
    except BrowserError as error:
        skip_or_fail(Missing(f"{error} (docs/security.md tells of the sandbox)"))
    return path


@pytest.fixture(scope="session")
def prometheus() -> Path:
    """The folder of the programs prometheus and promtool."""
    need("prometheus")
    path = shutil.which("prometheus")
    if path is None or shutil.which("promtool") is None:
        skip_or_fail(Missing("prometheus is not installed: sudo sh tests/debian.sh prometheus"))
    return Path(path).parent


async def _starts(path: str) -> None:
    from newsbot.browser.chromium import Chromium

    await (await Chromium.launch(path)).close()


def seeded(mariadb: MariaDB, release: str, database: str) -> Iterator[WordPress]:
    """A running WordPress with SEED_POSTS posts."""
    with running(lambda: WordPress(root=wordpress_releases.tree(release), mariadb=mariadb, database=database)) as site:
        site.seed(SEED_POSTS)
        yield site


@pytest.fixture(scope="session")
def wordpress_61(mariadb: MariaDB) -> Iterator[WordPress]:
    """The WordPress of Debian 12, seeded."""
    yield from seeded(mariadb, "6.1", "wordpress_61")


@pytest.fixture(scope="session")
def wordpress_68(mariadb: MariaDB) -> Iterator[WordPress]:
    """The WordPress of Debian 13, seeded."""
    yield from seeded(mariadb, "6.8", "wordpress_68")


@pytest.fixture(params=["wordpress_61", "wordpress_68"])
def wordpress(request: pytest.FixtureRequest) -> WordPress:
    """Both versions, one after the other, with pretty permalinks."""
    site: WordPress = request.getfixturevalue(request.param)
    site.set_permalinks("pretty")
    return site
