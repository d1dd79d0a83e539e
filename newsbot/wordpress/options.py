"""The options for the crawl of one site."""

from __future__ import annotations

from dataclasses import dataclass

from newsbot.wordpress.scope import Scope, asked_part, scope_key

KINDS = ("posts", "comments", "media", "terms", "users")
"""The kinds of rows that a site has. A crawl brings them in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to fetch from a site. ``kind`` is ``posts``, ``comments``, ``media``, ``terms`` or ``users``.

    ``types`` are WordPress's names of types (``post``), or of taxonomies for terms; ``("all",)`` means every public
    one. ``follow`` names the linked objects to fetch. ``since`` and ``until`` are UTC, ``YYYY-MM-DDTHH:MM:SS``; the
    window is [since, until). ``category``, ``tag`` and ``author`` are slugs, ids or names, ``search`` are words. The
    crawl of a site finds out which part of the site these arguments and the URL mean: the ``scope``. ``render``:
    whether a browser may render a page: ``auto``, ``never`` or ``always``.

    ``full``: list the collection from end to end, although asking for changes would be enough. ``sweep``: compare all
    ids now, not only every ``sweep_days`` days. If more than ``max_tombstones`` percent of the rows vanish at once,
    they count as deleted only with ``confirm_deletions``.
    ``quick``: one request may show that nothing changed, since the last full check is recent and ended well.
    ``optional``: a kind that visitors may not list is not a failure.
    """

    url: str
    kind: str = "posts"
    types: tuple[str, ...] = ("post",)
    follow: frozenset[str] = frozenset({"author", "terms", "media"})
    since: str | None = None
    until: str | None = None
    limit: int | None = None
    category: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    search: str | None = None
    scope: Scope | None = None
    raw: bool = False
    personal: bool = False
    full: bool = False
    sweep: bool = False
    sweep_days: float = 7
    max_tombstones: float = 5
    confirm_deletions: bool = False
    render: str = "auto"
    quick: bool = False
    optional: bool = False

    @property
    def scope_key(self) -> str:
        """The name under which the archive keeps the part of the site that this run crawls."""
        return scope_key(self.url, asked_part(self.category, self.tag, self.author, self.search))

    @property
    def is_windowed(self) -> bool:
        """Whether the user asked for a part of each collection."""
        return bool(self.limit or self.since or self.until or self.scope is not None)

    def names(self, type_: str) -> bool:
        """Whether the user named this type, and did not only ask for all types."""
        return type_ in self.types or "all" not in self.types

    def is_outside_window(self, published: str | None) -> bool:
        """Whether a post of that time (UTC, ISO) is outside of the user's window. A post without a time counts as
        inside."""
        if published is None:
            return False
        moment = published[:19]
        return moment < (self.since or moment) or (self.until is not None and moment >= self.until)
