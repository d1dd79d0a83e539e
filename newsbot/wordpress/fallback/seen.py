"""What earlier runs brought by other ways than the API, so that a site that stays shut is not read again and again.

It is kept where the archive keeps linked objects, by the hash of each address, and trusted for as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from newsbot.wordpress.messages import Recall, Remember, Reply, Steps
from newsbot.wordpress.pages.urls import canonical, id_of_url

FEEDS = "feeds"


@dataclass(slots=True, kw_only=True)
class SeenArticles:
    """The articles of one type: address -> its ``lastmod`` in the sitemap when it was brought."""

    site: str
    type: str
    noted: dict[int, dict[str, Any]] = field(default_factory=dict)

    def unchanged(self, listed: Mapping[str, tuple[str, str | None]]) -> Steps[dict[str, bool]]:
        """Returns {address: whether it is of another type} for those of ``listed`` (address -> URL and lastmod) that
        have not changed since. One without a ``lastmod`` may always have."""
        dated = {id_of_url(url): (address, changed) for address, (url, changed) in listed.items() if changed}
        if not dated:
            return {}
        kept = yield Recall(site=self.site, relation=self._relation, ids=tuple(dated))
        return {
            address: bool(kept[row_id].get("other"))
            for row_id, (address, changed) in dated.items()
            if row_id in kept and kept[row_id].get("changed") == changed
        }

    def note(self, url: str, listed: Mapping[str, tuple[str, str | None]], *, other: bool = False) -> None:
        """An article left for the feeds, or is none of this type; kept with the next page (``written``)."""
        changed = listed.get(canonical(url), ("", None))[1]
        if changed:
            self.noted[id_of_url(url)] = {"changed": changed, "other": other}

    def written(self) -> Steps[None]:
        """To be asked before the checkpoint behind the rows: they and their notes are kept together."""
        if self.noted:
            objects, self.noted = self.noted, {}
            yield Remember(site=self.site, relation=self._relation, objects=objects)

    @property
    def _relation(self) -> str:
        return f"articles/{self.type}"


@dataclass(slots=True, kw_only=True)
class FeedState:
    """A feed as it was when all that it showed had been brought. ``site`` is the key it was asked under."""

    site: str
    url: str
    etag: str | None = None
    modified: str | None = None
    home: str | None = None
    name: str | None = None

    def headers(self) -> dict[str, str]:
        """What makes the request conditional."""
        told = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in told.items() if value}

    def take(self, reply: Reply) -> None:
        self.etag, self.modified = reply.headers.get("etag"), reply.headers.get("last-modified")

    def recall(self) -> Steps[None]:
        kept = (yield Recall(site=self.site, relation=FEEDS, ids=(id_of_url(self.url),))).get(id_of_url(self.url))
        if kept is not None:
            self.etag, self.modified = kept.get("etag"), kept.get("modified")
            self.home, self.name = kept.get("home"), kept.get("name")

    def remember(self) -> Steps[None]:
        if self.headers():
            kept = {"etag": self.etag, "modified": self.modified, "home": self.home, "name": self.name}
            yield Remember(site=self.site, relation=FEEDS, objects={id_of_url(self.url): kept})
