"""Notices rows that vanish ahead of a walk's cursor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Ahead:
    """Compares the totals of a walk's pages. Each total counts the rows ahead of the cursor, and must fall by the rows
    of the page before. If it falls further, a row was deleted there, or it got an earlier date and is now before the
    cursor, where the walk does not read. Nothing else shows this: the total of the site can stay the same.

    ``vanished``: rows vanished ahead of the cursor. ``expected``: the total that the next page should have; None where
    pages cannot be compared.
    """

    vanished: bool = False
    expected: int | None = None

    def take(self, params: Mapping[str, object], total: int | None, *, fresh: int) -> None:
        """Compare the ``total`` of the page that ``params`` asked for. ``fresh`` of its rows were new."""
        comparable = params.get("orderby") == "date" and not params.keys() & {"page", "offset"}
        if not comparable or total is None:
            self.expected = None
            return
        if self.expected is not None and total < self.expected:
            self.vanished = True
        self.expected = total - fresh
