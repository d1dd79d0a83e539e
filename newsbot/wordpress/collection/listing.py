"""The base of the two listings of a collection: the full one and the incremental one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.collection.members import lacks_login, login_kept
from newsbot.wordpress.collection.reconciler import Reconciler
from newsbot.wordpress.collection.verdict import outcome, unexplained
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.receipt import CollectionFacts


@dataclass(slots=True, kw_only=True)
class Listing(ABC):
    """Decides which rows of a collection are requested, and gives them to ``intake``. ``reconciler`` compares the sets.

    ``began`` is the site's time (UTC, ISO) of its first answer: the next run asks for changes since then. ``outcome``:
    the values that the last checkpoint stores in the archive; None: the archive's record stays unchanged.
    """

    intake: Intake
    reconciler: Reconciler
    began: str | None = None
    outcome: dict[str, Any] | None = None

    @property
    def queries(self) -> Queries:
        """The queries of the collection."""
        return self.intake.queries

    @property
    def facts(self) -> CollectionFacts:
        """The collection's part of the receipt."""
        return self.intake.facts

    @property
    def seen(self) -> Set[int]:
        """The ids of a listing from end to end. An incremental listing has none: it shows a part."""
        return frozenset()

    @abstractmethod
    def run(self) -> Steps[None]:
        """List, compare, and set ``outcome`` and the verdict. Raises PayloadError."""

    def _tell(self) -> None:
        """Write the comparison of the sets into the receipt."""
        facts, account = self.facts, self.reconciler
        by_login = lacks_login(self.queries, self.intake.state)
        facts.members = sorted(account.members & account.unlisted) if by_login else []
        facts.held_back, facts.unsure = len(account.held_back), sorted(account.unsure)
        doubted = unexplained(self.queries.options.kind, account)
        facts.hidden, facts.unexplained = account.hidden - doubted, account.doubtful + doubted

    def _keep_outcome(self, *, swept: bool) -> None:
        """Decide which values the archive stores. A listing that ended early, or that has rows without an id, proves
        nothing."""
        facts, account = self.facts, self.reconciler
        if not facts.broke_off and not facts.faults["row-without-id"]:
            swept = swept and not account.doubtful
            self.outcome = outcome(account, owed=self.intake.owed(), began=self.began, swept=swept)
            if kept := self._rotation({}):
                self.outcome["rotation"] = kept

    def _rotation(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """The values that the archive stores for the next run: ``kept``, the login and the number of this run's set of
        fields."""
        account, state = self.reconciler, self.intake.state
        fields = {"draw": account.site_ids.field_set} if account.site_ids.field_set else {}
        return dict(kept) | fields | login_kept(self.queries, state, account.members & account.unlisted)
