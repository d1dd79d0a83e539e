"""The entries of the site list, for pipelines that know a site only by its rows."""

from __future__ import annotations

from newsbot.arguments.site_list import Target
from newsbot.wordpress.receipt import SiteFacts


class Targets:
    """Listens to ``signals.site_started``. ``facts.site`` is set during the crawl of a site, before its first row."""

    def __init__(self) -> None:
        self._started: list[tuple[SiteFacts, Target]] = []
        self._by_site: dict[str, Target | None] = {}

    def site_started(self, facts: SiteFacts, target: Target) -> None:
        self._started.append((facts, target))

    def target(self, site: str) -> Target | None:
        """The entry of the site with this key. If several entries lead to the site, the first one."""
        if site not in self._by_site:
            self._by_site[site] = next((target for facts, target in self._started if facts.site == site), None)
        return self._by_site[site]
