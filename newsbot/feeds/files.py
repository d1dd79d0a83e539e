"""How a file becomes whole: written beside its target, synced, then renamed. No Scrapy.

A part is ``.NAME.RUN.part`` in the target's folder. The process that writes it holds a lock on it, so that whoever
comes later can tell a part that grows from one that a dead run left; process ids would be taken again.
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

BUFFER = 1 << 18
CHUNK = 1 << 20
TAIL = 4096

_PART = re.compile(r"\..+\.\d{8}T\d{6}Z-[0-9a-f]{4}(~\d+)?\.part")


class FeedError(OSError):
    """A feed could not be stored; its text is one line, fit to show a user."""


class CannotAppend(FeedError):
    """What stands at the target cannot take this run's rows."""


class Part:
    """A file that grows beside its target. Closing it lets go of the lock."""

    def __init__(self, target: Path, *, run: str) -> None:
        for attempt in range(1000):
            self.path = target.with_name(f".{target.name}.{run}{f'~{attempt}' if attempt else ''}.part")
            # 0o666 less the umask is what a plain open() gives; tempfile's 0o600 would surprise whoever reads feeds.
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
            self.file.close()  # a sweeper came between the creation and the lock
        raise FeedError(f"no name is free for a part of {target}")

    def seal(self) -> None:
        """All bytes are on the disk when this returns."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a full disk refuses what is still in the buffer
            self.file.close()

    def rename(self, target: Path) -> None:
        """The part becomes the target, for good once this returns."""
        self.path.replace(target)
        self.file.close()
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """A rename is durable only when its folder is synced."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def sweep(folder: Path) -> list[Path]:
    """Removes the parts of dead runs in a folder, and names them."""
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
    """One appender at a time: two that read the same old file would each lose the other's rows.

    The lock is the folder's own, so no file is left behind; where a file system has none, it counts as taken.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        self._descriptor = os.open(self.folder, os.O_RDONLY)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def taken(self) -> bool:
        """Tries to take it; False while another holds it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


def merge(form: str, *, old: IO[bytes], new: IO[bytes], out: IO[bytes]) -> None:
    """Writes what ``old`` holds and then the rows of ``new``, as one valid file. Raises CannotAppend."""
    if form not in _MERGES:
        raise CannotAppend(f"{form} files cannot be appended to")
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
        raise CannotAppend("its header differs from this run's columns")
    old.seek(0)
    quotes = 0
    while chunk := old.read(CHUNK):
        quotes += chunk.count(b'"')
        out.write(chunk)
    if quotes % 2:
        raise CannotAppend("its last row ends inside quotes")
    if _last(old) != b"\n":
        out.write(b"\r\n")
    new.seek(0)
    new.readline()  # the header; column names hold no line breaks
    shutil.copyfileobj(new, out, CHUNK)


def _header(file: IO[bytes]) -> list[str]:
    file.seek(0)
    text = file.read(CHUNK).decode("utf-8-sig", "replace")
    try:
        return next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        return []


def _merge_json(old: IO[bytes], new: IO[bytes], out: IO[bytes]) -> None:
    end = _body_end(old, closing=b"]", opening=b"[")
    _check_json(old)
    first = new.read(3)  # "[\n{", or "[\n]" without rows
    empty_new = first.endswith(b"]")
    _copy(old, out, end)
    old.seek(max(0, end - TAIL))
    if not empty_new and not old.read(min(end, TAIL)).rstrip().endswith(b"["):
        out.write(b",")
    out.write(first[1:])
    shutil.copyfileobj(new, out, CHUNK)


def _check_json(old: IO[bytes]) -> None:
    """A torn array may end in the bracket of a cell. Small files are read whole, large ones must end as ours do."""
    old.seek(0)
    try:
        if old.seek(0, os.SEEK_END) <= 64 * CHUNK:
            old.seek(0)
            orjson.loads(old.read())
            return
    except orjson.JSONDecodeError:
        raise CannotAppend("it is no whole JSON array") from None
    old.seek(-3, os.SEEK_END)
    if old.read() != b"\n]\n":
        raise CannotAppend("it is not a JSON array of ours")


def _merge_xml(old: IO[bytes], new: IO[bytes], out: IO[bytes]) -> None:
    head = new.readline() + new.readline()  # the declaration and the root
    _copy(old, out, _body_end(old, closing=b"</items>", opening=head))
    shutil.copyfileobj(new, out, CHUNK)


def _body_end(file: IO[bytes], *, closing: bytes, opening: bytes) -> int:
    """Where the closing mark of a file begins. Raises CannotAppend for a file that does not open and close so."""
    file.seek(0)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(TAIL).lstrip()
    file.seek(max(0, size - TAIL))
    tail = file.read().rstrip()
    if not head.startswith(opening) or not tail.endswith(closing):
        raise CannotAppend(f"it does not end with {closing.decode()} as a whole file does")
    return max(0, size - TAIL) + len(tail) - len(closing)


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
"""``packed``: gzip, bzip2 and xz streams of JSON lines are read one after the other."""
