"""Asks for the rows that the archive lacks: a query that excludes the known ids lists the other ones. Pure.

One such query compares as many ids as fit into its URL, several hundred. A page of a listing compares only a hundred.
One known id, the control, is not excluded: an answer without it proves nothing. If there is a further page, WordPress
repeats the parameters of a query in the ``Link`` header, and web servers refuse headers of many kilobytes. Here at most
one page is left, so the answer has no such header.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from newsbot.wordpress.collection.site_ids import LISTING, Dates, SiteIds, token
from newsbot.wordpress.messages import Asking, Query
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.replies import rows_or_none, total_of

MOST_BYTES = 7_600
"""The length of the longest URL that is tried. nginx and Apache refuse a request line of more than 8 KiB."""

SHORTER = 4
"""After the server refused a URL, the URLs of later queries have at most this part of its length."""

LEAST_BYTES = 500
"""With shorter URLs a query compares hardly more ids than a page of a listing, and no such query is made."""

REFUSED = frozenset({400, 403, 404, 405, 406, 413, 414, 431, 494, 500, 501, 502})
"""Statuses with which servers and their firewalls refuse a long URL. 503 and 429 mean a busy server."""

_LONGEST = "9" * 34
"""The length of the longest text that makes a query unknown to caches: a time and an id."""

PINNED = 1
"""The most excluded rows that may come nevertheless: a plugin puts a featured post on each page."""


@dataclass(slots=True, kw_only=True)
class Beyond:
    """``dates`` are the rows that the site lists beside the excluded ones. ``hidden`` is the number of further rows
    that it counts and does not list; None if the answer does not show this. ``uncontrolled``: the control is not among
    the rows. ``ignored``: excluded rows are among them. ``proven``: no row is missing among ``dates``."""

    dates: Dates = field(default_factory=dict)
    hidden: int | None = None
    uncontrolled: bool = False
    ignored: bool = False
    proven: bool = False


def length(queries: Queries) -> int:
    """The length of the longest URL that may be tried, in bytes; 0 if the site does not accept ``exclude``."""
    longest = MOST_BYTES if queries.longest is None else queries.longest
    return longest if queries.takes("exclude") else 0


def ids_that_fit(queries: Queries, *, largest: int, window: dict[str, str] | None = None) -> int:
    """About how many ids up to ``largest`` one query can exclude."""
    return max(0, length(queries) - len(_query(queries, window or {}, ()).url)) // (len(str(largest)) + 1)


def _refused(queries: Queries, size: int) -> None:
    """Note that the server refused a URL of ``size`` bytes, so that later queries have shorter URLs."""
    shorter = size // SHORTER
    queries.remember_longest(shorter if shorter >= LEAST_BYTES else 0)


def fits(queries: Queries, ids: Collection[int], *, window: dict[str, str] | None = None) -> bool:
    """Whether one query can exclude ``ids``."""
    return len(_query(queries, window or {}, ids).url) <= length(queries)


def beyond(
    site_ids: SiteIds,
    excluded: Collection[int],
    *,
    control: int,
    when: str | None,
    window: dict[str, str] | None = None,
) -> Asking[Beyond]:
    """Ask for the rows beside the ``excluded`` ones. ``control`` is not one of these. Raises a final PayloadError.

    If the server refuses the URL, later ones are shorter. ``when`` is the time of an answer.
    """
    queries = site_ids.queries
    query = _query(queries, window or {}, excluded, fresh=token(when) + str(control))
    reply = yield query
    if (rows := rows_or_none(reply)) is None:
        if reply.status in REFUSED:
            _refused(queries, len(query.url))
        return Beyond()
    dates, again = site_ids.dates_in(rows), set(excluded)
    again &= dates.keys()
    if len(again) > PINNED:
        return Beyond(ignored=True)
    total, listed = total_of(reply), len(dates) - len(again)
    found = Beyond(dates={row_id: at for row_id, at in dates.items() if row_id not in again})
    found.uncontrolled = control not in dates
    if not found.uncontrolled and total is not None and len(dates) < queries.per_page:
        found.hidden = total - listed
        # If the rows do not fit on one page, listed rows may follow after the hidden rows.
        found.proven = found.hidden >= 0 and total <= queries.per_page
    return found


def _query(queries: Queries, params: dict[str, str], excluded: Collection[int], *, fresh: str = _LONGEST) -> Query:
    asked: dict[str, Any] = {"exclude": sorted(excluded), "per_page": queries.per_page, "_fields": LISTING}
    return queries.afresh(params | asked, fresh, "exclude", tries=1, searching=True)
