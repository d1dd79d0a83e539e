"""Decides which sitemaps of a type are read: all, or a share of them that moves on from hearing to hearing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

LEAST = 3
"""Requests for sitemaps that a small site may cost: an index and a list or two."""

SHARE = 10_000
"""Posts for which a large site may cost another three requests."""


def budget(posts: int) -> int:
    """Requests that a hearing may cost on a site of so many posts."""
    return max(LEAST, LEAST * posts // SHARE)


def choose(urls: Sequence[str], changed: Mapping[str, str | None], *, first: int, most: int) -> list[str]:
    """The sitemaps to read, ``most`` of them at most and at least one.

    The one that changed last comes first: it holds the newest posts. The others follow from the place ``first`` on,
    where the last hearing ended.
    """
    most = max(1, most)
    if len(urls) <= most:
        return list(urls)
    last = max(range(len(urls)), key=lambda place: (changed.get(urls[place]) or "", place))
    others = [urls[(first + step) % len(urls)] for step in range(len(urls))]
    return [urls[last], *[url for url in others if url != urls[last]][: most - 1]]


def next_first(urls: Sequence[str], *, first: int, most: int) -> int:
    """Where the next hearing begins."""
    return 0 if len(urls) <= max(1, most) else (first + max(1, most - 1)) % len(urls)
