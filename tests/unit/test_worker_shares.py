"""Under pytest-xdist each worker imports its share of the test files first."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conftest import import_files, share

ROOT = Path(__file__).parents[2]


def test_shares_contain_every_test_file_once() -> None:
    every = share(ROOT, 0, 1)
    assert {"tests.unit.test_worker_shares", "tests.unit.article.test_clean", "tests.crawl.test_crawl"} <= {*every}
    shares = [share(ROOT, number, 3) for number in range(3)]
    assert sorted(name for each in shares for name in each) == sorted(every)
    assert {len(each) - len(every) // 3 for each in shares} <= {0, 1}


@pytest.mark.parametrize(
    "line",
    [
        "def :",
        "no_such_name",
        "import no_such_module",
        "import pytest; pytest.skip('not here', allow_module_level=True)",
    ],
)
def test_failing_file_does_not_stop_the_import_of_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    names = ["shares_failing_file", "shares_good_file"]
    for name, text in zip(names, (line, "good = True"), strict=True):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    import_files(names)
    assert (names[0] in sys.modules, sys.modules.pop(names[1]).good) == (False, True)
