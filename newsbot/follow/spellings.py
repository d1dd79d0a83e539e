"""Treats two spellings of one address as one followed site. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from newsbot.archive.followed import FollowedSite
from newsbot.net.hosts import likely_site, one_spelling


def one_each(sites: Iterable[FollowedSite], held: Iterable[str]) -> list[FollowedSite]:
    """``sites`` without duplicates: if a site has two entries, the later one stays. A site that is in ``held`` in
    another spelling gets the URL of ``held``."""
    exact = set(held)
    known = spellings_of(exact)
    found: dict[str, FollowedSite] = {}
    for site in sites:
        spelling = one_spelling(site.url)
        url = site.url if site.url in exact else known.setdefault(spelling, [site.url])[0]
        found[url] = replace(site, url=url, entry={**site.entry, "url": url})
    return list(found.values())


def held_urls(words: Iterable[str], held: Iterable[str]) -> dict[str, list[str]]:
    """For each URL that the user wrote, the URLs that are followed under another spelling of it, or under the URL
    itself."""
    exact = set(held)
    known = spellings_of(exact)
    return {word: [word] if word in exact else known.get(one_spelling(word), []) for word in words}


def spellings_of(urls: Iterable[str]) -> dict[str, list[str]]:
    """One spelling of each address -> the URLs that are spellings of it."""
    found: dict[str, list[str]] = {}
    for url in sorted(urls):
        found.setdefault(one_spelling(url), []).append(url)
    return found


def look_alikes(new: Sequence[str], followed: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of a ``new`` site and another followed site whose URLs differ only in the scheme, in www or in a slash."""
    if not new:
        return
    first: Mapping[str, str] = {likely_site(url): url for url in sorted([*followed, *new], reverse=True)}
    for url in new:
        if (other := first[likely_site(url)]) != url:
            yield url, other
