"""Makes every request of the site crawls.

``engine.download_async`` passes a request through the downloader middlewares, and not through Scrapy's scheduler.
Before each try the fetcher checks whether the crawl is stopping, so that a stop costs one request at most.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler

from newsbot.arguments.site_list import Target
from newsbot.browser import Browser
from newsbot.net.download_errors import DOWNLOAD_ERRORS, error_name, one_line
from newsbot.net.endings import ends_as_document
from newsbot.net.flags import DATA_LOSS, KEPT
from newsbot.net.header_values import header_values
from newsbot.net.stopping import is_stopping
from newsbot.politeness.backoff import backoff_seconds, patience_seconds
from newsbot.timestamps import iso_utc
from newsbot.wordpress import payload
from newsbot.wordpress.messages import FINAL_ERRORS, Query, Reply
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts

POLL_SECONDS = 0.25
"""How often a pause between two tries checks whether the crawl is stopping."""

MIN_DELAY_SECONDS = 0.05
"""The base of the back-off where NEWSBOT_DELAY is smaller."""

_LINKED = frozenset({"article", "feed", "page", "sitemap"})
"""Purposes of queries whose URL a page or a feed named. These queries are made as a visitor, without a password."""

_ACCEPT = {
    "json": {"Accept": "application/json"},
    "any": {"Accept": "application/json, text/html;q=0.9, */*;q=0.5"},
    "page": {"Accept": "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"},
}
"""``Query.expects`` -> headers. With ``Accept: application/json`` WordPress reports its own errors as JSON."""


class Fetcher:
    """Turns a query into a reply. Retries with back-off if a retry may help."""

    def __init__(self, crawler: Crawler, browser: Browser, *, delay: float) -> None:
        self._crawler = crawler
        self._browser = browser
        self._delay = max(MIN_DELAY_SECONDS, delay)
        self._random = random.Random()  # noqa: S311

    async def fetch(self, query: Query, target: Target, facts: SiteFacts) -> Reply:
        """The reply to ``query``. Requests, bytes, waits and faults are counted in ``facts``."""
        reply = _stopped(query)
        for attempt in range(query.tries):
            if attempt:
                await self._pause(attempt)
            if is_stopping(self._crawler):
                return _stopped(query)
            reply = await self._fetch_once(query, target, facts)
            if (failure := _retryable_failure(query, reply, attempt)) is None:
                return reply
            _counted(query, facts).faults[failure] += 1
        return reply

    async def _pause(self, attempt: int) -> None:
        ends = monotonic() + backoff_seconds(attempt, self._random, base=self._delay)
        while (left := ends - monotonic()) > 0 and not is_stopping(self._crawler):
            await asyncio.sleep(min(left, POLL_SECONDS))

    async def _fetch_once(self, query: Query, target: Target, facts: SiteFacts) -> Reply:
        # A middleware follows redirects, and each redirect passes all checks again.
        meta: dict[str, Any] = {"dont_retry": True, "newsbot_linked": query.purpose in _LINKED} | target.pace()
        meta["newsbot_site"] = facts.site or target.url
        # A body that is shorter than announced is judged below: JSON and HTML show whether they are whole.
        meta["download_fail_on_dataloss"] = False
        if query.searching:
            meta["newsbot_searching"] = True
        if query.usual is not None:
            timeout = self._crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
            meta["download_timeout"] = patience_seconds(query.usual, timeout)
        if query.render:
            if (absent := self._browser.absent()) is not None:
                return Reply(status=0, url=query.url, error="no-browser", detail=absent)
            meta["playwright"] = True  # the scripts of this page will run, so no password is sent to it
        try:
            request = Request(
                query.url,
                method=query.method,
                headers=_ACCEPT["page" if query.render else query.expects] | dict(query.headers),
                dont_filter=True,
                meta=meta,
            )
        except ValueError as error:
            return Reply(status=0, url=query.url, error="bad-url", detail=one_line(error))
        return await self._download(request, query, meta, facts)

    async def _download(self, request: Request, query: Query, meta: Mapping[str, Any], facts: SiteFacts) -> Reply:
        counted = _counted(query, facts)
        counted.requests += 1
        assert self._crawler.engine is not None
        last = request
        try:
            response = await self._crawler.engine.download_async(request)
            last = response.request or request
        except DOWNLOAD_ERRORS as error:
            self._count(f"newsbot/answers/{query.purpose}/{error_name(error)}")
            return Reply(status=0, url=query.url, error=error_name(error), detail=one_line(error))
        finally:
            # The request of a redirect carries the waits of the requests before it.
            counted.waited += float(last.meta.get("newsbot_waited", 0.0))
        if KEPT in response.flags:
            counted.requests -= 1
        counted.bytes += len(response.body)
        self._count(f"newsbot/requests/{query.purpose}")
        self._count(f"newsbot/answers/{query.purpose}/{response.status}")
        reply = Reply(
            status=response.status,
            url=response.url,
            headers=header_values(response.headers),
            body=response.body,
            fetched_at=last.meta.get("newsbot_fetched_at") or iso_utc(datetime.now(UTC)),
            warc=last.meta.get("newsbot_warc"),
            seconds=float(last.meta.get("download_latency") or 0.0),
            logged_in={"accepted": True, "ignored": False}.get(last.meta.get("newsbot_login") or ""),
        )
        if DATA_LOSS in response.flags and not (payload.is_whole(reply.body) or ends_as_document(reply.body)):
            return Reply(status=0, url=query.url, error="dropped", detail="the end of the body is missing")
        return await self._render(reply, counted, meta) if query.render else reply

    async def _render(self, reply: Reply, counted: SiteFacts | CollectionFacts, meta: Mapping[str, Any]) -> Reply:
        rendered = await self._browser.render(reply, counted, meta)
        if reply.warc is None or rendered.body is reply.body or rendered.error is not None:
            return rendered
        from newsbot.warc.recorder import recorder_of

        return replace(
            rendered, warc=recorder_of(self._crawler).convert(reply.warc, rendered, site=meta["newsbot_site"])
        )

    def _count(self, stat: str) -> None:
        assert self._crawler.stats is not None  # set when the crawl starts, after this fetcher was built
        self._crawler.stats.inc_value(stat)


def _stopped(query: Query) -> Reply:
    return Reply(status=0, url=query.url, error="stopped")


def _counted(query: Query, facts: SiteFacts) -> SiteFacts | CollectionFacts:
    """The part of the receipt that counts a query's requests."""
    return facts.collection(query.type) if query.type is not None else facts


def _retryable_failure(query: Query, reply: Reply, attempt: int) -> str | None:
    """The name of the failure where the query is worth another try; None where the reply is final."""
    if reply.error is not None:
        # If a page of whole rows times out, it is requested in halves, which costs less than the same wait again.
        is_slow = reply.error == "timeout" and query.purpose == "list"
        return None if is_slow or reply.error in FINAL_ERRORS or reply.error == "dns" else reply.error
    fault = payload.fault(query, reply)
    if fault is None or not fault.retryable or (reply.status == 500 and attempt):
        # PHP fails on the same query in the same way every time, so the site crawl requests less next.
        return None
    return fault.name
