"""Whether each file of a run's rows holds the rows that the run delivered: the ids are compared, not their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from newsbot.compact import IdSet
from newsbot.items import CLASSES, columns

Key = tuple[str, str, str]
"""Site, kind and type of rows."""

_MOST = 100
"""The most characters of the list of ids in a line."""

_COLUMNS = {tuple(columns(item)): kind for kind, item in CLASSES.items()}


def kind_of(row: Mapping[str, Any]) -> str | None:
    """The kind of a row, by its columns. None for a row that newsbot did not write."""
    return _COLUMNS.get(tuple(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the user chose for a file. ``columns``: the user chose columns. ``is_batch``: the file is one of several.
    ``left_out``: the rows that are not in the file."""

    columns: bool
    is_batch: bool
    left_out: Mapping[Key, IdSet]


class Delivered:
    """The rows that a receipt names, and those that the files of the run hold. Raises ValueError and TypeError for a
    receipt that cannot be read.

    If a later run wrote to a file too, the file may hold the whole answer of that run, without rows that were deleted
    since. A file for which the user chose rows need not hold other rows. ``folder``: the folder of the receipt.
    """

    def __init__(self, receipt: Mapping[str, Any], folder: Path) -> None:
        self._named = _by_key(receipt["warc"].get("rows", ()))
        self._choices = {
            (folder / str(chosen["file"])).resolve(): Choice(
                columns=bool(chosen["columns"]), is_batch=bool(chosen["batch"]), left_out=_by_key(chosen["left_out"])
            )
            for chosen in receipt["warc"].get("chosen", ())
        }
        self._ended = str(receipt.get("ended"))
        self._held: dict[Path, defaultdict[Key, IdSet]] = {}
        self._later: set[Path] = set()

    def has_chosen_columns(self, path: Path) -> bool:
        choice = self._choices.get(path)
        return choice is not None and choice.columns

    def add(self, path: Path, row: Mapping[str, Any]) -> None:
        """Note a row of a file."""
        held = self._held[path]
        if str(row.get("fetched_at") or "") > self._ended:
            self._later.add(path)
        if isinstance(row.get("id"), int) and row.get("change") != "deleted":
            held[str(row.get("site")), str(kind_of(row)), str(row.get("type"))].add(row["id"])

    def read(self, path: Path) -> None:
        """Note that a file was read, even if it has no rows."""
        self._held.setdefault(path, defaultdict(IdSet))

    def faults(self) -> Iterator[str]:
        """A line for each collection whose rows no file holds, and for each file without rows that it should hold."""
        for key, named in self._named.items():
            if nowhere := self._nowhere(key):
                yield f"{_rows(key, nowhere)}: the receipt names them, and no file of the run holds them"
                continue
            has_all = any(not _without(named, held[key]) for held in self._held.values())
            for path, held in self._held.items():
                choice = self._choices.get(path)
                if path in self._later or (choice is not None and choice.is_batch):
                    continue
                # The other files of a run may hold other kinds of rows.
                if (has_all and held[key]) or choice is not None:
                    lacking = _without(_without(named, held[key]), self._left_out(path, key))
                    if lacking:
                        yield f"{path.name}: {_rows(key, lacking)} are missing, which another file of the run holds"

    def _nowhere(self, key: Key) -> IdSet:
        """The rows that no file holds, except rows that every file leaves out on purpose."""
        lacking = reduce(
            _both, (_without(self._named[key], held[key]) for held in self._held.values()), self._named[key]
        )
        if not self._held:
            return lacking
        return _without(lacking, reduce(_both, (self._left_out(path, key) for path in self._held), lacking))

    def _left_out(self, path: Path, key: Key) -> IdSet:
        choice = self._choices.get(path)
        return choice.left_out.get(key, IdSet()) if choice is not None else IdSet()


def _by_key(rows: Iterable[Mapping[str, Any]]) -> dict[Key, IdSet]:
    return {(str(row["site"]), str(row["kind"]), str(row["type"])): IdSet.of_ranges(str(row["ids"])) for row in rows}


def _without(named: IdSet, held: IdSet) -> IdSet:
    found = IdSet()
    for number in named:
        if number not in held:
            found.add(number)
    return found


def _both(left: IdSet, right: IdSet) -> IdSet:
    found = IdSet()
    for number in left:
        if number in right:
            found.add(number)
    return found


def _rows(key: Key, ids: IdSet) -> str:
    site, _, type_ = key
    named = ids.ranges()
    named = named if len(named) <= _MOST else f"{named[:_MOST].rpartition(',')[0]}, and more"
    return f"{site}: {len(ids)} {type_} row{'' if len(ids) == 1 else 's'} ({named})"
