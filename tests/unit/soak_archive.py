"""The archive of the soak: a dict in memory that answers what the crawl of a collection asks.

The rules are those of ``newsbot.archive``, whose own tests prove the storing; here thousands of crawls need an archive
that costs nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from newsbot.archive.moves import NEWEST
from newsbot.items import Checkpoint, Record
from newsbot.timestamps import iso_utc
from newsbot.wordpress.questions import (
    AskBorder,
    AskEdge,
    AskHeld,
    AskKnown,
    AskPublished,
    AskState,
    AskTombstones,
    CollectionState,
    Distrust,
    HeldRow,
    Recall,
    Remember,
)

_STATE_FIELDS = frozenset(one.name for one in fields(CollectionState))


@dataclass(slots=True)
class Held:
    """A row as the archive holds it: the record, and whether it is deleted."""

    record: Record
    deleted: bool = False


@dataclass
class SoakArchive:
    """``reader`` is what a reader of the feeds holds: id -> title, from the delivered rows alone."""

    rows: dict[int, Held] = field(default_factory=dict)
    state: CollectionState = field(default_factory=CollectionState)
    reader: dict[int, str] = field(default_factory=dict)

    distrusted: set[int] = field(default_factory=set)
    """Rows that are to be taken as new again, whatever their ``modified`` says."""

    def live(self) -> dict[int, Record]:
        return {row_id: held.record for row_id, held in self.rows.items() if not held.deleted}

    def answer(self, asked: Any) -> Any:
        match asked:
            case AskState():
                return replace(self.state, live=len(self.live()))
            case AskKnown():
                return self._known(asked)
            case AskTombstones():
                return self._tombstones(asked)
            case Recall():
                return {}
            case Remember():
                return None
            case Distrust():
                self.distrusted |= set(asked.ids)
                return None
            case AskHeld():
                return self._held(asked)
            case AskBorder():
                return self._border(asked)
            case AskPublished():
                live = self.live()
                return {row_id: _published(live[row_id], "") or None for row_id in asked.ids if row_id in live}
            case AskEdge():
                dates = sorted(
                    at for row in self.live().values() if (at := _published(row, "")) and at >= (asked.since or "")
                )
                return dates[asked.rows] if asked.rows < len(dates) else None
        raise TypeError(f"the soak's archive cannot answer {asked!r}")

    def _known(self, asked: AskKnown) -> dict[int, str | None]:
        every = self.live()
        chosen = every if asked.ids is None else {row_id: every[row_id] for row_id in asked.ids if row_id in every}
        lowest = asked.lowest or 0
        if asked.latest is not None:
            by_change = sorted(chosen, key=lambda row_id: getattr(chosen[row_id], "modified", None) or "")
            chosen = {row_id: chosen[row_id] for row_id in by_change[-asked.latest :]}
        return {
            row_id: None if row_id in self.distrusted else getattr(record, "modified", None)
            for row_id, record in chosen.items()
            if row_id >= lowest and _published(record, "") >= (asked.since or "")
            if _published(record, "~") < (asked.until or "~~")
        }

    def _border(self, asked: AskBorder) -> str | None:
        dates = sorted(at for at in (_published(row, "") for row in self.live().values()) if "" < at < asked.before)
        gaps = [
            (datetime.fromisoformat(later) - datetime.fromisoformat(earlier), earlier)
            for earlier, later in pairwise(dates[int(asked.share * len(dates)) :])
        ]
        widest, start = max(gaps, default=(timedelta(0), ""))
        if widest < timedelta(seconds=2 * asked.clear):
            return None
        return iso_utc(datetime.fromisoformat(start) + widest / 2)

    def _held(self, asked: AskHeld) -> dict[int, HeldRow]:
        newest = sorted(self.live())[-NEWEST:]
        return {row_id: _identity(self.live()[row_id]) for row_id in {*asked.ids, *newest} & self.live().keys()}

    def _tombstones(self, asked: AskTombstones) -> list[Record]:
        found = [copy.copy(self.rows[row_id].record) for row_id in asked.ids if row_id in self.live()]
        for record in found:
            record.change, record.deleted_at = "deleted", asked.when
        return found

    def add(self, record: Record) -> None:
        held = self.rows.get(record.id)
        if record.change == "deleted":
            if held is not None and not held.deleted:
                held.deleted = True
                self.reader.pop(record.id, None)
            return
        before = None if held is None or held.deleted or record.id in self.distrusted else held.record
        if (getattr(record, "modified", None) or "~") < (getattr(before, "modified", None) or ""):
            return  # an older copy out of a cache
        self.distrusted.discard(record.id)
        self.rows[record.id] = Held(record)
        self.reader[record.id] = getattr(record, "title", None) or ""

    def commit(self, checkpoint: Checkpoint) -> None:
        cursor: Mapping[str, Any] = checkpoint.cursor or {}
        if not checkpoint.done:
            if checkpoint.cursor is not None:
                self.state = replace(self.state, cursor=dict(cursor), sequence=checkpoint.sequence)
                if "owed" in cursor:
                    self.state = replace(self.state, owed=tuple(cursor["owed"]))
            return
        kept = {name: _frozen(value) for name, value in cursor.items() if name in _STATE_FIELDS}
        if "whole" in kept:
            kept = {"owed": (), **kept, "cursor": None, "sequence": 0}
        self.state = replace(self.state, **kept)


def _identity(record: Record) -> HeldRow:
    return HeldRow(
        id=record.id,
        url=getattr(record, "url", None),
        guid=getattr(record, "guid", None),
        slug=getattr(record, "slug", None),
        date=getattr(record, "published_local", None),
    )


def _published(record: Record, unknown: str) -> str:
    return getattr(record, "published", None) or unknown


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
