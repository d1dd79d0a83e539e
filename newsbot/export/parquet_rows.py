"""The rows of a Parquet file as the JSON lines that the same rows would be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import IO, Any

import orjson

from newsbot.extras import require
from newsbot.feeds.column_types import Type, type_of
from newsbot.feeds.rows import Column, table
from newsbot.items import CLASSES

_BATCH = 200
"""Rows that are in memory at once. A single row may take megabytes."""


def parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows with the columns and types of the file. Raises BadArgument without pyarrow."""
    require("parquet", "to read a Parquet file")
    from pyarrow import parquet  # type: ignore[import-untyped]

    for batch in parquet.ParquetFile(path).iter_batches(batch_size=_BATCH):
        yield from batch.to_pylist()


def write_lines(path: Path, file: IO[bytes]) -> None:
    """Write the rows of a Parquet file as JSON lines. A row that newsbot did not write keeps its columns."""
    for row in parquet_rows(path):
        file.write(orjson.dumps(as_json(row), default=str) + b"\n")


def as_json(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row in the columns of JSON lines: times are texts, and the columns of a nested object are one column."""
    typed = _columns().get(tuple(row))
    if typed is None:
        return row
    found: dict[str, Any] = {}
    for column, wanted in typed:
        value = _untyped(row[column.name], wanted)
        if column.part is None:
            found[column.field] = value
        else:
            found.setdefault(column.field, {})[column.part] = value
    nested = {column.field for column, _ in typed if column.part is not None}
    return {name: _object(value) if name in nested else value for name, value in found.items()}


def _object(parts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A nested object. If all its parts are absent, the object is None."""
    return None if all(value is None for value in parts.values()) else parts


@cache
def _columns() -> dict[tuple[str, ...], list[tuple[Column, Type]]]:
    """The names of all columns of a kind of rows -> its columns and their types."""
    items: list[type] = list(CLASSES.values())
    kinds = [[(column, type_of(item, column)) for column in table(item)] for item in items]
    return {tuple(column.name for column, _ in typed): typed for typed in kinds}


def _untyped(value: Any, wanted: Type) -> Any:
    if value is None:
        return None
    if wanted.name == "list" and wanted.of is not None:
        return [_untyped(each, wanted.of) for each in value]
    if wanted.name == "mapping" and wanted.of is not None:
        return {name: _untyped(each, wanted.of) for name, each in value}
    if wanted.name == "struct":
        return {name: _untyped(value.get(name), part) for name, part in wanted.parts}
    if wanted.name == "json":
        return json.loads(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S") + ("Z" if value.tzinfo else "")
    return value
