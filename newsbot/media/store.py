"""The downloaded files, ``media/<hh>/<sha256>.<suffix>``, and the facts about every URL, ``media/manifest.jsonl``.

Lines are only appended to the manifest, one for each URL; the last line of a URL counts. Lines that other runs append
meanwhile are read too. A file is complete and synced before its line is written, so every line names an existing file.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from newsbot.durable import sync_folder
from newsbot.media.kinds import Kind

TRIES = 5
"""The number of runs in which a file that failed is requested."""

_ORPHAN_SECONDS = 86_400
_STORED = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.\w{1,5}")
_number = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The first row that shows a file."""

    site: str
    type: str
    id: int


@dataclass(slots=True, kw_only=True)
class OwedFile:
    """A file that the store does not have yet. ``tries``: the number of runs in which it was requested."""

    url: str
    owner: Owner
    tries: int = 0


class Store:
    """``limit`` is the size in bytes of the largest file that is stored."""

    def __init__(self, folder: Path, *, limit: int) -> None:
        self.limit = limit
        self._folder = folder
        self._parts = folder / "parts"
        self._parts.mkdir(parents=True, exist_ok=True)
        self._sweep()
        self._manifest = folder / "manifest.jsonl"
        self._lines = os.open(self._manifest, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        self._naming = threading.Lock()
        self._settled: dict[bytes, int] = {}  # hash of a URL -> 0, or the limit that its file exceeds
        self._owed: dict[str, dict[str, OwedFile]] = {}  # site -> URL -> file
        self._read = 0
        self._complete_last_line()
        self._learn()

    def close(self) -> None:
        os.close(self._lines)

    def is_settled(self, url: str) -> bool:
        """Whether the file needs no request: the store has it, or it can never be stored."""
        key = _key(url)
        if key not in self._settled:
            self._learn()
        limit = self._settled.get(key)
        return limit is not None and (limit == 0 or limit >= self.limit)

    def owed(self, site: str) -> list[OwedFile]:
        """The files that earlier runs could not download for this site. The next call for the site returns no file."""
        return [file for file in self._owed.pop(site, {}).values() if file.tries < TRIES]

    def keep(self, body: bytes, kind: Kind) -> tuple[str, bool]:
        """Store a file completely or not at all. Returns its SHA-256 and whether it is new. Raises OSError.

        Several threads may call this at once.
        """
        digest = hashlib.sha256(body).hexdigest()
        target = self._folder / self.path(digest, kind)
        if target.exists():
            return digest, False
        target.parent.mkdir(exist_ok=True)
        part = self._parts / f"{digest}.{os.getpid()}.{next(_number)}"
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        with self._naming:
            # Another thread may have written the same content meanwhile.
            new = not target.exists()
            part.replace(target)
        sync_folder(target.parent)
        return digest, new

    def path(self, digest: str, kind: Kind) -> str:
        """The path of a file below the folder: hexadecimal digits and a known suffix. It contains no text of a site."""
        return f"{digest[:2]}/{digest}.{kind.suffix}"

    def note_kept(self, url: str, owner: Owner, *, digest: str, kind: Kind, size: int, at: str) -> None:
        """Note that the store has the file of ``url``. Raises OSError."""
        stored = {"sha256": digest, "path": self.path(digest, kind), "bytes": size, "mime": kind.mime}
        self._append({"url": url} | stored | _of(owner) | {"at": at})
        self._settled[_key(url)] = 0

    def note_refused(self, url: str, owner: Owner, *, error: str, at: str) -> None:
        """Note that the file will never be stored. For a file that is too large, this applies only while the limit
        stays the same. Raises OSError."""
        limit = self.limit if error == "too-large" else 0
        failure = {"error": error, "final": True} | ({"limit": limit} if limit else {})
        self._append({"url": url} | failure | _of(owner) | {"at": at})
        self._settled[_key(url)] = limit

    def note_owed(self, file: OwedFile, *, error: str, at: str) -> None:
        """Note that the file could not be downloaded in this run. Raises OSError."""
        failure = {"error": error, "final": False, "tries": file.tries}
        self._append({"url": file.url} | failure | _of(file.owner) | {"at": at})

    def _append(self, line: dict[str, Any]) -> None:
        # One write, so that lines of other processes do not mix with this line.
        os.write(self._lines, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def _learn(self) -> None:
        """Read the lines that this run or another one has appended since the last call."""
        if os.fstat(self._lines).st_size <= self._read:
            return
        for line in self._new_lines():
            try:
                self._take(orjson.loads(line))
            except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
                continue  # a full disk has cut this line short

    def _new_lines(self) -> Iterator[bytes]:
        with self._manifest.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                yield line

    def _take(self, line: dict[str, Any]) -> None:
        url, site = line["url"], line["site"]
        if "sha256" in line or line["final"]:
            self._settled[_key(url)] = line.get("limit", 0)
            self._owed.get(site, {}).pop(url, None)
            return
        owner = Owner(site=site, type=line["type"], id=line["id"])
        if line["tries"] >= TRIES:
            self._settled[_key(url)] = 0
        self._owed.setdefault(site, {})[url] = OwedFile(url=url, owner=owner, tries=line["tries"])

    def _complete_last_line(self) -> None:
        size = os.fstat(self._lines).st_size
        if size and os.pread(self._lines, 1, size - 1) != b"\n":
            os.write(self._lines, b"\n")

    def _sweep(self) -> None:
        """Remove the unfinished files of killed runs."""
        for part in self._parts.iterdir():
            if part.stat().st_mtime < time.time() - _ORPHAN_SECONDS:
                part.unlink(missing_ok=True)


def stored_files(folder: Path) -> dict[str, str]:
    """URL -> path below ``folder`` of the files that the store has. The last line of a URL counts."""
    found: dict[str, str] = {}
    try:
        lines = (folder / "manifest.jsonl").open("rb")
    except OSError:
        return found
    with lines:
        for line in lines:
            try:
                entry = orjson.loads(line)
                path = entry.get("path")
                if isinstance(path, str) and _STORED.fullmatch(path):
                    found[entry["url"]] = path
            except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
                continue  # a full disk has cut this line short
    return found


def _key(url: str) -> bytes:
    return hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _of(owner: Owner) -> dict[str, Any]:
    return {"site": owner.site, "type": owner.type, "id": owner.id}
