"""Read a reply: its JSON, its rows and its totals, and whether its failure is final."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from newsbot.errors import BadStatus, Flooded, NotJson, PayloadError, Refused
from newsbot.numbers import from_digits, is_digits
from newsbot.wordpress import payload
from newsbot.wordpress.messages import FINAL_ERRORS, Reply, Steps
from newsbot.wordpress.values import objects_in

HOPELESS = 8
"""The most rows that may fail one after the other when they are requested singly. With more failures the site is at
fault, not a row, and a batch is not split any further."""


MOST_ROWS = 10_000
"""The most rows in one answer. Some plugins ignore ``per_page`` and give thousands; the rows of a page are in memory at
once."""


REFUSED = frozenset({400, 403, 406, 414, 431, 494, 501})
"""Statuses with which sites, their servers and firewalls refuse a parameter, or a URL that is too long for them."""


_OF_ITS_ROWS = frozenset({"x-wp-total", "x-wp-totalpages", "link"})
"""Headers with facts about the rows of an answer."""


class Unanswered(PayloadError):
    """No answer came. Has the reply's ``error``."""

    name = "unanswered"

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.reason)
        self.error = reply.error or "unknown"
        self.name = self.error
        self.retryable = self.error not in FINAL_ERRORS


def answer(reply: Reply) -> Any:
    """The JSON of a reply. Raises a PayloadError; Unanswered where no answer came."""
    if reply.error is not None:
        raise Unanswered(reply)
    return payload.read(reply)


def rows_of(reply: Reply) -> list[dict[str, Any]]:
    """The objects of a reply that is a list. Raises a PayloadError as ``answer`` does, and if the reply is not a list.
    An object such as ``{"success": false}`` is not an empty list: otherwise nobody would notice the missing rows. PHP
    sends a list with missing indexes as an object, and sometimes an empty list too; an empty object counts as a list if
    WordPress sends a total with it.
    """
    listed = answer(reply)
    if isinstance(listed, dict):
        holed = all(map(is_digits, listed)) if listed else "x-wp-total" in reply.headers
        if not holed:
            raise NotJson("expected a list, got an object")
    rows = objects_in(listed)
    if isinstance(listed, list) and not rows and any(row is not None for row in listed):
        raise NotJson("expected rows, got a list of something else")
    if len(rows) > MOST_ROWS:
        raise Flooded(f"the answer holds {len(rows)} rows, and at most 100 were asked for")
    return rows


def rows_or_none(reply: Reply) -> list[dict[str, Any]] | None:
    """The objects of a reply; None if ``rows_of`` raises a fault that another query may not have. Raises a final
    PayloadError."""
    try:
        return rows_of(reply)
    except PayloadError as fault:
        if is_final(fault):
            raise
        return None


def total_of(reply: Reply, *, pages: bool = False) -> int | None:
    """``X-WP-Total``, or ``X-WP-TotalPages`` with ``pages``; None where the header is missing or no number."""
    values = {
        value.strip(" \"'") for value in reply.headers.get("x-wp-totalpages" if pages else "x-wp-total", "").split(", ")
    }
    # A proxy may send the header twice. A comma without a space may divide thousands.
    value = values.pop() if len(values) == 1 else ""
    return from_digits(value)


def with_rows(reply: Reply, found: Sequence[Any] | Mapping[str, Any], *, total: int | None, size: int) -> Reply:
    """``reply`` as the site would have given it with the rows, or the single row, ``found``.

    Its totals are those of ``total`` rows on pages of ``size``; None: the site gives no totals. The header ``Link`` is
    left out, since it names the neighbours of the received page, and not of these rows.
    """
    headers = {name: value for name, value in reply.headers.items() if name not in _OF_ITS_ROWS}
    if total is not None:
        headers |= {"x-wp-total": str(total), "x-wp-totalpages": str(-(-total // size))}
    # orjson is not used, since it refuses half an emoji and a number of 65 bits.
    return replace(reply, headers=headers, body=json.dumps(found).encode("ascii"))


def is_cut(reply: Reply, rows: int) -> bool:
    """Whether a reply with this many ``rows`` may lack rows that were asked for by id.

    A plugin may force its own page size, whatever ``per_page`` says. The total is then higher than the number of rows.
    """
    total = total_of(reply)
    return rows > 0 and (total is None or total > rows)


def is_final(fault: PayloadError) -> bool:
    """Whether smaller queries would fail too: the crawl is stopping, the site or robots.txt forbids it, another site
    answers, or a listing has no end."""
    if isinstance(fault, Unanswered):
        return fault.error in FINAL_ERRORS - {"too-large"}
    return fault.name in ("challenge", "foreign", "endless")


def refuses_form(fault: PayloadError) -> bool:
    """Whether the site refused a query in this form, so that it may accept a query with other parameters. If the site
    refuses all visitors, it refuses that query too.
    """
    return isinstance(fault, Refused | BadStatus) and fault.status in REFUSED


def split_until_alone(
    ids: Sequence[int],
    ask: Callable[[list[int]], Steps[None]],
    fail: Callable[[int, PayloadError], None],
) -> Steps[None]:
    """Ask for ``ids``, and for the halves of a batch that fails, until each failing id is alone; then call ``fail``.

    ``ask`` raises PayloadError. Raises the last PayloadError where it is final, or too many single ids failed in a row.
    """
    stack, failures = [list(ids)], 0
    while stack:
        batch = stack.pop()
        try:
            yield from ask(batch)
            failures = 0
        except PayloadError as fault:
            if is_final(fault) or failures > HOPELESS:
                raise
            if len(batch) == 1:
                fail(batch[0], fault)
                failures = 0 if isinstance(fault, Refused) else failures + 1
            else:
                middle = len(batch) // 2
                stack += [batch[middle:], batch[:middle]]
