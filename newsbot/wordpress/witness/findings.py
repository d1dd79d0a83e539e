"""The results of one hearing about the URLs that newsbot does not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.messages import Steps


@dataclass(slots=True, kw_only=True)
class HearingFindings:
    """``shown`` are ids that the listing showed. ``proofs`` counts the results, ``beside`` are ids of rows that no
    listing shows, ``brought`` is the number of rows that were sent."""

    intake: Intake
    shown: Container[int] = frozenset()
    proofs: Counter[str] = field(default_factory=Counter)
    beside: set[int] = field(default_factory=set)
    brought: int = 0

    @property
    def type(self) -> str:
        return self.intake.queries.collection.name

    def known(self, ids: Iterable[int]) -> Steps[set[int]]:
        """The ids of ``ids`` whose rows newsbot has, or has brought in this run."""
        wanted = set(ids)
        held = (yield self.intake.queries.known(wanted)) if wanted else {}
        return {number for number in wanted if number in held or number in self.shown or number in self.beside}
