"""One hearing of the witnesses on one type: what it compares, and the rows that it has brought so far."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from newsbot.compact import SortedKeys
from newsbot.errors import PayloadError
from newsbot.wordpress.api import Site
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.fallback.sitemaps import Sitemaps, find_sitemaps
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import AskLinks
from newsbot.wordpress.receipt import CollectionFacts
from newsbot.wordpress.witness.choice import LEAST
from newsbot.wordpress.witness.differences import Differences
from newsbot.wordpress.witness.findings import HearingFindings
from newsbot.wordpress.witness.matching import Lacking
from newsbot.wordpress.witness.revisit import Revisit
from newsbot.wordpress.witness.sent import LinksSent


@dataclass(slots=True, kw_only=True)
class Witnesses:
    """The witnesses of one site in one run. ``sitemaps`` are searched once, for all types of the run.

    ``links`` are the URLs of the rows that the crawl sent in this run; they are used if there is no archive.
    """

    site: Site
    options: Options
    links: LinksSent
    sitemaps: Sitemaps | None = None
    read: int = 0

    def held(self) -> Steps[Container[int]]:
        """The keys of the URLs of all rows that newsbot holds of the site."""
        kept: SortedKeys | None = yield AskLinks(site=self.site.key)
        return self.links.keys() if kept is None else kept

    def find(self, *, most: int, known: list[str]) -> Steps[Sitemaps]:
        """The sitemaps of the site. At most ``most`` of them are read in the search."""
        if self.sitemaps is None:
            self.sitemaps = yield from find_sitemaps(
                self.site.key, most=max(LEAST, most // 2), known=known, whole=False
            )
        return self.sitemaps


@dataclass(slots=True, kw_only=True)
class Account:
    """The account of one hearing on one type. ``state``: the facts that the last hearing stored. ``shown``: ids that
    the listing showed. ``at`` (UTC, ISO) is when the listing began. ``agrees``: the sitemaps list all rows of the type,
    and nothing else. ``came`` is the number of rows that this hearing brought, ``brought`` the number of rows by which
    the archive grew. ``readdressed`` held rows came again, with another address.
    """

    witnesses: Witnesses
    intake: Intake
    at: str | None
    state: dict[str, Any]
    shown: Container[int]
    beside: set[int] = field(default_factory=set)
    brought: int = 0
    came: int = 0
    readdressed: int = 0
    agrees: bool = False
    revisit: Revisit = field(init=False)

    def __post_init__(self) -> None:
        self.revisit = Revisit(intake=self.intake)

    @property
    def facts(self) -> CollectionFacts:
        return self.intake.facts

    @property
    def type(self) -> str:
        return self.intake.queries.collection.name

    def differences(self, held: Container[int], *, typed: bool) -> Differences:
        return Differences(
            findings=HearingFindings(intake=self.intake, shown=self.shown), held=held, typed=typed, since=self.at
        )

    def resolve(self, differences: Differences, wanted: list[Lacking]) -> Steps[None]:
        """Request the rows of URLs that newsbot does not have."""
        if not wanted:
            return
        try:
            yield from differences.run(wanted)
        except PayloadError as fault:
            if getattr(fault, "error", None) == "stopped":
                raise
            differences.give_up(wanted, str(fault))

    def take(self, differences: Differences, entry: dict[str, Any]) -> None:
        """Count the received rows, for the receipt (``entry``) and for later runs."""
        findings, readdressed = differences.findings, differences.by_slug.readdressed
        entry |= {str(name): count for name, count in findings.proofs.items() if count}
        if differences.stopped is not None:
            entry["why"] = differences.stopped
        self.beside |= findings.beside
        self.brought += findings.brought
        self.came += findings.brought
        self.readdressed += readdressed
        # One hearing fetches a limited number of rows, and more rows may have a new address. So the run of the next
        # day reads the sitemaps again.
        self.state["moving"] = bool(self.state.get("moving")) or readdressed > 0
