"""The sites that the user follows: which spider crawls each site, and when the site is next due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Row

from newsbot.archive.database import Database, upsert
from newsbot.archive.schema import collections, followed, hosts, rows
from newsbot.politeness.known import LONGEST_HOLD
from newsbot.safe_json import json_bytes
from newsbot.timestamps import iso_utc

_KEYS = ("url", "spider")
_AS_GIVEN = ("entry", "every", "weight", "source")
"""The columns that the user decides. An import replaces them and leaves what newsbot learnt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedSite:
    """A site that ``spider`` crawls. ``entry`` holds the values of a site list; ``source`` is the list that named it.

    ``every``: seconds between two checks; None where the site's habit decides. ``weight``: how much the delay of this
    site counts, compared with other sites. ``next_due`` is None for a site that no run has checked. ``blocked_until``:
    the site asked for no requests until then. ``cost`` is the number of requests of a check, ``habit`` what was learnt
    about the publication times, ``attention`` how much attention the site gathers in a day. ``failures`` counts the
    checks since the last one that succeeded. Sites of one ``pace_group`` share a host, or an address; no two of them
    are crawled at once. ``full_check`` is the time of the last check of more than one request.
    """

    url: str
    spider: str
    entry: Mapping[str, Any] = field(default_factory=dict)
    every: int | None = None
    weight: float = 1.0
    source: str | None = None
    paused: bool = False
    site: str | None = None
    checked: datetime | None = None
    next_due: datetime | None = None
    blocked_until: datetime | None = None
    failures: int = 0
    cost: float | None = None
    habit: Mapping[str, Any] | None = None
    attention: float | None = None
    verdict: str | None = None
    run: str | None = None
    pace_group: str | None = None
    full_check: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether a run that starts ``now`` crawls the site."""
        return not self.paused and all(when is None or when <= now for when in (self.next_due, self.blocked_until))


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import: the URLs that are ``new``, those whose entry ``changed``, and those that the list no
    longer names."""

    new: list[str]
    changed: list[str]
    gone: list[str]


class Followed:
    """The table of followed sites of the archive ``database``. Raises ArchiveError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sites(
        self, spider: str | None = None, *, urls: Sequence[str] | None = None, paused: bool | None = None
    ) -> list[FollowedSite]:
        """The followed sites, the longest overdue first. Sites that were never checked come before all others."""
        chosen = sa.select(followed).order_by(
            followed.c.next_due.is_not(None), followed.c.next_due, followed.c.url, followed.c.spider
        )
        if spider is not None:
            chosen = chosen.where(followed.c.spider == spider)
        if urls is not None:
            chosen = chosen.where(followed.c.url.in_(urls))
        if paused is not None:
            chosen = chosen.where(followed.c.paused.is_(paused))
        with self._database.reading() as connection:
            return [site_of(row) for row in connection.execute(chosen)]

    def site(self, url: str, spider: str) -> FollowedSite | None:
        """The followed site with this URL as the user gave it; None where ``spider`` follows none."""
        with self._database.reading() as connection:
            row = connection.execute(_ONE, {"at": url, "by": spider}).first()
        return None if row is None else site_of(row)

    def urls(self, spider: str | None = None) -> list[str]:
        """The URLs of the followed sites, of all spiders or of one."""
        chosen = sa.select(followed.c.url).distinct().order_by(followed.c.url)
        if spider is not None:
            chosen = chosen.where(followed.c.spider == spider)
        with self._database.reading() as connection:
            return list(connection.execute(chosen).scalars())

    def add(
        self, sites: Iterable[FollowedSite], *, source: str | None = None, longest: timedelta = timedelta(weeks=1)
    ) -> Imported:
        """Follow ``sites``. If a site is followed already, the user's values are replaced. A site that gets another
        interval is next due by this interval. A site that loses its interval is due ``longest`` after its last check at
        the latest.

        ``source``: the list that names the sites. The sites that an earlier import of this list brought and that are
        not among ``sites`` are reported as gone; they stay.
        """
        given = {(site.url, site.spider): site for site in sites}
        spiders = {spider for _, spider in given}
        with self._database.writing() as connection:
            of_spiders = sa.select(*WITHOUT_HABIT).where(followed.c.spider.in_(spiders))
            held = {(row.url, row.spider): site_of(row) for row in connection.execute(of_spiders)}
            # If the user adds a site by hand, the list that named the site before is kept.
            sources = {key: held[key].source for key in given if key in held and source is None}
            values = [_columns(replace(site, source=sources.get(key, source))) for key, site in given.items()]
            if values:
                connection.execute(upsert(connection, followed, keys=_KEYS, replaced=_AS_GIVEN), values)
            ruled = [(held[key], site.every) for key, site in given.items() if key in held]
            if anew := [due for site, every in ruled if (due := _due_anew(site, every, longest)) is not None]:
                connection.execute(_DUE, anew)
        return _imported(given, held, source)

    def pause(self, urls: Sequence[str], *, paused: bool, spider: str | None = None) -> list[str]:
        """Pause or resume sites. Returns the URLs that are followed."""
        return self._change(sa.update(followed).values(paused=paused), urls, spider)

    def remove(self, urls: Sequence[str], *, spider: str | None = None) -> list[str]:
        """Stop following sites. Their rows stay in the archive. Returns the URLs that were followed."""
        return self._change(sa.delete(followed), urls, spider)

    def _change(self, statement: Any, urls: Sequence[str], spider: str | None) -> list[str]:
        chosen: Any = followed.c.url.in_(urls)
        if spider is not None:
            chosen &= followed.c.spider == spider
        with self._database.writing() as connection:
            found = connection.execute(sa.select(followed.c.url).where(chosen).distinct()).scalars().all()
            connection.execute(statement.where(chosen))
        return sorted(found)

    def keep(self, site: FollowedSite) -> bool:
        """Store the results of a check: every column that the user does not decide. If the site is not followed any
        more, or now has another ``every``, store nothing and return False."""
        columns = _columns(site)
        learnt = {name: columns[name] for name in _LEARNT}
        with self._database.stating() as connection:
            asked = {"at": site.url, "by": site.spider, "ruled": site.every, **learnt}
            return connection.execute(_KEEP, asked).rowcount == 1

    def held_until(self, host: str, *, now: datetime) -> datetime | None:
        """The end of the time in which a host asked for no requests, or in which no run requests anything because the
        host failed. None if this time is over at ``now``.

        ``host`` is written as ``net.hosts.host_of`` writes it.
        """
        with self._database.reading() as connection:
            row = connection.execute(_HOLDS, {"at": host}).first()
        until = max((moment for moment in row or () if moment is not None), default=0.0)
        # A clock that was set back must not block a site for years.
        until = min(until, now.timestamp() + LONGEST_HOLD)
        return datetime.fromtimestamp(until, UTC) if until > now.timestamp() else None

    def published(self, site: str, kind: str, *, since: datetime, until: datetime) -> list[datetime]:
        """When the live rows of a site were published, from ``since`` on and before ``until``."""
        of_site = sa.select(collections.c.collection).where(collections.c.site == site, collections.c.kind == kind)
        chosen = sa.select(rows.c.published).where(
            rows.c.collection.in_(of_site),
            rows.c.deleted_at.is_(None),
            rows.c.published >= iso_utc(since),
            rows.c.published < iso_utc(until),
        )
        with self._database.reading() as connection:
            return [datetime.fromisoformat(moment) for moment in connection.execute(chosen).scalars()]


def _imported(
    given: Mapping[tuple[str, str], FollowedSite], held: Mapping[tuple[str, str], FollowedSite], source: str | None
) -> Imported:
    """What an import of the ``given`` sites changes in the ``held`` ones; the keys are URL and spider."""
    return Imported(
        new=[url for url, spider in given if (url, spider) not in held],
        changed=[key[0] for key, site in given.items() if key in held and _differs(site, held[key])],
        gone=[
            key[0] for key, site in held.items() if source is not None and site.source == source and key not in given
        ],
    )


def _differs(site: FollowedSite, held: FollowedSite) -> bool:
    return (dict(site.entry), site.weight) != (dict(held.entry), held.weight)


def _due_anew(held: FollowedSite, every: int | None, longest: timedelta) -> dict[str, Any] | None:
    """When a site with a new interval is next due; None if nothing changes. After a failure the back-off applies."""
    if every == held.every or held.failures or held.checked is None or held.next_due is None:
        return None
    due = min(held.next_due, held.checked + longest) if every is None else held.checked + timedelta(seconds=every)
    return {"at": held.url, "by": held.spider, "due": written(due)}


_NAMES = tuple(column.name for column in followed.columns)
WITHOUT_HABIT = [column for column in followed.columns if column.name != "habit"]
"""A habit takes 2 KiB, and only a check of its site needs it."""
_LEARNT = tuple(name for name in _NAMES if name not in (*_KEYS, *_AS_GIVEN, "paused"))
_OF_KEYS = (followed.c.url == sa.bindparam("at"), followed.c.spider == sa.bindparam("by"))
_ONE = sa.select(followed).where(*_OF_KEYS)
_KEEP = (
    sa.update(followed)
    .where(*_OF_KEYS, followed.c.every.is_not_distinct_from(sa.bindparam("ruled", type_=sa.Integer)))
    .values({name: sa.bindparam(name) for name in _LEARNT})
)
_DUE = sa.update(followed).where(*_OF_KEYS).values(next_due=sa.bindparam("due"))
_HOLDS = sa.select(hosts.c.held_until, hosts.c.failed_until).where(hosts.c.host == sa.bindparam("at"))
_TIMES = ("checked", "next_due", "blocked_until", "full_check")
_JSON = ("entry", "habit")


def _columns(site: FollowedSite) -> dict[str, Any]:
    values = {name: getattr(site, name) for name in _NAMES}
    values |= {name: None if values[name] is None else written(values[name]) for name in _TIMES}
    return values | {name: None if values[name] is None else json_bytes(dict(values[name]))[0] for name in _JSON}


def site_of(row: Row[Any]) -> FollowedSite:
    """The site in a row of the table, which may lack the habit."""
    values = {"habit": None, **row._mapping}
    values |= {name: None if values[name] is None else datetime.fromisoformat(values[name]) for name in _TIMES}
    values |= {name: None if values[name] is None else orjson.loads(values[name]) for name in _JSON}
    return FollowedSite(**values)


def written(moment: datetime) -> str:
    """A time as the table holds it: the texts have the same order as the times."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
