"""Gives the memory of large blocks back to the system. A page of a hundred posts is read, decoded and parsed in blocks
of some megabytes: glibc would keep them for the next page, between blocks that are still in use."""

from __future__ import annotations

import ctypes
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

LARGE = 128 * 1024
"""Bytes. Blocks of this size or more come directly from the system, and return to the system when they are freed."""

OFTEN = 10
"""The number of answers after which free pages are given back. Then a few MiB of free pages lie between blocks that are
in use. Giving these pages back takes one millisecond.
"""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h


class HeapExtension:
    """Fixes the thresholds of glibc at their first values: glibc raises them with each large block that is freed. Gives
    free pages between blocks in use back to the system."""

    def __init__(self) -> None:
        self._answers = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not keep_thresholds():
            raise NotConfigured  # with another C library the crawl needs some megabytes more
        extension = cls()
        crawler.signals.connect(extension.spider_opened, signals.spider_opened)
        crawler.signals.connect(extension.response_received, signals.response_received)
        return extension

    def spider_opened(self) -> None:
        """Give memory back when the imports are done: the memory that they no longer use lies between blocks that are
        in use."""
        give_back()

    def response_received(self) -> None:
        self._answers += 1
        if self._answers % OFTEN == 0:
            give_back()


def give_back() -> None:
    """Give the free pages of glibc's heap back to the system."""
    ctypes.CDLL(None).malloc_trim(0)


def keep_thresholds() -> bool:
    """Fix the smallest size of a block that the system itself provides. False where the C library is not glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, LARGE)) and bool(mallopt(_TRIM_THRESHOLD, LARGE))
