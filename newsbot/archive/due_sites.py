"""Which followed sites are due, in the order in which they are crawled, and how much of the budget all of them need.

An index or sums answer each question, so that a million followed sites are possible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsbot.archive.database import Database, open_database, upsert
from newsbot.archive.followed import WITHOUT_HABIT, Followed, FollowedSite, site_of, written
from newsbot.archive.schema import followed, thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """The need of similar sites for requests. ``sites``: how many similar sites there are. For the other fields see
    ``FollowedSite``."""

    attention: float | None
    cost: float | None
    every: int | None
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Numbers of followed sites. ``due`` sites are neither ``paused`` nor ``blocked``; the last checks of ``failing``
    sites failed; ``unchecked`` sites were never checked."""

    sites: int = 0
    due: int = 0
    paused: int = 0
    blocked: int = 0
    failing: int = 0
    unchecked: int = 0


class DueSites:
    """The followed sites of the archive ``database``, by when they are due. Raises ArchiveError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(
        self, spider: str, now: datetime, *, limit: int | None = None, only: Collection[str] = ()
    ) -> list[FollowedSite]:
        """The sites of ``spider`` that are due, at most ``limit``: those that were never checked, then the longest
        overdue first. ``only``: only the sites with these URLs. The habits of the sites are not read, since a habit
        takes 2 KiB."""
        found = self.never(spider, now, limit=limit, only=only)
        if limit is None or len(found) < limit:
            found += self.overdue(spider, now, limit=limit, only=only)
        return found if limit is None else found[:limit]

    # Two queries, each in the order of the index: no database sorts a million sites for the first hundred.

    def never(
        self,
        spider: str,
        now: datetime,
        *,
        limit: int | None = None,
        only: Collection[str] = (),
        without: Collection[str] = (),
    ) -> list[FollowedSite]:
        """The sites of ``spider`` that are due because no check has stored a time. Sites of the pace groups ``without``
        are left out."""
        chosen = _open_sites(spider, now, only=only, without=without).where(followed.c.next_due.is_(None))
        return self._read(chosen.order_by(followed.c.url).limit(limit))

    def overdue(
        self,
        spider: str,
        now: datetime,
        *,
        limit: int | None = None,
        only: Collection[str] = (),
        without: Collection[str] = (),
    ) -> list[FollowedSite]:
        """The sites of ``spider`` whose ``next_due`` has passed, the longest overdue first. Sites of the pace groups
        ``without`` are left out."""
        chosen = _open_sites(spider, now, only=only, without=without).where(followed.c.next_due <= written(now))
        return self._read(chosen.order_by(followed.c.next_due, followed.c.url).limit(limit))

    def _read(self, chosen: sa.Select[Any]) -> list[FollowedSite]:
        with self._database.reading() as connection:
            return [site_of(row) for row in connection.execute(chosen)]

    def spiders(self) -> list[str]:
        """The spiders that follow sites."""
        with self._database.reading() as connection:
            return list(connection.execute(sa.select(followed.c.spider).distinct().order_by("spider")).scalars())

    def counts(self, now: datetime, spider: str | None = None) -> Counts:
        """How many sites are followed, and how many of them are due, paused, blocked or failing."""
        active = sa.not_(followed.c.paused)
        open_ = active & _passed(followed.c.blocked_until, now)
        wanted = {
            "sites": sa.true(),
            "due": open_ & _passed(followed.c.next_due, now),
            "paused": followed.c.paused,
            "blocked": active & (followed.c.blocked_until > written(now)),
            "failing": active & (followed.c.failures > 0),
            "unchecked": active & followed.c.checked.is_(None),
        }
        sums = [sa.func.coalesce(sa.func.sum(sa.case((of, 1), else_=0)), 0).label(name) for name, of in wanted.items()]
        chosen = sa.select(*sums) if spider is None else sa.select(*sums).where(followed.c.spider == spider)
        with self._database.reading() as connection:
            return Counts(**{name: int(value) for name, value in connection.execute(chosen).one()._mapping.items()})

    def overdue_seconds(self, now: datetime) -> float | None:
        """Seconds since the longest overdue site was due; None if no site is followed.

        A site that no run has checked does not count.
        """
        # From the index: the first due row of each spider is the longest overdue one.
        first = sa.select(followed.c.next_due).where(sa.text("NOT paused"), followed.c.next_due <= written(now))
        first = first.where(_passed(followed.c.blocked_until, now)).order_by(followed.c.next_due).limit(1)
        with self._database.reading() as connection:
            spiders = list(connection.execute(sa.select(followed.c.spider).distinct()).scalars())
            firsts = [connection.execute(first.where(followed.c.spider == spider)).scalar() for spider in spiders]
        if not spiders:
            return None
        overdue = [(now - datetime.fromisoformat(due)).total_seconds() for due in firsts if due is not None]
        return max(overdue, default=0.0)

    def demands(self) -> list[Demand]:
        """The demands of the active sites on the budget. Sites whose values differ by a few percent only are one
        demand."""
        chosen = sa.select(followed.c.attention, followed.c.cost, followed.c.every).where(sa.not_(followed.c.paused))
        alike: Counter[tuple[float | None, float | None, int | None]] = Counter()
        with self._database.streaming() as connection:
            for attention, cost, every in connection.execute(chosen):
                alike[_rounded(attention), _rounded(cost), every] += 1
        return [Demand(attention=a, cost=c, every=e, sites=count) for (a, c, e), count in alike.items()]

    def threshold(self, requests_per_hour: float) -> tuple[float, int, datetime] | None:
        """The threshold that was last computed for a budget, for how many sites, and when."""
        chosen = sa.select(thresholds).where(thresholds.c.requests_per_hour == requests_per_hour)
        with self._database.reading() as connection:
            row = connection.execute(chosen).first()
        return None if row is None else (row.threshold, row.sites, datetime.fromisoformat(row.at))

    def keep_threshold(self, requests_per_hour: float, threshold: float, *, sites: int, now: datetime) -> None:
        """Store the threshold of a budget for other runs."""
        values = {"threshold": threshold, "sites": sites, "at": written(now)}
        with self._database.writing() as connection:
            write = upsert(connection, thresholds, keys=("requests_per_hour",), replaced=tuple(values))
            connection.execute(write, {"requests_per_hour": requests_per_hour, **values})


def _open_sites(spider: str, now: datetime, *, only: Collection[str], without: Collection[str]) -> sa.Select[Any]:
    """The sites of ``spider`` that are neither paused nor blocked, without their habits."""
    chosen = sa.select(*WITHOUT_HABIT).where(followed.c.spider == spider, sa.text("NOT paused"))
    chosen = chosen.where(_passed(followed.c.blocked_until, now))
    if only:
        chosen = chosen.where(followed.c.url.in_(sorted(only)))
    if without:
        chosen = chosen.where(followed.c.pace_group.is_(None) | followed.c.pace_group.not_in(sorted(without)))
    return chosen


def _passed(moment: sa.ColumnElement[str], now: datetime) -> sa.ColumnElement[bool]:
    return moment.is_(None) | (moment <= written(now))


def _rounded(value: float | None) -> float | None:
    """Two digits of a number."""
    return None if value is None else float(f"{value:.1e}")


@dataclass(frozen=True, slots=True)
class SitesToCrawl:
    """The followed sites that a run may crawl, the longest overdue first, and the number of the others."""

    sites: list[FollowedSite]
    not_due: int = 0


def in_a_list(url: str) -> str:
    """A URL as it is written in a list with commas."""
    return url.replace(",", "%2C")


def followed_sites(url: str, spider: str, *, due: datetime | None = None, only: Collection[str] = ()) -> SitesToCrawl:
    """The sites that ``spider`` follows in the archive at an SQLAlchemy URL, without those that are paused.

    ``due``: only the sites that are due at that time. ``only``: only these URLs, as they are written in a list with
    commas. Raises ArchiveError.
    """
    named = {*only, *(url.replace("%2C", ",") for url in only)}
    database = open_database(url)
    try:
        if due is None:
            return SitesToCrawl(Followed(database).sites(spider, paused=False, urls=sorted(named) or None))
        if named:
            sites = DueSites(database).due(spider, due, only=named)
            return SitesToCrawl(sites, max(0, len(only) - len(sites)))
        sites, counts = DueSites(database).due(spider, due), DueSites(database).counts(due, spider)
        return SitesToCrawl(sites, max(0, counts.sites - counts.paused - len(sites)))
    finally:
        database.close()


def follows_any(url: str, spider: str) -> bool | None:
    """Whether ``spider`` follows a site in the archive at an SQLAlchemy URL; None where all of its sites are
    paused. Raises ArchiveError."""
    database = open_database(url)
    try:
        with database.reading() as connection:
            chosen = sa.select(followed.c.url).where(followed.c.spider == spider).limit(1)
            if connection.execute(chosen.where(sa.text("NOT paused"))).first() is not None:
                return True
            return None if connection.execute(chosen).first() is not None else False
    finally:
        database.close()
