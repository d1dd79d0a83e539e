"""Overwrites records of WARC files in their place: every other record stays at its place, which rows and indexes
name."""

from __future__ import annotations

import fcntl
import logging
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import orjson

from newsbot.durable import sync_folder
from newsbot.warc.finishing import OPEN, SUFFIX, finish_dead, opened
from newsbot.warc.index import index_of, write_index
from newsbot.warc.reading import DamagedRecord, StoredRecord, records_in

logger = logging.getLogger(__name__)

REMOVED = b"Removed by scrapy forget."
"""The first words of the record that replaces a removed record. Its WARC-Refers-To names the removed record."""

REMOVING = ".removing"

_BLOCK = 0xFFFF
"""The most bytes in one stored (uncompressed) block of the gzip format."""


class RemovedRecord(NamedTuple):
    """A record to overwrite: where it begins, its compressed size in bytes, its WARC-Record-ID, and the WARC-Date of
    the record in its place."""

    offset: int
    length: int
    record: str
    date: str


def remove(folder: Path, is_removed: Callable[[StoredRecord], bool]) -> int:
    """Overwrite the records of a folder for which ``is_removed`` is true. Returns their number. Raises OSError.

    Whole records of a file that a run is writing now are overwritten too. Before the first byte changes, a list of the
    records is written beside the file. If the process is killed, a later process finishes its work
    (``finish_removals``).
    """
    with _alone(folder):
        _finish(folder)
        finish_dead(folder)
        _finish(folder)
        removed = sum(_remove_from(path, is_removed) for path in _files(folder))
        _finish(folder)  # for files that their runs finished meanwhile
        return removed


def finish_removals(folder: Path) -> None:
    """Overwrite again the records in the list beside each file, since a process may have been killed while it overwrote
    them.

    Nothing is done if another process removes records from the folder: that process finishes all lists at its end. A
    file of another user, or a file that cannot be read or written, is left unchanged and reported. Raises OSError where
    the folder itself cannot be read.
    """
    with _alone(folder, wait=False) as alone:
        for path in _listed(folder) if alone else ():
            try:
                finish_removal(path)
            except OSError as error:
                logger.warning(
                    "%s: the records that are listed in it cannot be overwritten: %s", removing(path), error.strerror
                )


def finish_removal(path: Path) -> bool:
    """Overwrite again the records in the list beside one file. Returns whether there was a list. Raises OSError.

    Waits while another process overwrites records of this file.
    """
    try:
        listed = removing(path).open("rb")
    except FileNotFoundError:
        return False
    with listed:
        _lock(listed)
        try:
            chosen = [RemovedRecord(*each) for each in orjson.loads(listed.read())]
        except (ValueError, TypeError):
            chosen = []  # killed while it wrote the list: no byte of the file was changed
        try:
            file = _open(path)
        except FileNotFoundError:
            removing(path).unlink(missing_ok=True)  # the file does not exist any more, so there are no records
            return True
        with file:
            _overwrite(file, chosen)
        _conclude(path)
    return True


def _finish(folder: Path) -> None:
    for path in _listed(folder):
        finish_removal(path)


def _listed(folder: Path) -> list[Path]:
    """The files with a list beside them, by their final names."""
    return sorted(
        listed.with_name(listed.name.removesuffix(REMOVING)) for listed in folder.glob(f"*{SUFFIX}{REMOVING}")
    )


def removing(path: Path) -> Path:
    """The list of records that are being overwritten, beside the WARC file with this name."""
    return path.with_name(path.name + REMOVING)


def _files(folder: Path) -> list[Path]:
    """The files of a folder, including files that are being written, by their final names."""
    parts = {part.with_name(part.name.removesuffix(OPEN)) for part in folder.glob(f"*{SUFFIX}{OPEN}")}
    return sorted(parts | set(folder.glob(f"*{SUFFIX}")))


def _remove_from(path: Path, is_removed: Callable[[StoredRecord], bool]) -> int:
    file = _open(path)
    date = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    with file:
        chosen = [
            RemovedRecord(record.offset, record.length, record.id, date)
            for record in records_in(file)
            if not isinstance(record, DamagedRecord) and record.kind != "warcinfo" and is_removed(record)
        ]
        if chosen:
            with removing(path).open("wb") as listed:
                _lock(listed)
                listed.write(orjson.dumps([list(each) for each in chosen]))
                listed.flush()
                os.fsync(listed.fileno())
                sync_folder(path.parent)
                _overwrite(file, chosen)
                _conclude(path)
    return len(chosen)


def _open(path: Path) -> IO[bytes]:
    """The file, also if it is still being written. Its run may give it its final name between two attempts."""
    for name in (path, opened(path)):
        with suppress(FileNotFoundError):
            return name.open("r+b")
    return path.open("r+b")


def _lock(listed: IO[bytes]) -> None:
    """Wait until no other process overwrites the listed records, so that no run computes a checksum of a half changed
    file."""
    with suppress(OSError):  # a file system without locks
        fcntl.flock(listed, fcntl.LOCK_EX)


def _overwrite(file: IO[bytes], chosen: Iterable[RemovedRecord]) -> None:
    for offset, length, name, date in chosen:
        file.seek(offset)
        file.write(note(length, refers_to=name, date=date))
    file.flush()
    os.fsync(file.fileno())


def _conclude(path: Path) -> None:
    """Write the index again, and remove the list. If the file is still being written, the list stays, and its run does
    this later."""
    if path.exists():
        write_index(path, index_of(path))
        removing(path).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path, *, wait: bool = True) -> Iterator[bool]:
    """Keep other processes from removing records of the folder. Yields False if another process does so and ``wait`` is
    False."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        except OSError:
            pass  # a file system without locks
        yield True
    finally:
        os.close(descriptor)


def note(length: int, *, refers_to: str, date: str) -> bytes:
    """A compressed record of exactly ``length`` bytes that says what stood in its place.

    The same values give the same bytes, so writing a note again changes no checksum.
    """
    # Gzip needs 18 bytes for its head and end, and 5 bytes for each block that is not compressed.
    blocks = -(-(length - 18) // (_BLOCK + 5))
    size = length - 18 - 5 * blocks
    head = (
        "WARC/1.1\r\nWARC-Type: metadata\r\n"
        f"WARC-Record-ID: <urn:uuid:{uuid5(NAMESPACE_URL, refers_to)}>\r\nWARC-Refers-To: <{refers_to}>\r\n"
        f"WARC-Date: {date}\r\nContent-Type: text/plain\r\nContent-Length: "
    ).encode()
    room = size - len(head) - 14 - 4
    if room < len(REMOVED):
        raise ValueError(f"a record of {length} bytes has no room for a note")
    data = head + b"%010d\r\n\r\n" % room + REMOVED.ljust(room) + b"\r\n\r\n"
    packed = b"".join(_stored(data, blocks))
    tail = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + packed + tail


def _stored(data: bytes, blocks: int) -> Iterator[bytes]:
    """The data in ``blocks`` stored blocks (RFC 1951, section 3.2.4); the last one may be empty."""
    for number in range(blocks):
        part = data[number * _BLOCK : (number + 1) * _BLOCK]
        size = len(part)
        yield bytes([number == blocks - 1]) + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + part
