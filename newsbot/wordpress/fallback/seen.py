"""The articles that earlier runs brought without the API, so that a site whose API stays closed is not read again in
every run.

The archive stores these notes like linked objects, for the same time, by a hash of each URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from newsbot.wordpress.fallback.listed import ListedArticle
from newsbot.wordpress.messages import Reply, Steps
from newsbot.wordpress.pages.urls import earlier_ids, id_of_url
from newsbot.wordpress.questions import Recall, Remember

FEEDS = "feeds"


PART_OF_AGE = 10
"""An article without a ``lastmod`` is read again when a tenth of its age at the last reading has passed: what was
published today may change today, and an article of last year hardly ever does. The archive keeps the note for 30 days
at most."""

HELD_WITHOUT_DATE = timedelta(days=7)
"""The same for an article without a date of publication."""


@dataclass(slots=True, kw_only=True)
class SeenArticles:
    """The articles of one type that earlier runs brought, each with its ``lastmod`` in the sitemap of that time. If the
    sitemap has none, with the time of its reading. ``when`` is the time of an answer of this run (UTC, ISO)."""

    site: str
    type: str
    when: str = ""
    notes: dict[int, dict[str, Any]] = field(default_factory=dict)

    def unchanged(self, articles: Mapping[str, ListedArticle]) -> Steps[dict[str, bool]]:
        """Which of ``articles`` (by canonical URL) need not be read again: canonical URL -> whether the article is of
        another type. With a ``lastmod``, those whose ``lastmod`` has not changed since; the others for a while."""
        if not articles:
            return {}
        listed = {
            row_id: url
            for url, article in articles.items()
            for row_id in (id_of_url(article.url), *earlier_ids(article.url))
        }
        kept = yield Recall(site=self.site, relation=self._relation, ids=tuple(listed))
        return {
            url: bool(kept[row_id].get("other"))
            for row_id, url in listed.items()
            if row_id in kept and self._is_held(kept[row_id], articles[url].lastmod)
        }

    def _is_held(self, note: Mapping[str, Any], lastmod: str | None) -> bool:
        if lastmod:
            return bool(note.get("changed") == lastmod)
        read, now = time_of(note.get("read")), time_of(self.when)
        if read is None or now is None:
            return False
        published = time_of(note.get("published"))
        held = HELD_WITHOUT_DATE if published is None else (read - published) / PART_OF_AGE
        return timedelta(0) <= now - read < held

    def note(
        self,
        url: str,
        lastmod: str | None,
        *,
        other_type: bool = False,
        published: str | None = None,
        read: str | None = None,
    ) -> None:
        """Note that an article was sent, or that it is of another type. ``read`` is when it was read. ``keep`` hands
        the notes to the archive."""
        if lastmod:
            self.notes[id_of_url(url)] = {"changed": lastmod, "other": other_type}
        elif read:
            self.notes[id_of_url(url)] = {"read": read, "published": published, "other": other_type}

    def keep(self) -> Steps[None]:
        """Give the notes to the archive, before the checkpoint: the rows and their notes commit together."""
        if self.notes:
            notes, self.notes = self.notes, {}
            yield Remember(site=self.site, relation=self._relation, objects=notes)

    @property
    def _relation(self) -> str:
        return f"articles/{self.type}"


def time_of(text: Any) -> datetime | None:
    """A time of UTC in a note; None where there is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


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
        """Read the state of a feed that was just received."""
        self.etag, self.modified = reply.headers.get("etag"), reply.headers.get("last-modified")
        self.home, self.name = home, name

    def recall(self) -> Steps[None]:
        """Ask the archive for the state that an earlier run kept."""
        row_id = id_of_url(self.url)
        kept = (yield Recall(site=self.site, relation=FEEDS, ids=(row_id,))).get(row_id, {})
        self.etag, self.modified = kept.get("etag"), kept.get("modified")
        self.home, self.name = kept.get("home"), kept.get("name")

    def keep(self) -> Steps[None]:
        """Give the state to the archive. A feed without ETag and Last-Modified has no state to compare later."""
        if self.headers():
            state = {"etag": self.etag, "modified": self.modified, "home": self.home, "name": self.name}
            yield Remember(site=self.site, relation=FEEDS, objects={id_of_url(self.url): state})
