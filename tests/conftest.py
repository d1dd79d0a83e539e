"""What all tests share: the profiles of hypothesis, and the last line of a run."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
from collections import Counter
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine slows every test, so the time of an example proves nothing.
settings.register_profile("newsbot", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# CI always tries the same examples, so that no change passes or fails by chance. Elsewhere each run tries different
# examples.
settings.register_profile("ci", settings.get_profile("newsbot"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI", "").lower() in {"1", "true"} else "newsbot")

# The processes that tests start buffer their output, as in the process of a user. Without a buffer no output is left at
# the end of the process, and a test in which the reader of the output ends first could not fail.
os.environ.pop("PYTHONUNBUFFERED", None)

ERRORS = pytest.StashKey[int]()
"""The descriptor of the error output of pytest."""

LONGEST_ID = 60
"""The most characters of a parameter in the name of its test."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """Cut the names of tests with long parameters: pytest-xdist sends each name to each worker, with every result."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_ID:
        return f"{val[:LONGEST_ID]!a}...{len(val)}"
    return None


def pytest_configure(config: pytest.Config) -> None:
    """Keep the error output of pytest itself, before a test's output is captured."""
    capture = config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture is not None else contextlib.nullcontext():
        config.stash[ERRORS] = os.dup(2)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    with ending_in_any_case(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    with ending_in_any_case(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    with ending_in_any_case(item):
        return (yield)


@contextlib.contextmanager
def ending_in_any_case(item: pytest.Item) -> Generator[None, None, None]:
    """End the process, and tell where it waits, after twice the time of the test.

    pytest-timeout interrupts a test once. A test that then waits for a process that does not end, as the ``finally`` of
    a server does, would wait for ever, and nobody would learn its name.
    """
    marker, option = item.get_closest_marker("timeout"), item.config.getoption("timeout", None)
    limit = float(marker.args[0] if marker is not None and marker.args else option or 0)
    if marker is None and option is None:
        limit = float(item.config.getini("timeout") or 0)
    if limit > 0:
        faulthandler.dump_traceback_later(2 * limit, exit=True, file=item.config.stash[ERRORS])
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.option.dist != "loadgroup":
        return None
    from tests.scheduling import ChunkScheduling

    return ChunkScheduling(config, log)


def pytest_collection(session: pytest.Session) -> None:
    """Import this worker's share of the test files before the others.

    No garbage is collected until all tests are known: all objects that exist by then stay, so a search would find no
    garbage. In a fresh clone pytest rewrites the asserts of each file and stores the result. This takes most of the
    time of the collection. Workers that read the files in the same order would all rewrite the same file at the same
    time.
    """
    config = session.config
    worker: dict[str, object] | None = getattr(config, "workerinput", None)
    if config.getoption("dist", "no") == "no":  # pytest-xdist's controller collects no tests
        from newsbot.commands.crawl import begin_imports

        begin_imports()
    if worker is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    number, workers = int(str(worker["workerid"]).removeprefix("gw")), int(str(worker["workercount"]))
    import_files(share(config.rootpath, number, workers))


def import_files(names: Iterable[str]) -> None:
    """Import test files. The collection imports a file that fails again, and reports what is wrong with it."""
    for name in names:
        with contextlib.suppress(Exception, pytest.skip.Exception, pytest.fail.Exception):
            importlib.import_module(name)


def share(root: Path, number: int, workers: int) -> list[str]:
    """The module names of the test files that worker ``number`` of ``workers`` imports first: of about equal size."""
    files = sorted((root / "tests").rglob("test_*.py"), key=lambda path: (path.stat().st_size, path))
    return [".".join(path.relative_to(root).with_suffix("").parts) for path in files[number::workers]]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave the modules and the tests out of all later searches for garbage.

    Stop the run if pytest-xdist ignores the groups of tests. Otherwise each worker would start every real server.
    """
    gc.freeze()
    gc.enable()
    if not getattr(session.config.option, "loadgroup", False):
        return
    ungrouped = [
        item.nodeid for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid
    ]
    if ungrouped:
        raise pytest.UsageError(f"pytest-xdist did not name the group of {ungrouped[0]}; see requirements-dev.txt")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End a run with one line: how many tests were skipped, and what each of them needs."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput") or config.option.collectonly:
        return
    reporter.write_line(skipped_line([report.longrepr[2] for report in reporter.stats.get("skipped", [])]))


def skipped_line(reasons: list[str]) -> str:
    """``Skipped: 3 tests. 2 tests: nginx is not installed: sudo sh tests/debian.sh wordpress; 1 test: ...``"""
    if not reasons:
        return "Skipped: no test."
    counted = Counter(" ".join(reason.removeprefix("Skipped: ").split()) for reason in reasons)
    counts = "; ".join(f"{_tests(count)}: {reason}" for reason, count in counted.most_common())
    return f"Skipped: {_tests(len(reasons))}. {counts}"


def _tests(count: int) -> str:
    return f"{count} test{'s' * (count != 1)}"
