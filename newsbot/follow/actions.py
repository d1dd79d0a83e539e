"""The actions of ``scrapy sites``. Each returns the lines to print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from newsbot.archive.database import open_database
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.arguments.entries import entry_of
from newsbot.arguments.site_list import Target, ignored_columns, read_sites
from newsbot.arguments.values import validate
from newsbot.errors import BadArgument
from newsbot.follow.spellings import held_urls, look_alikes, one_each
from newsbot.follow.table import SHOWN, as_object, more, table_of
from newsbot.net.hosts import host_of_url
from newsbot.safe_json import json_bytes
from newsbot.schedule.due import LONGEST
from newsbot.urls import as_url

DEFAULT_SPIDER = "wp_posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The options of the command line, besides the action and its words. None: not given."""

    spider: str | None = None
    every: str | None = None
    types: str | None = None
    name: str | None = None
    weight: float | None = None
    as_json: bool = False
    every_site: bool = False


def act(action: str, words: Sequence[str], given: Given, *, archive: str, now: datetime) -> list[str]:
    """Do one action on the archive at the SQLAlchemy URL ``archive``. Raises BadArgument and ArchiveError."""
    if not archive:
        raise BadArgument("the archive is off, because NEWSBOT_ARCHIVE is empty")
    do = _ACTIONS[action]
    # The words are checked before the archive is opened: bad use must not create an empty archive.
    prepared = [_url(word) for word in words] if do in (_pause, _resume, _remove) else words
    sites = _to_add(prepared, given) if do is _add else _to_import(prepared, given) if do is _import else []
    database = open_database(archive, create=do in (_add, _import))
    try:
        return do(Followed(database), _Work(prepared, sites, given, now))
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class _Work:
    words: Sequence[str]
    sites: Sequence[FollowedSite]
    given: Given
    now: datetime


def _add(table: Followed, work: _Work) -> list[str]:
    held = table.urls(_spider(work.given))
    sites = one_each(work.sites, held)
    done = table.add(sites, longest=LONGEST)
    counts = f"{len(done.new)} new, {len(sites) - len(done.new)} followed already, {len(done.changed)} of them changed"
    return [counts, *_alike(done.new, held, work.given)]


def _import(table: Followed, work: _Work) -> list[str]:
    held = table.urls(_spider(work.given))
    sites = one_each(work.sites, held)
    done = table.add(sites, source=str(Path(work.words[0]).name), longest=LONGEST)
    lines = [f"{len(done.new)} new, {len(done.changed)} changed, {len(done.gone)} gone of {len(sites)} listed"]
    most = None if work.given.every_site else SHOWN
    for what, urls in (("new", done.new), ("changed", done.changed), ("gone", done.gone)):
        lines += [f"{what:<7}  {url}" for url in urls[:most]]
        lines += more(len(urls[:most]), len(urls), what)
    if done.gone:
        lines.append("sites that are gone from the list are still followed; scrapy sites remove URL ends that")
    lines += _alike(done.new, held, work.given)
    if ignored := ignored_columns(Path(work.words[0])):
        lines.append(f"columns that newsbot does not know: {', '.join(ignored)}")
    return lines


def _alike(new: Sequence[str], held: Sequence[str], given: Given) -> list[str]:
    """A line for each new site that is most likely followed already, under another scheme, or with or without www."""
    lines = [f"{url} and {other} are most likely one site; scrapy sites remove URL ends one of them"
             for url, other in look_alikes(new, held)]  # fmt: skip
    return lines if given.every_site else lines[:SHOWN] + more(len(lines[:SHOWN]), len(lines), "alike")


def _list(table: Followed, work: _Work) -> list[str]:
    return _told(table.sites(work.given.spider), work)


def _due(table: Followed, work: _Work) -> list[str]:
    return _told([site for site in table.sites(work.given.spider, paused=False) if site.is_due(work.now)], work)


def _told(sites: Sequence[FollowedSite], work: _Work) -> list[str]:
    if work.given.as_json:
        return [json_bytes(as_object(site, work.now))[0].decode() for site in sites]
    return table_of(sites, work.now, most=None if work.given.every_site else SHOWN)


def _pause(table: Followed, work: _Work) -> list[str]:
    return _change("paused", table, work, lambda urls, spider: table.pause(urls, paused=True, spider=spider))


def _resume(table: Followed, work: _Work) -> list[str]:
    return _change("resumed", table, work, lambda urls, spider: table.pause(urls, paused=False, spider=spider))


def _remove(table: Followed, work: _Work) -> list[str]:
    return _change("removed", table, work, lambda urls, spider: table.remove(urls, spider=spider))


_ACTIONS: dict[str, Callable[[Followed, _Work], list[str]]] = {
    "add": _add,
    "import": _import,
    "list": _list,
    "due": _due,
    "pause": _pause,
    "resume": _resume,
    "remove": _remove,
}


def _to_add(words: Sequence[str], given: Given) -> list[FollowedSite]:
    values = {"every": given.every, "types": given.types, "name": given.name}
    chosen = {name: value for name, value in values.items() if value is not None}
    return [_followed(validate(Target, {"url": word} | chosen), given) for word in words]


def _to_import(words: Sequence[str], given: Given) -> list[FollowedSite]:
    return [_followed(target, given) for target in read_sites(Path(words[0]))]


def _followed(target: Target, given: Given) -> FollowedSite:
    return FollowedSite(
        url=target.url,
        spider=_spider(given),
        entry=entry_of(target),
        every=target.every,
        weight=given.weight or 1.0,
        pace_group=host_of_url(as_url(target.url)),
    )


def _url(word: str) -> str:
    return validate(Target, {"url": word}).url


def _spider(given: Given) -> str:
    """The spider of the sites that are added."""
    return given.spider or DEFAULT_SPIDER


def _change(
    what: str, table: Followed, work: _Work, do: Callable[[Sequence[str], str | None], Sequence[str]]
) -> list[str]:
    """Change the followed sites that the words name, in any spelling."""
    named = held_urls(work.words, table.urls(work.given.spider))
    found = do([url for urls in named.values() for url in urls], work.given.spider)
    unknown = sorted(word for word, urls in named.items() if not urls)
    if unknown:
        done = f"{', '.join(found)} {what}; " if found else ""
        raise BadArgument(f"{done}not followed: {', '.join(unknown)}; scrapy sites list shows the followed sites")
    return [f"{what}: {', '.join(found)}"]
