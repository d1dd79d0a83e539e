"""``media=download``: downloads the files that articles show, by Scrapy's own media pipeline.

Its requests pass every downloader middleware, so robots.txt, the pace of a host and the check of addresses apply to
them as well. A row waits for its files and is delivered whether they come or not. The manifest names the failed files.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.pipelines.media import FileInfo, FileInfoOrError, MediaPipeline
from twisted.python.failure import Failure

from newsbot import signals
from newsbot.items import Checkpoint, Media, Post, Record
from newsbot.media.kinds import Kind, fits_type, kind_of
from newsbot.media.store import OwedFile, Owner, Store
from newsbot.net.download_errors import name_of_class
from newsbot.net.hosts import host_of
from newsbot.pipelines.targets import Targets
from newsbot.timestamps import iso_utc

logger = logging.getLogger(__name__)

TRIES = 2
"""The most requests for one file in one run. The second request is made only if it may succeed."""

MOST_SILENT = 3
"""The number of files in a row without an answer of their host, after which the other files of the host wait for the
next run."""

TIMEOUT = 60
FINAL = frozenset({"too-large", "kind", "empty", "bad-url", "status-404", "status-410"})
_AGAIN = frozenset({"dropped", "status-429", "status-500", "status-502", "status-503", "status-504"})
_UNREACHABLE = frozenset({"timeout", "dns", "refused"})
_SILENT = _UNREACHABLE | {"dropped"}


class NotKept(Exception):
    """A downloaded file is not stored. The text is the name of the reason."""


@dataclass(slots=True)
class FileBatch:
    """What Scrapy's pipeline handles as one item: the files of a row, or the files of a site that earlier runs could
    not download."""

    site: str
    files: list[OwedFile]


class MediaDownloadPipeline(MediaPipeline):
    """Stats: ``newsbot/media/requests``, ``/kept``, ``/bytes``, ``/same``, ``/known``, ``/failed/<reason>``."""

    def __init__(self, crawler: Crawler, store: Store) -> None:
        super().__init__(crawler=crawler)
        assert crawler.stats is not None
        self._stats = crawler.stats
        self._store = store
        self._targets = Targets()
        self._begun: set[str] = set()  # sites whose owed files were requested in this run
        self._silent: Counter[str] = Counter()  # host -> requests without an answer since its last answer
        self._failed: dict[str, str] = {}  # URL -> the reason why the file did not come in this run
        self._reasons: Counter[str] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings["NEWSBOT_MEDIA"]:
            raise NotConfigured
        store = Store(Path(settings["NEWSBOT_DATA"]) / "media", limit=settings.getint("NEWSBOT_MEDIA_MAX"))
        pipeline = cls(crawler, store)
        crawler.signals.connect(pipeline._targets.site_started, signals.site_started)
        return pipeline

    async def process_item(self, item: Any) -> Any:  # type: ignore[override]
        if isinstance(item, Record | Checkpoint) and item.site not in self._begun:
            self._begun.add(item.site)
            await self._download(FileBatch(item.site, self._store.owed(item.site)))
        if isinstance(item, Post | Media) and item.change != "deleted":
            owner = Owner(site=item.site, type=item.type, id=item.id)
            await self._download(FileBatch(item.site, [OwedFile(url=url, owner=owner) for url in urls_of(item)]))
        return item

    async def _download(self, batch: FileBatch) -> None:
        """Download the files that the store does not have, and report those that fail."""
        unknown = [file for file in batch.files if not self._store.is_settled(file.url)]
        self._count("known", len(batch.files) - len(unknown))
        wanted = [file for file in unknown if file.url not in self._failed]
        await self._try(FileBatch(batch.site, wanted))
        for file in wanted:
            if file.url in self._failed:
                self._report(file, self._failed[file.url])

    async def _try(self, batch: FileBatch) -> None:
        files = batch.files
        for _ in range(TRIES):
            if not files:
                return
            await super().process_item(FileBatch(batch.site, files))
            files = [file for file in files if self._failed.get(file.url) in _AGAIN]

    def get_media_requests(self, item: FileBatch, info: MediaPipeline.SpiderInfo) -> list[Request]:  # noqa: ARG002
        requests = []
        for file in item.files:
            meta = self._meta(item.site) | {"newsbot_file": file, "newsbot_site": item.site}
            try:
                request = Request(file.url, headers={"Accept": "*/*"}, meta=meta)
                host = host_of(request)
            except ValueError:
                self._failed[file.url] = "bad-url"
                continue
            if self._silent[host] >= MOST_SILENT:
                self._failed[file.url] = "host-silent"
                continue
            self._count("requests")
            requests.append(request)
        return requests

    def _meta(self, site: str) -> dict[str, Any]:
        meta: dict[str, Any] = {
            "dont_retry": True,
            "download_maxsize": self._store.limit,
            "download_warnsize": 0,
            "download_timeout": TIMEOUT,
        }
        target = self._targets.target(site)
        if target is not None and target.delay is not None:
            # The delay of the site list is for the site's own host. Another host keeps the usual delay or a longer one.
            meta |= {"newsbot_delay": target.delay, "newsbot_delay_host": host_of(Request(site))}
        return meta

    def media_to_download(self, *_: Any, **__: Any) -> None:
        """Scrapy's own store is not used: files that the store already has are left out earlier."""

    async def media_downloaded(
        self,
        response: Response,
        request: Request,
        info: MediaPipeline.SpiderInfo,  # noqa: ARG002
        *,
        item: Any = None,  # noqa: ARG002
    ) -> FileInfo:
        self._silent.pop(host_of(request), None)
        kind, body, file = checked_kind(response), response.body, request.meta["newsbot_file"]
        try:
            # This runs in a thread: syncing a large file takes time, and other sites must continue meanwhile.
            digest, new = await asyncio.to_thread(self._store.keep, body, kind)
            self._store.note_kept(file.url, file.owner, digest=digest, kind=kind, size=len(body), at=_now())
        except OSError as error:
            logger.error("%s: the file cannot be written: %s", file.url, error)
            raise NotKept("disk") from error
        self._failed.pop(file.url, None)
        self._count("kept" if new else "same")
        self._count("bytes", len(body) if new else 0)
        return {"url": file.url, "path": self._store.path(digest, kind), "checksum": digest, "status": "downloaded"}

    def media_failed(
        self,
        failure: Failure,
        request: Request,
        info: MediaPipeline.SpiderInfo,  # noqa: ARG002
    ) -> Any:
        """Note a failure. It returns no Failure, so that Scrapy logs no traceback for a missing picture."""
        assert failure.value is not None
        reason, file = reason_of(failure.value), request.meta["newsbot_file"]
        if reason in _SILENT:
            self._silent[host_of(request)] += 1
        self._failed[file.url] = reason

    def item_completed(
        self,
        results: list[FileInfoOrError],  # noqa: ARG002
        item: Any,
        info: MediaPipeline.SpiderInfo,
    ) -> Any:
        # Scrapy remembers every URL of the crawl. The store already remembers the URLs, in less memory.
        info.downloaded.clear()
        return item

    def file_path(self, *_: Any, **__: Any) -> str:
        """Never called: the path of a file depends on its content."""
        raise NotImplementedError

    def _report(self, file: OwedFile, reason: str) -> None:
        """Report a file that did not come: in a stat, in the log and in the manifest."""
        self._count(f"failed/{reason}")
        self._reasons[reason] += 1
        logger.info("%s: not kept: %s", file.url, reason)
        if reason in FINAL:
            self._note(lambda: self._store.note_refused(file.url, file.owner, error=reason, at=_now()))
            return
        # A run that was stopped has made no request for the file.
        file.tries += reason != "stopped"
        self._note(lambda: self._store.note_owed(file, error=reason, at=_now()))

    def _note(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            logger.error("media/manifest.jsonl cannot be written: %s", error)

    def close_spider(self) -> None:
        self._store.close()
        if self._reasons:
            counts = ", ".join(f"{count} {reason}" for reason, count in self._reasons.most_common())
            logger.warning("%d files are not kept (%s); media/manifest.jsonl names them", self._reasons.total(), counts)

    def _count(self, event: str, count: int = 1) -> None:
        if count:
            self._stats.inc_value(f"newsbot/media/{event}", count)


def urls_of(item: Post | Media) -> list[str]:
    """The URLs of a row's files, each once: featured image and images of a post, the file of a media row."""
    if isinstance(item, Media):
        found = [item.file_url]
    else:
        found = [item.image.url if item.image else None, *(image.url for image in item.images)]
    urls = (url.partition("#")[0] for url in found if url and url.isprintable())
    return list(dict.fromkeys(url for url in urls if url.startswith(("http://", "https://"))))


def checked_kind(response: Response) -> Kind:
    """The kind of the file in a response. Raises NotKept, with the name of the reason, for an unsupported type."""
    if response.status != 200:
        raise NotKept(f"status-{response.status}")
    if not response.body:
        raise NotKept("empty")
    kind = kind_of(response.body)
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    if kind is None or not fits_type(kind, content_type):
        raise NotKept("kind")
    return kind


def reason_of(error: BaseException) -> str:
    """The name of the reason why a file did not come."""
    if isinstance(error, NotKept):
        return str(error)
    named = getattr(error, "newsbot_error", None)
    if isinstance(named, str):
        return named
    name = name_of_class(error)
    return name if name in _UNREACHABLE else "dropped"


def _now() -> str:
    return iso_utc(datetime.now(UTC))
