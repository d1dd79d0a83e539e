"""The incremental listing: only what changed since the collection was last brought whole."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsbot.errors import PayloadError
from newsbot.wordpress.collection.insertions import Newest, modified_since, published_since
from newsbot.wordpress.collection.listing import Listing
from newsbot.wordpress.collection.search import Search
from newsbot.wordpress.collection.site_ids import token
from newsbot.wordpress.collection.verdict import conclude
from newsbot.wordpress.dates import ZONE_SHIFT
from newsbot.wordpress.messages import CollectionState, Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.replies import is_final

SWEPT_AT_ONCE = 500
"""A collection with at most so many rows is compared id by id where its count differs: a search costs no less."""


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
    """Brings new, edited and deleted rows. ``newest`` are the newest ids, with which each update begins; ``sweep``:
    all ids are compared in any case."""

    newest: Newest
    sweep: bool
    swept: bool = False

    @property
    def seen(self) -> Set[int]:
        """The ids of a listing of all ids; none where this run made none."""
        return self.reconciler.shown

    def __post_init__(self) -> None:
        self.began = self.newest.when
        self.facts.mode, self.facts.since = "update", self.intake.state.watermark

    def run(self) -> Steps[None]:
        """Bring what changed, search for deletions, and compare the sets. Raises PayloadError."""
        account = self.reconciler
        account.when, account.total = self.began, self.newest.total
        account.deferred = frozenset(self.intake.state.owed)
        self.facts.cached_for = self.newest.age
        if self.sweep or account.total is None:
            yield from self._bring_owed()
            yield from self._sweep()
        elif self.newest.is_all:
            yield from self._compare_few()
        else:
            yield from self._bring_changes()
            yield from self._bring_owed()
            yield from self._compare_newest()
        self.began = self.began or account.when
        self.facts.seen = self.intake.sequence
        self._close()

    def _sweep(self) -> Steps[None]:
        yield from self.reconciler.sweep()
        self.swept = True

    def _compare_few(self) -> Steps[None]:
        """Compare all ids: one answer held them."""
        account = self.reconciler
        known = yield self.queries.known()
        yield from account.take(self.newest.dates, known=known)
        yield from self._bring_owed()
        alive = yield from account.bury(known.keys() - self.newest.dates.keys())
        if alive.keys() - account.unlisted:
            # A row that is not listed and has an answer: the listing is wrong.
            yield from self._sweep()
        else:
            account.unlisted, account.hidden, self.swept = set(alive), 0, True
            account.shown = self.newest.dates.keys()

    def _bring_changes(self) -> Steps[None]:
        account, ids = self.reconciler, self.reconciler.site_ids
        watermark = self.intake.state.watermark
        yield from account.take(self.newest.dates)
        searches = [modified_since] if self.queries.takes("modified_after") else []
        for search in (*searches, published_since):
            dates, broke_off = yield from search(ids, watermark or "", ZONE_SHIFT)
            yield from account.take(dates)
            self.sweep = self.sweep or broke_off

    def _bring_owed(self) -> Steps[None]:
        """Ask again for the rows that earlier runs owe. Where that fails, the run goes on with the other rows."""
        owed, self.reconciler.deferred = self.reconciler.deferred, frozenset()
        try:
            yield from self.reconciler.fetch(owed)
        except PayloadError as fault:
            if is_final(fault):
                raise
            named = {*self.facts.unreadable, *self.facts.missing}
            self.facts.unreadable += sorted(owed - named)
        yield from self.reconciler.settle()

    # Deletions.

    def _compare_newest(self) -> Steps[None]:
        """Compare the newest ids, and the counts. Where either does not agree, search further."""
        account, newest = self.reconciler, self.newest
        known = {}
        if newest.lowest is not None:
            known = yield self.queries.known(lowest=newest.lowest)
        alive = yield from account.bury(known.keys() - newest.dates.keys() - account.apart)
        if alive or self.sweep or newest.partial or newest.lacking > account.hidden:
            # A row that was not listed has an answer, or rows are counted that were not: the listing is wrong.
            yield from self._sweep()
        elif account.difference != 0:
            yield from self._explain()

    def _explain(self) -> Steps[None]:
        """Search for the rows by which the counts differ."""
        account = self.reconciler
        # The first count may be old (a cache), or the site changed since.
        yield from self._count_again("2")
        if account.difference == 0:
            return
        if account.total is None or account.total <= SWEPT_AT_ONCE:
            yield from self._sweep()
            return
        search = Search(site_ids=account.site_ids, apart=account.apart | account.held_back | account.unsure)
        yield from search.run((account.difference or 0) - account.hidden - len(account.absent))
        if not search.failed:
            yield from account.take(search.listed)
            alive = yield from account.bury(search.missing)
            if not alive:
                yield from self._count_again("3")
                if account.difference == 0:
                    return
        # A count that fits proves nothing, and one that does not fit proves that the search missed rows.
        yield from self._sweep()

    def _count_again(self, mark: str) -> Steps[None]:
        counted = yield from self.reconciler.site_ids.ask_total("count", fresh=token(self.began) + mark)
        self.reconciler.total = counted.total

    def _close(self) -> None:
        facts, account = self.facts, self.reconciler
        facts.expected_after, facts.live = account.total, account.live
        self._tell()
        self._keep_outcome(swept=self.swept and self.queries.options.kind != "comments")
        success = f"{facts.seen} new or changed since {facts.since} came, {account.gone} gone, {facts.live} live"
        conclude(facts, success, unfetched_links=self.intake.unfetched_links)
