"""Under pytest-xdist a worker gets whole groups, and other tests in chunks of one file."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.scheduling import CHUNK, ChunkScheduling, chunks

NAMES = [f"tests/a.py::test_a[{number}]" for number in range(CHUNK + 1)]
NAMES += ["tests/b.py::test_b", "tests/a.py::test_g@group", "tests/b.py::test_g@group"]


class Worker:
    """A worker that notes the indices of the tests that it is sent."""

    shutting_down = False

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.sent: list[list[int]] = []
        self.done = 0

    def send_runtest_some(self, indices: list[int]) -> None:
        self.sent.append(indices)

    def shutdown(self) -> None:
        self.shutting_down = True


@pytest.fixture
def scheduled(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> tuple[ChunkScheduling, list[Any]]:
    """The scheduling of NAMES for two workers, after the first units were sent."""
    monkeypatch.setattr(pytestconfig.option, "loadscopereorder", True)
    monkeypatch.setattr(pytestconfig.option, "tx", ["2*popen"])
    scheduling = ChunkScheduling(pytestconfig)
    workers: list[Any] = [Worker("gw0"), Worker("gw1")]
    for worker in workers:
        scheduling.add_node(worker)
        scheduling.add_node_collection(worker, NAMES)
    scheduling.schedule()
    return scheduling, workers


def test_a_chunk_holds_tests_of_one_file() -> None:
    found = chunks([*NAMES[:12], "tests/a.py::test_last"])
    assert [found[name] for name in NAMES[:12]] == ["tests/a.py#0"] * CHUNK + ["tests/a.py#1", "tests/b.py#0"]
    assert found["tests/a.py::test_last"] == "tests/a.py#1"


def test_groups_are_scheduled_first_and_then_the_files_in_order(scheduled: tuple[ChunkScheduling, list[Any]]) -> None:
    """The test holds whatever the size of a file's last chunk is."""
    names = [
        *NAMES[: CHUNK + 1],
        *(f"tests/c.py::test_c[{number}]" for number in range(3 * CHUNK)),
        *NAMES[CHUNK + 1 :],
    ]
    scheduling = ChunkScheduling(scheduled[0].config)
    for worker in (Worker("gw0"), Worker("gw1")):
        scheduling.add_node(worker)
        scheduling.add_node_collection(worker, names)
    scheduling.schedule()
    # Each worker has got one of the largest units already.
    assert list(scheduling.workqueue) == ["group", "tests/a.py#1", "tests/c.py#1", "tests/c.py#2", "tests/b.py#0"]


def test_groups_keep_their_place_without_reordering(
    scheduled: tuple[ChunkScheduling, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI runs the tests of real services after others, since their packages are being installed."""
    config = scheduled[0].config
    monkeypatch.setattr(config.option, "loadscopereorder", False)
    scheduling = ChunkScheduling(config)
    names = [*NAMES, *(f"tests/c.py::test_c[{number}]" for number in range(2 * CHUNK))]
    for worker in (Worker("gw0"), Worker("gw1")):
        scheduling.add_node(worker)
        scheduling.add_node_collection(worker, names)
    scheduling.schedule()
    # Each worker has got the first units already.
    assert list(scheduling.workqueue)[-3:] == ["group", "tests/c.py#0", "tests/c.py#1"]


def run_all(scheduling: ChunkScheduling, workers: list[Any]) -> None:
    """Each worker runs what it was sent, one test after the other, until no test is left."""
    while scheduling.has_pending:
        for worker in workers:
            waiting = [index for unit in worker.sent for index in unit][worker.done :]
            for index in waiting[:1]:
                worker.done += 1
                scheduling.mark_test_complete(worker, index)


def test_every_test_is_sent_once_and_a_group_to_one_worker(scheduled: tuple[ChunkScheduling, list[Any]]) -> None:
    scheduling, workers = scheduled
    assert [each.sent[0] for each in workers] == [list(range(CHUNK)), [CHUNK + 2, CHUNK + 3]]
    run_all(scheduling, workers)
    assert sorted(index for worker in workers for unit in worker.sent for index in unit) == list(range(len(NAMES)))
    assert all(worker.shutting_down for worker in workers) and scheduling.tests_finished


def test_the_tests_of_a_worker_that_died_are_sent_to_another(scheduled: tuple[ChunkScheduling, list[Any]]) -> None:
    scheduling, (dead, other) = scheduled
    for index in range(3):
        scheduling.mark_test_complete(dead, index)
    assert scheduling.remove_node(dead) == NAMES[3]
    run_all(scheduling, [other])
    ran = [index for unit in other.sent for index in unit]
    assert sorted(ran) == list(range(3, len(NAMES)))
