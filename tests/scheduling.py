"""Which worker of pytest-xdist runs which tests: a group of tests as a whole, other tests in chunks of one file.

``--dist loadgroup`` hands out each test without a group by itself. With thousands of tests the messages take as much
time as the shortest tests, and each worker builds the fixtures of each module.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable

from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

CHUNK = 10
"""Most tests of one file that a worker gets at once. Longer chunks leave one worker alone for longer at the end."""


class ChunkScheduling(LoadGroupScheduling):  # type: ignore[misc]
    """pytest-xdist's scheduling by groups, with chunks in the place of single tests."""

    _chunks: dict[str, str] | None = None
    workqueue: OrderedDict[str, dict[str, bool]]

    def schedule(self) -> None:
        if self._chunks is not None:
            super().schedule()
            return
        self._chunks = chunks(next(iter(self.registered_collections.values())))
        super().schedule()
        if not self.config.option.loadscopereorder:
            return
        # pytest-xdist sorts by size. A file of one long test would come last, and one worker would run it alone.
        places = {chunk: place for place, chunk in enumerate(dict.fromkeys(self._chunks.values()), 1)}
        self.workqueue = OrderedDict(sorted(self.workqueue.items(), key=lambda unit: places.get(unit[0], 0)))

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return group if group != nodeid else (self._chunks or {}).get(nodeid, nodeid)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """Forget a unit that has ended: pytest-xdist counts the tests of all units of a worker after each test."""
        nodeid = self.registered_collections[node][item_index]
        scope = self._split_scope(nodeid)
        unit = self.assigned_work[node][scope]
        unit[nodeid] = True
        if all(unit.values()):
            del self.assigned_work[node][scope]
        self._reschedule(node)


def chunks(names: Iterable[str]) -> dict[str, str]:
    """Test -> the name of its chunk: ``tests/unit/test_x.py#2``."""
    counted: dict[str, int] = defaultdict(int)
    found = {}
    for name in names:
        file = name.partition("::")[0]
        found[name] = f"{file}#{counted[file] // CHUNK}"
        counted[file] += 1
    return found
