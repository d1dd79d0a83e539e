"""Overwrites records of WARC files in their place: every other record stays where rows and indexes find it."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from newsbot.warc.finishing import SUFFIX, finish_dead
from newsbot.warc.index import index_of, write_index
from newsbot.warc.reading import DamagedRecord, Record, records_of

REMOVED = b"Removed by scrapy forget."
"""How the block of the record begins that stands in the place of a removed one. WARC-Refers-To names that one."""

_BLOCK = 0xFFFF
"""Bytes that one stored block of the compressed form can hold."""


def remove(folder: Path, is_removed: Callable[[Record], bool]) -> int:
    """Overwrite the records of a folder for which ``is_removed`` holds. Returns their number. Raises OSError.

    Files that a run is writing now are left alone.
    """
    finish_dead(folder)
    count = 0
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        chosen = [
            (record.offset, record.length, record.id)
            for record in records_of(path)
            if not isinstance(record, DamagedRecord) and record.kind != "warcinfo" and is_removed(record)
        ]
        if not chosen:
            continue
        with path.open("r+b") as file:
            for offset, length, name in chosen:
                file.seek(offset)
                file.write(note(length, refers_to=name))
            file.flush()
            os.fsync(file.fileno())
        write_index(path, index_of(path))
        count += len(chosen)
    return count


def note(length: int, *, refers_to: str) -> bytes:
    """A compressed record of exactly ``length`` bytes that says what stood in its place."""
    # Gzip needs 18 bytes for its head and end, and 5 bytes for each block that is not compressed.
    blocks = -(-(length - 18) // (_BLOCK + 5))
    size = length - 18 - 5 * blocks
    head = (
        "WARC/1.1\r\nWARC-Type: metadata\r\n"
        f"WARC-Record-ID: <urn:uuid:{uuid4()}>\r\nWARC-Refers-To: <{refers_to}>\r\n"
        f"WARC-Date: {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\r\nContent-Type: text/plain\r\nContent-Length: "
    ).encode()
    room = size - len(head) - 14 - 4
    if room < len(REMOVED):
        raise ValueError(f"a record of {length} bytes has no room for a note")
    data = head + b"%010d\r\n\r\n" % room + REMOVED.ljust(room) + b"\r\n\r\n"
    packed = b"".join(_stored(data, blocks))
    tail = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + packed + tail


def _stored(data: bytes, blocks: int) -> Iterator[bytes]:
    """The data in so many stored blocks (RFC 1951, section 3.2.4); the last one may be empty."""
    for number in range(blocks):
        part = data[number * _BLOCK : (number + 1) * _BLOCK]
        size = len(part)
        yield bytes([number == blocks - 1]) + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + part
