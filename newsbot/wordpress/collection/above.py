"""Asks by id for the rows above the largest known id. Pure.

WordPress gives each new row an id above all earlier ones, whatever date the row has. If a site ignores both the order
of ids and ``exclude``, a new row with an old date may be on no page of a listing. A query for its id shows the row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from newsbot.wordpress.collection.site_ids import LISTING, Dates, SiteIds, token
from newsbot.wordpress.dates import ZONE_SHIFT
from newsbot.wordpress.messages import Asking
from newsbot.wordpress.replies import rows_or_none

MOST_BYTES = 1_900
"""The length of the URL. Some web servers refuse a query string of more than 2 KiB."""

LEAST_BYTES = 500
"""The length of the URL for a server that refused longer URLs."""


@dataclass(slots=True, kw_only=True)
class Above:
    """``dates`` are the rows above the largest known id. ``proven``: the site showed the control row, and the page was
    not full.
    """

    dates: Dates = field(default_factory=dict)
    proven: bool = False


def heeds_order(listed: Dates, published: Dates) -> bool:
    """Whether rows that a site ``listed`` by id show that it heeds this order: their dates are in a different order.

    ``published`` are the dates of publication, as far as they are known.
    """
    ids = list(listed)
    if ids not in (ascending := sorted(ids), ascending[::-1]):
        return False
    latest: datetime | None = None
    for row_id in ascending:
        if (at := published.get(row_id)) is None:
            continue
        moment = datetime.fromisoformat(at)
        if latest is not None and moment + ZONE_SHIFT < latest:
            return True
        latest = moment if latest is None else max(latest, moment)
    return False


def above(site_ids: SiteIds, largest: int, *, control: int, most: int, when: str | None) -> Asking[Above]:
    """Ask for the ids after ``largest``, as many as fit into a URL of ``most`` bytes, and for the ``control``, a known
    row without which the answer proves nothing. ``when`` is the time of an answer. Raises a final PayloadError."""
    queries, fresh = site_ids.queries, f"{token(when)}{largest}"
    size = queries.per_page
    params: dict[str, Any] = {"orderby": "include", "per_page": size, "_fields": LISTING}
    room = most - len(queries.afresh(params | {"include": [control]}, fresh, "probe").url)
    # The last ids may be one digit longer.
    behind = largest + 1 + max(1, room // (len(str(largest)) + 2))
    asked = [control, *range(largest + 1, behind)]
    reply = yield queries.afresh(params | {"include": asked}, fresh, "probe", tries=2)
    if (rows := rows_or_none(reply)) is None:
        return Above()
    dates = site_ids.dates_in(rows)
    return Above(
        dates={row_id: at for row_id, at in dates.items() if largest < row_id < behind},
        proven=control in dates and dates.keys() <= set(asked) and len(rows) < size,
    )
