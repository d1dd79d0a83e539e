"""How a folder of files becomes complete: it is written beside its final place, then renamed.

A folder in which a user keeps files is never replaced.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from newsbot.durable import sync_folder
from newsbot.errors import BadArgument
from newsbot.export.reading import Written

LIST = ".newsbot-files"
"""The file that names all files of the folder. A folder with other files is not replaced."""


def written_folder(path: Path, write: Callable[[Path], Written], *, run: str) -> Written:
    """Call ``write`` to fill a folder, which then replaces the old folder. Raises BadArgument and OSError."""
    check_replaceable(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    part = _free(path, run, "part")
    part.mkdir()
    lock = _locked(part)
    try:
        written = write(part)
        names = sorted(_files(part))
        (part / LIST).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        # One call for all files, since there may be a hundred thousand.
        os.sync()
        check_replaceable(path)
        _replace(path, part, run)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    finally:
        if lock is not None:
            os.close(lock)
    return written


def _replace(path: Path, part: Path, run: str) -> None:
    old = None
    if path.exists():
        old = _free(path, run, "old")
        path.rename(old)
    part.rename(path)
    sync_folder(path.parent)
    if old is not None:
        shutil.rmtree(old)


def check_replaceable(path: Path) -> None:
    """Raise BadArgument for a file, and for a folder with a file that newsbot did not write."""
    if not path.exists():
        return
    if not path.is_dir():
        raise BadArgument(f"{path.name} is a file, and this format is a folder; choose another name")
    try:
        known = set((path / LIST).read_text(encoding="utf-8").splitlines()) | {LIST}
    except (OSError, UnicodeDecodeError):
        known = set()
    strange = sorted(_files(path) - known)
    if strange:
        raise BadArgument(
            f"the folder {path.name} holds files that newsbot did not write ({strange[0]}); choose another folder, "
            "since the export replaces the folder"
        )


def _files(folder: Path) -> set[str]:
    return {
        found.relative_to(folder).as_posix() for found in folder.rglob("*") if found.is_symlink() or not found.is_dir()
    }


def remove_leftovers(path: Path) -> None:
    """Remove the folders that killed exports left beside a folder. A folder is locked while an export writes it."""
    for part in path.parent.glob(f".{glob_escaped(path.name)}.*.part"):
        lock = _locked(part)
        if lock is not None:
            shutil.rmtree(part, ignore_errors=True)
            os.close(lock)


def glob_escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _free(path: Path, run: str, end: str) -> Path:
    number, found = 0, path.with_name(f".{path.name}.{run}.{end}")
    while found.exists():
        number += 1
        found = path.with_name(f".{path.name}.{run}~{number}.{end}")
    return found


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the lock on a folder; None where another process holds the lock."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        return descriptor
    return None
