"""The cache of linked objects: which are known, and which are still to be fetched."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from newsbot.items import Author, TermRef
from newsbot.wordpress.api import PER_PAGE
from newsbot.wordpress.joins.given import is_only_a_name

KNOWN_KEPT = 20_000
"""The number of authors or terms that a cache keeps besides those that waiting rows need. Nearly every site has
fewer."""

MEDIA_KEPT = 2_000
"""The number of media that a cache keeps: most images are used once, so only the latest ones are worth their memory."""


@dataclass(slots=True)
class LinkCache:
    """The objects of one route: those that are ``known``, and the ids that are ``wanted``. A known None means that the
    object cannot be fetched. ``browsed``: its first page was requested. ``closed``: visitors may not read the route.
    ``checked``: newsbot has tested whether the route is closed. ``by_name``: rows give terms or authors by their names.
    ``whole``: the first page held every object of the route. ``asked_beside``: the objects of the rows of other crawls
    were requested.

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
    checked: bool = False
    by_name: bool = False
    whole: bool = False
    asked_beside: bool = False

    @property
    def wants_names(self) -> bool:
        """Whether rows give terms or authors by name, and the first page of the route, which may contain their ids, is
        not known yet."""
        return self.by_name and not self.browsed and not self.closed

    def named(self, given: Any) -> Any:
        """The known term or author that a row gives only by its name or slug. None if there is none, or more than one:
        two users may have the same name, and a row must not get the id of the wrong one.
        """
        if not is_only_a_name(given):
            return None
        name = given.name or ""
        found = [
            linked for linked in self.known.values() if isinstance(linked, TermRef | Author) and _bears(linked, name)
        ]
        if len(found) != 1 or (isinstance(given, Author) and not self.whole and found[0].slug != name):
            # Another user, who is not on the first page, may have the same name. Each slug belongs to one user.
            return None
        return found[0]

    def want(self, ids: Collection[int], *, by_name: bool = False) -> None:
        """Note that a row waits for the objects of these ids. ``by_name``: the row gives terms or authors only by their
        names."""
        self.by_name = self.by_name or by_name
        self.needed += len(ids)
        for linked in ids:
            if linked in self.known:
                self.known.move_to_end(linked)
            elif not self.closed:
                self.wanted[linked] = None

    def put(self, linked: int, value: Any) -> None:
        """Store the object of an id, or None."""
        self.known[linked] = value
        self.wanted.pop(linked, None)
        while len(self.known) > self.kept + self.needed:
            self.known.popitem(last=False)

    def leave(self, ids: Collection[int]) -> None:
        """Note that a row with these ids no longer waits."""
        self.needed -= len(ids)

    def batch(self, size: int = PER_PAGE) -> list[int]:
        """Up to ``size`` wanted ids, those wanted for the longest time first."""
        return [linked for linked, _ in zip(self.wanted, range(size), strict=False)]

    def has(self, ids: Iterable[int]) -> bool:
        """Whether all of these ids are known, so that their row need not wait any more."""
        return self.closed or all(linked in self.known for linked in ids)


def _bears(linked: TermRef | Author, name: str) -> bool:
    return name.casefold() in ((linked.name or "").casefold(), linked.slug)
