"""The incremental listing: only the changes since the last complete listing of the collection."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsbot.errors import PayloadError
from newsbot.timestamps import iso_utc
from newsbot.wordpress.collection.above import heeds_order
from newsbot.wordpress.collection.all_ids import sweep
from newsbot.wordpress.collection.explaining import SWEPT_AT_ONCE, Explaining
from newsbot.wordpress.collection.insertions import Newest, ids_from
from newsbot.wordpress.collection.listing import Listing
from newsbot.wordpress.collection.proof import Proof
from newsbot.wordpress.collection.ranks import learnt
from newsbot.wordpress.collection.readdressed import bring_readdressed
from newsbot.wordpress.collection.recent_changes import RecentChanges
from newsbot.wordpress.collection.verdict import conclude
from newsbot.wordpress.dates import ZONE_SHIFT
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries, share
from newsbot.wordpress.questions import CollectionState
from newsbot.wordpress.replies import is_final


def can_update(queries: Queries, state: CollectionState) -> bool:
    """Whether it is enough to ask for changes. Terms and users have no dates: they can only be listed whole."""
    return state.whole and queries.is_dated and not queries.is_windowed and not queries.options.full


def is_sweep_due(state: CollectionState, now: str | None, *, days: float) -> bool:
    """Whether all ids must be compared, since the last comparison is ``days`` old by the site's clock.

    True also if the site's clock was set back: changes in between are before the watermark.
    """
    if now is None or state.swept is None or now < max(state.swept, state.watermark or ""):
        return True
    return datetime.fromisoformat(now) - datetime.fromisoformat(state.swept) >= timedelta(days=days)


@dataclass(slots=True, kw_only=True)
class IncrementalListing(Listing):
    """Brings new, edited and deleted rows. ``newest`` are the newest ids, with which each update begins; ``sweep``: all
    ids are compared in any case. ``swept``: all ids were compared. ``shifted``: the dates that the site compares differ
    from the archive's."""

    newest: Newest
    sweep: bool
    swept: bool = False
    shifted: bool = False
    proof: Proof = field(init=False)
    changes: RecentChanges = field(init=False)

    @property
    def seen(self) -> Set[int]:
        """The ids of a listing of all ids; empty if this run made no such listing."""
        return self.reconciler.shown

    def __post_init__(self) -> None:
        self.began, self.shifted = self.newest.when, self.intake.state.shifted
        self.facts.mode, self.facts.since = "update", self.intake.state.watermark
        account, newest = self.reconciler, self.newest
        self.proof = Proof(
            account=account,
            when=self.began or "",
            counted=newest.counted,
            ordered=heeds_order(newest.dates, account.site_ids.published),
        )
        self.changes = RecentChanges(account=account, newest=newest, proof=self.proof)

    def run(self) -> Steps[None]:
        """Bring the changes, search for deletions, and compare the sets. Raises PayloadError."""
        account = self.reconciler
        account.when, account.total = self.began, self.newest.total
        account.deferred = frozenset(self.intake.state.owed)
        self.facts.cached_for = self.newest.age
        account.publication.trusted = account.publication.trusted or self.sweep
        if self.newest.repeating:
            # A cache gives one answer to all queries, so nothing is known about the site.
            self.facts.live, self.facts.seen = account.live, self.intake.sequence
            conclude(self.facts, "", repeating=True)
            return
        if self.sweep or account.total is None:
            # An earlier run learnt how long a URL may be. The server may accept longer URLs now.
            self.queries.remember_longest(None)
            yield from self._bring_owed()
            yield from self._sweep()
        elif self.newest.is_all:
            yield from self._compare_few()
        elif self._needs_all_ids:
            yield from self._bring_owed()
            yield from self._sweep()
        else:
            yield from self._bring_changes()
            yield from self._bring_owed()
            yield from self._compare_newest()
        readdressed = yield from bring_readdressed(account)
        self.began = self.began or account.when
        self.facts.seen = self.intake.sequence
        self._close()
        if readdressed:
            # The next run lists all rows.
            self.outcome = {"whole": False}

    def _sweep(self) -> Steps[None]:
        account, newest = self.reconciler, self.newest.dates
        unknown: set[int] = newest.keys() - (yield self.queries.known(newest))
        yield from sweep(account)
        # The listing of all ids lacks a new row: the row vanished since, or the listing is wrong.
        yield from account.take({row_id: newest[row_id] for row_id in unknown - account.shown})
        self.swept = True

    def _compare_few(self) -> Steps[None]:
        """Compare all ids, which one answer contained."""
        account = self.reconciler
        known = yield self.queries.known()
        yield from account.take(self.newest.dates, known=known)
        yield from self._bring_owed()
        alive = yield from account.bury(known.keys() - self.newest.dates.keys())
        if alive.keys() - account.unlisted:
            # A row is not listed, but the site shows it: the listing is wrong.
            yield from self._sweep()
        else:
            # The newest ids count as all ids only if the number of hidden rows is the same as in the last measurement.
            account.unlisted, account.hidden, self.swept = set(alive), self.newest.hidden, True
            account.shown = self.newest.dates.keys()

    def _bring_changes(self) -> Steps[None]:
        """Bring the rows that the newest ids, the dates of change and the dates of publication show."""
        since = iso_utc(datetime.fromisoformat(self.intake.state.watermark or "") - ZONE_SHIFT)
        # The archive counts its rows before this run adds any.
        border: str | None = yield self.queries.border(before=since, draw=self.began or "", shifted=self.shifted)
        yield from self.reconciler.take(self.newest.dates)
        if self.queries.takes("modified_after"):
            yield from self.changes.bring_edited(since)
        if not (yield from self.proof.prove_whole(self.newest.dates, page=self.newest.first)):
            yield from self.changes.bring_published(since, border)
        self.sweep = self.sweep or self.changes.unproven
        if not self._needs_all_ids:
            yield from self.proof.prove_above(self.newest.dates)

    def _bring_owed(self) -> Steps[None]:
        """Ask again for the rows that earlier runs owe. If this fails, the run continues with the other rows."""
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
        """Compare the newest ids, and the counts. If either does not agree, search further."""
        account, newest = self.reconciler, self.newest
        known, alive, doubt = {}, {}, account.lacks_too_many
        if newest.lowest is not None:
            known = yield self.queries.known(lowest=newest.lowest)
        if not doubt:
            # If many rows are gone, the deletions among the newest ids may be few enough to be accepted, although all
            # deletions together are too many.
            alive = yield from account.bury(known.keys() - newest.dates.keys() - account.apart | self.proof.missing)
        wrong = bool(alive) or doubt or self._is_listing_wrong
        if self._is_changed and not (wrong or self.sweep):
            largest = max(newest.dates, default=0)
            yield from self.proof.prove_parts(largest=largest, page=newest.first, at_once=self._is_odd)
        if wrong or self._must_sweep:
            yield from self._sweep()
        else:
            yield from self._explain()
        if self.queries.options.kind == "comments" and not (self.swept or self.proof.whole):
            yield from self._compare_part()

    def _explain(self) -> Steps[None]:
        """Search for the rows by which the counts differ, in the whole or after a border. If the search does not
        explain the difference, compare all ids.
        """
        account, newest = self.reconciler, self.newest
        behind = self.changes.behind
        explaining = Explaining(account=account, proof=self.proof, newest=newest, began=self.began, behind=behind)
        # The count may still include rows that a later answer does not show.
        if account.difference != 0 or newest.unsteady or self.proof.missing or (yield from account.has_lost()):
            unexplained = yield from explaining.explain()
        else:
            unexplained = yield from explaining.compare_behind()
        if unexplained:
            yield from self._sweep()
        if explaining.differs:
            # The dates that the site compares are not those of the archive: the next borders are chosen at a distance
            # from its rows.
            self.shifted = self.shifted or (self.swept and not account.gone and not account.asked)

    @property
    def _is_listing_wrong(self) -> bool:
        """Whether the listing of the newest ids contradicts itself or the counts, or shows a row that no listing showed
        before."""
        account, newest = self.reconciler, self.newest
        lacking = max(newest.lacking, self.changes.lacking) > account.hidden
        return newest.partial or newest.disputed or lacking or not account.unlisted.isdisjoint(newest.dates)

    @property
    def _must_sweep(self) -> bool:
        """Whether only a comparison of all ids gives a proof, or such a comparison costs little."""
        account, proof = self.reconciler, self.proof
        if self.sweep or proof.odd or self._needs_all_ids or self._is_restored or account.mass_redated:
            return True
        return self._is_odd and not proof.whole and (account.total or 0) <= SWEPT_AT_ONCE

    @property
    def _needs_all_ids(self) -> bool:
        """Whether only a listing of all ids proves a collection of few rows: the site ignores ``exclude``."""
        return self.proof.ignoring is not None and self.reconciler.live <= SWEPT_AT_ONCE

    @property
    def _is_restored(self) -> bool:
        """Whether the site seems to be restored from a backup: then any row may have an earlier state."""
        account = self.reconciler
        return account.went_back and (account.gone > 0 or account.live <= SWEPT_AT_ONCE)

    @property
    def _is_changed(self) -> bool:
        return bool(self.reconciler.gone or self.reconciler.asked)

    @property
    def _is_odd(self) -> bool:
        """Whether rows are gone, or appeared with an old date: then other rows may have changed without a trace."""
        return self.reconciler.gone > 0 or not self.reconciler.added <= self.changes.fresh

    def _compare_part(self) -> Steps[None]:
        """Compare one page of ids, a different page in each run. Only this shows an old comment that is approved
        late."""
        account = self.reconciler
        size = self.queries.per_page
        offset = int(share(self.began or "") * max(0, (account.total or 0) - size))
        dates = yield from ids_from(account.site_ids, offset)
        if not dates:
            return
        known = yield self.queries.known(lowest=min(dates))
        yield from account.take(dates)
        alive = yield from account.bury(
            row_id for row_id in known if row_id <= max(dates) and row_id not in dates and row_id not in account.apart
        )
        if alive or account.difference != 0:
            yield from self._sweep()

    def _close(self) -> None:
        facts, account = self.facts, self.reconciler
        facts.expected_after, facts.live = account.total, account.live
        if self.proof.ignoring is not None:
            facts.disorder = [*facts.disorder, "exclude="]
        self._tell()
        # The site answers in two states. A row that only one state has may be on no page that was listed.
        compared = self.swept and not account.in_turns
        self._keep_outcome(swept=compared and self.queries.options.kind != "comments")
        if compared and not (facts.broke_off or account.doubtful):
            self.proof.end_rounds(self.began)
        else:
            self.proof.confirm()
        facts.proven = max(self.proof.confirmed or "", self.intake.state.swept or "") or None
        facts.dates_proven = self.proof.dates.last
        if self.outcome is not None and self.outcome["whole"]:
            # If ranks contradict the count and the sweep finds no missing row, these ranks would lead to a sweep in
            # each run.
            ranks = {"ignored": None} if self.newest.disputed and not account.gone else self.newest.ranks
            ranks = learnt(ranks, self.outcome.get("swept", self.intake.state.swept))
            self.outcome |= {"shifted": self.shifted, "rotation": self._rotation(self.proof.kept() | {"ranks": ranks})}
            if account.in_turns:
                # The state that answered may lack the latest edits: the next run asks for them again.
                self.outcome["watermark"] = self.intake.state.watermark
        success = f"{facts.seen} new or changed since {facts.since} came, {account.gone} gone, {facts.live} live"
        if facts.proven is not None and self.proof.last != self.began:
            success += f"; every id compared since {facts.proven}"
        conclude(facts, success, unfetched_links=self.intake.unfetched_links, in_turns=account.in_turns)
