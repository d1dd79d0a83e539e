"""What appeared: the newest ids. Pure.

A row that was inserted with a past date has an old date and an old date of change: only its id is new. The newest ids
come with the site's total. ``changes`` lists rows that are new by their dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress.collection.cursor import OVERLAP
from newsbot.wordpress.collection.exclusion import REFUSED
from newsbot.wordpress.collection.ranks import WHOLE, Ranked, Start, Unknown, by_rank
from newsbot.wordpress.collection.responsive import fields_of, has_fields, is_responsive
from newsbot.wordpress.collection.site_ids import (
    LISTING,
    Dates,
    SiteIds,
    asked_afresh,
    is_from_cache,
    token,
)
from newsbot.wordpress.dates import age, site_time
from newsbot.wordpress.messages import Asking, Reply, Steps
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.replies import is_final, rows_of, total_of

MOST_NEWEST = 200
"""The most pages of newest ids that are read. If there are more unknown rows, all ids are compared."""

MEANWHILE = 100
"""The most rows that may be published while the newest ids are read."""


@dataclass(slots=True, kw_only=True)
class Newest:
    """The newest ids. Every row that the site lists with an id of ``lowest`` or more is among ``dates``; None where the
    answers do not prove this. ``total`` is the site's count, None if the count is missing or impossible.

    ``first``: the number of rows on the first page. ``is_all``: the rows are the whole collection, except the
    ``hidden`` rows. ``lacking``: the rows that the first page lacks by the site's count; the site hides them, or it
    forces a page size without saying so. ``partial``: lower ids may be unknown. ``unsteady``: the site counted
    differently in a later answer. ``when`` is the site's time of the first answer, ``age`` the seconds for which a
    cache had kept it. ``cached``: a cache gave an answer although the query went past caches, so that the rows are not
    known to be all. ``repeating``: a cache gives the answer to every query. ``counted``: the ranks of the rows confirm
    the count. ``disputed``: they contradict the count. ``ranks``: the facts about the ranks that the next run needs.
    """

    dates: Dates = field(default_factory=dict)
    lowest: int | None = None
    total: int | None = None
    first: int = 0
    is_all: bool = False
    lacking: int = 0
    hidden: int = 0
    unsteady: bool = False
    partial: bool = False
    when: str | None = None
    age: int = 0
    counted: bool = False
    disputed: bool = False
    cached: bool = False
    repeating: bool = False
    ranks: dict[str, Any] = field(default_factory=dict)


def newest_since(site_ids: SiteIds, unknown: Unknown, *, start: Start, hidden: int) -> Steps[Newest]:
    """List the newest ids by their ranks, and below them down to a page whose rows are all known. Raises PayloadError.

    The count and the ranks come in one answer. If they disagree, the newest ids in descending order show whether the
    site gave the requested rows. If it did, its count is wrong.
    """
    if start.behind is None:
        found = yield from newest_ids(site_ids, unknown, hidden=hidden, fresh=start.fresh)
        found.ranks = dict(start.kept)
        return found
    ranked = yield from by_rank(site_ids, start.behind, unknown, fresh=start.fresh)
    lacking = ranked.hidden
    if lacking is not None and ranked.dates and ranked.reply is not None and 0 <= lacking <= start.most_hidden:
        found = _newest_of(ranked, ranked.reply)
        # If an old row vanishes and a hidden row moves to a place before the page, the answer stays the same.
        found.counted = start.known and not lacking
        found.ranks, found.lacking = {"hidden": lacking}, lacking
        return (yield from newest_ids(site_ids, unknown, hidden=hidden, fresh=start.fresh, after=found))
    found = yield from newest_ids(site_ids, unknown, hidden=hidden, fresh=start.fresh)
    if lacking is not None and list(found.dates)[: len(ranked.dates)] == list(reversed(ranked.dates)):
        found.disputed, found.ranks = True, {"hidden": max(0, lacking)}
    elif lacking is not None or not ranked.heeded:
        found.ranks = {"ignored": None}
    else:
        found.ranks = dict(start.kept)
    return found


def newest_ids(
    site_ids: SiteIds,
    unknown: Unknown,
    *,
    hidden: int | None = None,
    fresh: str | None = None,
    after: Newest | None = None,
) -> Steps[Newest]:
    """List the newest ids, down to a page whose rows are all known. Raises PayloadError. One known id is not the end: a
    row that was published late can have a lower id than rows that are known. A collection with few rows is listed to
    its end, unless ``hidden`` is None; otherwise ``hidden`` is the number of rows that the site counts and lists to
    nobody. ``fresh`` is a text that no earlier query had: caches then have no answer to the query. ``after`` has the
    newest ids that came before: the listing continues below them.
    """
    found = after or Newest()
    listing = _Listing(found=found, hidden=hidden)
    if found.dates:
        if not (yield from unknown(found.dates)):
            return found
        listing.offset = max(1, len(found.dates) - OVERLAP)
    for _ in range(MOST_NEWEST):
        reply = yield from _ask(site_ids, listing.offset, fresh)
        if reply is None:
            # The site refuses the offset.
            break
        if not listing.offset and _in_doubt(site_ids, reply):
            # The answer is an old one, or the site ignores ``_fields``.
            number = fresh or token(reply.fetched_at) + "9"
            again = yield from _ask(site_ids, 0, number, excluding=True)
            reply = again if again is not None else reply
            if _in_doubt(site_ids, reply) and not (
                yield from is_responsive(site_ids.queries, rows_of(reply), f"{number}9", excluding=again is not None)
            ):
                found.repeating = True
                return found
        found.cached = found.cached or (bool(fresh) and is_from_cache(reply))
        is_first = not listing.offset
        further = listing.take(reply, site_ids)
        if is_first and found.is_all and hidden and (yield from _goes_on(site_ids, fresh)):
            # The site sends the number of rows on each page as its count, and hidden rows made its first page short.
            found.is_all = False
        if found.is_all or not further or not ((yield from unknown(further)) or listing.whole):
            return found
        if len(found.dates) > (found.total or len(found.dates)) + MEANWHILE:
            # The site shows different ids in each answer.
            break
    found.partial = True
    return found


def _goes_on(site_ids: SiteIds, fresh: str | None) -> Asking[bool]:
    """Whether the site lists rows after the first page. Raises PayloadError."""
    reply = yield from _ask(site_ids, site_ids.queries.per_page, fresh)
    return reply is not None and bool(rows_of(reply))


def _in_doubt(site_ids: SiteIds, reply: Reply) -> bool:
    """Whether an answer that looks like all rows has other fields than this run asks for."""
    rows, kind = rows_of(reply), site_ids.queries.options.kind
    looks_whole = total_of(reply) == len(rows) <= site_ids.queries.per_page
    return looks_whole and not has_fields(rows, kind, fields_of(kind, site_ids.field_set))


@dataclass(slots=True, kw_only=True)
class _Listing:
    """The pages of newest ids, of which ``found`` is made. ``offset`` is the offset of the next page, ``hidden`` as in
    ``newest_ids``. ``whole``: the collection has few rows and is listed to its end."""

    found: Newest
    hidden: int | None
    offset: int = 0
    whole: bool = False

    def take(self, reply: Reply, site_ids: SiteIds) -> Dates:
        """Take a page. Returns its rows that no earlier page has."""
        found, rows = self.found, rows_of(reply)
        dates = site_ids.dates_in(rows)
        further = {row_id: at for row_id, at in dates.items() if row_id not in found.dates}
        step = max(1, len(rows) - OVERLAP)
        is_first = not self.offset
        if is_first:
            _take_first(found, reply, rows=len(rows), ids=len(dates), per_page=site_ids.queries.per_page)
            found.is_all = found.is_all and not found.cached
            self.whole = self.hidden is not None and found.total is not None and found.total <= WHOLE * step
        else:
            found.unsteady = found.unsteady or (total_of(reply) or None) != found.total
        _take_page(found, list(dates), first=is_first)
        found.dates |= dates
        if not is_first and self._has_every_row():
            found.is_all, found.hidden = True, self.hidden or 0
        self.offset += step
        return further

    def _has_every_row(self) -> bool:
        found = self.found
        if not self.whole or found.partial or found.unsteady or found.cached:
            return False
        return len(found.dates) + (self.hidden or 0) == found.total


def _ask(site_ids: SiteIds, offset: int, fresh: str | None, *, excluding: bool = False) -> Asking[Reply | None]:
    """The answer with the ids after ``offset``; None if the site refuses an offset or fails. ``excluding``: the query
    names a row that no site has, so that no cache has an answer to it; None where the site refuses this.

    Raises PayloadError.
    """
    queries = site_ids.queries
    while True:
        params = dict(queries.window) | {"orderby": "id", "order": "desc", "per_page": queries.per_page}
        fields = ",".join((LISTING, *fields_of(queries.options.kind, site_ids.field_set)))
        params |= {"_fields": fields} | ({"offset": offset} if offset else {})
        reply: Reply
        if fresh and excluding:
            reply = yield queries.afresh(params | {"exclude": fresh}, fresh, "newest")
        elif fresh:
            reply = yield from asked_afresh(queries, params, fresh, "newest", tries=4)
        else:
            reply = yield queries.query(params, "newest")
            if not offset and is_from_cache(reply):
                # The answer of the cache lacks later changes, so the site itself is asked.
                reply = yield queries.afresh(params, token(reply.fetched_at), "newest")
        try:
            rows_of(reply)
        except PayloadError as fault:
            if (limit := lowered_per_page(fault, queries.per_page)) is not None:
                queries.lower_per_page(limit)
                continue
            is_refusal = excluding and reply.status in REFUSED and reply.status < 500
            if not (offset or is_refusal) or is_final(fault):
                raise
            return None
        return reply


def _take_first(found: Newest, reply: Reply, *, rows: int, ids: int, per_page: int) -> None:
    total = total_of(reply)
    # Some plugins send a total of 0 together with rows.
    found.first, found.total = rows, total or (None if rows else 0)
    found.when, found.age = site_time(reply), age(reply)
    if total is not None and total_of(reply, pages=True) in (None, -(-total // per_page)):
        found.lacking = max(0, min(total, per_page) - rows)
    # A full page does not prove this: some plugins send the number of rows on the page as the total.
    found.is_all = ids == rows < per_page and total == ids and (total > 0 or not rows)


def _newest_of(ranked: Ranked, reply: Reply) -> Newest:
    return Newest(
        dates=dict(reversed(ranked.dates.items())),
        lowest=min(ranked.dates),
        first=ranked.rows,
        total=ranked.total,
        when=site_time(reply),
        age=age(reply),
    )


def _take_page(found: Newest, ids: list[int], *, first: bool) -> None:
    """Set ``lowest`` to a lower id if the page continues the pages before it and is in order."""
    joined = first or (found.lowest is not None and not found.dates.keys().isdisjoint(ids))
    if joined and ids == sorted(ids, reverse=True):
        found.lowest = ids[-1] if ids else found.lowest
    else:
        found.partial = True


def ids_from(site_ids: SiteIds, offset: int) -> Steps[Dates]:
    """One page of ids in ascending order, from ``offset`` on; empty where the answer is not in order."""
    queries = site_ids.queries
    params = {"orderby": "id", "order": "asc", "per_page": queries.per_page, "offset": offset, "_fields": LISTING}
    reply: Reply = yield site_ids.query(params, "part")
    dates = site_ids.dates_in(rows_of(reply))
    return dates if list(dates) == sorted(dates) else {}
