"""Which followed sites a crawl is for."""

from __future__ import annotations

from collections.abc import Sequence

from newsbot.archive.database import Database, open_database
from newsbot.archive.due_sites import follows_any, in_a_list
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.errors import BadArgument
from newsbot.follow.spellings import held_urls

MOST_NAMES = 5
"""The most addresses that a message names."""


def check_follows(archive: str, spider: str) -> None:
    """Raise BadArgument where ``spider`` has no followed site to crawl in the archive at an SQLAlchemy URL."""
    found = follows_any(archive, spider)
    if found is None:
        raise BadArgument(f"every site that {spider} follows is paused; scrapy sites resume URL ends the pause")
    if not found:
        raise BadArgument(f"the archive follows no site for {spider}; scrapy sites add URL follows a site")


def named_sites(archive: str, spider: str, named: Sequence[str]) -> str:
    """The followed sites that a user named in any spelling, in the form of ``site=``: each with the URL under which it
    is followed.

    Paused sites may be among them. Raises BadArgument where one of the sites is not followed, or all of them are
    paused.
    """
    database = open_database(archive)
    try:
        found = _found(database, spider, named)
    finally:
        database.close()
    if unknown := [word for word, sites in found.items() if not sites]:
        names = ", ".join(unknown[:MOST_NAMES]) + (", ..." if unknown[MOST_NAMES:] else "")
        raise BadArgument(f"not followed by {spider}: {names}; scrapy sites list shows the followed sites")
    if all(site.paused for sites in found.values() for site in sites):
        names = ", ".join(named[:MOST_NAMES]) + (", ..." if named[MOST_NAMES:] else "")
        raise BadArgument(f"paused: {names}; scrapy sites resume URL ends the pause")
    return ",".join(dict.fromkeys(in_a_list(site.url) for sites in found.values() for site in sites))


def _found(database: Database, spider: str, named: Sequence[str]) -> dict[str, list[FollowedSite]]:
    """Each of the addresses with the followed sites that it names. In a list with commas, a comma in an address is
    written as %2C."""
    table = Followed(database)
    spelled = {word: (word, word.replace("%2C", ",")) for word in named}
    exact = {
        site.url: site for site in table.sites(spider, urls=sorted({url for urls in spelled.values() for url in urls}))
    }
    found = {word: [exact[url] for url in dict.fromkeys(urls) if url in exact] for word, urls in spelled.items()}
    if unknown := [word for word, sites in found.items() if not sites]:
        # The whole table, which may be large, is read only if a site is not followed under exactly this URL. The jobs
        # of Scrapyd give exact URLs.
        others = held_urls(unknown, table.urls(spider))
        held = table.sites(spider, urls=sorted(url for urls in others.values() for url in urls))
        found |= {word: [site for site in held if site.url in urls] for word, urls in others.items()}
    return found
