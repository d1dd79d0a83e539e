"""The cost of an update run: ``python -m bench.updates [posts]`` (default 50,000), beside the whole walk before it.

The site is the in-memory model of the tests. The CPU time includes the crawler, the archive and the model.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.unit.changing_site import ChangingSite, Update

DAY = timedelta(days=1)


def newsroom(posts: int) -> ChangingSite:
    """A site with twenty posts a day."""
    model, pick = ChangingSite(), random.Random(5)
    for number in range(posts, 0, -1):
        model.insert(age=timedelta(days=2 + number // 20, seconds=pick.randrange(80_000)))
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("posts", type=int, nargs="?", default=50_000)
    posts = parser.parse_args().posts
    model = newsroom(posts)
    with tempfile.TemporaryDirectory() as folder:
        runs = 0

        def measured(name: str, happens: Callable[[], object] | None = None) -> float:
            nonlocal runs
            runs += 1
            model.now += timedelta(hours=1)
            if happens is not None:
                happens()
            update = Update(Path(folder), runs, model)
            began = time.process_time()
            update.run()
            spent = time.process_time() - began
            update.archive.close()
            print(f"{name:<44}{len(model.asked):6} requests {len(update.rows):8} rows {spent:9.2f} s CPU")
            return spent

        def remove(number: int) -> Callable[[], object]:
            return lambda: model.articles.pop(number)

        whole = measured(f"the whole walk of {posts:,} posts")
        model.now += DAY
        still = measured("nothing changed")
        measured("one deletion, old", remove(posts // 3))
        measured("one deletion, new", remove(posts - 3))
        measured("one published late with an old date", lambda: model.insert(age=900 * DAY))
        print(f"an update run where nothing changed / the whole walk: {still / whole:.4f}")


if __name__ == "__main__":
    main()
