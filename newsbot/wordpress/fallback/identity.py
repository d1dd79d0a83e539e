"""Whose a post id is, where only feeds tell: a guid is old, copied and edited, and an id must not go to two posts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from newsbot.wordpress.pages.feed import FeedEntry
from newsbot.wordpress.pages.urls import canonical

PROOFS = 2
"""Pages that must bear out the guids of another host before all of them are believed: a site that moved keeps its ids,
an import gives new ones."""


@dataclass(slots=True, kw_only=True)
class Identities:
    """``own`` is the site's host. ``claims`` is id -> canonical URL as feeds tell it, ``given`` as it was decided."""

    own: str
    claims: dict[int, str] = field(default_factory=dict)
    given: dict[int, str] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    proofs: Counter[str] = field(default_factory=Counter)
    liars: set[str] = field(default_factory=set)

    def claim(self, entry: FeedEntry) -> None:
        """Note the id that an entry's feed tells; two that claim the same are both doubtful."""
        if entry.id is None:
            return
        url = canonical(entry.url)
        holder = self.given.get(entry.id) or self.claims.setdefault(entry.id, url)
        if holder != url:
            self.doubtful |= {url} if entry.sure else {url, holder}

    def believed(self, entry: FeedEntry) -> bool:
        """Whether the feed's word for the id is enough, so that its page need not be asked."""
        if entry.id is None or canonical(entry.url) in self.doubtful:
            return False
        host = entry.witness
        return entry.sure or host == self.own or (host not in self.liars and self.proofs[host] >= PROOFS)

    def settle(self, entry: FeedEntry, told: int) -> None:
        """What the entry's page says its id is."""
        if entry.id == told:
            self.proofs[entry.witness] += 1
        elif entry.id is not None and entry.witness != self.own:
            self.liars.add(entry.witness)

    def give(self, row_id: int, url: str) -> bool:
        """Give an id to a URL for good; False where another has it."""
        return self.given.setdefault(row_id, canonical(url)) == canonical(url)
