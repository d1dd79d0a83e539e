"""The cache of linked objects: which are known, and which are still to be fetched."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from newsbot.wordpress.api import PER_PAGE

KNOWN_KEPT = 20_000
"""Authors or terms that a cache keeps beyond those that waiting rows need. All of a site fit."""

MEDIA_KEPT = 2_000
"""The same for media: most images are used once, so that only the latest are worth their memory."""


@dataclass(slots=True)
class LinkCache:
    """The objects of one route: those that are ``known``, and the ids that are ``wanted``. A known None means that the
    object cannot be fetched. ``browsed``: its first page was asked for. ``closed``: visitors may not read the route.

    ``needed`` counts the links of the rows that wait. The cache keeps that many objects and ``kept`` more, those that
    were wanted or came last, so that no row waits for an object that the cache has dropped.
    """

    route: str
    kept: int = KNOWN_KEPT
    needed: int = 0
    known: OrderedDict[int, Any] = field(default_factory=OrderedDict)
    wanted: OrderedDict[int, None] = field(default_factory=OrderedDict)
    browsed: bool = False
    closed: bool = False

    def want(self, ids: Collection[int]) -> None:
        """Note that a row waits for the objects of these ids."""
        self.needed += len(ids)
        for linked in ids:
            if linked in self.known:
                self.known.move_to_end(linked)
            elif not self.closed:
                self.wanted[linked] = None

    def put(self, linked: int, value: Any) -> None:
        """Note what is known of an id."""
        self.known[linked] = value
        self.wanted.pop(linked, None)
        while len(self.known) > self.kept + self.needed:
            self.known.popitem(last=False)

    def leave(self, ids: Collection[int]) -> None:
        """Note that a row with these ids waits no more."""
        self.needed -= len(ids)

    def batch(self, size: int = PER_PAGE) -> list[int]:
        """Up to ``size`` wanted ids, those wanted for the longest time first."""
        return [linked for linked, _ in zip(self.wanted, range(size), strict=False)]

    def has(self, ids: Iterable[int]) -> bool:
        """Whether a row with these ids need not wait any more."""
        return self.closed or all(linked in self.known for linked in ids)
