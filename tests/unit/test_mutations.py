"""The list of faults that ``python -m tests.mutations`` puts in: each fault still fits the code and its tests."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
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


def test_each_fault_fits_the_code_once() -> None:
    # One test for all faults: pytest takes longer for a test of its own than a fault takes.
    assert [f"{fault.number}: {wrong}" for fault in FAULTS if (wrong := misfit(fault))] == []


def misfit(fault: Fault) -> str:
    """What is wrong with an entry of the list; empty if nothing is."""
    if not fault.file.startswith("newsbot/"):
        return f"{fault.file} is no file of newsbot"
    try:
        parse: Callable[[str], object] = tomllib.loads if fault.file.endswith(".toml") else ast.parse
        parse(fault.apply(source(fault.file)))
    except (OSError, ValueError) as failure:
        return str(failure)
    except SyntaxError as failure:
        return f"{fault.file} does not parse with the fault: {failure}"
    if fault.old == fault.new:
        return "the fault changes nothing"
    if not fault.what or fault.what.endswith("."):
        return f"{fault.what!r} is no description without a full stop"
    return ""


@cache
def source(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, ""),
        ({"file": "tests/__init__.py"}, "tests/__init__.py is no file of newsbot"),
        ({"file": "newsbot/none.py"}, "No such file"),
        ({"old": "no such text"}, "no such text"),
        ({"new": "("}, "does not parse with the fault"),
        ({"new": "class NewsbotError("}, "the fault changes nothing"),
        ({"what": ""}, "is no description"),
        ({"what": "A sentence."}, "is no description"),
    ],
)
def test_fault_that_does_not_fit_the_code_is_found(change: dict[str, str], wrong: str) -> None:
    fits = Fault(
        number=1, file="newsbot/errors.py", what="x", old="class NewsbotError(", new="class OtherError(", tests=()
    )
    found = misfit(replace(fits, **change))  # type: ignore[arg-type]
    assert wrong in found if wrong else found == ""


def test_the_tests_that_the_faults_name_exist() -> None:
    assert sorted(test for test in {test for fault in FAULTS for test in fault.tests} if not exists(test)) == []


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / file
    if not path.suffix:
        return path.is_dir()
    return path.is_file() and (not name or name in functions(path))


def test_missing_test_is_found() -> None:
    assert exists("tests/unit/test_mutations.py::test_missing_test_is_found")
    assert exists("tests/unit")
    for test in ("tests/unit/test_none.py", "tests/none", "tests/unit/test_mutations.py::test_none"):
        assert not exists(test)


@cache
def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_fault_whose_text_is_not_exactly_once_in_its_file_is_refused() -> None:
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
