"""Where feeds are written: to files that appear when they are complete, and to standard output.

A feed that cannot be written logs one line at once and is counted in ``newsbot/feeds/failed``. The crawl continues: the
other feeds may be fine, and the archive keeps the rows that were not delivered.
"""

from __future__ import annotations

import asyncio
import logging
import stat
import sys
from pathlib import Path
from typing import IO, Any, Self, cast

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import run_in_thread
from scrapy.utils.defer import deferred_from_coro
from twisted.internet.defer import Deferred
from w3lib.url import file_uri_to_path

from newsbot.feeds import files
from newsbot.feeds.files import CannotAppend, FeedError, PartFile
from newsbot.signals import feed_sealed, feed_stored, feed_turn
from newsbot.terminal import discard_output, output_of_rows

logger = logging.getLogger(__name__)

UNNAMED = "00000000T000000Z-0000"
"""The name of the run if the add-on that names runs is not used."""

JSON_LINES = frozenset({"jsonl", "jsonlines", "jl"})


class OneLine(logging.Filter):
    """Turns Scrapy's traceback of a failed feed into one line, if the failure is a FeedError."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, FeedError):
            record.msg, record.args, record.exc_info = f"{record.getMessage()}: {error}", (), None
        return True


logging.getLogger("scrapy.extensions.feedexport").addFilter(OneLine())


class FeedFile:
    """The file that an exporter writes to. The first failure is reported to ``storage`` and ends the feed.

    ``write`` raises nothing, since Scrapy would log a traceback for every item.
    """

    def __init__(self, file: IO[bytes] | None, storage: Storage) -> None:
        self.file = file
        self.storage = storage

    def write(self, data: bytes) -> int:
        if self.file is not None and self.storage.error is None:
            try:
                self.file.write(data)
            except (OSError, ValueError) as error:
                self.storage.fail(error)
        return len(data)

    def flush(self) -> None:
        """Does nothing: a feed is flushed when it is sealed."""

    def tell(self) -> int:
        return self.file.tell() if self.file is not None else 0


class Storage:
    """What both storages share: how a failure is reported."""

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None, crawler: Crawler | None = None) -> None:
        self.uri = uri
        self.options = feed_options or {}
        self.crawler = crawler
        self.error: str | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, uri: str, *, feed_options: dict[str, Any] | None = None) -> Self:
        return cls(uri, feed_options=feed_options, crawler=crawler)

    def restart(self) -> bool:
        """Discard what was written, so that ``open`` begins the feed anew. Returns whether this was possible: bytes
        that standard output or a device received cannot be taken back."""
        return False

    def fail(self, error: Exception) -> None:
        if self.error is not None:
            return
        self.error = (error.strerror if isinstance(error, OSError) else None) or str(error)
        logger.error("The feed %s cannot be written: %s", self.uri, self.error)
        self._count("failed")

    def _count(self, event: str) -> None:
        if self.crawler is not None and self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"newsbot/feeds/{event}")


class StdoutStorage(Storage):
    """Standard output: each row is written at once. If the reader of standard output ends, the feed ends and the crawl
    continues."""

    def open(self, _spider: Spider) -> IO[bytes]:
        return cast("IO[bytes]", FeedFile(output_of_rows(), self))

    def store(self, _file: IO[bytes]) -> None:
        try:
            sys.stdout.buffer.flush()
        except (OSError, ValueError) as error:
            self.fail(error)
        if self.error is not None:
            discard_output()
            raise FeedError(self.error)


class FileStorage(Storage):
    """A file that appears under its name only when it is complete, with ``-O`` and with ``-o``.

    ``-o`` to an existing file gives one valid file of the old and the new rows: CSV gets no second header, JSON and XML
    are merged. If the new rows cannot be appended, they go to ``NAME.RUN.EXT`` in the same folder, and an ERROR says
    why.
    """

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None, crawler: Crawler | None = None) -> None:
        super().__init__(uri, feed_options=feed_options, crawler=crawler)
        path = Path(file_uri_to_path(uri) if uri.startswith("file:") else uri).expanduser()
        self.target = path.resolve()  # resolved: the file to which a link points is replaced, not the link itself
        self.run = str(crawler.settings.get("NEWSBOT_RUN") if crawler is not None else "") or UNNAMED
        self.part: PartFile | None = None
        self._file: FeedFile | None = None

    def open(self, _spider: Spider) -> IO[bytes]:
        file: IO[bytes] | None = None
        try:
            if self._is_device():
                file = self.target.open("wb")
            else:
                self.target.parent.mkdir(parents=True, exist_ok=True)
                for part in files.remove_dead_parts(self.target.parent):
                    logger.info("Removed %s, an unfinished file of a run that died", part)
                self.part = PartFile(self.target, run=self.run)
                file = self.part.file
        except OSError as error:
            self.fail(error)
        self._file = FeedFile(file, self)
        return cast("IO[bytes]", self._file)

    def restart(self) -> bool:
        if self.part is None or self._file is None or self.error is not None:
            return False
        self._file.file = None  # a library may write once more when its writer is closed
        self.part.discard()
        self.part = None
        return True

    def _is_device(self) -> bool:
        """Whether the target is /dev/null, a pipe or another special file. Raises OSError for a folder."""
        if self.target.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        return self.target.exists() and not stat.S_ISREG(self.target.stat().st_mode)

    def store(self, file: IO[bytes]) -> Deferred[None]:
        # Syncing a large file takes seconds. Other feeds and the log must continue meanwhile.
        return deferred_from_coro(self._store(cast("FeedFile", file)))

    async def _store(self, file: FeedFile) -> None:
        try:
            if self.part is not None and self.error is None:
                await self._store_part(self.part)
            elif file.file is not None:
                file.file.close()
        except OSError as error:
            self.fail(error)
        if self.error is not None:
            if self.part is not None:
                self.part.discard()
            raise FeedError(self.error)

    async def _store_part(self, part: PartFile) -> None:
        if self.options.get("overwrite"):
            await self._send(feed_turn, target=self.target)
            await self._commit(part, self.target)
            return
        with files.FolderLock(self.target.parent) as lock:
            # This does not wait in a thread: waiting feeds could use all threads, and the feed that has the lock needs
            # a thread.
            while not lock.take():
                await asyncio.sleep(0.05)
            await self._send(feed_turn, target=self.target)
            await self._append(part)

    async def _append(self, part: PartFile) -> None:
        try:
            merged = await run_in_thread(self._merged, part)
        except CannotAppend as error:
            beside = self.target.with_name(f"{self.target.stem}.{self.run}{self.target.suffix}")
            logger.error(
                "The feed %s cannot be appended to: %s. The rows of this run are in %s", self.uri, error, beside
            )
            self._count("beside")
            await self._commit(part, beside)
            return
        await self._commit(merged, self.target)
        if merged is not part:
            part.discard()

    def _merged(self, part: PartFile) -> PartFile:
        """A part with the old and the new rows. Runs in a thread, while this run holds the folder's lock."""
        if not self.target.exists() or not self.target.stat().st_size:
            return part
        form = str(self.options.get("format"))
        if self.options.get("postprocessing"):
            form = "packed" if form in JSON_LINES else f"packed {form}"
        merged = PartFile(self.target, run=self.run)
        try:
            with self.target.open("rb") as old:
                files.merge(form, old=old, new=part.file, out=merged.file)
        except OSError:
            merged.discard()
            raise
        return merged

    async def _commit(self, part: PartFile, target: Path) -> None:
        await run_in_thread(part.seal)
        await self._send(feed_sealed, part=part.path, target=target)
        if not part.path.exists():
            raise FeedError("the archive failed. The next run delivers the rows")
        part.rename(target)
        self._count("stored")
        await self._send(feed_stored, target=target, options=self.options)

    async def _send(self, signal: object, **facts: Any) -> None:
        if self.crawler is not None:
            await self.crawler.signals.send_catch_log_async(signal, **facts)
