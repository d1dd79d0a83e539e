"""Runs and their receipts, and when a site was last crawled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database, open_database
from newsbot.archive.processes import this_process
from newsbot.archive.schema import feeds, outbox, receipts, runs, sites
from newsbot.safe_json import joined, json_bytes

DISCOVERED_DAYS = timedelta(days=7)
"""How long what was discovered of a site is trusted: an upgrade brings abilities that only its index tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawled:
    """What a run has to say of one site at its end: ``asked`` are the URLs by which it was asked for, ``facts`` its
    receipt; ``whole`` means that all of it came, so that it is not due again at once."""

    site: str
    name: str | None
    asked: tuple[str, ...]
    verdict: str
    whole: bool
    facts: Mapping[str, Any]


class Runs:
    """The history of runs; ``run`` is the one at hand."""

    def __init__(self, database: Database, *, run: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._run = run
        self._clock = clock
        self._started = clock()
        self._behind: dict[str, Any] | None = None

    def start(self, spider: str) -> None:
        """Enter the run at hand. An earlier try by the same name becomes a dead run of its own."""
        self._started = self._clock()
        now = self._started.isoformat()
        with self._database.writing() as connection:
            self._set_aside(connection, f"{self._run}~{now}")
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

    def _set_aside(self, connection: Connection, name: str) -> None:
        earlier = sa.update(runs).where(runs.c.run == self._run)
        if connection.execute(earlier.values(run=name)).rowcount:
            connection.execute(sa.update(runs).where(runs.c.run == name, runs.c.state == "open").values(state="dead"))
            for table in (outbox, feeds):
                connection.execute(sa.update(table).where(table.c.run == self._run).values(run=name))

    def conclude(self, spider: str, crawled: Iterable[Crawled]) -> None:
        """Keep the receipts of the run at hand, and of each site how it was asked for and when it last came whole."""
        now = self._clock().isoformat()
        with self._database.writing() as connection:
            for one in crawled:
                receipt = {"verdict": one.verdict, "facts": json_bytes(dict(one.facts))[0], "at": now}
                _put(connection, receipts, {"run": self._run, "site": one.site}, receipt)
                asked = sa.select(sites.c.facts, sites.c.first_seen).where(sites.c.site == one.site)
                before = connection.execute(asked).first()
                kept = {"asked": [], "crawled": {}} | (orjson.loads(before.facts) if before and before.facts else {})
                kept["asked"] = sorted({*kept["asked"], *one.asked})
                if one.whole:
                    # From start to start: a schedule must not slip by the length of its crawls.
                    kept["crawled"][spider] = self._started.isoformat()
                first = before.first_seen if before else now
                values = {"name": _name(one.name), "facts": json_bytes(kept)[0], "first_seen": first, "last_seen": now}
                _put(connection, sites, {"site": one.site}, values)

    def keep_site(self, url: str, site: Mapping[str, Any]) -> None:
        """Keep what was discovered behind ``url``; ``site`` holds at least its ``key`` and ``name``."""
        now = self._clock().isoformat()
        with self._database.writing() as connection:
            asked = sa.select(sites.c.facts, sites.c.first_seen).where(sites.c.site == site["key"])
            before = connection.execute(asked).first()
            kept = {"asked": [], "crawled": {}} | (orjson.loads(before.facts) if before and before.facts else {})
            kept["asked"] = sorted({*kept["asked"], url})
            kept["found"] = {"at": now, "site": dict(site)}
            first = before.first_seen if before else now
            values = {"name": _name(site["name"]), "facts": json_bytes(kept)[0], "first_seen": first, "last_seen": now}
            _put(connection, sites, {"site": site["key"]}, values)
        if self._behind is not None:
            self._behind[url] = kept["found"]

    def site_behind(self, url: str) -> Mapping[str, Any] | None:
        """What was discovered behind ``url`` in the last DISCOVERED_DAYS days."""
        if self._behind is None:
            with self._database.reading() as connection:
                listed = [orjson.loads(one) for one in connection.execute(sa.select(sites.c.facts)).scalars() if one]
            self._behind = {asked: one["found"] for one in listed if "found" in one for asked in one["asked"]}
        found = self._behind.get(url)
        if found is None or self._clock() - datetime.fromisoformat(found["at"]) > DISCOVERED_DAYS:
            return None
        site: Mapping[str, Any] = found["site"]
        return site


def last_crawled(url: str, spider: str) -> dict[str, datetime]:
    """Of the archive behind an SQLAlchemy URL: each URL by which a site was asked for -> when the run began in which
    ``spider`` last brought the whole site. Raises ArchiveError."""
    database = open_database(url)
    try:
        with database.reading() as connection:
            known = [orjson.loads(facts) for facts in connection.execute(sa.select(sites.c.facts)).scalars() if facts]
    finally:
        database.close()
    return {
        asked: datetime.fromisoformat(one["crawled"][spider])
        for one in known
        if spider in one.get("crawled", {})
        for asked in one["asked"]
    }


def _name(name: str | None) -> str | None:
    """A site's name as every database takes it: PostgreSQL keeps no NUL, and neither a lone surrogate."""
    return None if name is None else joined(name).replace("\x00", "\ufffd")


def _put(connection: Connection, table: sa.Table, keys: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    same = [table.c[name] == value for name, value in keys.items()]
    if connection.execute(sa.update(table).where(*same).values(dict(values))).rowcount == 0:
        connection.execute(sa.insert(table).values({**keys, **values}))
