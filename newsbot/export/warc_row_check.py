"""Finds the record of each row of files of rows, and compares the row with it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from newsbot.errors import RecordError
from newsbot.export.package_warc import run_of
from newsbot.export.verified import Verified
from newsbot.export.warc_answers import Place, WarcAnswers, answers_of
from newsbot.export.warc_comparing import Made, Row, differing_columns
from newsbot.export.warc_rows import NotMade, Remaker
from newsbot.terminal import counted
from newsbot.warc.finishing import SUFFIX
from newsbot.warc.reading import DamagedRecord

JOINED = frozenset({"author", "authors", "byline", "categories", "tags", "terms", "image", "source"})
"""Columns whose content may come with linked objects."""

CHILDREN = frozenset({"comment_count", "linked"})
"""Columns whose content comes with the children of a post (``follow=replies`` and others)."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A row of a file of rows: where its line begins."""

    path: Path
    offset: int
    number: int

    def read(self) -> Row:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            row: Row = orjson.loads(file.readline())
            return row


@dataclass(slots=True, kw_only=True)
class RowCheck:
    """Compares rows with the rows that their records give. ``folder`` has the WARC files. ``counts``: whether the
    compared rows are counted too.

    ``is_own``: whether the run that is verified brought a row. ``unnamed`` counts the rows that name no record, by
    ``is_own``; deleted rows do not count. ``without``: rows whose WARC files are in ``absent``.
    """

    folder: Path
    found: Verified
    is_own: Callable[[Row], bool] = lambda _: False
    note: Callable[[Path, Row], None] = lambda _path, _row: None
    absent: frozenset[str] = frozenset()
    unnamed: Counter[bool] = field(default_factory=Counter)
    counts: bool = True
    without: int = 0
    pointers: dict[str, dict[tuple[str, int, str], list[Pointer]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, path: Path) -> None:
        """Note the rows of a file by the records that they name: run -> record -> rows."""
        for pointer, row in _lines(path, self.found):
            warc = row.get("warc")
            self.note(path, row)
            if row.get("change") == "deleted":
                continue
            if not isinstance(warc, dict):
                self.unnamed[self.is_own(row)] += 1
            elif isinstance(warc.get("file"), str) and warc["file"] in self.absent:
                self.without += 1
            elif not all(isinstance(name, str) for name in (warc.get("file"), row.get("site"))) or not isinstance(
                warc.get("offset"), int
            ):
                self.found.fail(f"{path.name}, row {pointer.number}: its columns are not those of a row of newsbot")
            else:
                place = (str(warc.get("file")), warc["offset"], str(warc.get("record")))
                self.pointers[run_of(place[0])][place].append(pointer)

    def run(self) -> None:
        """Compare all rows."""
        for run, by_record in sorted(self.pointers.items()):
            paths = sorted(self.folder.glob(f"newsbot-{run}-*{SUFFIX}"))
            answers = answers_of(paths)
            for fault in answers.faults:
                self.found.fail(fault)
            remakers: dict[str, Remaker] = {}
            for place, pointers in sorted(by_record.items(), key=lambda entry: entry[0][:2]):
                self._compare(answers, remakers, place, pointers)
        if own := self.unnamed[True]:
            self.found.fail(f"{counted(own, 'row')} of this run without a record")
        if others := self.unnamed[False]:
            rows = counted(others, "row")
            self.found.notes.append(f"not compared: {rows} without a record, of runs that wrote no WARC files")

        if self.without:
            rows = counted(self.without, "row")
            self.found.notes.append(f"not compared: {rows} whose WARC files were missing when the package was made")

    def _compare(
        self,
        answers: WarcAnswers,
        remakers: dict[str, Remaker],
        place: tuple[str, int, str],
        pointers: Sequence[Pointer],
    ) -> None:
        made: Made = {}
        self.found.rows += len(pointers) * self.counts
        try:
            known = self._record(answers, *place)
        except NotMade as fault:
            others = f"; rows of this record: {len(pointers)}" if len(pointers) > 1 else ""
            self.found.fail(f"{_row_name(pointers[0], pointers[0].read())}: {fault}{others}")
            return
        for pointer in pointers:
            row = pointer.read()
            row_name = _row_name(pointer, row)
            try:
                remaker = remakers.get(row["site"]) or remakers.setdefault(
                    row["site"], Remaker(answers=answers, key=row["site"])
                )
                differing, lacks = differing_columns(remaker, known, row, made)
            except (NotMade, DamagedRecord, RecordError) as fault:
                self.found.fail(f"{row_name}: {fault}")
                continue
            if not differing:
                continue
            apart = CHILDREN if row["id"] in remaker.lacks_children else frozenset()
            if set(differing) <= (JOINED | apart if lacks else apart):
                self.found.fail(f"{row_name}: no record holds the answers that its {', '.join(differing)} came with")
            else:
                differ = "differs" if len(differing) == 1 else "differ"
                self.found.fail(f"{row_name}: {', '.join(differing)} {differ} from what its record gives")

    def _record(self, answers: WarcAnswers, file: str, offset: int, name: str) -> Place:
        """The place of the record that a row names. Raises NotMade."""
        known, path = answers.ids.get(name), self.folder / Path(file).name
        if not path.is_file():
            raise NotMade(f"its WARC file {file} is missing")
        if name in answers.removed:
            raise NotMade("scrapy forget removed its record")
        if known is None or (known.path.name, known.offset) != (path.name, offset):
            raise NotMade(f"{file} has no record {name} at byte {offset}, or the record is damaged")
        return known


def _lines(path: Path, found: Verified) -> Iterator[tuple[Pointer, Row]]:
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            pointer, offset = Pointer(path, offset, number), offset + len(line)
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                row = None
            if isinstance(row, dict):
                yield pointer, row
            else:
                found.fail(f"{path.name}, row {number}: no JSON object")


def _row_name(pointer: Pointer, row: Row) -> str:
    return f"{pointer.path.name}, row {pointer.number} ({row.get('type')} {row.get('id')})"
