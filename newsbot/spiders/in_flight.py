"""Items between the driver and the feeds. Scrapy queues items, so that an item that the driver yielded is not in the
archive yet."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler


class InFlight:
    """Counts the items of each site's seed request that a pipeline still works on."""

    def __init__(self, crawler: Crawler) -> None:
        self._items: Counter[int] = Counter()
        self._delivered: dict[int, asyncio.Event] = {}
        self._scraped = 0
        self._most = crawler.settings.getint("CLOSESPIDER_ITEMCOUNT")
        crawler.signals.connect(self._item_scraped, signals.item_scraped)
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(self._item_done, signal)

    def add(self, seed: int) -> None:
        """Count an item that the spider is about to yield to Scrapy."""
        self._items[seed] += 1

    def is_closed(self) -> bool:
        """Whether as many items passed as CLOSESPIDER_ITEMCOUNT allows, which closes the crawl."""
        return 0 < self._most <= self._scraped

    def most_waiting(self, most: int) -> int:
        """How many rows may wait: ``most``, but not more than CLOSESPIDER_ITEMCOUNT still allows, since each page of
        rows costs requests."""
        return min(most, self._most) if self._most > 0 else most

    def _item_scraped(self) -> None:
        self._scraped += 1

    def _item_done(self, response: Any) -> None:
        seed = response.request.cb_kwargs["index"]
        self._items[seed] -= 1
        if not self._items[seed] and seed in self._delivered:
            self._delivered.pop(seed).set()

    async def delivered(self, seed: int) -> None:
        """Wait until every item of the seed request was scraped, dropped, or failed."""
        while self._items[seed]:
            await self._delivered.setdefault(seed, asyncio.Event()).wait()
