"""The archive as a file, in the columns of the crawl: ``.jsonl``, ``.json``, ``.csv`` or ``.parquet``."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, cast

from scrapy.settings import BaseSettings

from newsbot import items
from newsbot.archive import Archive
from newsbot.archive.payloads import CLASSES
from newsbot.archive.reader import ArchivedRow, Filter, archived_collections, read_current, read_history
from newsbot.arguments.values import moment
from newsbot.errors import ArchiveError, BadArgument
from newsbot.export.selection import choose
from newsbot.extras import require
from newsbot.feeds.exporters import CsvExporter
from newsbot.feeds.files import Part
from newsbot.feeds.rows import Column, table, value_of
from newsbot.safe_json import json_bytes
from newsbot.terminal import tell
from newsbot.timestamps import compact_utc

FORMATS = (".jsonl", ".json", ".csv", ".parquet")

BATCH = 1_000
"""Rows in one row group of Parquet."""


NAMED = 5
"""Damaged rows that the line about them names."""


def export(path: Path, opts: argparse.Namespace, settings: BaseSettings) -> int:
    """Write the file and return the number of its rows. The file appears under its name only when it is complete.

    Raises BadArgument, ArchiveError and OSError.
    """
    form = path.suffix.lower()
    _check_options(path, form, opts)
    if not settings["NEWSBOT_ARCHIVE"]:
        raise BadArgument("the archive is off, because NEWSBOT_ARCHIVE is empty")
    window = {"since": _moment(opts.since, "--since"), "until": _moment(opts.until, "--until", end=True)}
    archive = Archive.open(settings["NEWSBOT_ARCHIVE"], create=False)
    try:
        chosen = choose(archived_collections(archive.database), site=opts.site, types=opts.type, kind=opts.kind)
        if opts.duplicates and chosen.kind != "posts":
            raise BadArgument(f"--duplicates compares posts, and {opts.type} is not a type of posts")
        if chosen.note:
            tell(f"scrapy export: {chosen.note}")
        selection = Filter(
            kind=chosen.kind,
            site=opts.site,
            types=chosen.types,
            deleted=opts.deleted or opts.revisions,
            **window,
        )
        part = Part(path.resolve(), run=f"{compact_utc(datetime.now(UTC))}-0000")
        broken: list[str] = []
        try:
            written = _write(part, form, archive, selection, opts, settings, broken)
        except BaseException:
            part.discard()
            raise
        part.seal()
        part.rename(path.resolve())
        if broken:
            raise ArchiveError(_broken_line(path, written, list(dict.fromkeys(broken))))
        return written
    finally:
        archive.close()


def _broken_line(path: Path, written: int, broken: list[str]) -> str:
    named = ", ".join(broken[:NAMED]) + (", ..." if len(broken) > NAMED else "")
    return (
        f"{path.name} has {written} rows; rows of the archive whose content is damaged: {len(broken)} ({named}). "
        "Crawl their sites with -a full=1, which brings them again"
    )


def _check_options(path: Path, form: str, opts: argparse.Namespace) -> None:
    if form not in FORMATS:
        raise BadArgument(f"the name {path.name} must end in one of {', '.join(FORMATS)}")
    if opts.revisions and form not in (".jsonl", ".json"):
        raise BadArgument("--revisions writes only .jsonl and .json")
    if opts.duplicates and (opts.revisions or form == ".parquet"):
        raise BadArgument("--duplicates writes only .jsonl, .json and .csv, and does not go together with --revisions")
    if form == ".parquet":
        require("parquet", path.name)
    if opts.duplicates:
        require("duplicates", "--duplicates")


def _write(
    part: Part,
    form: str,
    archive: Archive,
    selection: Filter,
    opts: argparse.Namespace,
    settings: BaseSettings,
    broken: list[str],
) -> int:
    if opts.duplicates:
        # Imported here, since it imports numpy, which is an extra.
        from newsbot.export.duplicates import write_duplicates

        return write_duplicates(part.file, form, archive, selection, settings, broken)
    if form in (".jsonl", ".json"):
        lines = (
            read_history(archive.database, selection, broken)
            if opts.revisions
            else _lines(read_current(archive.database, selection, broken))
        )
        return (_jsonl if form == ".jsonl" else _json)(part.file, lines)
    if form == ".csv":
        return _csv(part.file, read_current(archive.database, selection, broken), selection.kind, settings)
    return _parquet(part.file, read_current(archive.database, selection, broken), selection.kind)


def _lines(rows: Iterable[ArchivedRow]) -> Iterator[bytes]:
    return (row.line() for row in rows)


def _jsonl(file: IO[bytes], lines: Iterable[bytes]) -> int:
    written = 0
    for line in lines:
        file.write(line)
        file.write(b"\n")
        written += 1
    return written


def _json(file: IO[bytes], lines: Iterable[bytes]) -> int:
    written = 0
    file.write(b"[")
    for line in lines:
        file.write(b",\n" if written else b"\n")
        file.write(line)
        written += 1
    file.write(b"\n]\n")
    return written


def _csv(file: IO[bytes], rows: Iterable[ArchivedRow], kind: str, settings: BaseSettings) -> int:
    # The exporter takes only the class of the rows, the settings and the stats from its crawler.
    crawler = SimpleNamespace(settings=settings, stats=None, spidercls=SimpleNamespace(item_class=CLASSES[kind]))
    exporter = CsvExporter(file, crawler=cast(Any, crawler))
    exporter.start_exporting()
    written = 0
    for row in rows:
        exporter.export_item(row.record())
        written += 1
    exporter.finish_exporting()
    return written


def _parquet(file: IO[bytes], rows: Iterable[ArchivedRow], kind: str) -> int:
    # Imported by name, since mypy cannot read the types of pyarrow.
    pyarrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    columns = table(cast(Any, CLASSES[kind]))
    types = {"int": pyarrow.int64(), "bool": pyarrow.bool_(), "float": pyarrow.float64()}
    schema = pyarrow.schema(
        [(column.name, types.get(_plain_type(column, kind), pyarrow.string())) for column in columns]
    )
    written = 0
    every = iter(rows)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := [row.record() for row in islice(every, BATCH)]:
            cells = {column.name: [_cell(value_of(row, column)) for row in batch] for column in columns}
            writer.write_table(pyarrow.table(cells, schema=schema))
            written += len(batch)
    return written


def _plain_type(column: Column, kind: str) -> str:
    """The name of a column's type. Any name but ``int``, ``bool`` and ``float`` means text."""
    owner: Any = CLASSES[kind]
    hint = str(owner.__dataclass_fields__[column.field].type)
    if column.part is not None:
        nested = getattr(items, hint.partition(" |")[0])
        hint = str(nested.__dataclass_fields__[column.part].type)
    return hint.partition(" |")[0]


def _cell(value: Any) -> Any:
    """The value of a cell. Lists and mappings become JSON text, as in CSV."""
    if value is None or isinstance(value, str | int | float):
        return value
    return json_bytes(value)[0].decode()


def _moment(value: str | None, option: str, *, end: bool = False) -> str | None:
    """An ISO date or date-time in the form of the rows. Without a zone it is UTC.

    With ``end`` a bare date includes its whole day.
    """
    if value is None:
        return None
    try:
        return f"{moment(value, end=end)}Z"
    except ValueError:
        raise BadArgument(f"{option} takes an ISO date or date-time such as 2024-05-31, not {value!r}") from None
