"""WARC files of one run: each record is compressed separately, and a file gets its final name when it is complete. No
Scrapy.

A file that is being written is named ``NAME.open``, and its process holds a lock on it. A later run keeps the complete
records in the file of a dead process, and gives the file its final name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from io import FileIO
from pathlib import Path

from warcio.recordloader import ArcWarcRecord  # type: ignore[import-untyped]
from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]

from newsbot.durable import sync_folder
from newsbot.items import WarcRecord
from newsbot.warc.finishing import SUFFIX, Lock, StoredFile, finish_dead, lock, opened, stored_file
from newsbot.warc.index import index_line, index_of, write_index
from newsbot.warc.removing import finish_removal, finish_removals, removing

LARGEST = 1 << 30
"""Bytes after which a file is closed and the next one begins."""


class RawHead:
    """The headers of a message exactly as they came. warcio itself would write each header in its own form."""

    def __init__(self, head: bytes) -> None:
        self.headers_buff = head

    def compute_headers_buffer(self, _header_filter: object = None) -> None:
        """Called by warcio. The headers stay as they are."""


class _Digested:
    """Computes the size and the digest of a file while it is written, so that no file is read again for its
    checksum."""

    def __init__(self, file: FileIO) -> None:
        self.file = file
        self.size = 0
        self.digest = sha256()

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self.file.write(left) :]
        self.size += len(data)
        self.digest.update(data)

    def flush(self) -> None:
        """Called by warcio after each record. The file has no buffer: a killed process loses no whole record."""


class WarcFiles:
    """Writes records to ``FOLDER/newsbot-RUN-NUMBER.warc.gz``. ``info`` are the fields of each file's ``warcinfo``.

    ``stored`` is called with each file that is whole, in the thread that calls ``close`` or ``finish``. Every method
    may raise OSError.
    """

    def __init__(
        self,
        folder: Path,
        run: str,
        info: Mapping[str, str],
        *,
        stored: Callable[[StoredFile], None],
        largest: int = LARGEST,
    ) -> None:
        self.folder, self.run, self.info = folder, run, info
        self._stored, self._largest = stored, largest
        self._number = self._records = 0
        self._path: Path | None = None
        self._lines: list[str] = []
        self._dead: Future[list[StoredFile]] | None = None
        self._out: _Digested | None = None
        self._writer = WARCWriter(None, warc_version="1.1")

    def builder(self) -> WARCWriter:
        """The object that makes records (warcio's ``RecordBuilder``)."""
        return self._writer

    def write(self, records: Sequence[ArcWarcRecord]) -> list[WarcRecord]:
        """Write records that belong together into one file: all of them, or none where OSError is raised."""
        if self._out is None or self._out.size >= self._largest:
            self.close()
            self._begin()
        assert self._out is not None
        assert self._path is not None
        out, before, digest = self._out, self._out.size, self._out.digest.copy()
        places, lines = [], []
        try:
            for record in records:
                name = record.rec_headers.get_header("WARC-Record-ID").strip("<>")
                place = WarcRecord(file=self._path.name, offset=out.size, record=name)
                self._writer.write_record(record)
                places.append(place)
                if record.rec_type == "response":
                    lines.append(_line(record, place, out.size))
        except OSError:
            out.file.seek(before)
            out.file.truncate(before)
            out.size, out.digest = before, digest
            raise
        self._records += len(records)
        self._lines += lines
        return places

    def finish(self) -> None:
        """Give the last file its name, and report the files of dead runs. Nothing is written afterwards."""
        dead, self._dead = self._dead, None
        try:
            self.close()
        finally:
            for stored in dead.result() if dead is not None else ():
                self._stored(stored)

    def close(self) -> None:
        """Give the current file its name."""
        out, path, self._out = self._out, self._path, None
        if out is None or path is None:
            return
        listed = removing(path).exists()
        with out.file:
            os.fsync(out.file.fileno())
            opened(path).rename(path)
        sync_folder(self.folder)
        stored = StoredFile(file=path.name, bytes=out.size, sha256=out.digest.hexdigest(), records=self._records)
        if finish_removal(path) or listed:
            # `scrapy forget` overwrote records while the file was open.
            self._stored(stored_file(path, self._records))
        else:
            self._stored(stored)
            write_index(path, self._lines)

    def _begin(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        while True:
            self._number += 1
            path = self.folder / f"newsbot-{self.run}-{self._number:05d}{SUFFIX}"
            if path.exists():
                continue
            try:
                file = FileIO(opened(path), "x+")
            except FileExistsError:
                continue
            # Until this run has the lock, another run may treat the new file as the file of a dead run.
            if lock(file) is not Lock.TAKEN and opened(path).exists():
                break
            file.close()
        self._path, self._out, self._records, self._lines = path, _Digested(file), 0, []
        self._writer.out = self._out
        if self._dead is None:
            # A thread does this, since reading a file of 1 GiB takes seconds. Meanwhile the crawl reads its answers.
            # The thread starts after the lock is held. Earlier, it could treat the new file as the file of a dead run.
            with_one = ThreadPoolExecutor(1, "warc-finishing")
            self._dead = with_one.submit(_finish_dead, self.folder)
            with_one.shutdown(wait=False)
        try:
            self.write([self._writer.create_warcinfo_record(path.name, dict(self.info))])
        except OSError:
            # The file has no record, so it must not stay.
            self._out = None
            with file, suppress(OSError):
                opened(path).unlink()
            raise


def _finish_dead(folder: Path) -> list[StoredFile]:
    finish_removals(folder)
    found = finish_dead(folder)
    finish_removals(folder)
    for stored in found:
        path = folder / stored.file
        if not removing(path).exists():  # the process that overwrites the listed records writes the index
            write_index(path, index_of(path))
    return found


def _line(record: ArcWarcRecord, place: WarcRecord, end: int) -> str:
    headers = {name.lower(): value for name, value in record.rec_headers.headers}
    head = record.http_headers.headers_buff
    return index_line(headers, head, file=place.file, offset=place.offset, length=end - place.offset)
