"""Requests again the rows that no listing of the API shows: they may have been edited or deleted since a witness showed
them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from newsbot.errors import PayloadError
from newsbot.items import Post, Record
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.pages.reader import Gone, NoArticle, PageReader
from newsbot.wordpress.pages.times import iso_to_utc
from newsbot.wordpress.pages.urls import place_key
from newsbot.wordpress.replies import is_final, rows_of
from newsbot.wordpress.values import row_id
from newsbot.wordpress.witness.matching import Lacking, slug_batches

MOST_ROWS = 1_000
"""The most rows that one hearing requests again."""

MOST_PAGES = 100
"""How many of these rows are read from their pages."""


@dataclass(slots=True, kw_only=True)
class Revisit:
    """``rows`` are the last known rows, marked as deleted: id -> row. ``listed``: id -> the ``lastmod`` that a sitemap
    gives the row's URL now. ``gone`` are ids of rows that were delivered as deleted."""

    intake: Intake
    rows: dict[int, Record] = field(default_factory=dict)
    listed: dict[int, str | None] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)

    def load(self, ids: Sequence[int], *, when: str | None) -> Steps[None]:
        """Ask the archive for the rows of ``ids``."""
        if not ids:
            return
        found: list[Record] = yield self.intake.queries.tombstones(ids[:MOST_ROWS], when=when or "")
        self.rows = {row.id: row for row in found if isinstance(row, Post) and row.url}
        self.places = {place_key(str(getattr(row, "url", ""))): number for number, row in self.rows.items()}

    def note(self, url: str, changed: str | None) -> None:
        """Note that a sitemap lists a URL."""
        if self.places and (number := self.places.get(place_key(url))) is not None:
            self.listed[number] = changed

    def run(self, reader: PageReader, *, whole: bool) -> Steps[None]:
        """Bring the changed rows. ``whole``: every sitemap was read, so a row that no sitemap lists may be gone.

        Raises PayloadError or Halt.
        """
        left = yield from self._by_slug()
        for number in left[:MOST_PAGES]:
            row = self.rows[number]
            changed = iso_to_utc(self.listed.get(number))
            edited = changed is not None and changed > (getattr(row, "modified", None) or "")
            if edited or (whole and number not in self.listed):
                yield from self._by_page(reader, number, row, changed)
        yield self.intake.queries.checkpoint(self.intake.sequence)

    def _by_slug(self) -> Steps[list[int]]:
        """Bring the rows that the API shows by slug. Returns the ids of the others."""
        shown: set[int] = set()
        wanted = [Lacking(str(getattr(row, "url", ""))) for number, row in self.rows.items() if number > 0]
        for batch in slug_batches(wanted) if self.intake.queries.takes("slug") else ():
            params: dict[str, Any] = {"slug": list(batch), "per_page": min(len(batch), self.intake.queries.per_page)}
            reply = yield self.intake.queries.query(params | self.intake.fields, "slug", tries=2)
            try:
                rows = [row for row in rows_of(reply) if row_id(row.get("id")) in self.rows]
            except PayloadError as fault:
                if is_final(fault):
                    raise
                continue
            yield from self.intake.take(rows, reply)
            yield from self.intake.flush(final=True)
            shown |= {int(row["id"]) for row in rows}
        return [number for number in self.rows if number not in shown]

    def _by_page(self, reader: PageReader, number: int, row: Record, changed: str | None) -> Steps[None]:
        try:
            post = yield from reader.read(str(getattr(row, "url", "")))
        except Gone:
            self.gone.add(number)
            yield from self.intake.deliver(row)
        except NoArticle:
            pass
        else:
            if post.id in (0, number):
                post.id, post.modified = number, post.modified or changed
                yield from self.intake.deliver(post)
