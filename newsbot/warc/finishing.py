"""How the WARC file of a dead run becomes whole: what stands behind its last whole record is cut off. No Scrapy."""

from __future__ import annotations

import contextlib
import fcntl
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from newsbot.durable import sync_folder

OPEN = ".open"
SUFFIX = ".warc.gz"
CHUNK = 1 << 18
_GZIP = zlib.MAX_WBITS | 16


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


def lock(file: IO[bytes] | os.PathLike[str] | object) -> bool:
    """Take the lock of an open file. False where another process holds the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[arg-type]
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True


def finish_dead(folder: Path) -> list[StoredFile]:
    """Give the files of dead runs their names, each with its whole records. A file without any is removed."""
    found = []
    for part in sorted(folder.glob(f"*{SUFFIX}{OPEN}")):
        with contextlib.suppress(FileNotFoundError), part.open("r+b") as file:
            if not lock(file) or not part.exists():
                continue
            whole = records = 0
            for end in ends_of_records(file):
                whole, records = end, records + 1
            path = part.with_name(part.name.removesuffix(OPEN))
            if not records or path.exists():
                part.unlink()
                continue
            file.truncate(whole)
            os.fsync(file.fileno())
            part.rename(path)
            found.append(stored_file(path, records))
    if found:
        sync_folder(folder)
    return found


def stored_file(path: Path, records: int) -> StoredFile:
    """The description of a whole file."""
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return StoredFile(file=path.name, bytes=size, sha256=digest.hexdigest(), records=records)


def ends_of_records(file: IO[bytes]) -> Iterator[int]:
    """The offset behind each whole record, in order. A damaged or unfinished record ends the list."""
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
