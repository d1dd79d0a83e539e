"""Completes the WARC file of a dead run: the bytes after its last complete record are cut off. No Scrapy."""

from __future__ import annotations

import fcntl
import logging
import os
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import IO

from newsbot.durable import sync_folder

logger = logging.getLogger(__name__)

OPEN = ".open"
SUFFIX = ".warc.gz"
CHUNK = 1 << 18
QUIET_SECONDS = 24 * 3600
"""On a file system without locks, a file that was not written for this time counts as the file of a dead run. A living
run may wait for hours if a site asks newsbot to wait."""

_GZIP = zlib.MAX_WBITS | 16


class Lock(Enum):
    """The result of an attempt to lock a file. ``NONE``: the file system has no locks."""

    OURS = "ours"
    TAKEN = "taken"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A whole file. ``sha256`` is in hexadecimal digits, ``records`` counts requests, answers and all others."""

    file: str
    bytes: int
    sha256: str
    records: int


def opened(path: Path) -> Path:
    """The name of a file while it is being written."""
    return path.with_name(path.name + OPEN)


def lock(file: IO[bytes]) -> Lock:
    """Take the lock of an open file."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Lock.TAKEN
    except OSError:
        return Lock.NONE
    return Lock.OURS


def finish_dead(folder: Path) -> list[StoredFile]:
    """Give the files of dead runs their names, each with its complete records. A file without a complete record is
    removed.

    A file of another user, or a file that cannot be read or written, is left unchanged and reported. Raises OSError
    where the folder itself cannot be read.
    """
    found = []
    for part in sorted(folder.glob(f"*{SUFFIX}{OPEN}")):
        try:
            with part.open("r+b") as file:
                stored = _finish(part, file)
        except FileNotFoundError:
            continue  # another process finished the file first
        except OSError as error:
            logger.warning("%s: the WARC file of a dead run cannot be finished: %s", part, error.strerror)
            continue
        if stored is not None:
            found.append(stored)
    if found:
        sync_folder(folder)
    return found


def is_dead(part: Path, file: IO[bytes]) -> bool:
    """Whether no process writes the file any more. This process then has the lock, where the file system has locks."""
    match lock(file):
        case Lock.TAKEN:
            return False
        case Lock.NONE:
            return time.time() - part.stat().st_mtime > QUIET_SECONDS
    # The run of the file may have given the file its final name before this process took the lock.
    return part.exists()


def _finish(part: Path, file: IO[bytes]) -> StoredFile | None:
    if not is_dead(part, file):
        return None
    whole = records = 0
    for end in ends_of_records(file):
        whole, records = end, records + 1
    path = part.with_name(part.name.removesuffix(OPEN))
    if not records or path.exists():
        part.unlink()
        return None
    file.truncate(whole)
    os.fsync(file.fileno())
    part.rename(path)
    return stored_file(path, records)


def stored_file(path: Path, records: int) -> StoredFile:
    """The description of a whole file."""
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return StoredFile(file=path.name, bytes=size, sha256=digest.hexdigest(), records=records)


def ends_of_records(file: IO[bytes]) -> Iterator[int]:
    """The offset after each whole record, in order. A damaged or unfinished record ends the list."""
    file.seek(0)
    record, read = zlib.decompressobj(_GZIP), 0
    while chunk := file.read(CHUNK):
        read += len(chunk)
        while chunk:
            try:
                record.decompress(chunk)
            except zlib.error:
                return
            if not record.eof:
                break
            chunk = record.unused_data
            yield read - len(chunk)
            record = zlib.decompressobj(_GZIP)
