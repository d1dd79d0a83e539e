"""The input and the result of a format of ``scrapy export``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from scrapy.settings import BaseSettings

from newsbot.archive.database import Database
from newsbot.archive.reader import ArchivedRow, Filter, read_current
from newsbot.items import Record

KINDS = ("posts", "comments", "media", "terms", "users")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The chosen rows of the archive. ``kinds``: the kinds that a format of several kinds writes.

    ``broken`` gets the names of the rows whose content is damaged. ``keep``: whether a row may be written. ``latest``:
    how many changes a feed holds.
    """

    database: Database
    selection: Filter
    kinds: tuple[str, ...]
    settings: BaseSettings
    broken: list[str]
    keep: Callable[[ArchivedRow], bool] | None = None
    latest: int = 100

    def of_kind(self, kind: str) -> Filter:
        """The same choice for rows of another kind. A part of a site applies to the chosen kind only."""
        return self.selection if kind == self.selection.kind else replace(self.selection, kind=kind, scope=None)

    def rows(self, kind: str | None = None, *, whole: bool = False) -> Iterator[ArchivedRow]:
        """The current rows of ``kind``; without ``kind``, rows of the kind that the user chose.

        ``whole``: rows of all times. Terms and users have no time, so all of them are returned.
        """
        selection = self.of_kind(kind or self.selection.kind)
        if whole or selection.kind in ("terms", "users"):
            selection = replace(selection, since=None, until=None)
        found = read_current(self.database, selection, self.broken)
        return found if self.keep is None else filter(self.keep, found)

    def records(self, kind: str | None = None, *, whole: bool = False) -> Iterator[Any]:
        """The same rows as items."""
        record: Record
        for row in self.rows(kind, whole=whole):
            record = row.record()
            yield record


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTarget:
    """Where a format writes a file. ``name`` is the final name; until then ``file`` is open at ``part``."""

    name: str
    part: Path
    file: IO[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """``rows`` that the file holds. ``notes`` are lines for the user. ``beside``: name -> content of a file beside."""

    rows: int
    notes: tuple[str, ...] = ()
    beside: dict[str, bytes] = field(default_factory=dict)
