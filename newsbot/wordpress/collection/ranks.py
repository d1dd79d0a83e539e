"""The newest ids by their ranks: the number of rows that stand before them, whatever the site counts. Pure.

A cache or a plugin may send an old count. So the newest rows are listed in ascending order with an ``offset``, the
number of rows that should come before them. If an old row vanished, all later rows move forward by one, and the last
page has one row less than by the site's count. This needs no more requests than listing the newest rows in descending
order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress.collection.cursor import OVERLAP
from newsbot.wordpress.collection.reconciler import Reconciler
from newsbot.wordpress.collection.responsive import fields_of
from newsbot.wordpress.collection.site_ids import LISTING, Dates, SiteIds, asked_afresh, token
from newsbot.wordpress.messages import Reply, Steps
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState
from newsbot.wordpress.replies import is_final, rows_of, total_of

WHOLE = 3
"""A collection that fits on this many pages of newest ids is read completely. Then its count is not needed."""

NEW_SHARE = 10
"""On a page, one of this many places is left for new rows."""

MOST_PAGES = 4
"""The most pages in ascending order that are read."""

Unknown = Callable[[Dates], Steps[bool]]
"""Whether any of listed rows is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where the listing begins. ``behind`` is the number of rows that should come before it, hidden rows included.
    ``most_hidden`` is the number of rows that the site counts and that the answer may lack, as the last run found it.
    If that number is not ``known``, it is the number of hidden rows of the whole collection. ``fresh`` is a text that
    no earlier query had: caches then have no answer to the query. ``kept``: the results of earlier runs.
    """

    behind: int | None
    most_hidden: int = 0
    known: bool = True
    fresh: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Ranked:
    """The rows after the oldest ``behind`` ones, in ascending order. ``ended``: they are the last rows of the
    collection, if the site obeys the parameters. ``heeded``: nothing shows that the site ignores or refuses them.
    ``rows`` is the number of rows on the longest page, ``reply`` is the first answer."""

    behind: int
    dates: Dates = field(default_factory=dict)
    ended: bool = False
    heeded: bool = True
    rows: int = 0
    total: int | None = None
    reply: Reply | None = None

    @property
    def hidden(self) -> int | None:
        """The number of rows by which the site's count exceeds the rows before the listing and in it; None if the
        answers do not show this."""
        return self.total - self.behind - len(self.dates) if self.ended and self.total is not None else None


def start(account: Reconciler) -> Start:
    """Where an update begins to list the newest ids: the last page, with some places left for new rows.

    ``behind`` is None if ranks are of no use: a small collection is listed completely; several languages are listed one
    by one; the site showed since the last sweep that it ignores or refuses ``offset``.
    """
    queries, state = account.queries, account.intake.state
    kept = state.rotation.get("ranks") or {}
    listed = state.live - len(account.apart) + len(account.absent) + account.hidden
    size = queries.per_page
    return Start(
        behind=max(0, listed - (size - max(1, size // NEW_SHARE))) if _is_usable(queries, state, listed) else None,
        most_hidden=min(account.hidden, kept.get("hidden", account.hidden)),
        known=not account.hidden or "hidden" in kept,
        fresh=token(state.run_time) + "0",
        kept=kept,
    )


def _is_usable(queries: Queries, state: CollectionState, listed: int) -> bool:
    if queries.site.languages.get(queries.collection.route) or listed <= WHOLE * (queries.per_page - OVERLAP):
        return False
    kept = state.rotation.get("ranks") or {}
    return "ignored" not in kept or kept["ignored"] != state.swept


def learnt(ranks: Mapping[str, Any], swept: str | None) -> dict[str, Any]:
    """The part of ``ranks``, the results of a run, that the archive stores. The fact that ranks are of no use on a site
    is kept until its next sweep; ``swept`` is the time of its last sweep."""
    return {**ranks, "ignored": swept} if ranks.get("ignored", "") is None else dict(ranks)


def by_rank(site_ids: SiteIds, behind: int, unknown: Unknown, *, fresh: str) -> Steps[Ranked]:
    """The rows after the oldest ``behind`` ones. Raises a final PayloadError."""
    queries, ranked, offset = site_ids.queries, Ranked(behind=behind), behind
    fields = f"{LISTING},link" if "link" in fields_of(queries.options.kind, site_ids.field_set) else LISTING
    for _ in range(MOST_PAGES):
        params: dict[str, Any] = {"orderby": "id", "order": "asc", "offset": offset, "per_page": queries.per_page}
        params["_fields"] = fields
        reply = yield from asked_afresh(queries, params, fresh, "newest", tries=2)
        try:
            rows = rows_of(reply)
        except PayloadError as fault:
            if is_final(fault):
                raise
            # If the site refuses the page size, this says nothing about the offset.
            ranked.heeded = lowered_per_page(fault, queries.per_page) is not None
            return ranked
        dates = site_ids.dates_in(rows)
        further = {row_id: at for row_id, at in dates.items() if row_id not in ranked.dates}
        if not _continues(ranked.dates, dates, rows=len(rows)) or (ranked.reply and total_of(reply) != ranked.total):
            ranked.heeded = False
            return ranked
        ranked.dates |= dates
        ranked.reply, ranked.total = ranked.reply or reply, total_of(reply)
        ranked.rows = max(ranked.rows, len(rows))
        is_short = len(rows) < queries.per_page
        if is_short and (not rows or (ranked.total or 0) <= offset + queries.per_page):
            # No row came, but the site counts more rows than come before: either the answer or the count is wrong.
            ranked.ended = bool(rows) or (ranked.total or 0) > behind
            return ranked
        if is_short and not further:
            # Either more rows follow, or the count is wrong. The answers do not show which.
            return ranked
        # If the site counts rows after a page that is not full, hidden rows took places on the page.
        if not is_short and not (yield from unknown(further)):
            # A page has places for new rows after known ones. It is full without new rows, so the site ignores the
            # offset.
            ranked.heeded = False
            return ranked
        offset += max(1, len(rows) - OVERLAP)
    return ranked


def _continues(before: Dates, dates: Dates, *, rows: int) -> bool:
    """Whether the rows of a page are in ascending order and follow the rows ``before`` without a gap."""
    ids = list(dates)
    return len(ids) == rows and ids == sorted(ids) and (not before or next(iter(ids), 0) in before)
