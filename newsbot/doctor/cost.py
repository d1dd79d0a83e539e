"""What a first crawl of a site costs. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

JOINS = 0.009
"""Requests a post for authors, terms and images: they are requested in batches of 100, and each object only once."""

FIRST_JOINS = 8
"""Requests for these objects at the beginning, while the batches are not full: one request for each ``SMALL`` posts, at
most this many requests.
"""

SMALL = 40
SITEMAP = 1_000
"""URLs in one sitemap: core writes 2,000, Yoast SEO 1,000."""

OF_SITE = 3
"""Requests for robots.txt, the index of the API and the index of the sitemaps."""

OF_TYPE = 5
"""Requests for the links of the first rows, the first and the last page by id, the changes during the crawl, the newest
rows.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The estimated requests, minutes at ``delay`` seconds a request, and megabytes without compression. ``types`` are
    counted. ``megabytes`` is None where the sample did not show it."""

    types: tuple[str, ...]
    requests: int
    minutes: float
    megabytes: float | None
    delay: float


def cost_of(
    totals: Mapping[str, int],
    *,
    per_page: int,
    delay: float,
    bytes_per_post: float | None,
    from_pages: bool = False,
) -> Cost:
    """The cost of crawling these types by the API, in pages of ``per_page``. ``totals``: type -> number of rows.
    ``from_pages``: each body is read from its page."""
    requests = OF_SITE + sum(_of_type(rows, per_page) for rows in totals.values())
    every = sum(totals.values())
    requests += every if from_pages else 0
    size = None if bytes_per_post is None else round(every * bytes_per_post / 1e6, 1)
    return Cost(types=tuple(totals), requests=requests, minutes=minutes(requests, delay), megabytes=size, delay=delay)


def _of_type(rows: int, per_page: int) -> int:
    joins = math.ceil(rows * JOINS) + min(FIRST_JOINS, math.ceil(rows / SMALL))
    return OF_TYPE + math.ceil(rows / per_page) + joins + math.ceil(rows / SITEMAP)


def minutes(requests: int, delay: float) -> float:
    """The minutes that ``requests`` take, where ``delay`` seconds lie between the beginnings of two."""
    return round(requests * delay / 60, 1)
