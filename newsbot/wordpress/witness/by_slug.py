"""Requests rows by slug that a witness lists and newsbot does not have."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.messages import Reply, Steps
from newsbot.wordpress.pages.urls import canonical
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.receipt import CollectionFacts
from newsbot.wordpress.replies import is_final, rows_of
from newsbot.wordpress.values import decoded, row_id, text
from newsbot.wordpress.witness.findings import HearingFindings
from newsbot.wordpress.witness.judging import PageProof
from newsbot.wordpress.witness.matching import Lacking, is_held, is_same, slug_batches

HIERARCHICAL = frozenset({"page"})
"""Types in which two rows may have one slug."""


@dataclass(slots=True, kw_only=True)
class SlugSearch:
    """Brings the rows that a query by slug shows. ``held`` are keys of the URLs of held rows.

    ``since`` (UTC, ISO) is when the listing began: rows that were published later need not be in the listing. ``moved``
    are ids of listed rows whose address is not held; ``readdressed`` of them came again.
    """

    findings: HearingFindings
    held: Container[int]
    since: str | None
    moved: set[int] = field(default_factory=set)
    readdressed: int = 0

    @property
    def intake(self) -> Intake:
        return self.findings.intake

    @property
    def queries(self) -> Queries:
        return self.intake.queries

    @property
    def facts(self) -> CollectionFacts:
        return self.intake.facts

    def ask(self, lacking: Sequence[Lacking]) -> Steps[list[Lacking]]:
        """Bring the rows that the API shows in queries by slug. Returns the remaining URLs."""
        if not self.queries.takes("slug"):
            return list(lacking)
        settled: set[str] = set()
        for batch in slug_batches(lacking):
            try:
                rows, _ = yield from self._ask_slugs(list(batch), {"_fields": "id,slug,link,date,date_gmt"})
                settled |= yield from self._take(batch, rows)
            except PayloadError as fault:
                if is_final(fault):
                    raise
                self.facts.faults[fault.name] += 1
        yield from self._bring_again()
        return [article for article in lacking if article.url not in settled]

    def _ask_slugs(self, slugs: list[str], fields: dict[str, str]) -> Steps[tuple[list[dict[str, Any]], Reply]]:
        params: dict[str, Any] = {"slug": slugs, "per_page": min(len(slugs), self.queries.per_page)} | fields
        reply = yield self.queries.query(params, "slug", tries=2)
        return rows_of(reply), reply

    def _take(self, batch: dict[str, Lacking], rows: Sequence[dict[str, Any]]) -> Steps[set[str]]:
        """Bring the ``rows`` that newsbot does not have. Returns the URLs that are settled."""
        shown = {slug: row for row in rows if (slug := text(row.get("slug"))) in batch and row_id(row.get("id"))}
        ids = {slug: int(row["id"]) for slug, row in shown.items()}
        known = yield from self.findings.known(ids.values())
        settled, wanted = set(), []
        for slug, number in ids.items():
            url = batch[slug].url
            if number not in known:
                wanted.append(slug)
            elif (has_address := is_same(decoded(shown[slug].get("link")), url)) or self._has_unique_slugs:
                self.findings.proofs[PageProof.KNOWN] += 1
                settled.add(url)
                if has_address and not self._has_come(url):
                    # If a site changes its permalinks, the ``modified`` of its rows stays the same.
                    self.moved.add(number)
        if wanted:
            settled |= yield from self._bring(batch, wanted)
        return settled

    def _has_come(self, url: str) -> bool:
        """Whether a held row has the URL. A row that an earlier run missed may have come since then."""
        return is_held(url, self.held, home=canonical(self.queries.site.key), type_=self.findings.type)

    def _bring_again(self) -> Steps[None]:
        """Bring the held rows whose address has changed. Raises a final PayloadError."""
        # A row that a pipeline dropped is listed, but its address is not among the held ones.
        ids = sorted((yield self.queries.known(self.moved)) if self.moved else ())
        self.moved = set()
        if not ids:
            return
        if not self.intake.joiner.relations:
            yield from self.intake.learn_relations(browse=False)
        before = self.facts.sent
        try:
            yield from self.intake.fetch(ids)
        except PayloadError as fault:
            if is_final(fault):
                raise
            self.facts.faults[fault.name] += 1
        yield from self.intake.flush(final=True)
        self.readdressed += self.facts.sent - before
        self.findings.proofs["readdressed"] += self.facts.sent - before

    @property
    def _has_unique_slugs(self) -> bool:
        """Whether no two rows of the type can have the same slug, Then a row with the slug is the listed row."""
        site = self.queries.site
        return (
            self.findings.type not in HIERARCHICAL
            and not site.namespaces
            and not site.languages.get(self.queries.collection.route)
        )

    def _bring(self, batch: dict[str, Lacking], slugs: list[str]) -> Steps[set[str]]:
        """Fetch rows by slug: a listing that hides them may hide them from a query by id too."""
        if not self.intake.joiner.relations:
            yield from self.intake.learn_relations(browse=False)
        rows, reply = yield from self._ask_slugs(slugs, self.intake.fields)
        rows = [row for row in rows if row.get("slug") in batch and row_id(row.get("id"))]
        before = self.facts.sent
        yield from self.intake.take(rows, reply)
        yield from self.intake.flush(final=True)
        self.findings.brought += self.facts.sent - before
        for row in rows:
            published = text(row.get("date_gmt")) or text(row.get("date"))
            late = published is not None and self.since is not None and published[:19] >= self.since[:19]
            if late:
                self.findings.proofs["late"] += 1
            else:
                self.findings.proofs["slug"] += 1
                self.findings.beside.add(int(row["id"]))
        return {batch[str(row["slug"])].url for row in rows}
