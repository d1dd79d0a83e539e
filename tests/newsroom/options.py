"""The options of a newsroom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``posts`` is the number of published posts. A few drafts, scheduled and trashed posts exist beside them.

    ``core``: "6.8", "6.1", or "4.5" for the API of 2016 (link relations as full URLs, fewer fields).
    ``kilobytes``: the smallest and the largest content of a post. ``host``: the name in the site's URLs; the
    server listens on 127.0.0.1 whatever the name. ``sitemap``: "core", "yoast", "rankmath", "aioseo" or
    "none"; ``gzip_sitemap`` packs the sub-sitemaps, ``sitemap_size`` is how many URLs they hold (0: the style's own).
    ``feed``: "full", "excerpts" or "none". ``javascript``: article pages whose body needs a browser.
    ``robots``: the text of robots.txt, None for WordPress's own. ``oddities``: guids that repeat or are empty, zero
    dates, dangling links, strange titles and slugs.
    """

    posts: int = 300
    pages: int = 12
    stories: int = 25
    users: int = 7
    categories: int = 24
    tags: int = 240
    beats: int = 10
    comments: int = 150
    ties: int = 120
    seed: int = 1
    zone: str = "Europe/Kyiv"
    kilobytes: tuple[float, float] = (2.0, 11.0)
    name: str = "The Lantern Street Gazette"
    core: str = "6.8"
    plain: bool = False
    folder: str = ""
    prefix: str = "wp-json"
    host: str = "127.0.0.1"
    link_header: bool = True
    link_element: bool = True
    sitemap: str = "core"
    gzip_sitemap: bool = False
    sitemap_size: int = 0
    feed: str = "full"
    javascript: bool = False
    robots: str | None = None
    robots_status: int = 200
    robots_delay: float = 0.0
    oddities: bool = True
    request_line: int = 8_190
    latency: float = 0.0

    @property
    def of_2016(self) -> bool:
        return self.core.startswith("4.")
