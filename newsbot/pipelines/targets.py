"""What the site list says of a site, for pipelines that know it by its rows alone."""

from __future__ import annotations

from newsbot.arguments.site_list import Target
from newsbot.wordpress.receipt import SiteFacts


class SiteList:
    """Heard from ``signals.site_started``: a site's key is learnt while it is crawled, before its first row."""

    def __init__(self) -> None:
        self._started: list[tuple[SiteFacts, Target]] = []
        self._found: dict[str, Target | None] = {}

    def site_started(self, facts: SiteFacts, target: Target) -> None:
        self._started.append((facts, target))

    def target(self, site: str) -> Target | None:
        """The entry behind a row's ``site``; of several that lead to one site, the first."""
        if site not in self._found:
            self._found[site] = next((target for facts, target in self._started if facts.site == site), None)
        return self._found[site]
