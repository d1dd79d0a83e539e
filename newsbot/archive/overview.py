"""What a report shows of the archive: counts, times of publication, and the last runs with their receipts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from newsbot.archive.database import Database
from newsbot.archive.payloads import stored_json
from newsbot.archive.schema import collections, receipts, rows, runs, sites


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRows:
    """The rows of one type of a site: ``live`` ones, and ``deleted`` ones that the archive keeps."""

    site: str
    kind: str
    type: str
    live: int
    deleted: int
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReceipt:
    """What a run reported of one site. ``facts`` is the site's part of the receipt; ``at`` is when the run ended."""

    run: str
    site: str
    at: str
    verdict: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A run with the receipts of its sites. ``state`` is ``open``, ``sealing``, ``delivered`` or ``dead``."""

    run: str
    spider: str
    state: str
    started: str
    finished: str | None
    receipts: tuple[SiteReceipt, ...]


def held_rows(database: Database) -> list[HeldRows]:
    """The rows of each site, kind and type, counted."""
    live = sa.func.sum(sa.case((rows.c.deleted_at.is_(None), 1), else_=0))
    published = sa.case((rows.c.deleted_at.is_(None), rows.c.published))
    counted = (
        sa.select(
            *(collections.c.site, collections.c.kind, collections.c.type),
            *(live.label("live"), sa.func.count().label("every")),
            *(sa.func.min(published).label("first"), sa.func.max(published).label("last")),
        )
        .join(rows, rows.c.collection == collections.c.collection)
        .group_by(collections.c.collection, collections.c.site, collections.c.kind, collections.c.type)
        .order_by(collections.c.site, collections.c.kind, collections.c.type)
    )
    with database.reading() as connection:
        return [
            HeldRows(
                site=row.site,
                kind=row.kind,
                type=row.type,
                live=int(row.live),
                deleted=int(row.every - row.live),
                first=row.first,
                last=row.last,
            )
            for row in connection.execute(counted)
        ]


def site_names(database: Database) -> dict[str, str]:
    """Key of a site -> its name, where the archive knows one."""
    with database.reading() as connection:
        found = connection.execute(sa.select(sites.c.site, sites.c.name))
        return {row.site: row.name for row in found if row.name}


def posts_a_day(database: Database, site: str) -> list[tuple[str, int]]:
    """Each day (UTC, ``2024-05-31``) on which the site published live posts -> how many, in order.

    A post here is of any type of posts except pages.
    """
    day = sa.func.substr(rows.c.published, 1, 10).label("day")
    counted = (
        sa.select(day, sa.func.count().label("posts"))
        .join(collections, collections.c.collection == rows.c.collection)
        .where(collections.c.site == site, collections.c.kind == "posts", collections.c.type != "page")
        .where(rows.c.deleted_at.is_(None), rows.c.published.is_not(None))
        .group_by(day)
        .order_by(day)
    )
    with database.reading() as connection:
        return [(row.day, row.posts) for row in connection.execute(counted)]


def latest_runs(database: Database, most: int) -> list[PastRun]:
    """The latest runs, the newest first."""
    chosen = sa.select(runs).order_by(runs.c.started.desc()).limit(most)
    with database.reading() as connection:
        found = connection.execute(chosen).all()
        receipts_by_run: dict[str, list[SiteReceipt]] = {row.run: [] for row in found}
        of_runs = sa.select(receipts).where(receipts.c.run.in_(list(receipts_by_run))).order_by(receipts.c.site)
        for row in connection.execute(of_runs):
            receipts_by_run[row.run].append(_receipt(row))
    return [
        PastRun(
            run=row.run,
            spider=row.spider,
            state=row.state,
            started=row.started,
            finished=row.finished,
            receipts=tuple(receipts_by_run[row.run]),
        )
        for row in found
    ]


def latest_receipts(database: Database) -> list[tuple[str, SiteReceipt]]:
    """The newest receipt of each site and spider, as (spider, receipt)."""
    newest = (
        sa.select(receipts.c.site, runs.c.spider, sa.func.max(receipts.c.at).label("at"))
        .join(runs, runs.c.run == receipts.c.run)
        .where(receipts.c.verdict != "elsewhere")
        .group_by(receipts.c.site, runs.c.spider)
        .subquery()
    )
    chosen = (
        sa.select(receipts, runs.c.spider)
        .join(runs, runs.c.run == receipts.c.run)
        .join(
            newest,
            (newest.c.site == receipts.c.site) & (newest.c.at == receipts.c.at) & (newest.c.spider == runs.c.spider),
        )
        .order_by(receipts.c.site, runs.c.spider)
    )
    with database.reading() as connection:
        return [(row.spider, _receipt(row)) for row in connection.execute(chosen)]


def _receipt(row: Any) -> SiteReceipt:
    return SiteReceipt(run=row.run, site=row.site, at=row.at, verdict=row.verdict, facts=stored_json(row.facts))
