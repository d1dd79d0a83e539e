"""What a first crawl of a site's posts costs. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

JOINS = 0.009
"""Requests a post for authors, terms and images: they are asked for in batches of 100, and each only once."""

SITEMAP = 1_000
"""URLs in one sitemap: core writes 2,000, Yoast SEO 1,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The estimated requests, minutes at ``delay`` seconds a request, and megabytes before they are packed for the
    wire. ``megabytes`` is None where the sample did not show it."""

    requests: int
    minutes: float
    megabytes: float | None
    delay: float


def cost_of(posts: int, *, per_page: int, delay: float, bytes_per_post: float | None, from_pages: bool = False) -> Cost:
    """The cost of ``posts`` by the API, in pages of ``per_page``. ``from_pages``: each body is read off its page."""
    pages = math.ceil(posts / per_page) + 1
    # robots.txt, the index of the API, the index of the sitemaps.
    requests = 3 + pages + math.ceil(posts * JOINS) + math.ceil(posts / SITEMAP)
    requests += posts if from_pages else 0
    size = None if bytes_per_post is None else round(posts * bytes_per_post / 1e6, 1)
    return Cost(requests=requests, minutes=minutes(requests, delay), megabytes=size, delay=delay)


def minutes(requests: int, delay: float) -> float:
    """The minutes that ``requests`` take, where ``delay`` seconds lie between the beginnings of two."""
    return round(requests * delay / 60, 1)
