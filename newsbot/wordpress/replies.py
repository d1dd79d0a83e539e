"""Reads a reply: its JSON, its rows, its totals, and whether its failure is final."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from newsbot.errors import NotJson, PayloadError, Refused
from newsbot.wordpress import payload
from newsbot.wordpress.messages import ERRORS, FINAL_ERRORS, Reply, Steps
from newsbot.wordpress.values import objects_in

HOPELESS = 8
"""Rows asked for alone that failed in a row, after which splitting a batch is given up: the site ails, not a row."""


class Unanswered(PayloadError):
    """No answer came at all; carries the reply's ``error``."""

    name = "unanswered"

    def __init__(self, reply: Reply) -> None:
        super().__init__(ERRORS.get(reply.error or "", "no answer") + (f" ({reply.detail})" if reply.detail else ""))
        self.error = reply.error or "unknown"
        self.name = self.error
        self.retryable = self.error not in FINAL_ERRORS


def answer(reply: Reply) -> Any:
    """The JSON of a reply; raises a PayloadError, Unanswered where nothing came."""
    if reply.error is not None:
        raise Unanswered(reply)
    return payload.read(reply)


def rows_of(reply: Reply) -> list[dict[str, Any]]:
    """The objects of a reply that lists some; raises a PayloadError as ``answer`` does, and where it is no list.

    An object in a list's place (``{"success": false}``) is not an empty list: nothing would be missed. PHP makes an
    object of a list with holes, and so perhaps of an empty one; that one is WordPress's where a total comes with it.
    """
    listed = answer(reply)
    if isinstance(listed, dict):
        holed = all(key.isdigit() for key in listed) if listed else "x-wp-total" in reply.headers
        if not holed:
            raise NotJson("an object where a list was due")
    return objects_in(listed)


def total_of(reply: Reply, *, pages: bool = False) -> int | None:
    """``X-WP-Total`` (or ``X-WP-TotalPages``), or None where it is missing or no number."""
    value = reply.headers.get("x-wp-totalpages" if pages else "x-wp-total", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None


def is_cut(reply: Reply, rows: int) -> bool:
    """Whether an answer of so many rows may lack some that were asked for by id: a plugin may force its own page size,
    whatever ``per_page`` says, and then counts more than it gives."""
    total = total_of(reply)
    return rows > 0 and (total is None or total > rows)


def is_final(fault: PayloadError) -> bool:
    """Whether asking in smaller pieces is pointless: the crawl is stopping, blocked, or the way is shut."""
    if isinstance(fault, Unanswered):
        return fault.error in FINAL_ERRORS - {"too-large"}
    return fault.name == "challenge"


def split_until_alone(
    ids: Sequence[int],
    ask: Callable[[list[int]], Steps[None]],
    fail: Callable[[int, PayloadError], None],
) -> Steps[None]:
    """Ask ``ids`` in halves until each culprit is alone, then name it by ``fail``. ``ask`` raises PayloadError.

    Raises the last PayloadError where nothing at all can be asked.
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
