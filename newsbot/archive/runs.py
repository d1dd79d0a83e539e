"""Runs and their receipts, and what later runs must know about a site."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database, open_database, upsert
from newsbot.archive.payloads import stored_json
from newsbot.archive.processes import this_process
from newsbot.archive.schema import addresses, feeds, outbox, receipts, runs, sites
from newsbot.safe_json import json_bytes, without_surrogates

DISCOVERED_DAYS = timedelta(days=7)
"""How long the result of a discovery is used: then the API's index is read again, since an upgraded WordPress may offer
more.
"""

BATCH = 500
"""URLs in one query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """The result of one site in a run.

    ``asked`` are the URLs that the user gave for the site, ``facts`` is its part of the receipt. ``whole``: the crawl
    was complete, so that the site is not due again at once.
    """

    site: str
    name: str | None
    asked: tuple[str, ...]
    verdict: str
    whole: bool
    facts: Mapping[str, Any]


class Runs:
    """The history of runs. ``run`` is the name of the present run.

    The column ``facts`` of a site holds JSON: ``crawled`` (spider -> start of the run of its last complete crawl) and
    ``found`` (what the last discovery found, and when). The table ``addresses`` has the URLs that users gave for it.
    """

    def __init__(self, database: Database, *, run: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._started = clock()

    def start(self, spider: str) -> None:
        """Enter the present run. An earlier run with the same name gets another name and is marked as dead."""
        self._started = self._clock()
        now = self._started.isoformat()
        with self._database.writing() as connection:
            self._rename_earlier(connection, f"{self._run}~{now}")
            connection.execute(
                sa.insert(runs).values(
                    run=self._run,
                    spider=spider,
                    holder=this_process(),
                    state="open",
                    started=now,
                    heartbeat=now,
                )
            )

    def _rename_earlier(self, connection: Connection, name: str) -> None:
        earlier = sa.update(runs).where(runs.c.run == self._run)
        if connection.execute(earlier.values(run=name)).rowcount:
            connection.execute(sa.update(runs).where(runs.c.run == name, runs.c.state == "open").values(state="dead"))
            for table in (outbox, feeds):
                connection.execute(sa.update(table).where(table.c.run == self._run).values(run=name))

    def conclude(self, spider: str, crawled: Iterable[Crawled]) -> None:
        """Store the receipt of each site of the present run, and which sites were crawled completely."""
        now = self._clock().isoformat()
        # Sorted: a run over another kind of the same sites may end at the same time, and must not deadlock.
        results = sorted(crawled, key=lambda result: result.site)
        with self._database.writing() as connection:
            for start in range(0, len(results), BATCH):
                self._conclude(connection, spider, results[start : start + BATCH], now)

    def _conclude(self, connection: Connection, spider: str, results: Sequence[Crawled], now: str) -> None:
        """Do the work of ``conclude`` in one transaction. ``results``: one result for each site, in the order of the
        keys."""
        found = _Site.read(connection, [result.site for result in results], now)
        # The start of the run, not its end: a schedule must not shift by the length of the crawls.
        complete = {spider: self._started.isoformat()}
        of_run: list[dict[str, Any]] = []
        for result in results:
            facts = json_bytes(dict(result.facts))[0]
            of_run.append({"run": self._run, "site": result.site, "at": now, "verdict": result.verdict, "facts": facts})
            site = found[result.site]
            site.name = result.name
            site.facts["crawled"] |= complete if result.whole else {}
        _put(connection, receipts, ("run", "site"), of_run)
        # If no site was found, the URL stands for its key. Then the site that an earlier run found at the URL stays.
        for replace in (True, False):
            urls = {
                url: result.site
                for result in results
                for url in result.asked
                if replace == (result.site not in result.asked)
            }
            _put_addresses(connection, urls, replace=replace)
        _Site.write(connection, found.values(), now=now)

    def keep_site(self, url: str, found: Mapping[str, Any], *, discovered: bool = False) -> None:
        """Store what was discovered at ``url``; ``found`` holds at least ``key`` and ``name``. If the site is not
        ``discovered`` now, the time of its discovery stays.
        """
        now = self._clock().isoformat()
        with self._database.writing() as connection:
            site = _Site.read(connection, [found["key"]], now)[found["key"]]
            _put_addresses(connection, {url: found["key"]}, replace=True)
            site.name = found["name"]
            before, kept = site.facts.get("found", {}), dict(found)
            if before.get("run") == self._run:
                # This run crawled the site at another address before, and discovered each address separately.
                for name in ("meanings", "scopes"):
                    kept[name] = before["site"].get(name, {}) | kept.get(name, {})
                kept |= _doubted_still(before["site"], kept)
            at = now if discovered else before.get("at", now)
            site.facts["found"] = {"at": at, "run": self._run, "site": kept}
            _Site.write(connection, [site], now=now)

    def site_behind(self, url: str) -> Mapping[str, Any] | None:
        """What was discovered at ``url`` in the last DISCOVERED_DAYS days."""
        with self._database.reading() as connection:
            facts = stored_json(connection.execute(_BEHIND, {"at": url}).scalar())
        found = facts.get("found")
        if found is None or self._clock() - datetime.fromisoformat(found["at"]) > DISCOVERED_DAYS:
            return None
        site: Mapping[str, Any] = found["site"]
        return site


def _doubted_still(before: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """The doubts that stay if two targets of one run met the same refusal: only a second run confirms a refusal."""
    fields = {"fields": True, "fields_doubted": True}
    found = fields if before.get("fields_doubted") and not kept.get("fields", True) else {}
    routes = {}
    for route, accepts in kept.get("routes", {}).items():
        refused = set(accepts.get("refused", ()))
        again = refused & set(before.get("routes", {}).get(route, {}).get("doubted", ()))
        doubted = sorted(again | set(accepts.get("doubted", ())))
        routes[route] = {**accepts, "refused": sorted(refused - again), "doubted": doubted} if again else accepts
    return {**found, "routes": routes} if routes else found


@dataclass(slots=True)
class _Site:
    """A row of the table ``sites``, read, changed and written in one transaction."""

    key: str
    facts: dict[str, Any]
    first_seen: str
    name: str | None = None

    @classmethod
    def read(cls, connection: Connection, keys: Sequence[str], now: str) -> dict[str, Self]:
        """Key -> the row of each of the ``keys``, which is new where the archive has none."""
        found = {row.site: row for row in connection.execute(_OF_KEYS, {"keys": list(keys)})}
        rows = {}
        for key in keys:
            row = found.get(key)
            facts = stored_json(row.facts) if row is not None else {}
            facts.pop("asked", None)  # an older version kept the URLs here
            rows[key] = cls(key, {"crawled": {}} | facts, row.first_seen if row is not None else now)
        return rows

    @staticmethod
    def write(connection: Connection, changed: Iterable[_Site], *, now: str) -> None:
        values = [
            {
                "site": site.key,
                "name": _storable(site.name),
                "facts": json_bytes(site.facts)[0],
                "first_seen": site.first_seen,
                "last_seen": now,
            }
            for site in changed
        ]
        _put(connection, sites, ("site",), values)


# Locked: runs over two kinds of a site may write its facts at the same time. (SQLite has one writer anyway.)
_OF_KEYS = (
    sa.select(sites.c.site, sites.c.facts, sites.c.first_seen)
    .where(sites.c.site.in_(sa.bindparam("keys", expanding=True)))
    .order_by(sites.c.site)
    .with_for_update()
)
_BEHIND = (
    sa.select(sites.c.facts)
    .join(addresses, addresses.c.site == sites.c.site)
    .where(addresses.c.url == sa.bindparam("at"))
)


def last_crawled(url: str, spider: str, asked: Iterable[str]) -> dict[str, datetime]:
    """URL of ``asked`` -> start of the run in which ``spider`` last crawled the site at that URL completely.

    ``url`` is the SQLAlchemy URL of the archive. Raises ArchiveError.
    """
    database = open_database(url)
    try:
        return crawled_of(database, spider, asked)
    finally:
        database.close()


def crawled_of(database: Database, spider: str, asked: Iterable[str]) -> dict[str, datetime]:
    """The result of ``last_crawled`` from an open archive."""
    wanted = list(dict.fromkeys(asked))
    of_urls = sa.select(addresses.c.url, sites.c.facts).join(sites, sites.c.site == addresses.c.site)
    of_urls = of_urls.where(addresses.c.url.in_(sa.bindparam("urls", expanding=True)))
    found = {}
    with database.reading() as connection:
        for start in range(0, len(wanted), BATCH):
            for row in connection.execute(of_urls, {"urls": wanted[start : start + BATCH]}):
                crawled = stored_json(row.facts).get("crawled", {})
                if spider in crawled:
                    found[row.url] = datetime.fromisoformat(crawled[spider])
    return found


def _put_addresses(connection: Connection, urls: Mapping[str, str], *, replace: bool) -> None:
    """Note for which site users gave each of the URLs. ``replace``: also where a URL led to another site before."""
    statement = upsert(connection, addresses, keys=("url",), replaced=("site",) if replace else ())
    if values := [{"url": url, "site": site} for url, site in sorted(urls.items())]:
        connection.execute(statement, values)


def _storable(name: str | None) -> str | None:
    """A site's name in a form that every database accepts: PostgreSQL refuses NUL and lone surrogates."""
    return None if name is None else without_surrogates(name).replace("\x00", "\ufffd")


def _put(connection: Connection, table: sa.Table, keys: tuple[str, ...], values: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of ``values``, which all have the same columns, or replace the rows that have the same ``keys``."""
    if values:
        replaced = tuple(name for name in values[0] if name not in keys)
        connection.execute(upsert(connection, table, keys=keys, replaced=replaced), values)
