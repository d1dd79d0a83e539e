"""The crawl of one collection: choose the listing, run it, and close with a checkpoint and a verdict."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

from newsbot.errors import BadStatus, NotJson, PayloadError, Refused
from newsbot.wordpress.collection import quick_check, ranks
from newsbot.wordpress.collection.deletions import deliver_tombstones
from newsbot.wordpress.collection.full import FullListing
from newsbot.wordpress.collection.incremental import IncrementalListing, can_update, is_sweep_due
from newsbot.wordpress.collection.insertions import newest_since
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.collection.listing import Listing
from newsbot.wordpress.collection.members import kept_members
from newsbot.wordpress.collection.reconciler import Reconciler
from newsbot.wordpress.collection.responsive import next_field_set
from newsbot.wordpress.collection.site_ids import SiteIds, token
from newsbot.wordpress.collection.verdict import conclude_by, gone_type, has_no_route, is_closed
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState
from newsbot.wordpress.receipt import CollectionFacts
from newsbot.wordpress.replies import is_final


class Moved(Exception):
    """The site's answers differ from those in the run that discovered its API."""


def has_moved(fault: PayloadError) -> bool:
    """Whether ``fault`` means that the API is elsewhere now: it answers, but not as it did.

    A site that fails, or that refuses visitors, is not discovered again.
    """
    status = getattr(fault, "status", 404)
    return isinstance(fault, NotJson | BadStatus | Refused) and status < 500 and status not in (401, 403)


@dataclass(slots=True, kw_only=True)
class CollectionCrawl:
    """One run over one collection.

    ``state`` is what the archive held before the run. ``intake`` and ``listing`` are None until ``run`` has read it.
    ``fault`` ended the run; None if the listing reached its end.
    """

    queries: Queries
    facts: CollectionFacts
    state: CollectionState = field(default_factory=CollectionState)
    intake: Intake | None = None
    listing: Listing | None = None
    fault: PayloadError | None = None

    def run(self, *, discovered_before: bool = False) -> Steps[None]:
        """Yield queries, questions, items and checkpoints. A run without a fault ends with a ``done`` checkpoint,
        unless a single request showed that nothing changed.

        ``discovered_before``: the site's API was discovered by an earlier run. Raises Moved where the API does not
        answer as it did then. Other faults of the site end in the verdict, not in an exception.
        """
        self.state = yield self.queries.state()
        self.intake = intake = Intake(queries=self.queries, facts=self.facts, state=self.state)
        try:
            if (yield from self._is_unchanged(intake)):
                return
            self.listing = listing = yield from self._choose(intake)
            yield from listing.run()
        except PayloadError as fault:
            began = self.listing.began if self.listing is not None else None
            if discovered_before and began is None and has_moved(fault):
                raise Moved from fault
            yield from self._end_by(fault, intake)
        else:
            yield self.queries.checkpoint(intake.sequence, cursor=listing.outcome, done=True)
        self.facts.links.update(intake.joiner.stats)

    def _is_unchanged(self, intake: Intake) -> Steps[bool]:
        """Whether one request shows that nothing changed. Then the archive and its watermark stay unchanged."""
        if not quick_check.is_possible(self.queries, self.state):
            return False
        account = Reconciler(intake=intake, site_ids=SiteIds(self.queries))
        if not (yield from quick_check.unchanged(account)):
            return False
        quick_check.write_receipt(self.facts, account)
        return True

    def _choose(self, intake: Intake) -> Steps[Listing]:
        """Returns the listing that this run needs. An incremental listing begins with its first search here."""
        queries, options = self.queries, self.queries.options
        # A cache may hold the answers to queries of an earlier run.
        fresh = intake.fresh = token(self.state.run_time) + "9" if self.state.whole or self.state.live else ""
        field_set = next_field_set(self.state.rotation.get("draw", 0), fresh)
        account = Reconciler(intake=intake, site_ids=SiteIds(queries, fresh=fresh, field_set=field_set))
        if not can_update(queries, self.state):
            return FullListing(intake=intake, reconciler=account)
        newest = yield from newest_since(
            account.site_ids, account.has_unknown, start=ranks.start(account), hidden=account.hidden
        )
        searchable = self.state.watermark is not None and (
            queries.takes("modified_after") or options.kind == "comments"
        )
        due = is_sweep_due(self.state, newest.when, days=options.sweep_days)
        # If the user confirms that rows are gone, the rows that earlier runs kept are compared again.
        confirms = options.confirm_deletions and bool(kept_members(self.state))
        sweep = options.sweep or due or confirms or not searchable
        if sweep and options.kind == "comments":
            # A comment has no date of change, so an edit shows only in the comment itself.
            return FullListing(intake=intake, reconciler=account)
        return IncrementalListing(intake=intake, reconciler=account, newest=newest, sweep=sweep)

    def _end_by(self, fault: PayloadError, intake: Intake) -> Steps[None]:
        if getattr(fault, "error", None) != "stopped" and self.facts.mode != "update":
            # Whole posts that only wait for a joined object are delivered with this object if the site still gives it,
            # since each of them would otherwise come again as edited. If the site does not give it, they are delivered
            # without the object, so that they are not lost. If the crawl is stopping, or if the run requests only
            # changes, the next run fetches the posts with their objects.
            if not is_final(fault):
                yield from intake.join_once()
            yield from intake.release_all()
        self.fault = fault
        conclude_by(self.facts, fault)

    def tell_gone(self) -> None:
        """If the site no longer names the type of rows that the archive holds, set a verdict that says what to do."""
        why = f"{self.facts.why}; {gone_type(self.state.live)}"
        self.facts.end("incomplete", why, "deletions")

    def bury_all(self) -> Steps[None]:
        """Deliver tombstones of all held rows: the site no longer names their type, and the user confirms it."""
        facts, known = self.facts, (yield self.queries.known())
        if self.intake is not None:
            yield from deliver_tombstones(self.intake, sorted(known), when=self.state.run_time or "")
        facts.mode, facts.live = "update", 0
        facts.end("complete", f"the site no longer names this type, {len(known)} gone")

    @property
    def is_not_public(self) -> bool:
        """Whether the site refused the collection to visitors before it showed a row, or has no route for it."""
        if self.fault is None or self.facts.seen:
            return False
        return is_closed(self.fault) or (has_no_route(self.fault) and not self.state.live)

    @property
    def was_held(self) -> bool:
        """Whether earlier runs brought rows of the collection. A refusal now is a loss, and stays in the receipt."""
        return self.state.whole or self.state.live > 0

    @property
    def seen(self) -> Set[int]:
        """The ids that the site gave."""
        return self.listing.seen if self.listing is not None else frozenset()

    @property
    def sequence(self) -> int:
        """The number of rows since the last whole walk began."""
        return self.intake.sequence if self.intake is not None else 0
