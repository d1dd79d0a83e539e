"""Finds new and changed rows by their dates: the date of change, and the date of publication. Pure.

Each single check misses rows. A row that was inserted with a past date has an old date and an old date of change: only
its id is new (``insertions``). A row that was scheduled has an early id and an early date of change: only its date is
new. The three checks and the count need three queries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsbot.errors import PayloadError
from newsbot.timestamps import iso_utc
from newsbot.wordpress.collection.site_ids import LISTING, Dates, Listed, SiteIds
from newsbot.wordpress.dates import ZONE_SHIFT, local_date, utc
from newsbot.wordpress.messages import Reply, Steps
from newsbot.wordpress.replies import refuses_form, rows_of, total_of

REACH = 20
"""A listing of edits reaches back to this many of the known rows that changed last."""

FAR = timedelta(days=30)
"""A listing of edits does not reach back further than this for the dates of the newest ids."""


@dataclass(slots=True, kw_only=True)
class RecentPage:
    """One page of the rows that pass a filter. ``total`` counts all of them. ``fresh`` rows were published since the
    requested time. ``enough``: no fresh row is missing."""

    dates: Dates = field(default_factory=dict)
    fresh: set[int] = field(default_factory=set)
    total: int | None = None
    enough: bool = False


def recent_page(site_ids: SiteIds, filters: dict[str, str], *, since: str) -> Steps[RecentPage]:
    """One page of the rows that pass ``filters``, the latest first. It should hold all rows published since ``since``.

    The filter may reach back much further: its total then counts rows that the archive counts too. If the site refuses
    the filter, the page has no row, and ``enough`` is False.
    """
    queries = site_ids.queries
    params = {"orderby": "date", "order": "desc", "per_page": queries.per_page, "_fields": LISTING}
    reply: Reply = yield site_ids.query(params | filters, "changes")
    try:
        rows = rows_of(reply)
    except PayloadError as fault:
        leave_refused(site_ids, filters, fault)
        return RecentPage()
    total = total_of(reply)
    local = [local_date(row.get("date")) or "" for row in rows]
    published = [utc(row.get("date_gmt"), row.get("date"), queries.site) or "" for row in rows]
    reaches = local == sorted(local, reverse=True) and bool(rows) and "" < published[-1] < since
    fresh = site_ids.dates_in([row for row, at in zip(rows, published, strict=True) if at >= since])
    return RecentPage(
        dates=site_ids.dates_in(rows),
        fresh=set(fresh),
        total=total,
        enough=reaches or (total is not None and total == len(rows) < queries.per_page),
    )


def edits_since(newest: Dates, since: str) -> tuple[str, set[int]]:
    """The time since which edits are requested, and rows that the answer must contain. An answer without these rows
    proves nothing, since a plugin that breaks the filter finds no row.

    The time is ``since``, or earlier, so that some of the ``newest`` rows lie after it in any time zone.
    """
    latest = sorted((at for at in newest.values() if at is not None), reverse=True)
    if len(latest) <= REACH or latest[REACH - 1] == latest[-1]:
        return since, set()
    edge = latest[REACH - 1]
    earlier = min(since, iso_utc(datetime.fromisoformat(edge) - ZONE_SHIFT))
    return earlier, {row_id for row_id, at in newest.items() if at is not None and at >= edge}


def near_edits_since(earlier: str, since: str, modified: str | None) -> str | None:
    """The time since which edits are requested, if ``earlier`` lies so far back that many rows may have changed since;
    else None. The answer must then hold a row that changed at ``modified`` (the last change in the archive) or later.
    """
    if modified is None:
        return None
    near = min(since, iso_utc(datetime.fromisoformat(modified) - ZONE_SHIFT))
    return near if datetime.fromisoformat(near) - datetime.fromisoformat(earlier) > FAR else None


def shows_change(dates: Dates, last: str) -> bool:
    """Whether one of the rows changed at ``last`` or later."""
    return any(at is not None and at >= last for at in dates.values())


def modified_since(site_ids: SiteIds, since: str, *, whole: int | None) -> Steps[Listed]:
    """The rows changed since ``since``. ``whole`` is the site's count of the collection. ``unproven`` if the site
    refuses the filter. Raises PayloadError."""
    return (yield from _filtered(site_ids, {"modified_after": since}, whole=whole))


def published_since(site_ids: SiteIds, since: str, *, whole: int | None) -> Steps[Listed]:
    """The rows published since ``since``. ``whole`` is the site's count of the collection. ``unproven`` if the site
    refuses the filter. Raises PayloadError."""
    return (yield from _filtered(site_ids, {"after": since}, whole=whole))


def _filtered(site_ids: SiteIds, filters: dict[str, str], *, whole: int | None) -> Steps[Listed]:
    if not all(map(site_ids.queries.takes, filters)):
        return Listed(unproven=True)
    try:
        return (yield from site_ids.every("changes", window=filters, whole=whole))
    except PayloadError as fault:
        leave_refused(site_ids, filters, fault)
        return Listed(unproven=True)


def leave_refused(site_ids: SiteIds, filters: Iterable[str], fault: PayloadError) -> None:
    """Do not use ``filters`` that the site refused: a listing of all ids shows these rows too. Raises another fault."""
    if not refuses_form(fault):
        raise fault
    for name in filters:
        site_ids.queries.leave(name)
