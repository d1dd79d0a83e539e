"""The types of columns, for the formats that have types: what a column may hold, and each value as that type. Pure."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from newsbot.feeds.rows import Column
from newsbot.safe_json import json_bytes, without_surrogates

Name = Literal["text", "whole", "number", "truth", "time", "local", "json", "list", "struct", "mapping"]

TIMES = frozenset({"published", "modified", "first_seen", "last_seen", "deleted_at", "fetched_at"})
"""The columns with a time in UTC."""

LOCAL_TIMES = frozenset({"published_local"})
"""The columns with a time of the site's wall clock, without a zone."""

_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Type:
    """``of``: the type of a list's entries or of a mapping's values. ``parts``: the names and types of a struct.

    ``json`` is a value of any shape, as JSON text.
    """

    name: Name
    of: Type | None = None
    parts: tuple[tuple[str, Type], ...] = ()


TEXT = Type("text")


def type_of(item_class: Any, column: Column) -> Type:
    """The type of a column of an item class. A column that the class does not have is text."""
    hints = get_type_hints(item_class)
    hint = hints.get(column.field, str)
    if column.part is not None:
        nested = next(found for found in (hint, *get_args(hint)) if is_dataclass(found))
        hint = get_type_hints(nested)[column.part]
    elif column.field in TIMES:
        return Type("time")
    elif column.field in LOCAL_TIMES:
        return Type("local")
    return _type(hint)


def _type(hint: Any) -> Type:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        return _type(next(argument for argument in arguments if argument is not type(None)))
    if origin is list:
        return Type("list", of=_type(arguments[0]))
    if origin is dict:
        return Type("json") if arguments[1] is Any else Type("mapping", of=_type(arguments[1]))
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        return Type("struct", parts=tuple((field.name, _type(hints[field.name])) for field in fields(hint)))
    plain: dict[Any, Name] = {int: "whole", float: "number", bool: "truth"}
    return Type(plain.get(hint, "text"))


class Misfit(ValueError):
    """A value that its column's type cannot hold."""


def typed(value: Any, wanted: Type) -> Any:
    """``value`` as ``wanted``: times are datetimes, structs are dicts, mappings are lists of pairs. Raises Misfit."""
    if value is None:
        return None
    return _READERS[wanted.name](value, wanted)


def _text(value: Any, _wanted: Type) -> str:
    if isinstance(value, str):
        return without_surrogates(value)
    return json_bytes(value)[0].decode()


def _whole(value: Any, _wanted: Type) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value < _LARGEST:
        return int(value)
    raise Misfit


def _number(value: Any, _wanted: Type) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise Misfit


def _truth(value: Any, _wanted: Type) -> bool:
    if isinstance(value, bool):
        return value
    raise Misfit


def _time(value: Any, wanted: Type) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Misfit from None
    if (moment.tzinfo is None) != (wanted.name == "local"):
        raise Misfit
    return moment


def _json(value: Any, _wanted: Type) -> str:
    return json_bytes(value)[0].decode()


def _list(value: Any, wanted: Type) -> list[Any]:
    assert wanted.of is not None
    if not isinstance(value, list | tuple):
        raise Misfit
    return [typed(part, wanted.of) for part in value]


def _struct(value: Any, wanted: Type) -> dict[str, Any]:
    found = value if isinstance(value, Mapping) else {name: getattr(value, name, None) for name, _ in wanted.parts}
    return {name: typed(found.get(name), part) for name, part in wanted.parts}


def _mapping(value: Any, wanted: Type) -> list[tuple[str, Any]]:
    assert wanted.of is not None
    if not isinstance(value, Mapping):
        raise Misfit
    return [(without_surrogates(str(key)), typed(part, wanted.of)) for key, part in value.items()]


_READERS: dict[Name, Any] = {
    "text": _text,
    "whole": _whole,
    "number": _number,
    "truth": _truth,
    "time": _time,
    "local": _time,
    "json": _json,
    "list": _list,
    "struct": _struct,
    "mapping": _mapping,
}
