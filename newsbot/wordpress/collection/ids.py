"""Lists only ids: the site renders no content for them, and the order by id does not change during the listing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

from newsbot.errors import PayloadError, RecordError
from newsbot.wordpress import records
from newsbot.wordpress.collection.cursor import Cursor, Params, Row
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.replies import rows_of, total_of

Value = TypeVar("Value")


def every_id(
    cursor: Cursor,
    ask: Callable[[Params], Query],
    read: Callable[[Mapping[str, Any]], Value],
    *,
    observe: Callable[[Reply], None] | None = None,
) -> Generator[Query, Reply, dict[int, Value]]:
    """Every id that the site lists, with the value that ``read`` takes from its row.

    ``cursor`` is a new cursor by id. Where the listing breaks off, the cursor is ``unproven`` or ``repeating``
    afterwards. ``ask`` makes a query of parameters, and ``observe`` is called with each reply. Raises PayloadError.
    """
    found: dict[int, Value] = {}
    while not cursor.done:
        params = cursor.params()
        reply = yield ask(params)
        if observe is not None:
            observe(reply)
        try:
            rows = rows_of(reply)
        except PayloadError as fault:
            if (limit := lowered_per_page(fault, cursor.per_page)) is not None:
                cursor.per_page = limit
                continue
            if "offset" not in params or getattr(fault, "status", 0) != 400:
                raise
            cursor.unproven = True
            cursor.past_the_end()
            continue
        ids = []
        for raw in rows:
            try:
                ids.append(records.record_id(raw))
            except RecordError:
                continue
            found[ids[-1]] = read(raw)
        total = total_of(reply)
        if "offset" not in params and total and total <= len(ids) < cursor.per_page:
            # One reply held all rows, so that nothing could shift between two replies. A full page does not prove this:
            # some plugins send the number of rows on the page as the total.
            return found
        cursor.take([Row(row_id, None) for row_id in ids], total=total, pages=total_of(reply, pages=True))
    return found
