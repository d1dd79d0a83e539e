"""All that a site's sitemaps list of one type: what came is reckoned against it."""

from __future__ import annotations

from collections import Counter

from newsbot.errors import NotXml
from newsbot.wordpress.fallback.sources import Sources, read
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.pages.urls import canonical

MOST_LISTS = 1_000
"""Lists of one type that are read: 50,000 articles each."""

Listed = dict[str, tuple[str, str | None]]
"""Canonical address -> the URL as listed and its ``lastmod``."""


def read_lists(ways: Sources, type_: str, faults: Counter[str]) -> Steps[tuple[Listed, str | None]]:
    """What is listed, without the site's home, and what the lists lack of being whole, or None. Raises Halt."""
    listed: Listed = {}
    home = canonical(ways.key)
    lists, lack = ways.lists(type_), ways.lack(type_)
    if len(lists) > MOST_LISTS:
        lack = f"{len(lists)} lists, of which {MOST_LISTS} are read"
    for url in lists[:MOST_LISTS]:
        try:
            found = yield from read(url, ways, type_)
        except NotXml as fault:
            faults[fault.name] += 1
            lack = f"{url}: {fault}"
            continue
        if url not in ways.sitemaps.get(None, ()):
            del ways.read[url]  # no other type needs it
        if found.cut:
            faults["truncated"] += 1
            lack = f"{url} breaks off"
        for one, changed in found.urls.items():
            if canonical(one) != home:
                listed.setdefault(canonical(one), (one, changed))
    return listed, lack
