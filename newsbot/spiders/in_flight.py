"""What is on the road between the driver and the feeds. Scrapy takes items into a queue of its own, so that a row is
not yet in the archive when the driver is asked for the next message."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler


class Road:
    """Counts the items of each site's seed that no pipeline has finished with."""

    def __init__(self, crawler: Crawler) -> None:
        self._under_way: Counter[int] = Counter()
        self._clear: dict[int, asyncio.Event] = {}
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(self._arrived, signal)

    def leaves(self, seed: int) -> None:
        """An item is about to be given to Scrapy."""
        self._under_way[seed] += 1

    def _arrived(self, response: Any) -> None:
        seed = response.request.cb_kwargs["index"]
        self._under_way[seed] -= 1
        if not self._under_way[seed] and seed in self._clear:
            self._clear.pop(seed).set()

    async def clear(self, seed: int) -> None:
        """Wait until every item of the seed was delivered, dropped or broken."""
        while self._under_way[seed]:
            await self._clear.setdefault(seed, asyncio.Event()).wait()
