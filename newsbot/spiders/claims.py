"""Which run may crawl a site, and which entry of a site list stands for a site that is listed twice."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from newsbot.arguments.site_list import Target
from newsbot.spiders.archive_answers import ArchiveAnswers
from newsbot.wordpress.receipt import SiteVerdict


class Claims:
    """The sites that this run has taken, with the ``kinds`` of rows that it brings. ``targets`` are all entries of the
    run. ``shares``: several runs share the due sites, so that this run passes over a site that another run has."""

    def __init__(
        self, archive: ArchiveAnswers, targets: Sequence[Target], *, kinds: Sequence[str], shares: bool = False
    ) -> None:
        self._archive = archive
        self._kinds = tuple(kinds)
        self._verdict_on_taken: SiteVerdict = "elsewhere" if shares else "incomplete"
        self._types = {target.url: target.types for target in targets}
        self._taken: dict[str, str] = {}

    def take_address(self, url: str) -> tuple[SiteVerdict, str] | None:
        """Take the lease of a URL whose site is not known yet. Returns how the crawl of the URL ends, where another run
        holds the lease."""
        busy = self._archive.take_leases(address_lease(url), self._kinds)
        return None if busy is None else (self._verdict_on_taken, busy)

    def take_site(self, site: str, target: Target) -> tuple[SiteVerdict, str] | None:
        """Take the site behind a target. Returns how the crawl of the target ends, where the site is taken."""
        if (ended := self.taken_by_another(site, target)) is not None:
            return ended
        if (busy := self._archive.take_leases(site, self._kinds)) is not None:
            return self._verdict_on_taken, busy
        self._taken[site] = target.url
        return None

    def taken_by_another(self, site: str, target: Target) -> tuple[SiteVerdict, str] | None:
        """How the crawl of a target ends, where another target of this run has taken the site; else None."""
        first = self._taken.get(site)
        if first is None or first == target.url:
            return None
        if self._types[first] == target.types:
            return "complete", f"the same site as another of this run: {site}"
        return "incomplete", f"the same site as {first}, which was asked for other types: name them in one entry"


def address_lease(url: str) -> str:
    """The name of the lease of a URL: one name for the usual spellings of one address."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    host = (parts.netloc or "").lower().removeprefix("www.")
    return f"address:{host}{parts.path.rstrip('/')}{'?' + parts.query if parts.query else ''}"
