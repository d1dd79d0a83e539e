"""Makes the archive's set of rows equal to the site's.

The reconciler fetches the rows that the archive lacks, and marks the rows that are gone as deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

from newsbot.wordpress.collection.deletions import bury, too_many
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.collection.members import kept_members, lacks_login
from newsbot.wordpress.collection.publication import Publication
from newsbot.wordpress.collection.site_ids import Dates, SiteIds, token
from newsbot.wordpress.dates import ZONE_SHIFT
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.receipt import CollectionFacts

MANY = 10
"""If this many rows of a listing have new dates, and they are most of its known rows, rows outside of the listing may
have new dates too.
"""


@dataclass(slots=True, kw_only=True)
class Reconciler:
    """Compares sets of ids, and keeps the results for one collection.

    ``live`` is the number of rows that the archive holds. ``total`` is the site's count; None if the count is missing
    or impossible. ``hidden`` rows are counted by the site and listed by no listing, ``unlisted`` rows are in the
    archive, and the site shows them only in queries for their ids. Both come from the last comparison of all ids.
    ``doubtful`` rows are counted, and no comparison explains them. ``members`` are rows that only a login shows
    (``members``): this run keeps them as they are.

    ``asked`` ids were requested in this run. Of these, ``absent`` ids are listed by the site and not in the archive.
    ``deferred`` ids are requested later in this run. ``added`` rows are new in the archive, ``gone`` rows were
    delivered as deleted, ``shown`` are the ids of the last listing of all ids, ``listed`` is an id that the site
    listed, ``when`` the site's time of the first answer (UTC, ISO). ``unordered``: the last listing of all ids showed
    that the site ignores the order of ids. ``in_turns``: see ``Cursor``; a listing of all ids showed it. ``went_back``:
    rows have an earlier date of change than the archive holds. A site that was restored from a backup shows no other
    sign of its edits. ``mass_redated``: most rows of a listing have other dates than the archive holds, and none of
    them shows when it was changed. This is the trace of a program that writes to the site's database. ``links_untrue``:
    the site lists other addresses than those of its whole rows.
    """

    intake: Intake
    site_ids: SiteIds
    when: str | None = None
    live: int = 0
    total: int | None = None
    hidden: int = 0
    unlisted: set[int] = field(default_factory=set)
    doubtful: int = 0
    members: set[int] = field(init=False)
    measured: bool = False
    asked: set[int] = field(default_factory=set)
    absent: set[int] = field(default_factory=set)
    deferred: frozenset[int] = frozenset()
    held_back: set[int] = field(default_factory=set)
    unsure: set[int] = field(default_factory=set)
    listed: int | None = None
    relations_learnt: bool = False
    added: set[int] = field(default_factory=set)
    gone: int = 0
    shown: Set[int] = frozenset()
    unordered: bool = False
    in_turns: bool = False
    went_back: bool = False
    mass_redated: bool = False
    links_untrue: bool = False
    publication: Publication = field(init=False)

    def __post_init__(self) -> None:
        state = self.intake.state
        self.publication = Publication(queries=self.queries, listed=self.site_ids.published)
        self.live, self.hidden, self.unlisted = state.live, max(0, state.hidden), set(state.unlisted)
        self.members = kept_members(state)
        self.absent, self.unordered = set(state.owed), bool(state.rotation.get("unordered"))

    @property
    def queries(self) -> Queries:
        return self.intake.queries

    @property
    def facts(self) -> CollectionFacts:
        return self.intake.facts

    @property
    def apart(self) -> frozenset[int]:
        """The archive's rows that no listing of the site shows."""
        return self.intake.state.beside | self.unlisted

    @property
    def difference(self) -> int | None:
        """The number of rows by which the archive's account exceeds the site's count; None where the site gives no
        count."""
        if self.total is None:
            return None
        listed = self.live - len(self.apart) - len(self.held_back | self.unsure) + len(self.absent)
        return listed + self.hidden - self.total

    @property
    def lacks_too_many(self) -> bool:
        """Whether the site counts so many rows fewer that their deletion would be held back."""
        return too_many(self.intake, self.difference or 0, live=self.live)

    # Receiving rows.

    def has_unknown(self, dates: Dates) -> Steps[bool]:
        """Whether the archive lacks rows of a listing that no earlier run owes."""
        wanted = dates.keys() - set(self.intake.state.owed)
        return len((yield self.queries.known(wanted))) < len(wanted)

    def take(
        self, dates: Dates, *, known: Mapping[int, str | None] | None = None, changed: bool = False
    ) -> Steps[None]:
        """Bring those rows of a listing that the archive lacks, or holds with another date of change.

        ``changed``: the site lists only rows that changed, so that a row without a date of change is brought too.
        """
        if not dates:
            return
        self.listed = next(iter(dates))
        held = known if known is not None else (yield self.queries.known(dates))
        differing = {
            row_id: at
            for row_id, at in dates.items()
            if row_id not in held or (changed if at is None else at != held[row_id])
        }
        older: Dates = {
            row_id: at for row_id, at in differing.items() if at is not None and at < (held.get(row_id) or "")
        }
        believed = (yield from self._given_twice(older, held)) if older else set()
        yield from self.fetch(row_id for row_id in differing if row_id not in older or row_id in believed)
        redated = yield from self._bring_redated(
            {row_id: at for row_id, at in dates.items() if row_id in held and row_id not in differing}
        )
        redated += sum(row_id in held and row_id not in older and self._is_past(at) for row_id, at in differing.items())
        self.mass_redated = self.mass_redated or (redated >= MANY and 2 * redated > len(dates.keys() & held.keys()))
        self.publication.forget(dates)

    def _is_past(self, modified: str | None) -> bool:
        """Whether a date of change is so long before the last run that no listing of changes shows the row."""
        watermark = self.intake.state.watermark
        if modified is None or watermark is None:
            return False
        return datetime.fromisoformat(modified) < datetime.fromisoformat(watermark) - ZONE_SHIFT

    def _bring_redated(self, dates: Dates) -> Steps[int]:
        """Bring the listed rows whose date of publication differs from the held date. Returns how many."""
        left = self.asked | self.deferred | {*self.facts.unreadable, *self.facts.missing}
        redated = [row_id for row_id in (yield from self.publication.redated(dates)) if row_id not in left]
        if not redated:
            return 0
        first, others = redated[: self.queries.per_page], redated[self.queries.per_page :]
        yield from self.fetch(first)
        failed = self.absent | {*self.facts.unreadable, *self.facts.missing}
        held: Dates = yield self.queries.known(row_id for row_id in first if row_id not in failed)
        # An edit since the listing may have changed the date of publication too.
        unedited = [row_id for row_id, at in held.items() if at == dates[row_id]]
        if 2 * len((yield from self.publication.redated(unedited))) > len(unedited):
            # The whole rows have the held dates: the site lists other dates than those of its rows.
            self.publication.trusted = False
            return 0
        yield from self.fetch(others)
        return len(redated)

    def _given_twice(self, older: Dates, held: Mapping[int, str | None]) -> Steps[set[int]]:
        """The rows with an ``older`` date of change than the archive's that are not old copies from a cache. An old
        copy must not replace a newer one. If the site gives the older date again, past all caches, the held date was
        wrong (it lay in the future, or the site was restored from a backup).
        """
        suspects = [row_id for row_id in sorted(older) if row_id not in self.asked]
        fresh = token(self.when) + "1"
        again = yield from self.site_ids.shown(suspects, "confirm", fresh=fresh)
        wrong = [row_id for row_id in suspects if row_id in again and again[row_id] == older[row_id]]
        if wrong:
            self.went_back = True
            yield self.queries.distrust(wrong)
        newer = {row_id for row_id, at in again.items() if at is not None and at > (held[row_id] or "")}
        return {*wrong, *newer}

    def fetch(self, wanted: Iterable[int]) -> Steps[None]:
        """Ask for rows by their ids, each once in a run."""
        ids = sorted(set(wanted) - self.asked - self.deferred - {*self.facts.unreadable, *self.facts.missing})
        if not ids:
            return
        self.asked.update(ids)
        before: Dates = yield self.queries.known(ids)
        if not self.relations_learnt:
            yield from self.intake.learn_relations(browse=False)
            self.relations_learnt = True
        try:
            yield from self.intake.fetch(ids)
            yield from self.intake.flush(final=True)
        finally:
            self.absent |= {*ids, *self.facts.unreadable, *self.facts.missing}
        now: Dates = yield self.queries.known(ids)
        self.live += len(now) - len(before)
        self.added |= now.keys() - before.keys()
        yield from self.settle()

    def settle(self) -> Steps[None]:
        """Find out which of the listed rows the archive still lacks."""
        if self.absent:
            held: Dates = yield self.queries.known(sorted(self.absent))
            self.absent = (self.absent - held.keys()) & {*self.facts.unreadable, *self.facts.missing, *self._unasked()}

    def has_lost(self) -> Steps[bool]:
        """Whether a row vanished between its listing and the query for it: the site's count may still include the
        row."""
        held: Dates = (yield self.queries.known(sorted(self.asked))) if self.asked else {}
        return not self.asked <= held.keys() | self.absent

    def _unasked(self) -> Set[int]:
        return set(self.intake.state.owed) - self.asked

    # Rows that are gone.

    def bury(self, missing: Iterable[int]) -> Steps[Dates]:
        """Deliver tombstones of the ``missing`` rows that are gone. Returns the rows that still exist."""
        suspects = set(missing) - self.intake.state.beside
        members = suspects & self.members if lacks_login(self.queries, self.intake.state) else set[int]()
        buried = yield from bury(
            self.intake,
            self.site_ids,
            suspects - members,
            before=self.gone,
            live=self.live,
            listed=self.listed,
            when=self.when,
        )
        self.live -= buried.gone
        self.gone += buried.gone
        self.held_back |= set(buried.held_back)
        self.unsure |= set(buried.unsure)
        self.members |= set(buried.members)
        yield from self.settle()
        return buried.alive | dict.fromkeys(members | set(buried.members))
