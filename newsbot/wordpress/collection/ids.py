"""Listing ids alone: nothing is rendered, and the order does not change under the listing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

from newsbot.errors import PayloadError, RecordError
from newsbot.wordpress import records
from newsbot.wordpress.collection.cursor import Params, Row, Walk
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.payload import lowered_per_page
from newsbot.wordpress.replies import rows_of, total_of

Value = TypeVar("Value")


def every_id(
    walk: Walk,
    ask: Callable[[Params], Query],
    read: Callable[[Mapping[str, Any]], Value],
    *,
    heed: Callable[[Reply], None] | None = None,
) -> Generator[Query, Reply, dict[int, Value]]:
    """Every id that ``walk``, one by id that was not begun, meets -> what ``read`` makes of its row.

    Where the site breaks the listing off, ``walk`` says so (``unproven``, ``repeating``). ``ask`` makes a query of
    parameters; ``heed`` is shown each answer. Raises PayloadError.
    """
    found: dict[int, Value] = {}
    while not walk.done:
        params = walk.params()
        reply = yield ask(params)
        if heed is not None:
            heed(reply)
        try:
            rows = rows_of(reply)
        except PayloadError as fault:
            if (limit := lowered_per_page(fault, walk.per_page)) is not None:
                walk.per_page = limit
                continue
            if "offset" not in params or getattr(fault, "status", 0) != 400:
                raise
            walk.unproven = True
            walk.past_the_end()
            continue
        ids = []
        for raw in rows:
            try:
                ids.append(records.record_id(raw))
            except RecordError:
                continue
            found[ids[-1]] = read(raw)
        total = total_of(reply)
        if "offset" not in params and total and total <= len(ids) < walk.per_page:
            # One answer held them all: nothing could shift between two. A full page proves nothing: some plugins count
            # the rows of the answer alone.
            return found
        walk.take([Row(one, None) for one in ids], total=total, pages=total_of(reply, pages=True))
    return found
