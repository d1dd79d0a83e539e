"""Values as JSON, whatever a site sent: what an encoder refuses is mended. Pure; imports nothing of ours."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import orjson

MAX_DEPTH = 200
"""orjson writes 254 levels and reads 1,024: what WordPress sent may be deeper than what can be written."""

TOO_DEEP = f"(nested deeper than {MAX_DEPTH} levels)"


def json_bytes(value: Any, *, option: int = 0) -> tuple[bytes, bool]:
    """JSON of any value, and whether it had to be mended: no content of a site may cost a row."""
    try:
        return orjson.dumps(value, option=option), False
    except orjson.JSONEncodeError:
        indent = 2 if option & orjson.OPT_INDENT_2 else None
        separators = None if indent else (",", ":")
        text = json.dumps(mend(value), ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
        return text.encode() + (b"\n" if option & orjson.OPT_APPEND_NEWLINE else b""), True


def mend(value: Any, depth: int = 0) -> Any:
    """Plain values any JSON encoder takes: integers of any size stay, lone surrogates become U+FFFD."""
    if isinstance(value, str):
        return joined(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= MAX_DEPTH:
        return TOO_DEEP
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: mend(getattr(value, field.name), depth + 1) for field in fields(value)}
    if isinstance(value, Mapping):
        return {joined(str(key)): mend(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mend(part, depth + 1) for part in value]
    return joined(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))


def joined(text: str) -> str:
    """Text without lone surrogates; a pair that PHP wrote as two halves becomes its one character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
