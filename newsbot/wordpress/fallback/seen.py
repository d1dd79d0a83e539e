"""What earlier runs brought without the API, so that a site that stays closed is not read again in every run.

The archive keeps these notes as it keeps linked objects, for the same time, by a hash of each URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from newsbot.wordpress.fallback.listed import ListedArticle
from newsbot.wordpress.messages import Reply, Steps
from newsbot.wordpress.pages.urls import earlier_ids, id_of_url
from newsbot.wordpress.questions import Recall, Remember

FEEDS = "feeds"


@dataclass(slots=True, kw_only=True)
class SeenArticles:
    """The articles of one type that earlier runs brought, each with its ``lastmod`` in the sitemap of that time."""

    site: str
    type: str
    notes: dict[int, dict[str, Any]] = field(default_factory=dict)

    def unchanged(self, articles: Mapping[str, ListedArticle]) -> Steps[dict[str, bool]]:
        """Which of ``articles`` (by canonical URL) have not changed since: canonical URL -> whether the article is of
        another type. An article without a ``lastmod`` may always have changed."""
        dated = {
            row_id: url
            for url, article in articles.items()
            for row_id in ((id_of_url(article.url), *earlier_ids(article.url)) if article.lastmod else ())
        }
        if not dated:
            return {}
        kept = yield Recall(site=self.site, relation=self._relation, ids=tuple(dated))
        return {
            url: bool(kept[row_id].get("other"))
            for row_id, url in dated.items()
            if row_id in kept and kept[row_id].get("changed") == articles[url].lastmod
        }

    def note(self, url: str, lastmod: str | None, *, other_type: bool = False) -> None:
        """Note that an article was sent, or that it is of another type. ``keep`` hands the notes to the archive."""
        if lastmod:
            self.notes[id_of_url(url)] = {"changed": lastmod, "other": other_type}

    def keep(self) -> Steps[None]:
        """Hand the notes to the archive, before the checkpoint: the rows and their notes commit together."""
        if self.notes:
            notes, self.notes = self.notes, {}
            yield Remember(site=self.site, relation=self._relation, objects=notes)

    @property
    def _relation(self) -> str:
        return f"articles/{self.type}"


@dataclass(slots=True, kw_only=True)
class FeedState:
    """The state of a feed at the time when all of its posts had been sent. ``site`` is the site's key at that time."""

    site: str
    url: str
    etag: str | None = None
    modified: str | None = None
    home: str | None = None
    name: str | None = None

    def headers(self) -> dict[str, str]:
        """The headers that make the request conditional."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in headers.items() if value}

    def take(self, reply: Reply, *, home: str | None, name: str | None) -> None:
        """Take the state of a feed that was just received."""
        self.etag, self.modified = reply.headers.get("etag"), reply.headers.get("last-modified")
        self.home, self.name = home, name

    def recall(self) -> Steps[None]:
        """Ask the archive for the state that an earlier run kept."""
        row_id = id_of_url(self.url)
        kept = (yield Recall(site=self.site, relation=FEEDS, ids=(row_id,))).get(row_id, {})
        self.etag, self.modified = kept.get("etag"), kept.get("modified")
        self.home, self.name = kept.get("home"), kept.get("name")

    def keep(self) -> Steps[None]:
        """Hand the state to the archive. A feed without ETag and Last-Modified has no state to compare later."""
        if self.headers():
            state = {"etag": self.etag, "modified": self.modified, "home": self.home, "name": self.name}
            yield Remember(site=self.site, relation=FEEDS, objects={id_of_url(self.url): state})
