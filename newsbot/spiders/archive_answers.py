"""The archive as the driver uses it: answers to the questions of a site crawl, leases, and rows of a run that died."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from newsbot.archive import Archive, Recovered
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.archive.leases import lease_of
from newsbot.archive.runs import crawled_of
from newsbot.items import Record
from newsbot.wordpress.questions import (
    AskBorder,
    AskEdge,
    AskFormer,
    AskHeld,
    AskKnown,
    AskLinks,
    AskNewSite,
    AskPublished,
    AskSite,
    AskState,
    AskTombstones,
    CollectionState,
    Distrust,
    KeepSite,
    KeepWitness,
    Question,
    Recall,
    Remember,
    RenameSite,
)


class ArchiveAnswers:
    """Answers the questions of site crawls. Without an archive, every site is crawled for the first time.

    Raises ArchiveError as the archive does.
    """

    def __init__(self, archive: Archive | None) -> None:
        self._archive = archive

    def answer(self, asked: Question) -> Any:
        """The answer to a question, as the table in ``wordpress.questions`` lists it."""
        archive = self._archive
        match asked:
            case AskState():
                return archive.state(asked.site, asked.type, asked.kind) if archive is not None else CollectionState()
            case AskKnown():
                return archive.live_ids(asked) if archive is not None else {}
            case AskBorder() | AskEdge() | AskPublished():
                return self._dates(asked)
            case Distrust():
                if archive is not None:
                    archive.forget_modified(asked.site, asked.type, asked.kind, asked.ids)
                return None
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
            case AskHeld() | AskNewSite() | AskFormer() | RenameSite():
                return self._whose(asked)
            case AskLinks() | KeepWitness():
                return self._witnessed(asked)

    def _dates(self, asked: AskBorder | AskEdge | AskPublished) -> Any:
        if isinstance(asked, AskPublished):
            return self._archive.published(asked) if self._archive is not None else {}
        if self._archive is None:
            return None
        return self._archive.border(asked) if isinstance(asked, AskBorder) else self._archive.edge(asked)

    def _witnessed(self, asked: AskLinks | KeepWitness) -> Any:
        """The answer to a question of the second witness."""
        if self._archive is None:
            return None
        if isinstance(asked, AskLinks):
            return self._archive.live_links(asked.site)
        self._archive.keep_witness(asked)
        return None

    def _whose(self, asked: AskHeld | AskNewSite | AskFormer | RenameSite) -> Any:
        """The answer to a question about whose a site is."""
        archive = self._archive
        match asked:
            case AskHeld():
                return archive.moves.held_rows(asked) if archive is not None else {}
            case AskNewSite():
                return archive is not None and archive.moves.is_new_site(asked.site)
            case AskFormer():
                return archive.moves.former_sites(asked) if archive is not None else []
            case RenameSite():
                return _busy(archive.rename_site(asked.old, asked.new) if archive is not None else None)

    def _tombstones(self, asked: AskTombstones) -> list[Record]:
        if self._archive is None:
            return []
        archive, collection = self._archive, (asked.site, asked.type)
        rows = (archive.tombstone(*collection, row_id, asked.when, kind=asked.kind) for row_id in asked.ids)
        return [row for row in rows if row is not None]

    def take_leases(self, name: str, kinds: Sequence[str]) -> str | None:
        """Take the leases of kinds of a site. Returns why not, where another run holds one of them."""
        return _busy(self._archive.leases.take_all((name,), kinds) if self._archive is not None else None)

    def release_leases(self, names: Sequence[str], kinds: Sequence[str]) -> None:
        """Release the leases of kinds of sites."""
        if self._archive is not None:
            self._archive.leases.release([lease_of(name, kind) for name in names for kind in kinds])

    def followed_site(self, url: str, spider: str) -> FollowedSite | None:
        """The followed site with this URL, as the archive has it now."""
        return Followed(self._archive.database).site(url, spider) if self._archive is not None else None

    def last_crawled(self, url: str, spider: str) -> datetime | None:
        """When ``spider`` last crawled the site behind a URL completely, as the archive has it now."""
        return crawled_of(self._archive.database, spider, [url]).get(url) if self._archive is not None else None

    def recovered(self, site: str, kinds: Sequence[str]) -> Iterator[Recovered]:
        """The rows that a run that died archived and did not deliver."""
        if self._archive is not None:
            for kind in kinds:
                yield from self._archive.outbox.recover(site, kind)


def _busy(holder: str | None) -> str | None:
    return f"busy: run {holder} is crawling this site" if holder is not None else None
