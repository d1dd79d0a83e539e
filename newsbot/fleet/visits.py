"""Starts the crawl of a job's site, and reports its result to the job."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from newsbot.archive.database import Database
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.arguments.entries import target_of
from newsbot.errors import BadArgument
from newsbot.fleet.fence import JobKey
from newsbot.fleet.runs import Runs, Visit
from newsbot.wordpress.receipt import SiteFacts

logger = logging.getLogger(__name__)

UNREADABLE_FOR = timedelta(hours=6)
"""If newsbot does not know the entry or the spider of a site, newsbot tries the site again after this time."""

ELSEWHERE_FOR = timedelta(minutes=1)
"""If a run outside of the fleet crawls a site now, newsbot tries the site again after this time."""


class Visits:
    """Crawls the sites of jobs. ``ended`` counts the finished crawls."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._table = Followed(database)
        self._runs = runs
        self.ended = 0

    async def visit(self, job: JobKey, url: str, spider: str, *, now: datetime) -> None:
        """Crawl a followed site, if it is still due. Raises Interrupted where the crawl was stopped, ArchiveError where
        the archive fails."""
        site = self._site(url, spider)
        if site is None or not site.is_due(now):
            return  # removed, paused or checked since the job was made
        try:
            target = target_of(site.entry)
            visit = Visit(job=job, target=target, facts=_facts(url, target.name), followed=site)
            self._runs.give(spider, visit, first=site.checked is None)
        except (BadArgument, KeyError) as fault:
            logger.error("%s: %s; newsbot tries the site again in 6 hours", url, fault)
            self._table.keep(replace(site, next_due=now + UNREADABLE_FOR, failures=site.failures + 1))
            return
        facts = await visit.done
        self.ended += 1
        if facts.verdict == "elsewhere":
            self._pass_over(url, spider, now)

    def _site(self, url: str, spider: str) -> FollowedSite | None:
        return self._table.site(url, spider)

    def _pass_over(self, url: str, spider: str, now: datetime) -> None:
        """If another run has the site, postpone the next job of the site, unless that run has just ended."""
        site = self._site(url, spider)
        if site is not None and site.is_due(now):
            self._table.keep(replace(site, next_due=now + ELSEWHERE_FOR))


def _facts(url: str, name: str | None) -> SiteFacts:
    return SiteFacts(asked=url, name=name)
