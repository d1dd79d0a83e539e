"""Lists only ids: the site renders no content for them, and the order by id does not change during the listing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

from newsbot.errors import PayloadError, RecordError
from newsbot.wordpress import records
from newsbot.wordpress.collection.cursor import Cursor, Params, Row
from newsbot.wordpress.dates import local_date
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.replies import refuses_form, rows_of, total_of

Value = TypeVar("Value")


def every_id(
    cursor: Cursor,
    ask: Callable[[Params], Query],
    read: Callable[[int, Mapping[str, Any]], Value],
    *,
    observe: Callable[[Reply], None] | None = None,
    trusting: bool = True,
    whole: int | None = None,
) -> Generator[Query, Reply, dict[int, Value]]:
    """Every id that the site lists, with the value that ``read`` takes from the id and its row.

    ``cursor`` is a new cursor by id. If the listing breaks off, the cursor is ``unproven`` or ``repeating``
    afterwards. ``ask`` makes a query of parameters, and ``observe`` is called with each reply. ``trusting``: one
    short page whose total is the number of its rows is the whole listing. ``whole`` is the site's count of the
    collection of which a part is listed: a short page with this total, after fewer rows, counts more than the part.
    Raises PayloadError.
    """
    found: dict[int, Value] = {}
    while not cursor.done:
        if cursor.is_overdue:
            cursor.look_at_the_end((yield from last_row(ask(cursor.last_row_params()))))
            continue
        params = cursor.params()
        reply = yield ask(params)
        if observe is not None:
            observe(reply)
        try:
            listed = rows_of(reply)
        except PayloadError as fault:
            _adapt(cursor, params, fault)
            continue
        rows = []
        for raw in listed:
            try:
                rows.append(row_of(raw))
            except RecordError:
                continue
            found[rows[-1].id] = read(rows[-1].id, raw)
        total = total_of(reply)
        if total is not None and total == whole and len(rows) < cursor.per_page and len(found) < total:
            total = None
        is_first = len(cursor.seen) == 0
        cursor.take(rows, total=total, pages=total_of(reply, pages=True))
        if trusting and is_first and total and total == len(rows) < cursor.per_page:
            # One reply held all rows, so that nothing could shift between two replies. A full page does not prove this:
            # some plugins send the number of rows on the page as the total. A total below the number of rows on its own
            # page is wrong, and says nothing about later rows.
            return found
    return found


def row_of(raw: Mapping[str, Any]) -> Row:
    """The values of a row that the cursor needs. Raises RecordError for a row without an id."""
    return Row(records.record_id(raw), local_date(raw.get("date")) or local_date(raw.get("date_gmt")))


def last_row(query: Query) -> Generator[Query, Reply, Row | None]:
    """The last row of a listing; None if the site shows no row."""
    try:
        rows = rows_of((yield query))
        return row_of(rows[0]) if rows else None
    except (PayloadError, RecordError):
        return None


def _adapt(cursor: Cursor, params: Params, fault: PayloadError) -> None:
    """Adapt a listing to a refusal that shows a limit of the site. Raises ``fault`` if it shows no limit."""
    status = getattr(fault, "status", 0)
    if (limit := lowered_per_page(fault, cursor.per_page)) is not None:
        cursor.per_page = limit
    elif "page" in params and status == 400:
        cursor.past_the_end(proven=not cursor.is_counted(params))
    elif "offset" in params and status == 400 and len(cursor.seen) > cursor.per_page:
        # The site has a limit if several pages came. A refusal right after the first page means that it refuses every
        # offset.
        cursor.past_the_end(proven=False)
    elif not (status == 500 or refuses_form(fault)) or not cursor.refuse(params):
        # 500: a search engine behind the listing refuses rows after its window.
        raise fault
