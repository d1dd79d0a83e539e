"""Which run may crawl a site, and which entries of a site list lead to one site."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from newsbot.arguments.site_list import Target
from newsbot.spiders.archive_answers import Answers
from newsbot.urls import as_url, ascii_host
from newsbot.wordpress.receipt import Cause, SiteVerdict
from newsbot.wordpress.scope import Scope

Ended = tuple[SiteVerdict, str, Cause | None]
"""The end of the crawl of a target: the arguments of ``SiteFacts.end``."""


Holds = Callable[[Scope, Target], bool]


def _always(_part: Scope, _target: Target) -> bool:
    return True


@dataclass(slots=True, eq=False)
class Taking:
    """A site that a target has taken; the target wants ``part`` of it. ``ended``: the crawl of the target has ended."""

    target: Target
    part: Scope | None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Claims:
    """The sites that this run has taken, with the ``kinds`` of rows that it brings. ``shares``: several runs share the
    due sites, so this run skips a site that another run has taken.

    Several targets may be parts of one site. Their crawls follow one another, since the archive counts the rows of one
    crawl of a collection at a time.
    """

    def __init__(
        self, archive: Answers, *, kinds: Sequence[str], shares: bool = False, whole_holds: Holds = _always
    ) -> None:
        """``whole_holds``: a function that tells whether the crawl of a whole site for a target brings every row of a
        part of the site."""
        self._archive = archive
        self._kinds = tuple(kinds)
        self._verdict_on_taken: SiteVerdict = "elsewhere" if shares else "incomplete"
        self._whole_holds = whole_holds
        self._of_site: dict[str, list[Taking]] = {}
        self._of_target: dict[str, dict[str, Taking]] = {}
        """URL of a target -> key of a site -> the part of the site that the target took."""

    def take_address(self, url: str) -> Ended | None:
        """Take the lease of a URL whose site is not known yet. If another run holds the lease, return how the crawl of
        the URL ends."""
        busy = self._archive.take_leases(address_lease(url), self._kinds)
        return None if busy is None else (self._verdict_on_taken, busy, "another-run")

    def take_site(self, site: str, target: Target, part: Scope | None = None) -> Ended | None:
        """Take the site of a target, which wants ``part`` of it. If another target or run has taken the site, return
        how the crawl of the target ends."""
        if (ended := self.taken_by_another(site, target, part)) is not None:
            return ended
        if (busy := self._archive.take_leases(site, self._kinds)) is not None:
            return self._verdict_on_taken, busy, "another-run"
        own = self._of_target.setdefault(target.url, {})
        if site in own:
            own[site].ended.clear()  # a run of a fleet crawls a site again
        else:
            own[site] = Taking(target, part)
            self._of_site.setdefault(site, []).append(own[site])
        return None

    def taken_by_another(
        self, site: str, target: Target, part: Scope | None = None, *, moves: bool = False
    ) -> Ended | None:
        """How the crawl of a target ends if another target of this run has taken the site, and this target brings no
        further rows or cannot be crawled after the other one; else None. ``moves``: whether the site is about to get a
        new key."""
        others = self._of_site.get(site, [])
        if not others or site in self._of_target.get(target.url, {}):
            return None
        first = others[0].target
        if first.types != target.types:
            why = f"not crawled, since {first.url} is the same site and was asked for other types: name all in one line"
            return "incomplete", why, "list"
        if any(taking.part == part for taking in others):
            return "complete", f"the same site as another of this run: {site}", None
        whole = next((taking.target for taking in others if taking.part is None), None)
        if part is not None and whole is not None and self._whole_holds(part, whole):
            return "complete", f"this run crawls the whole site: {whole.url}", None
        if moves:
            why = f"not crawled, since the site has moved and this run crawls another part of it ({first.url})"
            return "incomplete", why, "list"
        return None

    def at_work(self, site: str, target: Target) -> Taking | None:
        """The active crawl of another part of the site. The target must wait until it ends."""
        if any(not taking.ended.is_set() for taking in self._of_target.get(target.url, {}).values()):
            return None  # two targets that each have taken a site could wait for each other for ever
        return next((taking for taking in self._of_site.get(site, ()) if not taking.ended.is_set()), None)

    def is_shared(self, site: str) -> bool:
        """Whether several targets of this run have taken the site."""
        return len(self._of_site.get(site, ())) > 1

    def end(self, target: Target) -> None:
        """Note that the crawl of this target has ended, so that the crawl of the next part of the site can begin."""
        for taking in self._of_target.get(target.url, {}).values():
            taking.ended.set()

    def release(self, target: Target) -> None:
        """Release the leases of a target, so that another run can crawl the site before this run ends."""
        # The run still remembers that it took the site, since a run brings each site only once.
        self._archive.release_leases([address_lease(target.url), *self._of_target.get(target.url, ())], self._kinds)


def address_lease(url: str) -> str:
    """The name of the lease of a URL: one name for the usual spellings of one address."""
    parts = urlsplit(as_url(url))
    host = ascii_host(parts.netloc.lower()).removeprefix("www.")
    return f"address:{host}{parts.path.rstrip('/')}{'?' + parts.query if parts.query else ''}"
