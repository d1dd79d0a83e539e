"""What is known of the objects that posts link to, and which of them are still to be asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from newsbot.wordpress.api import PER_PAGE

KNOWN_KEPT = 20_000
"""Linked objects a shelf remembers: authors and terms all fit; of images, each mostly used once, the latest."""


@dataclass(slots=True)
class LinkCache:
    """What is known of one route's objects, and what is wanted of it. A known None is an id that cannot be had."""

    route: str
    known: OrderedDict[int, Any] = field(default_factory=OrderedDict)
    wanted: OrderedDict[int, None] = field(default_factory=OrderedDict)
    browsed: bool = False
    closed: bool = False

    def want(self, ids: Iterable[int]) -> None:
        for linked in ids:
            if linked in self.known:
                self.known.move_to_end(linked)
            elif not self.closed:
                self.wanted[linked] = None

    def put(self, linked: int, value: Any) -> None:
        self.known[linked] = value
        self.wanted.pop(linked, None)
        # Far more than held posts can need is kept, so what is forgotten is not waited for.
        if len(self.known) > KNOWN_KEPT:
            self.known.popitem(last=False)

    def batch(self, size: int = PER_PAGE) -> list[int]:
        """Up to ``size`` wanted ids, the longest wanted first."""
        return [linked for linked, _ in zip(self.wanted, range(size), strict=False)]

    def has(self, ids: Iterable[int]) -> bool:
        return self.closed or all(linked in self.known for linked in ids)
