"""The cache of linked objects: which are known, and which are still to be fetched."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from newsbot.wordpress.api import PER_PAGE

KNOWN_KEPT = 20_000
"""Linked objects that a cache keeps. All authors and terms fit; of images, which are mostly used once, the latest."""


@dataclass(slots=True)
class LinkCache:
    """The objects of one route: those that are ``known``, and the ids that are ``wanted``. A known None means that the
    object cannot be fetched. ``browsed``: its first page was asked for. ``closed``: visitors may not read the route."""

    route: str
    known: OrderedDict[int, Any] = field(default_factory=OrderedDict)
    wanted: OrderedDict[int, None] = field(default_factory=OrderedDict)
    browsed: bool = False
    closed: bool = False

    def want(self, ids: Iterable[int]) -> None:
        """Note that the objects of these ids are needed."""
        for linked in ids:
            if linked in self.known:
                self.known.move_to_end(linked)
            elif not self.closed:
                self.wanted[linked] = None

    def put(self, linked: int, value: Any) -> None:
        """Note what is known of an id."""
        self.known[linked] = value
        self.wanted.pop(linked, None)
        # KNOWN_KEPT is far more than waiting rows can need, so no row waits for an object that is dropped here.
        if len(self.known) > KNOWN_KEPT:
            self.known.popitem(last=False)

    def batch(self, size: int = PER_PAGE) -> list[int]:
        """Up to ``size`` wanted ids, those wanted for the longest time first."""
        return [linked for linked, _ in zip(self.wanted, range(size), strict=False)]

    def has(self, ids: Iterable[int]) -> bool:
        """Whether a row with these ids need not wait any more."""
        return self.closed or all(linked in self.known for linked in ids)
