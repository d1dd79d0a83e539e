"""The file formats of site lists: from bytes to rows, however a spreadsheet saved them.

Excel writes a semicolon or a tab in the place of a comma, UTF-16 ("Unicode text"), the code page of the country, a line
``sep=;``, and rows that hold nothing but separators.
"""

from __future__ import annotations

import codecs
import csv
import io
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = tuple[str, dict[str, Any]]
"""The place of a row (``line 3``), and its cells by column."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SEPARATORS = ",;\t|"
_INVISIBLE = "\ufeff\u200b\u2060"
"""Characters without a width. No cell begins or ends with one of them. ``str.strip`` itself removes all spaces."""


class BadList(Exception):
    """A site list cannot be read. The text says why, and in which line."""


def read_rows(path: Path) -> list[Row]:
    """The rows of a site list. Raises BadList and OSError."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise BadList("the name of a site list must end in .txt, .csv or .toml")
    return reader(path.read_bytes())


def _decoded(data: bytes) -> str:
    """The text of a file: by its byte order mark, else UTF-8, else UTF-16 where every other byte is zero, else the code
    page of Western Windows."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _in_encoding(data[len(mark) :], encoding)
    zeros = [data[start:2_000:2].count(0) for start in (0, 1)]
    if max(zeros) * 4 > min(len(data), 2_000):
        return _in_encoding(data, "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _in_encoding(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, "replace").count("\n") + 1
        raise BadList(f"line {line}: it is not {encoding.upper()} ({error.reason})") from None


def _toml_rows(data: bytes) -> list[Row]:
    try:
        found = tomllib.loads(_in_encoding(data.removeprefix(codecs.BOM_UTF8), "utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadList(str(error)) from None
    if found and "site" not in found:
        raise BadList(f"it has no [[site]] table, it has {', '.join(found)}")
    tables = found.get("site", [])
    if not isinstance(tables, list):
        raise BadList("`site` is not a list of [[site]] tables")
    return [(f"entry {number}", table if isinstance(table, dict) else {}) for number, table in enumerate(tables, 1)]


def _txt_rows(data: bytes) -> list[Row]:
    text = _decoded(data)
    lines = [(number, line.split("#", 1)[0]) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line.strip()]
    if lines and "url" in _header(lines[0][1], "\t"):
        # Excel saves a table as "Unicode text", with tabs.
        return _table_rows(text)
    return [(f"line {number}", {"url": _cell(line).strip('"')}) for number, line in lines if _cell(line)]


def _csv_rows(data: bytes) -> list[Row]:
    return _table_rows(_decoded(data))


def _table_rows(text: str) -> list[Row]:
    first, separator = _layout(text)
    numbered = _cells(text, separator)
    header: list[str] = []
    rows: list[Row] = []
    for number, cells in numbered:
        if number < first or not any(cells):
            continue
        if not header:
            header = [cell.lower() for cell in cells]
            if "url" not in header:
                raise BadList(f"line {number}: the header has no column url, it has {', '.join(filter(None, header))}")
            continue
        if any(cells[len(header) :]):
            raise BadList(f"line {number}: a line has more cells than the header has names")
        rows.append((f"line {number}", {name: cell for name, cell in zip(header, cells, strict=False) if name}))
    return rows


def _layout(text: str) -> tuple[int, str]:
    """The number of the header's line, and the separator: the sign in a line ``sep=;``, else the separator with which
    the header has a column ``url``."""
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip(_INVISIBLE).strip().strip('"')
        if plain.lower().startswith("sep=") and len(plain) == len("sep=") + 1:
            return number + 1, plain[-1]
        if plain.lower() == "sep=":
            return number + 1, "\t"
        if any(_cell(part) for part in line.strip(_SEPARATORS)):
            named = (mark for mark in _SEPARATORS if "url" in _header(line, mark))
            return number, next(named, ",")
    return 1, ","


def _header(line: str, separator: str) -> list[str]:
    return [_cell(name).strip('"').strip().lower() for name in line.split(separator)]


def _cells(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table: for each row the number of its first line, and its cells."""
    reader, begins = csv.reader(io.StringIO(text, newline=""), delimiter=separator), 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadList(f"line {begins}: {error}") from None
        yield begins, [_cell(cell) for cell in cells]
        begins = reader.line_num + 1


def _cell(cell: str) -> str:
    return cell.strip().strip(_INVISIBLE).strip()


_READERS = {".toml": _toml_rows, ".csv": _csv_rows, ".txt": _txt_rows}
SUFFIXES = tuple(_READERS)
"""The endings of the name of a site list."""
