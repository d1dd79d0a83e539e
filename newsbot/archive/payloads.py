"""How the archive stores a row: one compressed JSON object, whose state fields are empty.

The state fields, ``revision`` to ``deleted_at``, belong to the row's history and not to its content. A reader inserts
their values without parsing the JSON around them.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Hashable
from functools import cache
from typing import Any
from zlib import crc32

import orjson
import zstandard

from newsbot.archive.compare import CurrentRow
from newsbot.errors import ArchiveError
from newsbot.items import CLASSES as CLASSES
from newsbot.items import Record, columns
from newsbot.safe_json import json_bytes

"""Kind -> item class."""

STATE_FIELDS = ("revision", "change", "first_seen", "last_seen", "deleted_at")

# One compressor and one decompressor serve all rows. A new one for each row would add a third to the time of
# compressing an article, and half to that of unpacking it; the standard library's decompressor (3.14) makes a new one
# each time.
_COMPRESSOR = zstandard.ZstdCompressor(level=1, write_checksum=True)
_DECOMPRESSOR = zstandard.ZstdDecompressor()

_EMPTY_STATE = b',"revision":null,"change":"new","first_seen":null,"last_seen":null,"deleted_at":null,'
_NO_COLLISION, _COLLISION = b'"guid_collision":false,', b'"guid_collision":true,'


MOST_BYTES = 1 << 30
"""No row is larger. A damaged payload may claim any size."""


_DAMAGED = "the content of a row in the archive is damaged. Crawl its site with -a full=1, which brings the row again"


class BrokenPayload(ArchiveError):
    """The stored content of a row is damaged. SQLite does not check the bytes of a page."""


@dataclasses.dataclass(frozen=True, slots=True)
class RowState:
    """The columns of a row that the archive fills, not the site. The names are those of the items."""

    revision: int
    change: str
    first_seen: str
    last_seen: str
    deleted_at: str | None = None
    collision: bool = False


def state_of(row: CurrentRow, change: str) -> RowState:
    """The state of a current row that is delivered with ``change``."""
    return RowState(row.revision, change, row.first_seen, row.last_seen, row.deleted_at, row.collision)


@cache
def shape_of(kind: str) -> int:
    """A checksum of an item class's columns. A payload with another checksum is rebuilt before it is read."""
    return crc32(",".join(columns(CLASSES[kind])).encode())


def pack(record: Record) -> bytes:
    """The payload of a row. This empties the state fields of ``record``."""
    for name, empty in zip(STATE_FIELDS, (None, "new", None, None, None), strict=True):
        setattr(record, name, empty)
    # json_bytes repairs lone surrogates and odd values of ``raw``, as the feeds do. So newsbot loses no row, whatever
    # its content is.
    return _COMPRESSOR.compress(json_bytes(record)[0])


def compressed(text: bytes) -> bytes:
    """The payload of a stored row's JSON."""
    return _COMPRESSOR.compress(text)


def json_of(payload: bytes | None) -> bytes:
    """The stored row as JSON, with empty state fields. Raises BrokenPayload, also where the payload itself is lost."""
    if payload is None:
        raise BrokenPayload(_DAMAGED)
    try:
        frame = zstandard.get_frame_parameters(payload)
        if not 0 < frame.content_size <= MOST_BYTES:
            raise BrokenPayload(_DAMAGED)
        text = _DECOMPRESSOR.decompress(payload)
        if not frame.has_checksum:
            orjson.loads(text)
    except (zstandard.ZstdError, orjson.JSONDecodeError) as fault:
        raise BrokenPayload(_DAMAGED) from fault
    return text


def with_site(text: bytes, site: str) -> bytes:
    """The JSON of a stored row with ``site`` as its site: the row may have been stored before its site moved."""
    begin = b'{"site":' + orjson.dumps(site) + b","
    if text.startswith(begin):
        return text
    return begin + _STORED_SITE.sub(b"", text, count=1) if _STORED_SITE.match(text) else text


_STORED_SITE = re.compile(rb'\{"site":"(?:[^"\\]|\\.)*",')


def json_line(text: bytes, state: RowState, *, kind: str, shape: int | None) -> bytes:
    """The row as one JSON object with the columns of the feeds, in their order. ``text`` is what ``json_of`` gives."""
    if shape != shape_of(kind):
        return orjson.dumps(record_of(text, state, kind=kind))
    filled = {name: getattr(state, name) for name in STATE_FIELDS}
    text = text.replace(_EMPTY_STATE, b"," + orjson.dumps(filled)[1:-1] + b",", 1)
    return text.replace(_NO_COLLISION, _COLLISION, 1) if state.collision else text


def unpack(payload: bytes | None, state: RowState, *, kind: str, site: str | None = None) -> Record:
    """The row as its item; ``site`` is the present key of its site. Raises BrokenPayload."""
    record = record_of(json_of(payload), state, kind=kind)
    record.site = site or record.site
    return record


def record_of(text: bytes, state: RowState, *, kind: str) -> Record:
    """The row as its item. Fields that this version does not know are left out; new fields get their default.
    Raises BrokenPayload."""
    record = typing.cast(Record, _build(CLASSES[kind], columns_in(text)))
    set_state(record, state)
    return record


def fields_of(payload: bytes) -> dict[str, Any]:
    """The columns of the stored row as plain JSON values, with empty state fields. Raises BrokenPayload."""
    return columns_in(json_of(payload))


def columns_in(text: bytes) -> dict[str, Any]:
    """The columns in the JSON of a stored row. Raises BrokenPayload: the checksum says nothing about the JSON."""
    try:
        fields: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise BrokenPayload(_DAMAGED) from fault
    return fields


def stored_json(data: bytes | None) -> Any:
    """The JSON object of a column; {} for an empty or damaged column: newsbot learns its values again."""
    try:
        stored = orjson.loads(data or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return stored if isinstance(stored, dict) else {}


def bare_record(site: str, type_: str, row_id: int, state: RowState, *, kind: str) -> Record:
    """A row whose content is damaged: its identity and its state."""
    record = CLASSES[kind](site=site, type=type_, id=row_id)
    set_state(record, state)
    return record


def replace_content(record: Record, payload: bytes, state: RowState) -> None:
    """Overwrite all columns of ``record`` with those of a stored row."""
    stored = unpack(payload, state, kind=record.collection, site=record.site)
    for name in columns(type(record)):
        setattr(record, name, getattr(stored, name))


def set_state(record: Record, state: RowState) -> None:
    """Write a row's state into its item."""
    for name in STATE_FIELDS:
        setattr(record, name, getattr(state, name))
    if state.collision:
        record.guid_collision = True  # type: ignore[attr-defined]


@cache
def _nested_classes(item_class: Hashable) -> dict[str, type[Any] | None]:
    """Field -> the dataclass of its value, or of each value in its list; None for plain values."""
    hints = typing.get_type_hints(item_class)
    return {name: _nested(hint) for name, hint in hints.items() if typing.get_origin(hint) is not typing.ClassVar}


def _nested(hint: Any) -> type[Any] | None:
    if typing.get_origin(hint) in (types.UnionType, typing.Union, list):
        found = (_nested(argument) for argument in typing.get_args(hint))
        return next((nested for nested in found if nested is not None), None)
    return hint if isinstance(hint, type) and dataclasses.is_dataclass(hint) else None


def _build(item_class: type[Any], fields: dict[str, Any]) -> Any:
    nested_classes = _nested_classes(typing.cast(Hashable, item_class))
    return item_class(
        **{name: _value(nested, fields[name]) for name, nested in nested_classes.items() if name in fields}
    )


def _value(nested: type[Any] | None, value: Any) -> Any:
    if nested is None:
        return value
    if isinstance(value, list):
        return [_build(nested, part) for part in value]
    return _build(nested, value) if isinstance(value, dict) else value
