"""Resolve conflicting post ids, if only feeds give ids.

A feed gives a post's id in its guid. A guid may be old, copied by an import or edited by hand. Two posts must not get
one id.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from newsbot.wordpress.pages.feed import FeedEntry
from newsbot.wordpress.pages.urls import canonical

PROOFS = 2
"""The number of pages that must confirm guids of another host before all guids of this host are accepted: a moved site
keeps its ids, but an import gives new ids."""


@dataclass(slots=True, kw_only=True)
class Identities:
    """Which post has which id. ``own_host`` is the site's host.

    ``claims``: id -> canonical URL according to the feeds. ``given``: id -> canonical URL as newsbot decided.
    ``doubtful`` are canonical URLs whose id another post has too. ``confirmed`` counts, by host, the guids that a page
    confirmed. ``wrong`` are hosts with a guid that a page proved wrong.
    """

    own_host: str
    claims: dict[int, str] = field(default_factory=dict)
    given: dict[int, str] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    confirmed: Counter[str] = field(default_factory=Counter)
    wrong: set[str] = field(default_factory=set)

    def claim(self, entry: FeedEntry) -> None:
        """Note the id that a feed gives an entry. If two entries claim one id, both are doubtful."""
        if entry.id is None:
            return
        url = canonical(entry.url)
        holder = self.given.get(entry.id) or self.claims.setdefault(entry.id, url)
        if holder != url:
            self.doubtful |= {url} if entry.sure else {url, holder}

    def is_believed(self, entry: FeedEntry) -> bool:
        """Whether the id from the feed is certain enough, so that the entry's page need not be requested."""
        if entry.id is None or canonical(entry.url) in self.doubtful:
            return False
        if entry.sure or entry.witness == self.own_host:
            return True
        return entry.witness not in self.wrong and self.confirmed[entry.witness] >= PROOFS

    def confirm(self, entry: FeedEntry, page_id: int) -> None:
        """Compare an entry's id with the id that its page shows."""
        if entry.id == page_id:
            self.confirmed[entry.witness] += 1
        elif entry.id is not None and entry.witness != self.own_host:
            self.wrong.add(entry.witness)

    def give(self, row_id: int, url: str) -> bool:
        """Assign an id to a URL permanently. False where another URL has the id."""
        return self.given.setdefault(row_id, canonical(url)) == canonical(url)
