"""The driver's side of the archive: what a conversation asks of it, and who may crawl a site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from newsbot.archive import Archive, Recovered
from newsbot.items import Record
from newsbot.wordpress.messages import (
    AskKnown,
    AskSite,
    AskState,
    AskTombstones,
    CollectionState,
    KeepSite,
    Question,
    Recall,
    Remember,
)


class Memory:
    """An archive, or none: then every site is met for the first time. Raises ArchiveError as the archive does."""

    def __init__(self, archive: Archive | None) -> None:
        self._archive = archive

    def answer(self, asked: Question) -> Any:
        """The answer to a question; ``messages`` lists which belongs to which."""
        archive = self._archive
        match asked:
            case AskState():
                return archive.state(asked.site, asked.type) if archive is not None else CollectionState()
            case AskKnown():
                return archive.known(asked) if archive is not None else {}
            case Recall():
                return archive.recall(asked) if archive is not None else {}
            case Remember():
                if archive is not None:
                    archive.remember(asked.site, asked.relation, asked.objects)
                return None
            case AskSite():
                return archive.runs.site_behind(asked.url) if archive is not None else None
            case KeepSite():
                if archive is not None:
                    archive.runs.keep_site(asked.url, asked.site)
                return None
            case AskTombstones():
                return self._tombstones(asked)

    def _tombstones(self, asked: AskTombstones) -> list[Record]:
        if self._archive is None:
            return []
        rows = (self._archive.tombstone(asked.site, asked.type, row_id, asked.when) for row_id in asked.ids)
        return [row for row in rows if row is not None]

    def take(self, site: str) -> str | None:
        """Take a site's lease, by its key or by the address it was asked for; why not, where another run holds it."""
        holder = self._archive.leases.take(site) if self._archive is not None else None
        return f"busy: run {holder} is crawling this site" if holder is not None else None

    def recovered(self, site: str, kind: str) -> Iterator[Recovered]:
        """What a run that died had archived and never delivered."""
        return self._archive.outbox.recover(site, kind) if self._archive is not None else iter(())


def address_lease(url: str) -> str:
    """What to lease before a site's key is known: the same for the usual spellings of one address."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    host = (parts.netloc or "").lower().removeprefix("www.")
    return f"address:{host}{parts.path.rstrip('/')}{'?' + parts.query if parts.query else ''}"
