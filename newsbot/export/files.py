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
from newsbot.archive.reader import ArchivedRow, Filter, kind_of_type, read_current, read_history
from newsbot.arguments.values import moment
from newsbot.errors import BadArgument
from newsbot.extras import require
from newsbot.feeds.exporters import CsvExporter
from newsbot.feeds.files import Part
from newsbot.feeds.rows import Column, table, value_of
from newsbot.safe_json import json_bytes
from newsbot.timestamps import compact_utc

FORMATS = (".jsonl", ".json", ".csv", ".parquet")

BATCH = 1_000
"""Rows of a Parquet row group."""


def export(path: Path, opts: argparse.Namespace, settings: BaseSettings) -> int:
    """Write the file and count its rows; it appears under its name only when it is whole."""
    form = path.suffix.lower()
    if form not in FORMATS:
        raise BadArgument(f"{path.name} should end in one of {', '.join(FORMATS)}")
    if opts.revisions and form not in (".jsonl", ".json"):
        raise BadArgument("revisions are written to .jsonl or .json")
    if opts.duplicates and (opts.revisions or form == ".parquet"):
        raise BadArgument("duplicates are written to .jsonl, .json or .csv, and without --revisions")
    if form == ".parquet":
        require("parquet", path.name)
    if opts.duplicates:
        require("duplicates", "--duplicates")
    if not settings["NEWSBOT_ARCHIVE"]:
        raise BadArgument("the archive is off (NEWSBOT_ARCHIVE is empty)")
    window = {"since": _moment(opts.since, "--since"), "until": _moment(opts.until, "--until", end=True)}
    archive = Archive.open(settings["NEWSBOT_ARCHIVE"], create=False)
    try:
        kind = kind_of_type(archive.database, opts.type)
        if opts.duplicates and kind != "posts":
            raise BadArgument(f"duplicates are looked for among posts; {opts.type} is none of their types")
        asked = Filter(kind=kind, site=opts.site, type=opts.type, deleted=opts.deleted or opts.revisions, **window)
        part = Part(path.resolve(), run=f"{compact_utc(datetime.now(UTC))}-0000")
        try:
            written = _write(part, form, archive, asked, opts, settings)
        except BaseException:
            part.discard()
            raise
        part.seal()
        part.rename(path.resolve())
        return written
    finally:
        archive.close()


def _write(
    part: Part, form: str, archive: Archive, asked: Filter, opts: argparse.Namespace, settings: BaseSettings
) -> int:
    if opts.duplicates:
        # Imported here: it needs numpy, an extra.
        from newsbot.export.duplicates import write_duplicates

        return write_duplicates(part.file, form, archive, asked, settings)
    if form in (".jsonl", ".json"):
        lines = (
            read_history(archive.database, asked) if opts.revisions else _lines(read_current(archive.database, asked))
        )
        return (_jsonl if form == ".jsonl" else _json)(part.file, lines)
    if form == ".csv":
        return _csv(part.file, read_current(archive.database, asked), asked.kind, settings)
    return _parquet(part.file, read_current(archive.database, asked), asked.kind)


def _lines(kept: Iterable[ArchivedRow]) -> Iterator[bytes]:
    for one in kept:
        yield one.line()


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


def _csv(file: IO[bytes], kept: Iterable[ArchivedRow], kind: str, settings: BaseSettings) -> int:
    # The exporter of the crawl asks its crawler for the row's class and for settings: this is all of it.
    crawler = SimpleNamespace(settings=settings, stats=None, spidercls=SimpleNamespace(item_class=CLASSES[kind]))
    exporter = CsvExporter(file, crawler=cast(Any, crawler))
    exporter.start_exporting()
    written = 0
    for one in kept:
        exporter.export_item(one.record())
        written += 1
    exporter.finish_exporting()
    return written


def _parquet(file: IO[bytes], kept: Iterable[ArchivedRow], kind: str) -> int:
    # Imported by name: pyarrow has no types that mypy could read.
    pyarrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    columns = table(cast(Any, CLASSES[kind]))
    types = {"int": pyarrow.int64(), "bool": pyarrow.bool_(), "float": pyarrow.float64()}
    schema = pyarrow.schema([(one.name, types.get(_plain_type(one, kind), pyarrow.string())) for one in columns])
    written = 0
    rows = iter(kept)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := [one.record() for one in islice(rows, BATCH)]:
            cells = {one.name: [_cell(value_of(row, one)) for row in batch] for one in columns}
            writer.write_table(pyarrow.table(cells, schema=schema))
            written += len(batch)
    return written


def _plain_type(column: Column, kind: str) -> str:
    """The name of a column's type: ``int``, ``bool``, ``float``, else text."""
    owner: Any = CLASSES[kind]
    fields = {one.name: one for one in owner.__dataclass_fields__.values()}
    hint = str(fields[column.field].type)
    if column.part is not None:
        nested = getattr(items, hint.partition(" |")[0])
        hint = str(nested.__dataclass_fields__[column.part].type)
    return hint.partition(" |")[0]


def _cell(value: Any) -> Any:
    """Lists and objects are JSON text, as in CSV."""
    if value is None or isinstance(value, str | int | float):
        return value
    return json_bytes(value)[0].decode()


def _moment(value: str | None, option: str, *, end: bool = False) -> str | None:
    """An ISO date or date-time as rows hold it; without a zone it is UTC. A bare date that ends a window is its day."""
    if value is None:
        return None
    try:
        return f"{moment(value, end=end)}Z"
    except ValueError:
        raise BadArgument(f"{option} {value!r} is no ISO date or date-time") from None
