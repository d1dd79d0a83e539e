"""Searches for the rows that make the archive's count different from the site's. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsbot.errors import PayloadError
from newsbot.wordpress.collection.changes import leave_refused
from newsbot.wordpress.collection.insertions import Newest, newest_ids
from newsbot.wordpress.collection.proof import Proof
from newsbot.wordpress.collection.reconciler import Reconciler
from newsbot.wordpress.collection.search import FIRST, LAST, Search, Window
from newsbot.wordpress.collection.site_ids import token
from newsbot.wordpress.messages import Steps

SWEPT_AT_ONCE = 1_000
"""A collection with at most this many rows is compared id by id if its count differs, or if there is any change besides
new posts of today. A search costs about as much, and does not find two changes that cancel each other out.
"""

WINDOW = "after"
"""The filter of windows of time."""

FEW_GONE = 2
"""Deletions in a collection of few rows that a search by windows finds with fewer requests than a listing of all."""


@dataclass(slots=True, kw_only=True)
class Explaining:
    """Explains a difference of counts by windows of time. ``newest`` are the newest ids of the run, which ``began`` at
    that time. ``behind`` is a border (a time) and the site's count of the rows published after the border; ``differs``:
    the counts after the border differ."""

    account: Reconciler
    proof: Proof
    newest: Newest
    began: str | None
    behind: tuple[str, int] | None
    differs: bool = False

    def explain(self) -> Steps[bool]:
        """Search for the rows by which the counts differ. Returns whether all ids must be compared."""
        account = self.account
        if (found := (yield from self._search_behind())) is not None:
            return not found
        # The first count may be old (from a cache), or the site has changed since. Then a count could fit by chance.
        again = yield from newest_ids(account.site_ids, account.has_unknown, fresh=token(self.began) + "2")
        changed = again.total != account.total or account.difference == 0
        account.total = again.total
        yield from account.take(again.dates)
        if account.difference == 0 and self.proof.whole:
            # A row that appeared between the two counts may hide that another row vanished before.
            yield from self.proof.prove_whole(again.dates, page=again.first)
            return self.proof.odd or bool(self.proof.missing) or account.difference != 0
        if account.difference == 0 and not (changed and (account.total or 0) <= SWEPT_AT_ONCE):
            return (yield from self.compare_behind())
        if account.total is None or (account.total <= SWEPT_AT_ONCE and not self._lacks_few):
            return True
        lost = (account.difference or 0) - account.hidden - len(account.absent)
        steady = again.total == self.newest.total and again.dates.keys() <= self.newest.dates.keys()
        return not (yield from self._search(*(yield from self._differing(lost, steady=steady))))

    def _search_behind(self) -> Steps[bool | None]:
        """Search after the border, if two answers agree that all lost rows are after it. Returns whether the search
        explains the difference; None where the answers do not agree."""
        account = self.account
        lost, certain = account.difference or 0, not (self.newest.unsteady or account.hidden or account.absent)
        if self.behind is None or lost <= 0 or not certain or (account.total or 0) <= SWEPT_AT_ONCE:
            return None
        if (yield from account.has_lost()) or (yield from self._lost_behind(*self.behind)) != lost:
            return None
        return (yield from self._search((datetime.fromisoformat(self.behind[0]), LAST, lost)))

    def _differing(self, lost: int, *, steady: bool) -> Steps[list[Window]]:
        """The windows of time that differ. The site's count after the border divides the windows if the count is
        ``steady``: no row appeared since.
        """
        account = self.account
        if self.behind is None or account.hidden or account.absent or not steady:
            return [(FIRST, LAST, lost)]
        border, behind = datetime.fromisoformat(self.behind[0]), (yield from self._lost_behind(*self.behind))
        return [half for half in ((FIRST, border, lost - behind), (border, LAST, behind)) if half[2]]

    @property
    def _lacks_few(self) -> bool:
        """Whether the site lists no unknown row, so that a search for few deletions leaves the sets equal."""
        return self.proof.whole and 0 < (self.account.difference or 0) <= FEW_GONE

    def compare_behind(self) -> Steps[bool]:
        """Compare the counts after a border, which differs in each run. Rows that vanished on one side of the border
        and rows that appeared on the other side leave the total unchanged. Returns whether all ids must be compared."""
        if self.behind is None or not (lost := (yield from self._lost_behind(*self.behind))):
            return False
        at, self.differs = datetime.fromisoformat(self.behind[0]), True
        if not (yield from self._search((FIRST, at, -lost), (at, LAST, lost))):
            return True
        return bool((yield from self._lost_behind(*self.behind)))

    def _lost_behind(self, border: str, counted: int) -> Steps[int]:
        """The number of rows by which the archive exceeds the site after the border; 0 if the difference can be
        explained."""
        account = self.account
        known = (yield account.queries.known(since=border)).keys() - account.apart - account.held_back - account.unsure
        lost: int = len(known) - counted
        # The places of the hidden rows and of the owed rows are not known.
        return 0 if -account.hidden - len(account.absent) <= lost <= 0 else lost

    def _search(self, *windows: Window) -> Steps[bool]:
        """Search windows of time, then compare the sets. Returns whether the sets are equal."""
        account = self.account
        search = Search(site_ids=account.site_ids, apart=account.apart | account.held_back | account.unsure)
        if not account.queries.takes(WINDOW):
            return False
        try:
            yield from search.run(*windows)
        except PayloadError as fault:
            leave_refused(account.site_ids, [WINDOW], fault)
            return False
        if not search.failed and (search.listed or search.missing):
            fetched, gone = len(account.asked), account.gone
            yield from account.take(search.listed)
            alive = yield from account.bury(search.missing)
            if not alive and (len(account.asked), account.gone) != (fetched, gone):
                # If a row vanished since the last count, the numbers may agree although the search missed another row.
                yield from self._count_again("3")
                return account.difference == 0
        # The search did not explain the difference, or it missed rows.
        return False

    def _count_again(self, mark: str) -> Steps[None]:
        counted = yield from self.account.site_ids.ask_total("count", fresh=token(self.began) + mark)
        self.account.total = counted.total
