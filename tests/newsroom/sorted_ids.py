"""The ids of one type in the orders by which WordPress lists them. Each id takes two numbers of eight bytes."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable

_BITS = 24
_LOW = (1 << _BITS) - 1


def pack(value: int, row_id: int) -> int:
    return (value << _BITS) | row_id


def id_of(key: int) -> int:
    return key & _LOW


def value_of(key: int) -> int:
    return key >> _BITS


class SortedIds:
    """Sorted keys. A key combines a value (a local date in seconds) and an id."""

    def __init__(self, keys: Iterable[int] = ()) -> None:
        self.keys = array("q", sorted(keys))

    def __len__(self) -> int:
        return len(self.keys)

    def add(self, value: int, row_id: int) -> None:
        insort(self.keys, pack(value, row_id))

    def drop(self, value: int, row_id: int) -> None:
        key = pack(value, row_id)
        where = bisect_left(self.keys, key)
        if where < len(self.keys) and self.keys[where] == key:
            del self.keys[where]

    def holds(self, value: int, row_id: int) -> bool:
        key = pack(value, row_id)
        where = bisect_left(self.keys, key)
        return where < len(self.keys) and self.keys[where] == key

    def between(self, after: int | None, before: int | None) -> tuple[int, int]:
        """The keys whose value is strictly after one value and strictly before another."""
        low = 0 if after is None else bisect_left(self.keys, pack(after + 1, 0))
        high = len(self.keys) if before is None else bisect_left(self.keys, pack(before, 0))
        return low, max(low, high)
