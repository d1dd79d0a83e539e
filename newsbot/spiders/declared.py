"""The statements of the robots.txt of each origin on the use of content. They need no request, since the middleware
reads robots.txt anyway."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import Crawler

from newsbot import signals
from newsbot.rights.robots_txt import read_robots
from newsbot.urls import as_url, ascii_host


class DeclaredRights:
    """Keeps the statements of each robots.txt that was read in this run."""

    def __init__(self, crawler: Crawler) -> None:
        self._agent = str(crawler.settings["ROBOTSTXT_USER_AGENT"])
        self._by_origin: dict[str, dict[str, Any]] = {}
        crawler.signals.connect(self.robots_read, signals.robots_read)

    def robots_read(self, origin: str, status: int, body: bytes) -> None:
        self._by_origin[origin] = read_robots(body, self._agent) if status < 300 else {}

    def of(self, url: str) -> dict[str, Any] | None:
        """The statements for the site of a URL; None where no robots.txt of it was read."""
        parts = urlsplit(as_url(url))
        return self._by_origin.get(f"{parts.scheme}://{ascii_host(parts.netloc.lower())}")
