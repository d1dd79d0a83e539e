"""What a caller asks of the crawl of one site."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to bring of a site. ``kind`` is ``posts``, ``comments``, ``media``, ``terms`` or ``users``.

    ``types`` are WordPress's names of types (``post``), or of taxonomies for terms; ``("all",)`` every public one.
    ``since`` and ``until`` are UTC, ``YYYY-MM-DDTHH:MM:SS``; the window is [since, until). ``render`` is ``auto``,
    ``never`` or ``always``: may a page be asked for as a browser shows it.

    ``full`` walks from end to end also where asking for changes were enough. ``sweep`` compares every id now, not only
    every ``sweep_days`` days. More than ``max_tombstones`` percent of deletions at once are believed only with
    ``confirm_deletions``.
    """

    url: str
    kind: str = "posts"
    types: tuple[str, ...] = ("post",)
    follow: frozenset[str] = frozenset({"author", "terms", "media"})
    since: str | None = None
    until: str | None = None
    limit: int | None = None
    raw: bool = False
    personal: bool = False
    full: bool = False
    sweep: bool = False
    sweep_days: float = 7
    max_tombstones: float = 5
    confirm_deletions: bool = False
    render: str = "auto"

    @property
    def is_windowed(self) -> bool:
        """Whether the user asked for a part of each collection."""
        return bool(self.limit or self.since or self.until)

    def is_outside_window(self, published: str | None) -> bool:
        """Whether a post of that time (UTC, ISO) lies outside of the user's window. A post without a time is inside."""
        if published is None:
            return False
        moment = published[:19]
        return moment < (self.since or moment) or (self.until is not None and moment >= self.until)
