"""``scrapy verify RECEIPT``: whether each row of a run can be made again from the record that it names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from newsbot.errors import BadArgument, RecordError
from newsbot.export.delivered import Delivered, kind_of
from newsbot.export.package import digest
from newsbot.export.package_warc import run_of
from newsbot.export.parquet_rows import write_lines
from newsbot.export.verified import Verified
from newsbot.export.warc_answers import VIEWS, Answers, Place, View, answers_of, reply_of
from newsbot.export.warc_rows import NotMade, Remaker
from newsbot.items import Record
from newsbot.safe_json import json_bytes
from newsbot.terminal import counted
from newsbot.warc.exchange import open_url
from newsbot.warc.finishing import SUFFIX, opened
from newsbot.warc.reading import DamagedRecord
from newsbot.warc.removing import removing
from newsbot.wordpress.messages import Reply

OF_THE_ARCHIVE = frozenset(
    {
        *("revision", "change", "first_seen", "last_seen", "deleted_at"),
        *("guid_collision", "duplicate_of", "warc"),
    }
)
"""Columns that tell the history of a row in the archive. No answer of a site holds them."""

Row = Mapping[str, Any]

JOINED = frozenset({"author", "authors", "byline", "categories", "tags", "terms", "image", "source"})
"""Columns whose content may come with linked objects."""

CHILDREN = frozenset({"comment_count", "linked"})
"""Columns whose content comes with the children of a post (``follow=replies`` and others)."""

LINES = (".jsonl", ".jsonlines", ".jl")

Made = dict[tuple[View, str, str], tuple[dict[int, Record], bool]]
"""View, kind and type of rows -> the rows that one answer gives, by their ids, and whether no record holds an object
that they link to."""


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
    """Compares rows with what their records give. ``folder`` holds the WARC files. ``counts``: it counts the rows too.

    ``is_own``: whether the run that is verified brought a row. ``unnamed`` are the rows that name no record: of other
    runs, and of the run itself; deleted rows have none. ``without``: rows whose WARC files are in ``absent``.
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
            elif not all(isinstance(one, str) for one in (warc.get("file"), row.get("site"))) or not isinstance(
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
            for place, pointers in sorted(by_record.items(), key=lambda one: one[0][:2]):
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
        self, answers: Answers, remakers: dict[str, Remaker], place: tuple[str, int, str], pointers: Sequence[Pointer]
    ) -> None:
        made: Made = {}
        self.found.rows += len(pointers) * self.counts
        try:
            known = self._record(answers, *place)
        except NotMade as fault:
            others = f"; rows of this record: {len(pointers)}" if len(pointers) > 1 else ""
            self.found.fail(f"{_told(pointers[0], pointers[0].read())}: {fault}{others}")
            return
        for pointer in pointers:
            row = pointer.read()
            told = _told(pointer, row)
            try:
                remaker = remakers.get(row["site"]) or remakers.setdefault(
                    row["site"], Remaker(answers=answers, key=row["site"])
                )
                differing, lacks = _differing(remaker, known, row, made)
            except (NotMade, DamagedRecord, RecordError) as fault:
                self.found.fail(f"{told}: {fault}")
                continue
            if not differing:
                continue
            apart = CHILDREN if row["id"] in remaker.lacks_children else frozenset()
            if set(differing) <= (JOINED | apart if lacks else apart):
                self.found.fail(f"{told}: no record holds the answers that its {', '.join(differing)} came with")
            else:
                self.found.fail(f"{told}: {', '.join(differing)} differ from what its record gives")

    def _record(self, answers: Answers, file: str, offset: int, name: str) -> Place:
        """Where the record is that a row names. Raises NotMade."""
        known, path = answers.ids.get(name), self.folder / Path(file).name
        if not path.is_file():
            raise NotMade(f"its WARC file {file} is missing")
        if name in answers.removed:
            raise NotMade("scrapy forget removed its record")
        if known is None or (known.path.name, known.offset) != (path.name, offset):
            raise NotMade(f"{file} has no record {name} at byte {offset}, or the record is damaged")
        return known


def check_package(folder: Path, files: Sequence[Path], found: Verified, *, absent: Iterable[str]) -> None:
    """Compare the rows of a data package that name a record in ``folder`` with what the record gives. ``absent`` are
    the WARC files that were missing when the package was made."""
    check = RowCheck(folder=folder, found=found, counts=False, absent=frozenset(absent))
    with TemporaryDirectory() as lines:
        for path in files:
            if path.suffix in LINES:
                check.add(path)
            elif path.suffix == ".parquet":
                copy = Path(lines) / path.name
                with copy.open("wb") as file:
                    write_lines(path, file)
                check.add(copy)
        check.run()


def verify_receipt(path: Path) -> Verified:
    """Compare the WARC files of a run with its receipt, and each row of its files with its record.

    Raises BadArgument where the receipt cannot be read or the run wrote no WARC files.
    """
    receipt, found = _receipt(path), Verified()
    folder = (path.parent / receipt["warc"]["folder"]).resolve()
    for one in receipt["warc"]["files"]:
        _check_file(folder / Path(str(one["file"])).name, one, found)
    delivered = Delivered(receipt, path.parent)
    check = RowCheck(folder=folder, found=found, is_own=partial(_is_of_run, receipt), note=delivered.add)
    feeds = [(path.parent / feed).resolve() for feed in receipt.get("feeds", ())]
    lines = [feed for feed in feeds if feed.suffix in LINES and not delivered.has_chosen_columns(feed)]
    if feeds and not lines:
        raise BadArgument(f"the run wrote no JSON lines ({', '.join(LINES)}) with every column as it is")
    for feed in lines:
        if feed.is_file():
            delivered.read(feed)
            check.add(feed)
        else:
            found.fail(f"{feed}: the file of rows is missing")
    check.run()
    for fault in delivered.faults():
        found.fail(fault)
    return found


def _receipt(path: Path) -> Mapping[str, Any]:
    try:
        receipt = orjson.loads(path.read_bytes())
        warc = receipt["warc"]
        if warc is not None:
            warc["files"] = [dict(one) for one in warc["files"]]
            Delivered(receipt, path.parent)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise BadArgument(f"{path} cannot be read as a receipt: {fault}") from None
    if warc is None:
        raise BadArgument(f"{path} names no WARC files: the run wrote none (warc=1 writes them)")
    return dict(receipt)


def _is_of_run(receipt: Mapping[str, Any], row: Row) -> bool:
    """Whether this run brought a row. A file that ``-o`` appends to holds the rows of other runs too.

    Times are whole seconds: a row of the second in which the run started counts as one of the run before it.
    """
    sites = {str(site.get("site")) for site in receipt.get("sites", ())}
    fetched = str(row.get("fetched_at") or receipt.get("ended"))
    return str(row.get("site")) in sites and str(receipt.get("started")) < fetched <= str(receipt.get("ended"))


def _check_file(path: Path, told: Mapping[str, Any], found: Verified) -> None:
    if not path.is_file():
        unfinished = opened(path).is_file()
        found.fail(f"{path.name}: the file is {'not finished' if unfinished else 'missing'}")
        return
    found.files += 1
    if removing(path).exists():
        found.fail(f"{path.name}: scrapy forget was killed while it overwrote records; give it again")
    if (size := path.stat().st_size) != told["bytes"]:
        found.fail(f"{path.name}: the file has {size} bytes, and the receipt says {told['bytes']}")
    elif digest(path) != told["sha256"]:
        found.fail(f"{path.name}: the checksum differs")


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


def _told(pointer: Pointer, row: Row) -> str:
    return f"{pointer.path.name}, row {pointer.number} ({row.get('type')} {row.get('id')})"


def _differing(remaker: Remaker, known: Place, row: Row, made: Made) -> tuple[list[str], bool]:
    """The columns that differ, with the answers that leave the fewest, and whether these answers lack an object
    that the row may link to. Raises NotMade and DamagedRecord."""
    reply, found = reply_of(known.path, known.offset), list[tuple[list[str], bool]]()
    failed: NotMade | DamagedRecord | RecordError | None = None
    for view in VIEWS:
        remaker.look(known.order, view)
        try:
            differing = _differing_now(remaker, reply, row, made)
        except (NotMade, DamagedRecord, RecordError) as fault:
            failed = failed or fault
        else:
            if not differing:
                return [], False
            found.append((differing, remaker.lacks_linked))
        if not remaker.chooses:
            break
    if not found and failed is not None:
        raise failed
    return min(found, key=lambda one: len(one[0]))


def _differing_now(remaker: Remaker, reply: Reply, row: Row, made: Made) -> list[str]:
    merged = remaker.is_merged(reply)
    differing = _differences(row, _make(remaker, reply, row, made), merged=merged)
    if "language" in differing:
        # The language of a short text is that of the posts before it, and not all of them are made again.
        remaker.usual_language(row["language"])
        differing = _differences(row, _make(remaker, reply, row, made, alone=True), merged=merged)
    return differing


def _make(remaker: Remaker, reply: Reply, row: Row, made: Made, *, alone: bool = False) -> Record:
    """The row as its answer gives it. ``made`` holds the rows that the same answer gave. Raises NotMade.

    ``alone``: make it again, and without the rows before it.
    """
    kind = kind_of(row)
    if kind is None:
        raise NotMade("its columns are not those of a row of newsbot")
    if row["via"] == "feed":
        return remaker.clean(remaker.from_feed(reply, row))
    if reply.body.lstrip()[:1] not in (b"[", b"{"):
        return remaker.clean(remaker.from_page(reply, row))
    key = (remaker.answers.view, kind, str(row["type"]))
    if alone:
        return remaker.clean(next(one for one in remaker.rows(reply, *key[1:]) if one.id == row["id"]))
    if key not in made:
        rows = {one.id: remaker.clean(one) for one in remaker.rows(reply, *key[1:])}
        made[key] = rows, remaker.lacks_linked
    rows, remaker.lacks_linked = made[key]
    if not isinstance(row["id"], int) or row["id"] not in rows:
        raise NotMade("its record does not hold it")
    return rows[row["id"]]


def _differences(row: Row, made: Record, *, merged: bool) -> list[str]:
    """The columns whose values differ, byte for byte. ``merged``: the answer is one of several of a listing."""
    again: Row = orjson.loads(json_bytes(made)[0])
    if isinstance(row["request_url"], str):
        row = {**row, "request_url": open_url(row["request_url"])}  # no record holds a password
    left = OF_THE_ARCHIVE | ({"request_url", "fetched_at"} if merged else set())
    return [name for name in row if name not in left and orjson.dumps(row[name]) != orjson.dumps(again[name])]
