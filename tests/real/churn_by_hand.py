"""``python -m tests.real.churn [rounds] [posts] [seed] [quiet]``: random churn of WordPress 6.8, a line a round."""

from __future__ import annotations

import functools
import sys
import tempfile
from pathlib import Path

from tests.real import wordpress_releases
from tests.real.churn import Churn, run
from tests.real.mysql import MariaDB
from tests.real.wordpress import WordPress


def main() -> None:
    rounds, posts, seed = (int(given) for given in [*sys.argv[1:4], *["60", "400", "9"][len(sys.argv[1:4]) :]])
    root = wordpress_releases.tree("6.8")
    with (
        tempfile.TemporaryDirectory(prefix="newsbot-churn-") as folder,
        tempfile.TemporaryDirectory(prefix="newsbot-mariadb-") as data,
        MariaDB(Path(data)) as mariadb,
        WordPress(root=root, mariadb=mariadb, database="wordpress") as site,
    ):
        site.seed(posts)
        churn = Churn(site, Path(folder), seed=seed, quiet="quiet" in sys.argv)
        rows = run(churn, rounds, functools.partial(print, flush=True))
    sys.exit(any(one.silent for one in rows))
