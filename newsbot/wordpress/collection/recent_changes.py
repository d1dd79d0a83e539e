"""Brings the rows whose dates show that they are new or changed. ``changes`` has the questions to the site."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from newsbot.timestamps import iso_utc
from newsbot.wordpress.collection.changes import (
    edits_since,
    modified_since,
    near_edits_since,
    published_since,
    recent_page,
    shows_change,
)
from newsbot.wordpress.collection.insertions import Newest
from newsbot.wordpress.collection.proof import Proof
from newsbot.wordpress.collection.reconciler import Reconciler
from newsbot.wordpress.collection.site_ids import Dates, Listed
from newsbot.wordpress.dates import ZONE_SHIFT
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState

LAST_EDITS = 50
"""The number of rows with the latest changes that are requested if the site shows no change as late as theirs."""


@dataclass(slots=True, kw_only=True)
class RecentChanges:
    """Brings the rows that the dates of change and of publication show, and gives the rows to ``account``.

    ``newest`` are the newest ids, with which the update began. ``fresh`` rows were published since the last run.
    ``behind`` is a border and the site's count of the rows published after it. ``lacking``: the rows that a listing of
    changes counts and does not show. ``unproven``: a listing ended early, or did not show the rows that it must show,
    so all ids must be compared.
    """

    account: Reconciler
    newest: Newest
    proof: Proof
    fresh: set[int] = field(default_factory=set, init=False)
    behind: tuple[str, int] | None = field(default=None, init=False)
    lacking: int = field(default=0, init=False)
    unproven: bool = field(default=False, init=False)

    @property
    def queries(self) -> Queries:
        return self.account.queries

    @property
    def state(self) -> CollectionState:
        return self.account.intake.state

    def bring_edited(self, since: str) -> Steps[None]:
        """Bring the rows that changed since ``since``."""
        earlier, known = edits_since(self.newest.dates, since)
        earlier, last = yield from self._reach_back(earlier)
        if self.proof.ordered and (yield from self._bring_last_edited(earlier, since)):
            return
        listed = yield from modified_since(self.account.site_ids, earlier, whole=self.account.total)
        yield from self._take_listed(listed, changed=True)
        if last is not None and not listed.broke_off and not shows_change(listed.dates, last):
            yield from self._look_at_last_edits()
        self.unproven = self.unproven or listed.broke_off or (bool(known) and known.isdisjoint(listed.dates))

    def _reach_back(self, earlier: str) -> Steps[tuple[str, str | None]]:
        """The time since which edits are requested, and the last change among the archive's rows that the site lists:
        the answer must show this change or a later one. The change is None if the newest rows show a change that is as
        late.

        The time is ``earlier`` if the answer would take more than a page, such as after an edit of all rows at once.
        """
        last, newest, size = self.state.modified, self.newest.dates, self.queries.per_page
        if last is None or shows_change(newest, last):
            return earlier, None
        held: Dates = yield self.queries.known(latest=size)
        last = max((at for row_id, at in held.items() if at and row_id not in self.account.apart), default=None)
        if last is None or shows_change(newest, last):
            return earlier, None
        near = iso_utc(datetime.fromisoformat(last) - ZONE_SHIFT)
        fits = len(held) < size or any(at is not None and at < near for at in held.values())
        return (min(earlier, near) if fits else earlier), last

    def _look_at_last_edits(self) -> Steps[None]:
        """Ask for the rows that changed last, if the site shows no change as late as theirs: the last row was deleted,
        or the site was restored from a backup, which undid edits."""
        held = yield self.queries.known(latest=LAST_EDITS)
        shown = yield from self.account.site_ids.shown(sorted(held), "changes")
        yield from self.account.take(shown)

    def _bring_last_edited(self, earlier: str, since: str) -> Steps[bool]:
        """Bring the rows that were edited since shortly before the archive's last edit, if ids are not in the order of
        dates: nearly every row may have changed after the newest ids. Returns whether the answer is proven to be
        complete."""
        modified = self.state.modified
        near = near_edits_since(earlier, since, modified)
        if near is None or modified is None:
            return False
        listed = yield from modified_since(self.account.site_ids, near, whole=self.account.total)
        yield from self._take_listed(listed, changed=True)
        return not listed.broke_off and shows_change(listed.dates, modified)

    def bring_published(self, since: str, border: str | None) -> Steps[None]:
        """Bring the rows published since ``since``. The same answer counts the rows published after ``border``."""
        account, enough = self.account, False
        if border is not None and self.queries.takes("after"):
            page = yield from recent_page(account.site_ids, {"after": border}, since=since)
            yield from account.take(page.dates)
            enough, self.fresh = page.enough, page.fresh
            self.behind = None if page.total is None else (border, page.total)
        if not enough:
            listed = yield from published_since(account.site_ids, since, whole=account.total)
            self.fresh |= listed.dates.keys()
            yield from self._take_listed(listed)
            self.unproven = self.unproven or listed.broke_off

    def _take_listed(self, listed: Listed, *, changed: bool = False) -> Steps[None]:
        """Accept a listing of changes, and note the rows that it counts and does not show. ``changed``: see
        ``take``."""
        yield from self.account.take(listed.dates, changed=changed)
        self.lacking = max(self.lacking, listed.hidden or 0)
