"""``media=download``: fetches the files that articles show, by Scrapy's own media pipeline.

Its requests pass every downloader middleware: robots.txt, the pace of each host and the addresses hold for them as for
all else. A row waits for its files and is delivered whatever becomes of them; what failed is told in the manifest.
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
from newsbot.media.kinds import Kind, agrees, kind_of
from newsbot.media.store import Owed, Owner, Store
from newsbot.net.download_errors import name_of_class
from newsbot.net.hosts import host_of
from newsbot.pipelines.targets import SiteList
from newsbot.timestamps import iso_utc

logger = logging.getLogger(__name__)

TRIES = 2
"""In one run, and only where the second may go better."""

DEAD = 3
"""Files in a row that a host gave no answer for: the rest of its files wait for the next run."""

TIMEOUT = 60
FINAL = frozenset({"too-large", "kind", "empty", "bad-url", "status-404", "status-410"})
_AGAIN = frozenset({"dropped", "status-429", "status-500", "status-502", "status-503", "status-504"})
_UNREACHABLE = frozenset({"timeout", "dns", "refused"})
_SILENT = _UNREACHABLE | {"dropped"}


class NotKept(Exception):
    """A file that came and is not kept; its text is the reason's name."""


@dataclass(slots=True)
class Errand:
    """What Scrapy's pipeline is sent for: files of a row, or what earlier runs could not fetch."""

    site: str
    files: list[Owed]


class MediaDownloadPipeline(MediaPipeline):
    """Stats: ``newsbot/media/requests``, ``/kept``, ``/bytes``, ``/same``, ``/known``, ``/failed/<reason>``."""

    def __init__(self, crawler: Crawler, store: Store) -> None:
        super().__init__(crawler=crawler)
        assert crawler.stats is not None
        self._stats = crawler.stats
        self._store = store
        self._sites = SiteList()
        self._met: set[str] = set()
        self._silent: Counter[str] = Counter()
        self._lost: dict[str, str] = {}  # address -> why it did not come in this run
        self._reasons: Counter[str] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings["NEWSBOT_MEDIA"]:
            raise NotConfigured
        store = Store(Path(settings["NEWSBOT_DATA"]) / "media", limit=settings.getint("NEWSBOT_MEDIA_MAX"))
        pipeline = cls(crawler, store)
        crawler.signals.connect(pipeline._sites.site_started, signals.site_started)
        return pipeline

    async def process_item(self, item: Any) -> Any:  # type: ignore[override]
        if isinstance(item, Record | Checkpoint) and item.site not in self._met:
            self._met.add(item.site)
            await self._run(Errand(item.site, self._store.owed(item.site)))
        if isinstance(item, Post | Media) and item.change != "deleted":
            owner = Owner(site=item.site, type=item.type, id=item.id)
            await self._run(Errand(item.site, [Owed(url=url, owner=owner) for url in urls_of(item)]))
        return item

    async def _run(self, errand: Errand) -> None:
        """Fetch what is not here yet, and tell what does not come."""
        asked = [one for one in errand.files if not self._store.settled(one.url)]
        self._count("known", len(errand.files) - len(asked))
        asked = files = [one for one in asked if one.url not in self._lost]
        for _ in range(TRIES):
            if files:
                await super().process_item(Errand(errand.site, files))
                files = [one for one in files if self._lost.get(one.url) in _AGAIN]
        for one in asked:
            if one.url in self._lost:
                self._tell(one, self._lost[one.url])

    def get_media_requests(self, item: Errand, info: MediaPipeline.SpiderInfo) -> list[Request]:  # noqa: ARG002
        requests = []
        for one in item.files:
            meta = self._meta(item.site) | {"newsbot_file": one}
            try:
                request = Request(one.url, headers={"Accept": "*/*"}, meta=meta)
                host = host_of(request)
            except ValueError:
                self._lost[one.url] = "bad-url"
                continue
            if self._silent[host] >= DEAD:
                self._lost[one.url] = "host-silent"
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
        target = self._sites.target(site)
        if target is not None and target.delay is not None:
            # It speaks for the site's own host; a stranger's is asked at our usual pace, or slower.
            meta |= {"newsbot_delay": target.delay, "newsbot_delay_host": host_of(Request(site))}
        return meta

    def media_to_download(self, *_: Any, **__: Any) -> None:
        """Scrapy's own store is not asked: what is known was left out before."""

    async def media_downloaded(
        self,
        response: Response,
        request: Request,
        info: MediaPipeline.SpiderInfo,  # noqa: ARG002
        *,
        item: Any = None,  # noqa: ARG002
    ) -> FileInfo:
        self._silent.pop(host_of(request), None)
        kind, body, one = judge(response), response.body, request.meta["newsbot_file"]
        try:
            # Syncing a large file takes a while: other sites go on.
            digest, new = await asyncio.to_thread(self._store.keep, body, kind)
            self._store.note_kept(one.url, one.owner, digest=digest, kind=kind, size=len(body), at=_now())
        except OSError as error:
            logger.error("%s: the file cannot be written: %s", one.url, error)
            raise NotKept("disk") from error
        self._lost.pop(one.url, None)
        self._count("kept" if new else "same")
        self._count("bytes", len(body) if new else 0)
        return {"url": one.url, "path": self._store.path(digest, kind), "checksum": digest, "status": "downloaded"}

    def media_failed(
        self,
        failure: Failure,
        request: Request,
        info: MediaPipeline.SpiderInfo,  # noqa: ARG002
    ) -> Any:
        """Take a failure in. What is answered is no Failure, so that no traceback is logged for a lost picture."""
        assert failure.value is not None
        reason, one = reason_of(failure.value), request.meta["newsbot_file"]
        if reason in _SILENT:
            self._silent[host_of(request)] += 1
        self._lost[one.url] = reason

    def item_completed(
        self,
        results: list[FileInfoOrError],  # noqa: ARG002
        item: Any,
        info: MediaPipeline.SpiderInfo,
    ) -> Any:
        # The store remembers; Scrapy's own memory of every address would grow with the crawl.
        info.downloaded.clear()
        return item

    def file_path(self, *_: Any, **__: Any) -> str:
        """Where a file stands follows from its content; Scrapy does not ask."""
        raise NotImplementedError

    def _tell(self, one: Owed, reason: str) -> None:
        """Name a file that did not come: in a stat, in the log and in the manifest."""
        self._count(f"failed/{reason}")
        self._reasons[reason] += 1
        logger.info("%s: not kept: %s", one.url, reason)
        if reason in FINAL:
            self._note(lambda: self._store.note_refused(one.url, one.owner, error=reason, at=_now()))
            return
        # A run that was stopped has not tried.
        one.tries += reason != "stopped"
        self._note(lambda: self._store.note_owed(one, error=reason, at=_now()))

    def _note(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            logger.error("media/manifest.jsonl cannot be written: %s", error)

    def close_spider(self) -> None:
        self._store.close()
        if self._reasons:
            told = ", ".join(f"{count} {reason}" for reason, count in self._reasons.most_common())
            logger.warning("%d files are not kept (%s); media/manifest.jsonl names them", self._reasons.total(), told)

    def _count(self, what: str, count: int = 1) -> None:
        if count:
            self._stats.inc_value(f"newsbot/media/{what}", count)


def urls_of(item: Post | Media) -> list[str]:
    """The files a row shows, each once: featured image and images of a post, the file of a media row."""
    if isinstance(item, Media):
        found = [item.file_url]
    else:
        found = [item.image.url if item.image else None, *(image.url for image in item.images)]
    told = (url.partition("#")[0] for url in found if url and url.isprintable())
    return list(dict.fromkeys(url for url in told if url.startswith(("http://", "https://"))))


def judge(response: Response) -> Kind:
    """What kind of file came. Raises NotKept, with the reason's name, for what is none that we keep."""
    if response.status != 200:
        raise NotKept(f"status-{response.status}")
    if not response.body:
        raise NotKept("empty")
    kind = kind_of(response.body)
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    if kind is None or not agrees(kind, content_type):
        raise NotKept("kind")
    return kind


def reason_of(error: BaseException) -> str:
    """The name of what kept a file away."""
    if isinstance(error, NotKept):
        return str(error)
    named = getattr(error, "newsbot_error", None)
    if isinstance(named, str):
        return named
    name = name_of_class(error)
    return name if name in _UNREACHABLE else "dropped"


def _now() -> str:
    return iso_utc(datetime.now(UTC))
