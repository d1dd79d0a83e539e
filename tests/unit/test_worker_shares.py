"""Under pytest-xdist each worker imports its share of the test files first."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import share

ROOT = Path(__file__).parents[2]


def test_the_shares_are_all_test_files_once() -> None:
    every = share(ROOT, 0, 1)
    assert {"tests.unit.test_worker_shares", "tests.unit.article.test_clean", "tests.crawl.test_crawl"} <= {*every}
    shares = [share(ROOT, number, 3) for number in range(3)]
    assert sorted(name for each in shares for name in each) == sorted(every)
    assert {len(each) - len(every) // 3 for each in shares} <= {0, 1}
