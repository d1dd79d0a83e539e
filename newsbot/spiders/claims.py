"""Which run may crawl a site, and which entry of a site list stands for a site that is listed twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import urlsplit

from newsbot.arguments.site_list import Target
from newsbot.spiders.archive_answers import Answers
from newsbot.wordpress.receipt import Cause, SiteVerdict
from newsbot.wordpress.scope import Scope

Ended = tuple[SiteVerdict, str, Cause | None]
"""How the crawl of a target ends: the arguments of ``SiteFacts.end``."""


class Claims:
    """The sites that this run has taken, with the ``kinds`` of rows that it brings. ``shares``: several runs share the
    due sites, so that this run passes over a site that another run has."""

    def __init__(self, archive: Answers, *, kinds: Sequence[str], shares: bool = False) -> None:
        self._archive = archive
        self._kinds = tuple(kinds)
        self._verdict_on_taken: SiteVerdict = "elsewhere" if shares else "incomplete"
        self._taken: dict[str, tuple[Target, Scope | None]] = {}
        self._sites_of: defaultdict[str, set[str]] = defaultdict(set)

    def take_address(self, url: str) -> Ended | None:
        """Take the lease of a URL whose site is not known yet. Returns how the crawl of the URL ends, where another run
        holds the lease."""
        busy = self._archive.take_leases(address_lease(url), self._kinds)
        return None if busy is None else (self._verdict_on_taken, busy, "another-run")

    def take_site(self, site: str, target: Target, part: Scope | None = None) -> Ended | None:
        """Take the site behind a target, of which a ``part`` is wanted. Returns how the crawl of the target ends, where
        the site is taken."""
        if (ended := self.taken_by_another(site, target, part)) is not None:
            return ended
        if (busy := self._archive.take_leases(site, self._kinds)) is not None:
            return self._verdict_on_taken, busy, "another-run"
        self._sites_of[target.url].add(site)
        self._taken[site] = target, part
        return None

    def taken_by_another(self, site: str, target: Target, part: Scope | None = None) -> Ended | None:
        """How the crawl of a target ends, where another target of this run has taken the site; else None."""
        first, of_first = self._taken.get(site, (target, None))
        if first.url == target.url:
            return None
        if part != of_first:
            # The two parts would share one line of the receipt, which could prove neither of them.
            why = f"not crawled, since this run crawls another part of {site} ({first.url}), and a run takes one part"
            return "incomplete", why, "list"
        if first.types == target.types:
            return "complete", f"the same site as another of this run: {site}", None
        why = f"not crawled, since {first.url} is the same site and was asked for other types: name all in one line"
        return "incomplete", why, "list"

    def release(self, target: Target) -> None:
        """Release what a target took, so that another run may have the site before this run ends."""
        # The run itself still knows that it took the site: one run brings a site once.
        self._archive.release_leases([address_lease(target.url), *self._sites_of[target.url]], self._kinds)


def address_lease(url: str) -> str:
    """The name of the lease of a URL: one name for the usual spellings of one address."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    host = (parts.netloc or "").lower().removeprefix("www.")
    return f"address:{host}{parts.path.rstrip('/')}{'?' + parts.query if parts.query else ''}"
