"""The steps after a walk: bring the rows that changed during the walk, compare the sets, and close the collection.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from newsbot.compact import IdSet
from newsbot.timestamps import iso_utc
from newsbot.wordpress.collection.all_ids import compare
from newsbot.wordpress.collection.changes import modified_since
from newsbot.wordpress.collection.cursor import Cursor
from newsbot.wordpress.collection.insertions import Newest, newest_ids
from newsbot.wordpress.collection.reconciler import Reconciler
from newsbot.wordpress.collection.site_ids import Dates, Listed
from newsbot.wordpress.dates import CLOCK_CHANGE
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.receipt import CollectionFacts


@dataclass(slots=True, kw_only=True)
class Closing:
    """The pass after a walk that showed the ids ``cursor.seen``. ``vanished``: rows vanished ahead of the cursor, so
    that equal counts prove nothing. ``seen`` are the ids that the site showed in the whole run."""

    account: Reconciler
    cursor: Cursor
    began: str | None
    vanished: bool = False
    seen: IdSet

    @property
    def queries(self) -> Queries:
        return self.account.queries

    @property
    def facts(self) -> CollectionFacts:
        return self.account.facts

    def run(self) -> Steps[None]:
        """Bring the rows that appeared or changed during the walk, then compare the ids of the walk with the site's.

        Raises PayloadError.
        """
        account, facts = self.account, self.facts
        account.listed = next(iter(self.seen), None)
        fresh = account.site_ids.fresh
        newest = yield from newest_ids(account.site_ids, self._has_unseen, fresh=fresh and f"{fresh}0")
        if newest.repeating:
            # The rows of the walk may come from a cache that gives one answer to all queries.
            self.cursor.repeating, facts.expected_after = True, None
            return
        facts.expected_after = account.total = newest.total
        facts.cached_for = newest.age
        missing = self._missing(newest)
        yield from self._bring(newest.dates)
        if newest.is_all:
            total = newest.total
            yield from self._compare(Listed(dates=newest.dates, first_total=total, total=total, when=newest.when))
        else:
            proven = yield from self._bring_edited()
            equal = newest.total == len(self.seen) - len(missing)
            proven = (
                proven
                and equal
                and not (self.cursor.unproven or self.cursor.doubtful or self.vanished)
                and not (newest.partial or newest.lacking)
            )
            if not proven or (yield from self._bury(missing)):
                yield from self._list_again()
        facts.seen = len(self.seen)

    def compare_resumed(self) -> Steps[None]:
        """Compare every id after a resumed walk. The rows before the cursor may have changed since the walk began, so
        equal totals prove nothing. Raises PayloadError."""
        account, facts = self.account, self.facts
        account.live = len((yield self.queries.known()))
        # Fetch the rows that the earlier run owes. The archive already has a row that was delivered without a joined
        # object, so the sweep shows no change of this row.
        yield from account.fetch(self.account.intake.state.owed)
        listed = yield from account.site_ids.every("sweep")
        yield from compare(account, listed)
        facts.expected_after, facts.seen = account.total, len(listed.dates)

    # Receiving rows.

    def _has_unseen(self, dates: Dates) -> Steps[bool]:
        yield from ()
        return any(row_id not in self.seen for row_id in dates)

    def _bring(self, dates: Dates) -> Steps[None]:
        """Bring the rows that the walk did not see, and those that changed since it saw them."""
        known: Mapping[int, str | None] = yield self.queries.known(dates)
        walked = {row_id: at for row_id, at in dates.items() if row_id in known or row_id not in self.seen}
        yield from self.account.take(walked, known=known)
        self.seen |= dates.keys()

    def _bring_edited(self) -> Steps[bool]:
        """Bring the rows that were edited during the walk. Returns whether the listing reached its end."""
        if not (self.began and self.queries.is_dated and self.queries.takes("modified_after")):
            return True
        # The walk and this query are in one time zone.
        since = iso_utc(datetime.fromisoformat(self.began) - CLOCK_CHANGE)
        listed = yield from modified_since(self.account.site_ids, since, whole=self.account.total)
        yield from self._bring(listed.dates)
        return not listed.broke_off

    # Rows that are gone.

    def _missing(self, newest: Newest) -> set[int]:
        """The ids that the walk saw among the newest ones, and that are not listed any more."""
        if newest.lowest is None:
            return set()
        return {row_id for row_id in self.seen if row_id >= newest.lowest and row_id not in newest.dates}

    def _bury(self, missing: set[int]) -> Steps[bool]:
        """Deliver as deleted the archived rows that the walk did not see, and the ``missing`` rows, if they are gone.
        Returns whether the site still shows one of them, so that the listings are wrong."""
        if self.queries.is_windowed:
            return False
        self.facts.gone = len(missing)
        held: Mapping[int, str | None] = {}
        # If no earlier run delivered rows, only ``missing`` rows can be gone.
        if self.account.intake.state.live or missing:
            held = yield self.queries.known()
            self.account.live = len(held)
        alive = yield from self.account.bury(row_id for row_id in held if row_id in missing or row_id not in self.seen)
        unlisted = alive.keys() - self.account.unlisted
        self.account.unlisted, self.account.hidden = set(alive), 0
        return bool(unlisted)

    def _list_again(self) -> Steps[None]:
        """List every id in the opposite order, and compare."""
        listed = yield from self.account.site_ids.every("recount", newest_first=True)
        # The listing starts at the other end: if the walk ended early, the two may still overlap.
        overlaps = bool(listed.dates) and all(row_id in self.seen for row_id in listed.dates)
        if listed.unproven and not listed.repeating and overlaps and not self.cursor.disorder:
            listed.unproven = False
        self.cursor.repeating = self.cursor.repeating and listed.repeating
        yield from self._compare(listed)

    def _compare(self, listed: Listed) -> Steps[None]:
        """Make the archive equal to a listing of all ids."""
        account, facts = self.account, self.facts
        account.in_turns = account.in_turns or listed.in_turns
        facts.gone = sum(row_id not in listed.dates for row_id in self.seen)
        if self.queries.is_windowed or listed.broke_off:
            yield from self._add(listed)
            return
        if account.intake.state.live or facts.gone:
            account.live = len((yield self.queries.known()))
        yield from compare(account, listed, seen=self.seen)
        # The walk listed these rows and a query still shows them, but no listing of ids does: the answers disagree.
        account.unsure |= {row_id for row_id in account.unlisted if row_id in self.seen}
        self.seen |= listed.dates.keys()
        facts.expected_after = account.total if account.total is not None else facts.expected_after

    def _add(self, listed: Listed) -> Steps[None]:
        """Accept the rows of a listing that does not show which rows are gone, because it lists a part or ended
        early."""
        account, facts = self.account, self.facts
        yield from account.take({row_id: at for row_id, at in listed.dates.items() if row_id not in self.seen})
        self.seen |= listed.dates.keys()
        lacking = max(0, (facts.expected_after or 0) - len(self.seen))
        if listed.broke_off and facts.expected_after == len(self.seen) and not self.queries.is_windowed:
            yield from self._ask_for_unseen()
        # A listing that ended early measures nothing: rows that it does not show may be public.
        account.hidden, account.doubtful = (0, lacking) if listed.broke_off else (lacking, 0)
        # Both listings ended early. Rows between the two places where they ended may be in neither listing.
        facts.broke_off = listed.unproven and not listed.repeating and lacking > 0
        if self.cursor.unproven and self.cursor.disorder:
            # Neither listing proves that all rows came, since the site ignores parameters.
            facts.broke_off = not self.cursor.repeating

    def _ask_for_unseen(self) -> Steps[None]:
        """Ask for the archive's rows that no listing showed, if the count confirms the rows that came."""
        account, held = self.account, (yield self.queries.known())
        account.live = len(held)
        unseen = [row_id for row_id in held if row_id not in self.seen and row_id not in account.unlisted]
        account.unsure |= (yield from account.bury(unseen)).keys()
