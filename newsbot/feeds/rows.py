"""Rows as feeds write them: columns for tables, and bytes that every reader accepts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from itemadapter import ItemAdapter

from newsbot.items import Record
from newsbot.safe_json import without_surrogates

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32)])


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. ``part`` is a field of the nested dataclass in ``field``; None: the field itself."""

    name: str
    field: str
    part: str | None = None


@cache
def table(item_class: type) -> tuple[Column, ...]:
    """The fixed columns of a dataclass in field order. A nested dataclass becomes a column for each of its fields."""
    hints = get_type_hints(item_class)
    columns: list[Column] = []
    for field in fields(item_class):
        nested = next((hint for hint in (hints[field.name], *get_args(hints[field.name])) if _is_nested(hint)), None)
        if nested is None or hasattr(hints[field.name], "__origin__"):  # list[TermRef] is a list, not a TermRef
            columns.append(Column(field.name, field.name))
        else:
            columns += [Column(f"{field.name}_{part.name}", field.name, part.name) for part in fields(nested)]
    return tuple(columns)


def _is_nested(hint: Any) -> bool:
    return isinstance(hint, type) and is_dataclass(hint)


def chosen(
    columns: Iterable[Column], wanted: Mapping[str, str] | Iterable[str] | None
) -> tuple[list[Column], list[str]]:
    """Apply Scrapy's feed option ``fields``: the wanted columns under their new names, and the unknown names.

    A nested field can be chosen as a whole (``author``) or by one of its columns (``author_name``).
    """
    columns = list(columns)
    if wanted is None:
        return columns, []
    labels = list(wanted.items()) if isinstance(wanted, Mapping) else [(name, name) for name in wanted]
    picked, unknown = [], []
    for name, label in labels:
        matching = [column for column in columns if column.name == name or column.field == name]
        picked += [Column(_label(column, name, label), column.field, column.part) for column in matching]
        if not matching:
            picked.append(Column(label, name))
            unknown.append(name)
    return picked, unknown


def _label(column: Column, name: str, label: str) -> str:
    return label if column.name == name else f"{label}_{column.part}"


def value_of(item: Any, column: Column) -> Any:
    """The value of a cell; None where the item has no such field."""
    value = item.get(column.field) if isinstance(item, Mapping) else getattr(item, column.field, None)
    if column.part is None or value is None:
        return value
    return value.get(column.part) if isinstance(value, Mapping) else getattr(value, column.part, None)


def as_row(item: Any) -> Any:
    """Any item that Scrapy knows, in a form that orjson accepts. Dataclasses are not copied, since a copy takes 250
    us."""
    if isinstance(item, Record | dict) or (is_dataclass(item) and not isinstance(item, type)):
        return item
    return ItemAdapter(item).asdict()


def fit_bytes(text: str) -> tuple[bytes, bool]:
    """``text`` in UTF-8, and whether a character was replaced.

    U+FFFD replaces the characters that XML 1.0 forbids and that CSV readers cannot read.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return _FORBIDDEN.sub("\ufffd", without_surrogates(text)).encode(), True
    # Three searches in C over the bytes take a tenth of the time of one regular expression over the text.
    if (
        len(data.translate(None, _CONTROLS)) == len(data)
        and b"\xef\xbf\xbe" not in data
        and b"\xef\xbf\xbf" not in data
    ):
        return data, False
    return _FORBIDDEN.sub("\ufffd", text).encode(), True
