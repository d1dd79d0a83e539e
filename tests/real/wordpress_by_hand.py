"""``python -m tests.real.wordpress [6.1|6.8] [posts]``: runs a seeded site until Ctrl-C."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from pathlib import Path

from tests.real import wordpress_releases
from tests.real.mysql import MariaDB
from tests.real.wordpress import WordPress


def main() -> None:
    wanted, posts = [*sys.argv[1:], *["6.1", "2000"][len(sys.argv) - 1 :]]
    root = wordpress_releases.tree(wanted)
    with (
        tempfile.TemporaryDirectory(prefix="newsbot-mariadb-") as folder,
        MariaDB(Path(folder)) as mariadb,
        WordPress(root=root, mariadb=mariadb, database="wordpress") as site,
    ):
        site.seed(int(posts))
        print(f"WordPress {site.version} with {posts} posts: {site.url}/ (Ctrl-C ends it)")
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
