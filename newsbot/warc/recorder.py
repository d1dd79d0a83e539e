"""Writes the exchanges of one crawler to its WARC files, and counts them for the receipt."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

import orjson
from scrapy import signals as scrapy_signals
from scrapy.crawler import Crawler
from warcio.recordloader import ArcWarcRecord  # type: ignore[import-untyped]

from newsbot import signals
from newsbot.items import WarcRecord
from newsbot.safe_json import json_bytes
from newsbot.warc.exchange import Exchange, open_url, without_secrets
from newsbot.warc.files import RawHead, WarcFiles
from newsbot.warc.finishing import StoredFile
from newsbot.warc.info import warcinfo
from newsbot.wordpress.messages import Reply

logger = logging.getLogger(__name__)

RECORD = "newsbot_warc"
"""The key in ``Request.meta`` with the record of the answer: a WarcRecord, or None."""

FETCHED_AT = "newsbot_fetched_at"
"""The key in ``Request.meta`` with the time at which the answer came: the text of the column ``fetched_at``."""

FETCHED_AT_HEADER = "X-Newsbot-Fetched-At"
"""The header of an answer's record that holds the same time. WARC-Date is when the request was sent."""

SITE = "newsbot_site"
"""The key in ``Request.meta`` with the site whose crawl makes the request: its key, or the requested URL while the key
is not known."""

SITE_HEADER = "X-Newsbot-Site"
"""The header of a record that names the same site. The URL does not show whose crawl it was: an API, images or the
target of a redirect may be on another host."""

_opened: WeakKeyDictionary[Crawler, Recorder] = WeakKeyDictionary()


def recorder_of(crawler: Crawler) -> Recorder:
    """The recorder of a crawler; the first call makes it."""
    if crawler not in _opened:
        _opened[crawler] = Recorder(crawler)
    return _opened[crawler]


class Recorder:
    """Stats: ``newsbot/warc/exchanges``, ``newsbot/warc/bytes``, ``newsbot/warc/failed``.

    If a file cannot be written, the crawl continues without records. The log and the receipt give the reason.
    """

    def __init__(self, crawler: Crawler) -> None:
        assert crawler.stats is not None
        settings = crawler.settings
        self._stats, self._signals = crawler.stats, crawler.signals
        self.folder = Path(settings["NEWSBOT_WARC"]).expanduser().resolve()
        self.failed: str | None = None
        # Every request has ended by then.
        crawler.signals.connect(self.close, scrapy_signals.spider_closed)
        self._files = WarcFiles(self.folder, str(settings["NEWSBOT_RUN"]), warcinfo(crawler), stored=self._stored)

    def record(
        self, exchange: Exchange, *, fetched_at: str, truncated: str | None, site: str | None = None
    ) -> WarcRecord | None:
        """Write an exchange. ``truncated`` is the reason of WARC-Truncated where the answer is not whole, ``site`` the
        site for whose crawl the request was made.

        Returns the record of the answer, or None: no byte came, or the records cannot be written.
        """
        if exchange.fault is not None:
            self._fail(exchange.fault)
        if self.failed is not None or not exchange.request:
            return None
        named = {"WARC-Target-URI": open_url(exchange.url), "WARC-Date": date_of(exchange.began)}
        if exchange.address is not None:
            named["WARC-IP-Address"] = exchange.address
        named |= _of_site(site)
        request = self._message("request", named, without_secrets(exchange.request), BytesIO(), 0)
        if not exchange.received:
            failure = f"fetch-failure: {truncated or 'no answer'}\r\n".encode()
            refers = {"WARC-Refers-To": request.rec_headers.get_header("WARC-Record-ID")}
            about = self._made("metadata", named | refers, failure, "application/warc-fields")
            self._write([request, about])
            return None
        cut = {FETCHED_AT_HEADER: fetched_at} | ({"WARC-Truncated": truncated} if truncated is not None else {})
        head = exchange.head()
        size = exchange.received - exchange.answer.tell()
        response = self._message("response", named | cut, head, exchange.answer, size)
        request.rec_headers.add_header("WARC-Concurrent-To", response.rec_headers.get_header("WARC-Record-ID"))
        places = self._write([response, request])
        if places:
            self._stats.inc_value("newsbot/warc/exchanges")
        return places[0] if places else None

    def miss(self, url: str) -> None:
        """Report an answer without a record: the answer came, but none of its bytes was copied."""
        if self.failed is None:
            self._stats.inc_value("newsbot/warc/failed")
            logger.error("%s: the answer came, and no WARC record holds it", url)

    def tell(self, uri: str, value: Mapping[str, Any]) -> None:
        """Write a ``metadata`` record with JSON: facts that the run knew besides the answers of sites."""
        if self.failed is None:
            named = {"WARC-Target-URI": uri, "WARC-Date": date_of(datetime.now(UTC))}
            body = json_bytes(value, option=orjson.OPT_SORT_KEYS)[0]
            self._write([self._made("metadata", named, body, "application/json")])

    def convert(self, original: WarcRecord, page: Reply, *, site: str | None = None) -> WarcRecord | None:
        """Write a page as a browser shows it, as a ``conversion`` of the answer from which it was made."""
        if self.failed is not None:
            return None
        named = {"WARC-Target-URI": open_url(page.url), "WARC-Date": date_of(datetime.now(UTC))}
        named |= {"WARC-Refers-To": f"<{original.record}>", FETCHED_AT_HEADER: page.fetched_at} | _of_site(site)
        places = self._write([self._made("conversion", named, page.body, "text/html; charset=utf-8")])
        return places[0] if places else None

    def close(self) -> None:
        """Give the last file its name. No exchange is recorded afterwards."""
        try:
            self._files.finish()
        except OSError as error:
            self._fail(error)
        self.failed = self.failed or "the run has ended"

    def _message(self, kind: str, named: Mapping[str, str], head: bytes, body: Any, size: int) -> ArcWarcRecord:
        builder = self._files.builder()
        return builder.create_warc_record(
            named["WARC-Target-URI"],
            kind,
            payload=body,
            length=size,
            http_headers=RawHead(head),
            warc_headers_dict={"WARC-Record-ID": f"<urn:uuid:{uuid4()}>", **named},
        )

    def _made(self, kind: str, named: Mapping[str, str], body: bytes, media_type: str) -> ArcWarcRecord:
        return self._files.builder().create_warc_record(
            named["WARC-Target-URI"],
            kind,
            payload=BytesIO(body),
            length=len(body),
            warc_content_type=media_type,
            warc_headers_dict={"WARC-Record-ID": f"<urn:uuid:{uuid4()}>", **named},
        )

    def _write(self, records: list[ArcWarcRecord]) -> list[WarcRecord]:
        try:
            return self._files.write(records)
        except OSError as error:
            self._fail(error)
            return []

    def _fail(self, error: OSError) -> None:
        if self.failed is None:
            self.failed = error.strerror or str(error)
            self._stats.inc_value("newsbot/warc/failed")
            logger.error("The WARC files in %s cannot be written: %s. The crawl goes on", self.folder, self.failed)
            try:
                self._files.close()
            except OSError:
                return

    def _stored(self, stored: StoredFile) -> None:
        self._stats.inc_value("newsbot/warc/bytes", stored.bytes)
        self._signals.send_catch_log(signals.warc_stored, folder=self.folder, stored=stored)


def _of_site(site: str | None) -> dict[str, str]:
    return {SITE_HEADER: open_url(site)} if site else {}


def date_of(moment: datetime) -> str:
    """The form of WARC-Date: UTC with microseconds."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
