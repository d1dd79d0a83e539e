"""The archive as the driver uses it: answers to the questions of a site crawl, leases, and rows of a dead run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

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


class Answers(Protocol):
    """What the driver asks of an archive."""

    def answer(self, asked: Question) -> Any:
        """The answer to a question, as the table in ``wordpress.questions`` lists it."""

    def take_leases(self, name: str, kinds: Sequence[str], /) -> str | None:
        """Take the leases of kinds of a site. If another run holds one of them, returns the reason why they cannot be
        taken."""

    def release_leases(self, names: Sequence[str], kinds: Sequence[str], /) -> None:
        """Release the leases of kinds of sites."""

    def followed_site(self, url: str, spider: str, /) -> FollowedSite | None:
        """The followed site with this URL, as the archive has it now."""

    def last_crawled(self, url: str, spider: str, /) -> datetime | None:
        """When ``spider`` last crawled the site at a URL completely, as the archive has it now."""

    def lacks_rows(self, site: str, /) -> bool:
        """Whether the archive did not store every row of the site that this run brought."""

    def recovered(self, site: str, kinds: Sequence[str], /) -> Iterator[Recovered]:
        """The rows that a run that died archived and did not deliver."""


class NoArchive:
    """The answers of a run without an archive: nothing is known, and every site is crawled for the first time."""

    _EMPTY: Mapping[type[Any], Callable[[], Any]] = {
        AskState: CollectionState,
        AskKnown: dict,
        AskPublished: dict,
        Recall: dict,
        AskTombstones: list,
        AskHeld: dict,
        AskFormer: list,
    }
    """Question -> its empty answer, if this is not None."""

    def answer(self, asked: Question) -> Any:
        empty = self._EMPTY.get(type(asked))
        return None if empty is None else empty()

    def take_leases(self, *_: object) -> str | None:
        return None

    def release_leases(self, *_: object) -> None:
        pass

    def followed_site(self, *_: object) -> FollowedSite | None:
        return None

    def last_crawled(self, *_: object) -> datetime | None:
        return None

    def lacks_rows(self, *_: object) -> bool:
        return False

    def recovered(self, *_: object) -> Iterator[Recovered]:
        return iter(())


class ArchiveAnswers:
    """The answers of an archive. Raises ArchiveError as the archive does."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def answer(self, asked: Question) -> Any:
        archive = self._archive
        match asked:
            case AskState():
                return archive.state(asked.site, asked.type, asked.kind)
            case AskKnown():
                return archive.live.ids(asked)
            case AskBorder():
                return archive.live.border(asked)
            case AskEdge():
                return archive.live.edge(asked)
            case AskPublished():
                return archive.live.published(asked)
            case Distrust():
                return archive.forget_modified(asked.site, asked.type, asked.kind, asked.ids)
            case Recall():
                return archive.recall(asked)
            case Remember():
                return archive.remember(asked.site, asked.relation, asked.objects)
            case AskTombstones():
                return self._tombstones(asked)
            case AskLinks():
                return archive.live_links(asked.site)
            case KeepWitness():
                return archive.keep_witness(asked)
            case AskSite() | KeepSite() | AskHeld() | AskNewSite() | AskFormer() | RenameSite():
                return self._about_site(asked)

    def _about_site(self, asked: AskSite | KeepSite | AskHeld | AskNewSite | AskFormer | RenameSite) -> Any:
        """The answer to a question about which site an address belongs to."""
        archive = self._archive
        match asked:
            case AskSite():
                return archive.runs.site_behind(asked.url)
            case KeepSite():
                return archive.runs.keep_site(asked.url, asked.site, discovered=asked.discovered)
            case AskHeld():
                return archive.moves.held_rows(asked)
            case AskNewSite():
                return archive.moves.other_sites(asked.site)
            case AskFormer():
                return archive.moves.former_sites(asked)
            case RenameSite():
                return _busy(archive.rename_site(asked.old, asked.new))

    def _tombstones(self, asked: AskTombstones) -> list[Record]:
        archive, collection = self._archive, (asked.site, asked.type)
        rows = (archive.tombstone(*collection, row_id, asked.when, kind=asked.kind) for row_id in asked.ids)
        return [row for row in rows if row is not None]

    def take_leases(self, name: str, kinds: Sequence[str]) -> str | None:
        return _busy(self._archive.leases.take_all((name,), kinds))

    def release_leases(self, names: Sequence[str], kinds: Sequence[str]) -> None:
        self._archive.leases.release([lease_of(name, kind) for name in names for kind in kinds])

    def followed_site(self, url: str, spider: str) -> FollowedSite | None:
        return Followed(self._archive.database).site(url, spider)

    def last_crawled(self, url: str, spider: str) -> datetime | None:
        return crawled_of(self._archive.database, spider, [url]).get(url)

    def lacks_rows(self, site: str) -> bool:
        return self._archive.lacks_rows(site)

    def recovered(self, site: str, kinds: Sequence[str]) -> Iterator[Recovered]:
        for kind in kinds:
            yield from self._archive.outbox.recover(site, kind)


def answers_of(archive: Archive | None) -> Answers:
    """The answers of the archive of a run, if the run has one."""
    return NoArchive() if archive is None else ArchiveAnswers(archive)


def _busy(holder: str | None) -> str | None:
    return f"busy: run {holder} is crawling this site" if holder is not None else None
