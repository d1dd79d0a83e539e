"""The values that the stages of a cursor exchange: the rows of one page, and how a listing continues after the page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

EMPTY_PAGES = 20
"""Empty pages in a row after which the walk ends, with the rest of the collection unproven."""

GROWN = 3
"""The number of empty pages in a row, each with a larger total than the page before, after which the total is
ignored."""

Params = dict[str, "str | int | list[int]"]


@dataclass(frozen=True, slots=True)
class Row:
    """The values of a row that the cursor reads. ``date`` is the site's local date as the site wrote it, None for a
    zero date. ``counts``: the row counts against the limit."""

    id: int
    date: str | None
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The rows of one reply. ``fresh`` are the indexes of rows that no earlier page of the cursor had.

    ``size`` is the requested page size. ``total`` and ``pages`` are the reply's ``X-WP-Total`` and ``X-WP-TotalPages``;
    None where they are missing.
    """

    rows: Sequence[Row]
    fresh: Sequence[int]
    size: int
    total: int | None = None
    pages: int | None = None

    @property
    def places(self) -> int:
        """How many rows the page passes, hidden ones included. A plugin may force a page size that is lower than what
        was asked for; the number of pages then does not fit the size that was asked for."""
        if not self.total or not self.pages or -(-self.total // self.size) == self.pages:
            return self.size
        return min(self.size, -(-self.total // self.pages))


class Growth:
    """Notices a total that grows with every query, so that a listing would never reach it."""

    __slots__ = ("_grown", "_last")

    def __init__(self) -> None:
        self._last, self._grown = 0, -1

    def is_untrue(self, total: int) -> bool:
        """Whether the ``total`` of an empty page has grown so often that it cannot be true."""
        self._grown = self._grown + 1 if total > self._last else 0
        self._last = total
        return self._grown >= GROWN


class Turn(StrEnum):
    """How a listing continues after a page."""

    ON = "on"
    """Ask for the next page."""
    END = "end"
    """The listing reached its end, and the answers prove this."""
    BROKEN = "broken"
    """The listing ends, and rows may be missing after its end."""
    FLIP = "flip"
    """The site gives the opposite of the requested order."""
    FALL = "fall"
    """The site ignores the parameters of this stage: the rows must be listed in another way."""


class Stage(ABC):
    """One way to list a collection. ``ignored`` names the parameter that the site ignored, if ``take`` returned
    FALL."""

    __slots__ = ("ignored",)
    ignored: str

    def __init__(self) -> None:
        self.ignored = ""

    @abstractmethod
    def params(self) -> Params:
        """The parameters of the next query, without those that every query has, and without ``per_page``."""

    @abstractmethod
    def take(self, page: Page) -> Turn:
        """Process the page that came for ``params``."""

    @property
    @abstractmethod
    def place(self) -> Hashable:
        """A value that changes while the listing makes progress."""

    def past_the_end(self) -> Turn:
        """Process the refusal of a page number, after which there are no more rows."""
        return Turn.END

    def fall(self, ignored: str) -> Turn:
        """Leave this stage, since the site ignores the parameter ``ignored``."""
        self.ignored = ignored
        return Turn.FALL
