"""Rows in formats with types: Parquet and Excel. Their libraries are extras, and are imported when a file begins."""

from __future__ import annotations

import importlib
import io
import logging
from collections.abc import Iterable
from dataclasses import is_dataclass
from datetime import UTC, datetime
from typing import IO, Any

from newsbot.feeds import rows
from newsbot.feeds.column_types import TEXT, Misfit, Type, type_of, typed
from newsbot.feeds.exporters import RowExporter
from newsbot.feeds.rows import Column
from newsbot.safe_json import json_bytes

logger = logging.getLogger(__name__)

BATCH = 1_000
"""Rows in one row group of Parquet."""

MOST_CHARACTERS = 32_767
"""Characters, in UTF-16, that a cell of Excel holds."""

MOST_ROWS = 1_048_576
"""Rows of a sheet of Excel, its header included."""


class _Sink(io.RawIOBase):
    """The target to which a library writes a file. Closing it leaves the file open: the storage seals the file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._file.write(bytes(data))
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written


class TypedExporter(RowExporter):
    """The common part of both formats: the columns and their types, from the class of the rows."""

    def start_exporting(self) -> None:
        self._columns: list[tuple[Column, Type]] = []
        self._open()
        if self.item_class is not None:
            self._begin(rows.table(self.item_class), self.item_class)

    def export_item(self, item: Any) -> None:
        row = rows.as_row(item)
        if not self._columns:
            row_class = type(row)
            own = rows.table(row_class) if is_dataclass(row_class) else [Column(name, name) for name in row]
            self._begin(own, row_class)
        self._add([self._cell(rows.value_of(row, column), wanted) for column, wanted in self._columns])

    def _begin(self, columns: Iterable[Column], item_class: type) -> None:
        chosen, unknown = rows.chosen(columns, self.fields_to_export)
        self._warn_about(unknown)
        has_types = is_dataclass(item_class)
        self._columns = [(column, type_of(item_class, column) if has_types else TEXT) for column in chosen]
        self._header()

    def _cell(self, value: Any, wanted: Type) -> Any:
        try:
            return typed(value, wanted)
        except Misfit:
            self._count_repaired(True)
            return None

    def _open(self) -> None:
        raise NotImplementedError

    def _header(self) -> None:
        raise NotImplementedError

    def _add(self, cells: list[Any]) -> None:
        raise NotImplementedError


class ParquetExporter(TypedExporter):
    """Parquet with real types: times are timestamps, lists of objects are lists of structs."""

    def _open(self) -> None:
        # Imported by name, since mypy cannot read the types of pyarrow.
        self._arrow: Any = importlib.import_module("pyarrow")
        self._parquet: Any = importlib.import_module("pyarrow.parquet")
        self._batch: list[list[Any]] = []
        self._writer: Any = None

    def _header(self) -> None:
        arrow = self._arrow
        self._schema = arrow.schema([(column.name, self._arrow_type(wanted)) for column, wanted in self._columns])
        self._sink = _Sink(self.file)
        self._writer = self._parquet.ParquetWriter(self._sink, self._schema, compression="zstd")

    def _add(self, cells: list[Any]) -> None:
        self._batch.append(cells)
        if len(self._batch) == BATCH:
            self._write_batch()

    def _write_batch(self) -> None:
        arrow = self._arrow
        cells = zip(*self._batch, strict=True)
        arrays = [arrow.array(values, type=field.type) for values, field in zip(cells, self._schema, strict=True)]
        self._writer.write_table(arrow.Table.from_arrays(arrays, schema=self._schema))
        self._batch = []

    def finish_exporting(self) -> None:
        if self._writer is None:
            self._header()  # no row came, and the spider does not name its items: the file has no columns
        if self._batch:
            self._write_batch()
        self._writer.close()

    def _arrow_type(self, wanted: Type) -> Any:
        arrow = self._arrow
        if wanted.name == "list":
            assert wanted.of is not None
            return arrow.list_(self._arrow_type(wanted.of))
        if wanted.name == "mapping":
            assert wanted.of is not None
            return arrow.map_(arrow.string(), self._arrow_type(wanted.of))
        if wanted.name == "struct":
            return arrow.struct([(name, self._arrow_type(part)) for name, part in wanted.parts])
        plain = {
            "whole": arrow.int64(),
            "number": arrow.float64(),
            "truth": arrow.bool_(),
            "time": arrow.timestamp("us", tz="UTC"),
            "local": arrow.timestamp("us"),
        }
        return plain.get(wanted.name, arrow.string())


class XlsxExporter(TypedExporter):
    """A workbook of Excel. Times are dates in UTC. Every text stays text, also if it looks like a formula or a number.

    ``cut`` counts the texts that were longer than a cell. Rows beyond a sheet's limit go to a further sheet.
    """

    def _open(self) -> None:
        writer: Any = importlib.import_module("xlsxwriter")
        # With the option constant_memory, the library writes each row to a temporary file at once.
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self.cut = 0
        self._row = 0
        self._book = writer.Workbook(_Sink(self.file), options)
        # A fixed time, so that the same rows give the same file.
        self._book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._bold = self._book.add_format({"bold": True})

    def _header(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        for place, (column, wanted) in enumerate(self._columns):
            self._sheet.set_column(place, place, 20 if wanted.name in ("time", "local") else 12)
            self._sheet.write_string(0, place, column.name, self._bold)
        self._row = 1

    def _add(self, cells: list[Any]) -> None:
        if self._row == MOST_ROWS:
            self._header()
        for place, value in enumerate(cells):
            self._write(place, value)
        self._row += 1

    def _write(self, place: int, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._row, place, value)
        elif isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**15):
            self._sheet.write_number(self._row, place, value)
        elif isinstance(value, datetime) and value.year >= 1900:
            self._sheet.write_datetime(self._row, place, value.replace(tzinfo=None), self._date)
        else:
            # Excel stores 15 digits of a number, and has no dates before 1900.
            self._sheet.write_string(self._row, place, self._fitting(_as_text(value)))

    def _fitting(self, text: str) -> str:
        data, was_repaired = rows.fit_bytes(text)
        self._count_repaired(was_repaired)
        text = data.decode()
        if len(text) * 2 > MOST_CHARACTERS and len(units := text.encode("utf-16-le")) > 2 * MOST_CHARACTERS:
            self.cut += 1
            return units[: 2 * MOST_CHARACTERS].decode("utf-16-le", "ignore")
        return text

    def finish_exporting(self) -> None:
        if not self._columns:
            self._sheet = self._book.add_worksheet()
        self._book.close()
        if self.cut and self.crawler is not None and self.crawler.stats is not None:
            self.crawler.stats.inc_value("newsbot/feeds/cut", self.cut)
            logger.warning("%d texts are longer than a cell of Excel (32,767 characters) and were cut", self.cut)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list) and all(isinstance(part, tuple) for part in value):
        value = dict(value)
    return json_bytes(value)[0].decode()
