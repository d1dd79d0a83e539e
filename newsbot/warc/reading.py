"""Reads WARC files: each record, damaged files included, and the answer in a record as newsbot saw it. No Scrapy."""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from newsbot.numbers import from_digits
from newsbot.warc.exchange import final_head
from newsbot.wordpress.messages import Reply

_MEMBER = b"\x1f\x8b\x08"
_GZIP = zlib.MAX_WBITS | 16
CHUNK = 1 << 18


class DamagedRecord(ValueError):
    """A record that cannot be read. The text says why, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """``length`` is the size of the compressed record. ``headers`` have lower-case names."""

    offset: int
    length: int
    headers: Mapping[str, str]
    block: bytes

    @property
    def id(self) -> str:
        """The WARC-Record-ID without angle brackets."""
        return self.headers.get("warc-record-id", "").strip("<>")

    @property
    def kind(self) -> str:
        return self.headers.get("warc-type", "")

    @property
    def uri(self) -> str:
        return self.headers.get("warc-target-uri", "")


def records_of(path: Path) -> Iterator[StoredRecord | DamagedRecord]:
    """Each record of a file in its order. After a damaged record the next readable one follows. Raises OSError."""
    with path.open("rb") as file:
        yield from records_in(file)


def records_in(file: IO[bytes]) -> Iterator[StoredRecord | DamagedRecord]:
    """The same as ``records_of``, for an open file: its name may change while it is read."""
    size, offset = os.fstat(file.fileno()).st_size, 0
    while offset < size:
        try:
            record = _record_in(file, offset)
            yield record
            offset += record.length
        except DamagedRecord as fault:
            yield fault
            offset = _next_member(file, offset + 1)


def record_at(path: Path, offset: int) -> StoredRecord:
    """The record that begins at ``offset``. Raises DamagedRecord and OSError."""
    with path.open("rb") as file:
        return _record_in(file, offset)


def _record_in(file: IO[bytes], offset: int) -> StoredRecord:
    unpacker, parts, read = zlib.decompressobj(_GZIP), [], 0
    file.seek(offset)
    while not unpacker.eof and (chunk := file.read(CHUNK)):
        read += len(chunk)
        try:
            parts.append(unpacker.decompress(chunk))
        except zlib.error:
            raise DamagedRecord(f"the record at byte {offset} is damaged") from None
    if not unpacker.eof:
        raise DamagedRecord(f"the record at byte {offset} is cut off")
    return _parsed(b"".join(parts), offset, read - len(unpacker.unused_data))


def _parsed(data: bytes, offset: int, length: int) -> StoredRecord:
    head, end, rest = data.partition(b"\r\n\r\n")
    version, *lines = head.decode("utf-8", "replace").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    size = from_digits(headers.get("content-length"))
    if not version.startswith("WARC/1.") or not end or size is None or len(rest) < size:
        raise DamagedRecord(f"at byte {offset} no WARC record begins")
    block = rest[:size]
    digest = headers.get("warc-block-digest", "")
    if digest.startswith("sha1:") and digest != f"sha1:{base64.b32encode(_sha1(block)).decode('ascii')}":
        raise DamagedRecord(f"the digest of the record at byte {offset} differs")
    return StoredRecord(offset=offset, length=length, headers=headers, block=block)


def _sha1(block: bytes) -> bytes:
    return hashlib.sha1(block, usedforsecurity=False).digest()


def _next_member(file: IO[bytes], start: int) -> int:
    """The place where the next record may begin; the size of the file if there is no further record."""
    file.seek(start)
    kept, at = b"", start
    while chunk := file.read(CHUNK):
        found = (kept + chunk).find(_MEMBER)
        if found >= 0:
            return at - len(kept) + found
        at += len(chunk)
        kept = (kept + chunk)[-2:]
    return os.fstat(file.fileno()).st_size


def message_of(record: StoredRecord) -> tuple[int, list[tuple[str, bytes]], bytes]:
    """The status, the headers and the body of an answer, without its transfer encoding. Raises DamagedRecord."""
    start, end = final_head(record.block)
    lines = record.block[start:end].decode("latin-1").splitlines()
    status = from_digits("".join(lines[0].split(" ")[1:2])) if lines else None
    if status is None:
        raise DamagedRecord(f"the record at byte {record.offset} holds no answer")
    headers: list[tuple[str, bytes]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if line.startswith((" ", "\t")) and headers:
            headers[-1] = (headers[-1][0], headers[-1][1] + b" " + line.strip().encode("latin-1"))
        elif colon:
            headers.append((name.strip().lower(), value.strip().encode("latin-1")))
    body = record.block[end:]
    if any(name == "transfer-encoding" and b"chunked" in value.lower() for name, value in headers):
        body = unchunked(body)
    return status, headers, body


def unchunked(data: bytes) -> bytes:
    """A body without the chunked transfer encoding; up to the last received byte."""
    parts, at = [], 0
    while (line := data.find(b"\r\n", at)) >= 0:
        try:
            size = int(data[at:line].partition(b";")[0], 16)
        except ValueError:
            break
        if size <= 0:
            break
        parts.append(data[line + 2 : line + 2 + size])
        at = line + 2 + size + 2
    return b"".join(parts)


def converted(record: StoredRecord) -> Reply:
    """The page of a ``conversion`` record: a page as a browser showed it."""
    headers = {"content-type": "text/html; charset=utf-8", "content-length": str(len(record.block))}
    return Reply(status=200, url=record.uri, headers=headers, body=record.block, fetched_at=fetched_at(record))


def fetched_at(record: StoredRecord) -> str:
    """The value of the column ``fetched_at`` for rows from the record's answer."""
    return record.headers.get("x-newsbot-fetched-at", "")
