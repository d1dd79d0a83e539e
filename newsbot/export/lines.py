"""The formats with one row after the other: ``.jsonl``, ``.json``, ``.csv``, ``.xlsx``, ``.parquet``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import IO, Any

import orjson

from newsbot.archive.reader import ArchivedRow
from newsbot.export.croissant import croissant
from newsbot.export.reading import ExportTarget, Reading, Written
from newsbot.feeds.exporters import CsvExporter, RowExporter
from newsbot.feeds.typed_exporters import ParquetExporter, XlsxExporter
from newsbot.items import CLASSES
from newsbot.safe_json import json_bytes


def write_jsonl(target: ExportTarget, reading: Reading) -> Written:
    return Written(rows=jsonl(target.file, _lines(reading.rows())))


def write_json(target: ExportTarget, reading: Reading) -> Written:
    return Written(rows=json(target.file, _lines(reading.rows())))


def write_csv(target: ExportTarget, reading: Reading) -> Written:
    return Written(rows=exported(CsvExporter(target.file, crawler=_as_crawler(reading)), reading))


def write_xlsx(target: ExportTarget, reading: Reading) -> Written:
    exporter = XlsxExporter(target.file, crawler=_as_crawler(reading))
    rows = exported(exporter, reading)
    cut = f"{exporter.cut} texts are longer than a cell of Excel (32,767 characters) and were cut"
    return Written(rows=rows, notes=(cut,) if exporter.cut else ())


def write_parquet(target: ExportTarget, reading: Reading) -> Written:
    """Write a Parquet file, and its description in Croissant beside it."""
    rows = exported(ParquetExporter(target.file, crawler=_as_crawler(reading)), reading)
    described = croissant(target.name, target.file, reading.selection.kind, rows, reading.selection.site)
    beside = f"{target.name.removesuffix('.parquet')}.croissant.json"
    return Written(rows=rows, beside={beside: json_bytes(described, option=orjson.OPT_INDENT_2)[0] + b"\n"})


def _lines(rows: Iterable[ArchivedRow]) -> Iterator[bytes]:
    return (row.line() for row in rows)


def jsonl(file: IO[bytes], lines: Iterable[bytes]) -> int:
    """Write one object a line, and return their number."""
    written = 0
    for line in lines:
        file.write(line)
        file.write(b"\n")
        written += 1
    return written


def json(file: IO[bytes], lines: Iterable[bytes]) -> int:
    """Write an array with one object a line, and return their number."""
    written = 0
    file.write(b"[")
    for line in lines:
        file.write(b",\n" if written else b"\n")
        file.write(line)
        written += 1
    file.write(b"\n]\n")
    return written


def _as_crawler(reading: Reading) -> Any:
    """A stand-in for the crawler with all that an exporter of the feeds reads: the class of the rows, the settings and
    the stats."""
    item_class = CLASSES[reading.selection.kind]
    return SimpleNamespace(settings=reading.settings, stats=None, spidercls=SimpleNamespace(item_class=item_class))


def exported(exporter: RowExporter, reading: Reading) -> int:
    """Write the rows with an exporter of the feeds, and return their number."""
    exporter.start_exporting()
    written = 0
    for record in reading.records():
        exporter.export_item(record)
        written += 1
    exporter.finish_exporting()
    return written
