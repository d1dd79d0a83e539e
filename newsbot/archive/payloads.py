"""How a row is kept: one JSON object, compressed, with a fixed block where the archive's own fields go.

The fields ``revision`` to ``deleted_at`` belong to the row's history, not to its content; a payload holds them empty,
and a reader splices the true ones in, without parsing the JSON around them.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Hashable
from functools import cache
from typing import Any
from zlib import crc32

import orjson
import zstandard

from newsbot.items import Comment, Media, Post, Record, Term, User, columns
from newsbot.safe_json import json_bytes

CLASSES: dict[str, type[Record]] = {one.collection: one for one in (Post, Comment, Media, Term, User)}
"""Kind -> item class."""

HISTORY = ("revision", "change", "first_seen", "last_seen", "deleted_at")

# One of each for all rows: to make them anew costs a third of compressing an article, and half of unpacking it. The
# standard library's own (3.14) unpacks with a new one each time.
_COMPRESSOR = zstandard.ZstdCompressor(level=1)
_DECOMPRESSOR = zstandard.ZstdDecompressor()

_BLOCK = b',"revision":null,"change":"new","first_seen":null,"last_seen":null,"deleted_at":null,'
_NO_COLLISION, _COLLISION = b'"guid_collision":false,', b'"guid_collision":true,'


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """What the archive knows of a row's history; the fields are those of the items."""

    revision: int
    change: str
    first_seen: str
    last_seen: str
    deleted_at: str | None = None
    collision: bool = False


@cache
def shape_of(kind: str) -> int:
    """A number for an item class's columns: a payload of another shape is rebuilt before it is read."""
    return crc32(",".join(columns(CLASSES[kind])).encode())


def freeze(record: Record) -> bytes:
    """A row's payload. The record's own history fields are set back to nothing by this."""
    for name, empty in zip(HISTORY, (None, "new", None, None, None), strict=True):
        setattr(record, name, empty)
    # As the feeds write it: no lone surrogate, and nothing in ``raw``, is a reason to lose the row.
    return _COMPRESSOR.compress(json_bytes(record)[0])


def line_of(payload: bytes, standing: Standing, *, kind: str, shape: int | None) -> bytes:
    """The row as one JSON object in the feeds' column order."""
    if shape != shape_of(kind):
        return orjson.dumps(thaw(payload, standing, kind=kind))
    text = _DECOMPRESSOR.decompress(payload)
    history = {name: getattr(standing, name) for name in HISTORY}
    text = text.replace(_BLOCK, b"," + orjson.dumps(history)[1:-1] + b",", 1)
    return text.replace(_NO_COLLISION, _COLLISION, 1) if standing.collision else text


def thaw(payload: bytes, standing: Standing, *, kind: str) -> Record:
    """The row as its item. Fields this code does not know are left out, new ones take their default."""
    record = typing.cast(Record, _build(CLASSES[kind], orjson.loads(_DECOMPRESSOR.decompress(payload))))
    give_standing(record, standing)
    return record


def put_back(record: Record, payload: bytes, standing: Standing) -> None:
    """Make a record what is kept of it."""
    kept = thaw(payload, standing, kind=record.collection)
    for name in columns(type(record)):
        setattr(record, name, getattr(kept, name))


def text_of(payload: bytes) -> dict[str, Any]:
    """The row's plain fields, for comparing revisions."""
    fields: dict[str, Any] = orjson.loads(_DECOMPRESSOR.decompress(payload))
    return fields


def give_standing(record: Record, standing: Standing) -> None:
    """Write a row's history into its item."""
    for name in HISTORY:
        setattr(record, name, getattr(standing, name))
    if standing.collision:
        record.guid_collision = True  # type: ignore[attr-defined]


@cache
def _builders(item_class: Hashable) -> dict[str, type[Any] | None]:
    """Field -> the dataclass that its value, or each value of its list, is built as; None for plain values."""
    hints = typing.get_type_hints(item_class)
    return {name: _nested(hint) for name, hint in hints.items() if typing.get_origin(hint) is not typing.ClassVar}


def _nested(hint: Any) -> type[Any] | None:
    if typing.get_origin(hint) in (types.UnionType, typing.Union, list):
        found = (_nested(argument) for argument in typing.get_args(hint))
        return next((one for one in found if one is not None), None)
    return hint if isinstance(hint, type) and dataclasses.is_dataclass(hint) else None


def _build(item_class: type[Any], fields: dict[str, Any]) -> Any:
    values = {}
    for name, nested in _builders(typing.cast(Hashable, item_class)).items():
        if name not in fields:
            continue
        value = fields[name]
        if nested is not None and isinstance(value, list):
            value = [_build(nested, one) for one in value]
        elif nested is not None and isinstance(value, dict):
            value = _build(nested, value)
        values[name] = value
    return item_class(**values)
