"""Whether the answers of a site heed what it is asked for. Pure.

A cache may keep one answer for all queries of a route. If the collection has more rows than a page, each page of a
listing is then the same page. The only page of a small collection looks complete, and stays the same as long as the
cache keeps it. So the newest ids are requested with different fields than in the last run. If the answer has other
fields, it is an old answer, or the site ignores ``_fields``; further queries show which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from newsbot.wordpress.collection.site_ids import LISTING
from newsbot.wordpress.messages import Asking, Reply
from newsbot.wordpress.queries import Queries, share
from newsbot.wordpress.replies import rows_or_none
from newsbot.wordpress.values import row_id

_CHEAP_FIELDS = {
    "posts": ("guid", "slug", "link", "type"),
    "media": ("guid", "slug", "media_type", "mime_type"),
    "comments": ("author_name", "parent", "post", "type"),
}
"""Fields that every row of a kind has and that cost the server little. ``readdressed`` compares the links."""

_WHOLE = frozenset({"title", "content", "link", "_links"})
"""Fields of whole rows."""


FIELD_SETS = 16
"""Different sets of fields that are added to ``LISTING``. The first one is empty."""


def next_field_set(last: int, fresh: str) -> int:
    """The number of this run's set of fields, which differs from the number of the ``last`` run. ``fresh`` is a text
    that no earlier run had; empty: no set is needed."""
    return (last + 1 + int(share(fresh) * (FIELD_SETS - 1))) % FIELD_SETS if fresh else 0


def fields_of(kind: str, field_set: int) -> tuple[str, ...]:
    """The fields of the set ``field_set`` that a run requests in addition to ``LISTING``."""
    return tuple(name for place, name in enumerate(_CHEAP_FIELDS.get(kind, ())) if field_set >> place & 1)


def has_fields(rows: Sequence[Mapping[str, Any]], kind: str, asked: Sequence[str]) -> bool:
    """Whether ``rows`` have the fields ``asked`` besides ``LISTING``, and no others."""
    given = {name for row in rows for name in row}
    return not rows or given & {*_WHOLE, *_CHEAP_FIELDS.get(kind, ())} - set(LISTING.split(",")) == set(asked)


def is_responsive(queries: Queries, rows: Sequence[Mapping[str, Any]], fresh: str, *, excluding: bool) -> Asking[bool]:
    """Whether a query for one row has another answer than ``rows``. ``excluding``: the query leaves out the first of
    them. The site answered to another ``exclude=`` before, so the site obeys its parameters even if this query fails.

    Raises a final PayloadError.
    """
    first = next((number for row in rows if (number := row_id(row.get("id"))) is not None), None)
    params = dict(queries.window) | ({"exclude": first} if excluding and first is not None else {})
    params |= {"per_page": 1, "orderby": "id", "order": "asc", "_fields": "id"}
    reply: Reply = yield queries.afresh(params, fresh, "newest", tries=2)
    if (given := rows_or_none(reply)) is None:
        return excluding
    # One of a few rows may be pinned to each page.
    return len(given) <= 1 or first is None or [row.get("id") for row in given] != [row.get("id") for row in rows]
