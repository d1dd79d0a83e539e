"""How a file becomes complete: it is written as a part in the same folder, synced, then renamed. No Scrapy.

A part is named ``.NAME.RUN.part``. The process that writes a part holds a lock on it. So another process can see
whether a part is still being written or was left by a dead run; a process id could not show that, since ids are reused.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import io
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self

import orjson

from newsbot.durable import sync_folder

BUFFER = 1 << 18
CHUNK = 1 << 20
ENDS = 4096
"""Bytes at the beginning and at the end of a file in which its opening and closing marks must be."""

_PART = re.compile(r"\..+\.\d{8}T\d{6}Z-[0-9a-f]{4}(~\d+)?\.part")


class FeedError(OSError):
    """A feed could not be stored. The text is one line for the user."""


class CannotAppend(FeedError):
    """The rows of this run cannot be appended to the file at the target."""


def check_target(path: Path) -> None:
    """Raise OSError if a complete file cannot get this name: for a folder, a device, a pipe, and for ``-``.

    A rename would replace a device such as /dev/null by a plain file.
    """
    if path.name == "-":
        raise FeedError("- is no name of a file here: the file appears under its name only when it is complete")
    if path.is_dir():
        raise FeedError(f"{path} is a folder; give the name of a file")
    if path.exists() and not path.is_file():
        raise FeedError(f"{path} is a device or a pipe, and a complete file would take its place; give another name")


class PartFile:
    """A file that is being written in the folder of its target. Closing the file releases the lock."""

    def __init__(self, target: Path, *, run: str) -> None:
        for attempt in range(1000):
            self.path = target.with_name(f".{target.name}.{run}{f'~{attempt}' if attempt else ''}.part")
            # 0o666 without the bits of the umask, as open() does it. With tempfile's 0o600 other users could not read
            # the feeds.
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            try:
                descriptor = os.open(self.path, flags, 0o666)
            except FileExistsError:
                continue
            self.file: IO[bytes] = open(descriptor, "w+b", buffering=BUFFER)  # noqa: SIM115, PTH123
            _lock(descriptor)
            with contextlib.suppress(OSError):
                os.fchmod(descriptor, target.stat().st_mode & 0o7777)
            if self.path.exists():
                return
            self.file.close()  # another process removed the part before it was locked
        raise FeedError(f"no free name for a part of {target}: 1000 parts of this run exist. Remove them")

    def seal(self) -> None:
        """Write all bytes to the disk."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a full disk refuses the bytes that are still in the buffer
            self.file.close()

    def rename(self, target: Path) -> None:
        """Rename the part to the target. After this the rename survives a power cut."""
        self.path.replace(target)
        self.file.close()
        sync_folder(target.parent)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove_dead_parts(folder: Path) -> list[Path]:
    """Remove the parts of dead runs from a folder. Returns their paths."""
    removed = []
    for path in folder.iterdir():
        if not _PART.fullmatch(path.name):
            continue
        with contextlib.suppress(OSError), path.open("rb") as file:
            if _lock(file.fileno()):
                path.unlink()
                removed.append(path)
    return removed


class FolderLock:
    """Lets one run at a time append to the files of a folder: if two runs read the same old file, each would lose the
    rows of the other run.

    The lock is on the folder itself, so that no lock file remains. On a file system without locks, every run gets the
    lock.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        self._descriptor = os.open(self.folder, os.O_RDONLY)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def take(self) -> bool:
        """Try to take the lock; False while another run holds it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


def merge(form: str, *, old: IO[bytes], new: IO[bytes], out: IO[bytes]) -> None:
    """Write the rows of ``old``, then those of ``new``, to ``out`` as one valid file. Raises CannotAppend."""
    if form not in _MERGES:
        raise CannotAppend(f"newsbot cannot append to a file of format {form}")
    old.seek(0)
    new.seek(0)
    _MERGES[form](old, new, out)


def _merge_lines(old: IO[bytes], new: IO[bytes], out: IO[bytes]) -> None:
    shutil.copyfileobj(old, out, CHUNK)
    if _last(old) not in (b"", b"\n"):
        out.write(b"\n")
    shutil.copyfileobj(new, out, CHUNK)


def _merge_bytes(old: IO[bytes], new: IO[bytes], out: IO[bytes]) -> None:
    shutil.copyfileobj(old, out, CHUNK)
    shutil.copyfileobj(new, out, CHUNK)


def _last(file: IO[bytes]) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 1))
    return file.read(1)


def _merge_csv(old: IO[bytes], new: IO[bytes], out: IO[bytes]) -> None:
    if _header(old) != _header(new):
        raise CannotAppend("the columns of its header differ from those of this run")
    old.seek(0)
    quotes = 0
    while chunk := old.read(CHUNK):
        quotes += chunk.count(b'"')
        out.write(chunk)
    if quotes % 2:
        raise CannotAppend("its last row is cut off inside quotes")
    if _last(old) != b"\n":
        out.write(b"\r\n")
    new.seek(0)
    new.readline()  # the header: the name of a column has no line break
    shutil.copyfileobj(new, out, CHUNK)


def _header(file: IO[bytes]) -> list[str]:
    file.seek(0)
    text = file.read(CHUNK).decode("utf-8-sig", "replace")
    try:
        return next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        return []


def _merge_json(old: IO[bytes], new: IO[bytes], out: IO[bytes]) -> None:
    end = _closing_mark(old, closing=b"]", opening=b"[")
    _check_json(old)
    first = new.read(3)  # "[\n{", or "[\n]" if there are no rows
    has_new_rows = not first.endswith(b"]")
    _copy(old, out, end)
    old.seek(max(0, end - ENDS))
    if has_new_rows and not old.read(min(end, ENDS)).rstrip().endswith(b"["):
        out.write(b",")
    out.write(first[1:])
    shutil.copyfileobj(new, out, CHUNK)


def _check_json(old: IO[bytes]) -> None:
    """Raise CannotAppend for an array that is cut off: its last bracket may be part of a cell.

    A file of up to 64 MiB is parsed. A larger file must end in the same way as a file of JsonExporter.
    """
    old.seek(0)
    try:
        if old.seek(0, os.SEEK_END) <= 64 * CHUNK:
            old.seek(0)
            orjson.loads(old.read())
            return
    except orjson.JSONDecodeError:
        raise CannotAppend("it is not a complete JSON array") from None
    old.seek(-3, os.SEEK_END)
    if old.read() != b"\n]\n":
        raise CannotAppend("newsbot did not write this JSON array")


def _merge_xml(old: IO[bytes], new: IO[bytes], out: IO[bytes]) -> None:
    head = new.readline() + new.readline()  # the declaration and the root
    _copy(old, out, _closing_mark(old, closing=b"</items>", opening=head))
    shutil.copyfileobj(new, out, CHUNK)


def _closing_mark(file: IO[bytes], *, closing: bytes, opening: bytes) -> int:
    """The position of the closing mark of a file. Raises CannotAppend for a file without these marks at its ends."""
    file.seek(0)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(ENDS).lstrip()
    file.seek(max(0, size - ENDS))
    tail = file.read().rstrip()
    if not head.startswith(opening) or not tail.endswith(closing):
        raise CannotAppend(f"it is not a complete file of newsbot, which ends with {closing.decode()}")
    return max(0, size - ENDS) + len(tail) - len(closing)


def _copy(file: IO[bytes], out: IO[bytes], size: int) -> None:
    file.seek(0)
    while size > 0 and (chunk := file.read(min(CHUNK, size))):
        out.write(chunk)
        size -= len(chunk)


_MERGES: dict[str, Callable[[IO[bytes], IO[bytes], IO[bytes]], None]] = {
    "jsonl": _merge_lines,
    "jsonlines": _merge_lines,
    "jl": _merge_lines,
    "json": _merge_json,
    "csv": _merge_csv,
    "xml": _merge_xml,
    "packed": _merge_bytes,
}
"""Format -> how its files are merged.

``packed`` are compressed JSON lines: readers of gzip, bzip2 and xz read one stream after the other.
"""
