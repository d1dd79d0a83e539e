"""The list of faults that ``python -m tests.mutations`` puts in: each fault still fits the code and its tests."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.mutations import trial
from tests.mutations.faults import ROOT, Fault, load_faults

FAULTS = load_faults()


def test_the_list_holds_at_least_150_faults() -> None:
    assert len(FAULTS) >= 150
    assert [fault.number for fault in FAULTS] == list(range(1, len(FAULTS) + 1))
    faults = Counter((fault.file, fault.old, fault.new) for fault in FAULTS)
    assert [fault for fault, times in faults.items() if times > 1] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.number}-{Path(fault.file).stem}")
def test_a_fault_fits_the_code_once(fault: Fault) -> None:
    assert fault.file.startswith("newsbot/"), "a fault is a mistake in newsbot"
    mutated = fault.apply((ROOT / fault.file).read_text(encoding="utf-8"))
    ast.parse(mutated)
    assert fault.old != fault.new
    assert fault.what and not fault.what.endswith(".")


@pytest.mark.parametrize("test", sorted({test for fault in FAULTS for test in fault.tests}))
def test_a_fault_names_tests_that_exist(test: str) -> None:
    file, _, name = test.partition("::")
    path = ROOT / file
    assert path.is_dir() if not path.suffix else path.is_file()
    if name:
        assert name in functions(path)


@cache
def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_a_text_that_is_not_in_its_file_exactly_once_is_refused() -> None:
    fault = Fault(number=1, file="newsbot/errors.py", what="x", old="a", new="b", tests=())
    assert fault.apply("a") == "b"
    for source in ("", "aa"):
        with pytest.raises(ValueError, match=r"newsbot/errors\.py: the text of the fault 'x' occurs"):
            fault.apply(source)


def test_a_copy_for_trials_leaves_out_the_wordpress_trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "original"
    for folder in ("newsbot", "tests", ".cache/wordpress"):
        (repository / folder).mkdir(parents=True)
    (repository / ".cache" / "wordpress" / "theme").symlink_to("/usr/share/nothing-is-here")
    monkeypatch.setattr(trial, "ROOT", repository)
    copy = trial.Copy(tmp_path / "trials", timeout=1)
    assert sorted(path.name for path in copy.folder.iterdir()) == ["newsbot", "tests"]
