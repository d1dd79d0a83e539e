"""What appeared or changed: newest ids first, by date of change and by date of publication. Pure.

Each side alone misses rows. A row that was inserted with a past date has an old date and an old date of change: only
its id is new. A row that was scheduled has an early id and an early date of change: only its date is new. The newest
ids come with the site's total, so that the three sides and the count take three queries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsbot.errors import PayloadError
from newsbot.timestamps import iso_utc
from newsbot.wordpress.collection.cursor import OVERLAP
from newsbot.wordpress.collection.site_ids import LISTING, Dates, SiteIds, is_from_cache, past_caches, token
from newsbot.wordpress.dates import age, site_time
from newsbot.wordpress.messages import Asking, Reply, Steps
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.replies import rows_of, total_of

MOST_NEWEST = 200
"""Pages of newest ids that are read at most: with more unknown rows, all ids are compared."""

Unknown = Callable[[Dates], Steps[bool]]
"""Whether any of listed rows is not known."""


@dataclass(slots=True, kw_only=True)
class Newest:
    """The newest ids. Every row that the site lists with an id of ``lowest`` or more is among ``dates``; None where
    the answers do not prove this. ``total`` is the site's count, None where it gives none that can be true.

    ``is_all``: the rows are the whole collection. ``lacking``: by so many rows the first page is shorter than the count
    promises; the site hides them, or it forces a page size without saying so. ``partial``: ids below may be unknown.
    ``when`` is the site's time of the first answer, ``age`` the seconds for which a cache had kept it.
    """

    dates: Dates = field(default_factory=dict)
    lowest: int | None = None
    total: int | None = None
    is_all: bool = False
    lacking: int = 0
    partial: bool = False
    when: str | None = None
    age: int = 0


def newest_ids(site_ids: SiteIds, unknown: Unknown) -> Steps[Newest]:
    """List the newest ids, down to a page whose rows are all known. Raises PayloadError.

    One known id is no end: a row that was published late can have a lower id than rows that are known.
    """
    found, offset = Newest(), 0
    for _ in range(MOST_NEWEST):
        reply = yield from _ask(site_ids, offset)
        if reply is None:
            # The site refuses the offset.
            break
        rows = rows_of(reply)
        dates = site_ids.dates_in(rows)
        if not offset:
            _take_first(found, reply, rows=len(rows), ids=len(dates), per_page=site_ids.queries.per_page)
        fresh = {row_id: at for row_id, at in dates.items() if row_id not in found.dates}
        _take_page(found, list(dates), first=not offset)
        found.dates |= dates
        if found.is_all or not fresh or not (yield from unknown(fresh)):
            return found
        offset += max(1, len(rows) - OVERLAP)
    found.partial = True
    return found


def _ask(site_ids: SiteIds, offset: int) -> Asking[Reply | None]:
    """The answer with the ids behind ``offset``; None where the site refuses an offset. Raises PayloadError."""
    queries = site_ids.queries
    while True:
        params = dict(queries.window) | {"orderby": "id", "order": "desc", "per_page": queries.per_page}
        params |= {"_fields": LISTING} | ({"offset": offset} if offset else {})
        reply: Reply = yield queries.query(params, "newest")
        if not offset and is_from_cache(reply):
            # What changed since the cache took the answer is not in it. Ask the site itself.
            fresh = queries.query(params | {"_": token(reply.fetched_at)}, "newest")
            reply = yield past_caches(fresh)
        try:
            rows_of(reply)
        except PayloadError as fault:
            if (limit := lowered_per_page(fault, queries.per_page)) is not None:
                queries.lower_per_page(limit)
                continue
            if not offset or getattr(fault, "status", 0) != 400:
                raise
            return None
        return reply


def _take_first(found: Newest, reply: Reply, *, rows: int, ids: int, per_page: int) -> None:
    total = total_of(reply)
    # Some plugins send a total of 0 together with rows.
    found.total = total or (None if rows else 0)
    found.when, found.age = site_time(reply), age(reply)
    if total is not None and total_of(reply, pages=True) in (None, -(-total // per_page)):
        found.lacking = max(0, min(total, per_page) - rows)
    # A full page does not prove this: some plugins send the number of rows on the page as the total.
    found.is_all = ids == rows < per_page and total is not None and total <= ids and (total > 0 or not rows)


def _take_page(found: Newest, ids: list[int], *, first: bool) -> None:
    """Lower ``lowest``, where the page continues the pages before it and is in order."""
    joined = first or (found.lowest is not None and not found.dates.keys().isdisjoint(ids))
    if joined and ids == sorted(ids, reverse=True):
        found.lowest = ids[-1] if ids else found.lowest
    else:
        found.partial = True


def modified_since(site_ids: SiteIds, watermark: str, overlap: timedelta) -> Steps[tuple[Dates, bool]]:
    """The rows changed since ``watermark`` less ``overlap``, and whether the listing broke off."""
    return (yield from _since(site_ids, "modified_after", watermark, overlap))


def published_since(site_ids: SiteIds, watermark: str, overlap: timedelta) -> Steps[tuple[Dates, bool]]:
    """The rows published since ``watermark`` less ``overlap``, and whether the listing broke off."""
    return (yield from _since(site_ids, "after", watermark, overlap))


def _since(site_ids: SiteIds, param: str, watermark: str, overlap: timedelta) -> Steps[tuple[Dates, bool]]:
    since = iso_utc(datetime.fromisoformat(watermark) - overlap)
    listed = yield from site_ids.every("changes", window={param: since})
    return listed.dates, listed.broke_off
