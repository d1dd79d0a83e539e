"""The incremental listing: only what changed since the collection was last brought whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsbot.errors import PayloadError
from newsbot.wordpress.collection.changes import Found
from newsbot.wordpress.collection.listing import Listing
from newsbot.wordpress.collection.verdict import conclude
from newsbot.wordpress.messages import CollectionState, Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.replies import is_final


def can_update(queries: Queries, state: CollectionState) -> bool:
    """Whether it is enough to ask for changes. Terms and users have no dates: they can only be listed whole."""
    return state.whole and queries.is_dated and not queries.is_windowed and not queries.options.full


def is_sweep_due(state: CollectionState, now: str | None, *, days: float) -> bool:
    """Whether all ids must be compared, since the last comparison is ``days`` old by the site's clock.

    Also where the site's clock went back: what happened in between stands behind the watermark.
    """
    if now is None or state.swept is None or now < max(state.swept, state.watermark or ""):
        return True
    return datetime.fromisoformat(now) - datetime.fromisoformat(state.swept) >= timedelta(days=days)


@dataclass(slots=True, kw_only=True)
class IncrementalListing(Listing):
    """Brings new, edited and deleted rows. ``found`` is the first search's result, ``sweep`` whether all ids are
    compared at once.

    ``asked`` are the ids asked for in this run. ``fetched`` counts rows that the archive did not hold before,
    ``settled`` those of them that were owed: the site was known to count these. ``missing`` ids were not listed,
    ``total`` is the site's count, ``listed`` an id that the site showed.
    """

    found: Found
    sweep: bool
    asked: set[int] = field(default_factory=set)
    missing: list[int] = field(default_factory=list)
    total: int | None = None
    listed: int | None = None
    fetched: int = 0
    settled: int = 0
    relations_learnt: bool = False

    def __post_init__(self) -> None:
        self.began = self.found.watermark
        self.facts.mode, self.facts.since = "update", self.intake.state.watermark

    def run(self) -> Steps[None]:
        """Bring what changed, then search for deletions. Raises PayloadError."""
        found = self.found
        if self.sweep:
            found = yield from self.changes.sweep()
            self.missing = found.missing
        self.began = self.began or found.watermark
        yield from self._bring(found)
        yield from self._bring_owed()
        swept = self.sweep or (yield from self._search_gone())
        live = self.intake.state.live + self.fetched
        self.facts.seen = self.intake.sequence
        gone = yield from self._bury(self.missing, live=live, listed=self.listed)
        self._close(live=live - gone, gone=gone, swept=swept)

    def _search_gone(self) -> Steps[bool]:
        """Compare the site's count with the archive's. Returns whether a sweep was needed."""
        found = yield from self.changes.gone(fetched=self.fetched - self.settled)
        swept, total = found.sweep, found.total
        if swept:
            found = yield from self.changes.sweep()
        self.missing = found.missing
        yield from self._bring(found)
        # The count has a query of its own; the total of a listing is used only where the count is missing.
        self.total = total if total is not None else found.total
        return swept

    def _bring(self, found: Found) -> Steps[None]:
        """Fetch the rows that a search found and no other search of this run brought."""
        self.facts.broke_off = self.facts.broke_off or (found.partial and not found.sweep)
        self.total = found.total if found.total is not None else self.total
        self.listed = self.listed if self.listed is not None else found.listed
        yield from self._fetch(sorted(set(found.wanted) - self.asked))

    def _bring_owed(self) -> Steps[None]:
        """Ask again for the rows that earlier runs owe. Where that fails, the run goes on with the other rows."""
        owed = sorted(set(self.intake.state.owed) - self.asked)
        before = self.fetched
        try:
            yield from self._fetch(owed)
        except PayloadError as fault:
            if is_final(fault):
                raise
            named = {*self.facts.unreadable, *self.facts.missing}
            self.facts.unreadable += [row_id for row_id in owed if row_id not in named]
        self.settled = self.fetched - before

    def _fetch(self, wanted: Sequence[int]) -> Steps[None]:
        if not wanted:
            return
        self.asked.update(wanted)
        before = len((yield self.queries.known(wanted)))
        if not self.relations_learnt:
            yield from self.intake.learn_relations(browse=False)
            self.relations_learnt = True
        yield from self.intake.fetch(wanted)
        yield from self.intake.flush(final=True)
        self.fetched += len((yield self.queries.known(wanted))) - before

    def _close(self, *, live: int, gone: int, swept: bool) -> None:
        facts = self.facts
        facts.expected_after, facts.live = self.total, live
        self._keep_outcome(swept=swept)
        success = f"{facts.seen} new or changed since {facts.since} came, {gone} gone, {facts.live} live"
        conclude(facts, success, unfetched_links=self.intake.unfetched_links)
