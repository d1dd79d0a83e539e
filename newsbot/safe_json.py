"""Writes any value as JSON: a value that an encoder refuses is repaired. Pure; imports nothing of newsbot."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import orjson

MAX_DEPTH = 200
"""Levels of nesting that are written. orjson reads 1,024 levels and writes 254, so a site can send too many."""

BEYOND_FLOATS = (1 << 1024) - (1 << 970)
"""The smallest integer that is too large for a float."""

TOO_DEEP = f"(nested deeper than {MAX_DEPTH} levels)"


def json_bytes(value: Any, *, option: int = 0) -> tuple[bytes, bool]:
    """``value`` as JSON, and whether it had to be repaired: no content of a site may make newsbot lose a row."""
    try:
        return orjson.dumps(value, option=option), False
    except orjson.JSONEncodeError:
        indent = 2 if option & orjson.OPT_INDENT_2 else None
        separators = None if indent else (",", ":")
        text = json.dumps(repaired(value), ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
        return text.encode() + (b"\n" if option & orjson.OPT_APPEND_NEWLINE else b""), True


def repaired(value: Any, depth: int = 0) -> Any:
    """``value`` as plain values that every JSON encoder accepts.

    U+FFFD replaces a lone surrogate. None replaces NaN, infinity, and an integer beyond every float: orjson and other
    readers refuse such a number, so a row with it could never be read again.
    """
    if isinstance(value, str):
        return without_surrogates(value)
    if value is None or isinstance(value, bool | int):
        return value if value is None or abs(value) < BEYOND_FLOATS else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= MAX_DEPTH:
        return TOO_DEEP
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: repaired(getattr(value, field.name), depth + 1) for field in fields(value)}
    if isinstance(value, Mapping):
        return {without_surrogates(str(key)): repaired(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [repaired(part, depth + 1) for part in value]
    return without_surrogates(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))


def without_surrogates(text: str) -> str:
    """``text`` without lone surrogates. PHP may write a pair of surrogates; the pair becomes one character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
