"""Where files are kept, and what is known of every address: ``media/<hh>/<sha256>.<suffix>``, ``media/manifest.jsonl``.

The manifest is only ever appended to, a line an address, the last one counts; what other runs append meanwhile is read
too. A file takes its name whole and synced before its line is written, so a line promises what is there.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from newsbot.media.kinds import Kind

TRIES = 5
"""In how many runs a file that might yet come is asked for."""

_ORPHAN_SECONDS = 86_400
_number = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The row that shows a file first."""

    site: str
    type: str
    id: int


@dataclass(slots=True, kw_only=True)
class Owed:
    """A file that may come yet, and in how many runs it was asked for."""

    url: str
    owner: Owner
    tries: int = 0


class Store:
    """``limit`` is the size in bytes above which no file is taken."""

    def __init__(self, folder: Path, *, limit: int) -> None:
        self.limit = limit
        self._folder = folder
        self._parts = folder / "parts"
        self._parts.mkdir(parents=True, exist_ok=True)
        self._sweep()
        self._manifest = folder / "manifest.jsonl"
        self._lines = os.open(self._manifest, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        self._settled: dict[bytes, int] = {}  # address -> 0, or the limit that it was too large for
        self._owed: dict[str, dict[str, Owed]] = {}
        self._read = 0
        self._mend_end()
        self._learn()

    def close(self) -> None:
        os.close(self._lines)

    def settled(self, url: str) -> bool:
        """Whether there is nothing more to ask: the file is here, or will never be."""
        key = _key(url)
        if key not in self._settled:
            self._learn()
        limit = self._settled.get(key)
        return limit is not None and (limit == 0 or limit >= self.limit)

    def owed(self, site: str) -> list[Owed]:
        """What earlier runs could not fetch for this site; told once."""
        return [one for one in self._owed.pop(site, {}).values() if one.tries < TRIES]

    def keep(self, body: bytes, kind: Kind) -> tuple[str, bool]:
        """Write a file whole or not at all: its SHA-256, and whether it is new here. Raises OSError."""
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
        part.replace(target)
        _sync(target.parent)
        return digest, True

    def path(self, digest: str, kind: Kind) -> str:
        """A file's place under the folder. It is made of hexadecimal digits and a suffix of ours alone."""
        return f"{digest[:2]}/{digest}.{kind.suffix}"

    def note_kept(self, url: str, owner: Owner, *, digest: str, kind: Kind, size: int, at: str) -> None:
        """The file behind ``url`` is here. Raises OSError."""
        told = {"sha256": digest, "path": self.path(digest, kind), "bytes": size, "mime": kind.mime}
        self._append({"url": url} | told | _of(owner) | {"at": at})
        self._settled[_key(url)] = 0

    def note_refused(self, url: str, owner: Owner, *, error: str, at: str) -> None:
        """The file will never be here; where it is too large, not under this limit. Raises OSError."""
        limit = self.limit if error == "too-large" else 0
        told = {"error": error, "final": True} | ({"limit": limit} if limit else {})
        self._append({"url": url} | told | _of(owner) | {"at": at})
        self._settled[_key(url)] = limit

    def note_owed(self, owed: Owed, *, error: str, at: str) -> None:
        """The file could not be fetched this time. Raises OSError."""
        told = {"error": error, "final": False, "tries": owed.tries}
        self._append({"url": owed.url} | told | _of(owed.owner) | {"at": at})

    def _append(self, line: dict[str, Any]) -> None:
        # One write: lines of other processes do not come between.
        os.write(self._lines, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def _learn(self) -> None:
        """Read what was appended since, by this run or another."""
        if os.fstat(self._lines).st_size <= self._read:
            return
        for line in self._new_lines():
            try:
                self._take(orjson.loads(line))
            except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
                continue  # a line that a full disk cut short

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
        self._owed.setdefault(site, {})[url] = Owed(url=url, owner=owner, tries=line["tries"])

    def _mend_end(self) -> None:
        size = os.fstat(self._lines).st_size
        if size and os.pread(self._lines, 1, size - 1) != b"\n":
            os.write(self._lines, b"\n")

    def _sweep(self) -> None:
        """Take away what runs that were killed left half-written."""
        for part in self._parts.iterdir():
            if part.stat().st_mtime < time.time() - _ORPHAN_SECONDS:
                part.unlink(missing_ok=True)


def _key(url: str) -> bytes:
    return hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _of(owner: Owner) -> dict[str, Any]:
    return {"site": owner.site, "type": owner.type, "id": owner.id}


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
