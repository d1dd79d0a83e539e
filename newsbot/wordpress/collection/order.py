"""Whether the rows of a page are in the requested order. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

FEW = 3
"""The most rows out of order on one page that do not yet mean that the site ignores the order."""

SHARE = 20
"""On a long page one row in twenty may be out of order: plugins put several featured posts first."""


def out_of_order(keys: Sequence[int] | Sequence[str], *, descending: bool = False) -> list[int]:
    """The indexes of the fewest keys without which the other keys are in order. Equal keys are in order.

    A plugin that puts one post first on every page leaves one such key. A random order leaves most keys.
    """
    order = range(len(keys) - 1, -1, -1) if descending else range(len(keys))
    # The longest run of keys that never fall, in n log n: tails[n] is the least key that ends a run of n + 1 keys.
    tails: list[int | str] = []
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for index in order:
        place = bisect_right(tails, keys[index])
        before[index] = ends[place - 1] if place else None
        if place == len(tails):
            tails.append(keys[index])
            ends.append(index)
        else:
            tails[place], ends[place] = keys[index], index
    kept: set[int] = set()
    at = ends[-1] if ends else None
    while at is not None:
        kept.add(at)
        at = before[at]
    return [index for index in range(len(keys)) if index not in kept]


def is_unordered(astray: int, rows: int) -> bool:
    """Whether ``astray`` rows out of order on a page of ``rows`` rows mean that the site ignores the order."""
    return astray > max(FEW, rows // SHARE)
