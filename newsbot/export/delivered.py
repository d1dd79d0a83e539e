"""Whether each file of a run's rows holds the rows that the run delivered: the ids of the receipt, not their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from newsbot.compact import IdSet
from newsbot.items import CLASSES, columns

Key = tuple[str, str, str]
"""Site, kind and type of rows."""

_MOST = 100
"""Characters of ids that a line names."""

_COLUMNS = {tuple(columns(item)): kind for kind, item in CLASSES.items()}


def kind_of(row: Mapping[str, Any]) -> str | None:
    """The kind of a row, by its columns. None for a row that newsbot did not write."""
    return _COLUMNS.get(tuple(row))


class Delivered:
    """The rows that a receipt names, and those that the files of the run hold. Raises ValueError and TypeError for a
    receipt that cannot be read.

    A file that a later run wrote too may be the whole answer of that run, without rows that were deleted since.
    """

    def __init__(self, receipt: Mapping[str, Any]) -> None:
        self._told: dict[Key, IdSet] = {
            (str(one["site"]), str(one["kind"]), str(one["type"])): IdSet.of_ranges(str(one["ids"]))
            for one in receipt["warc"].get("rows", ())
        }
        self._ended = str(receipt.get("ended"))
        self._held: dict[Path, defaultdict[Key, IdSet]] = {}
        self._later: set[Path] = set()

    def add(self, path: Path, row: Mapping[str, Any]) -> None:
        """Note a row of a file."""
        held = self._held.setdefault(path, defaultdict(IdSet))
        if str(row.get("fetched_at") or "") > self._ended:
            self._later.add(path)
        if isinstance(row.get("id"), int) and row.get("change") != "deleted":
            held[str(row.get("site")), str(kind_of(row)), str(row.get("type"))].add(row["id"])

    def faults(self) -> Iterator[str]:
        """A line for each collection whose rows no file holds, and for each file without rows that another one has."""
        for key, told in self._told.items():
            lacking = {path: _without(told, held[key]) for path, held in self._held.items()}
            nowhere = told
            for one in lacking.values():
                nowhere = _both(nowhere, one)
            if nowhere:
                yield f"{_rows(key, nowhere)}: the receipt names them, and no file of the run holds them"
            elif any(not one for one in lacking.values()):
                for path, one in lacking.items():
                    if one and path not in self._later and self._held[path][key]:
                        yield f"{path.name}: {_rows(key, one)} are missing, which another file of the run holds"


def _without(told: IdSet, held: IdSet) -> IdSet:
    found = IdSet()
    for number in told:
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
