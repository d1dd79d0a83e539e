"""Gives the due sites to Scrapyd nodes: as many jobs as the sites need, but not more than the nodes have free slots.

The jobs of a call get equal parts of the due sites: a job crawls ``sites=archive`` with ``due=1``, and of these sites
the ones that ``site`` names. A site that another job crawls is skipped, so that each site is crawled once. All nodes
use one archive. Nothing is stored between two calls: the answers of the nodes and the archive are enough.
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from math import ceil
from typing import Any

from newsbot.archive.database import open_database
from newsbot.archive.due_sites import DueSites, in_a_list
from newsbot.errors import BadArgument
from newsbot.terminal import counted

SECONDS = 30
"""How long a node may take to answer."""

MOST_BYTES = 16 * 1024 * 1024
"""The most bytes of an answer. Scrapyd's answers are shorter."""

MOST_SITES, MOST_NAMED = 1_000, 100_000
"""Sites of one job, and bytes of their URLs. Linux allows 128 KiB in one argument."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NodeFailed(Exception):
    """A node did not carry out a request. The text is one line."""


@dataclass(slots=True)
class Node:
    """One Scrapyd. ``free`` slots can take a job now; ``active`` counts its waiting and running jobs by spider."""

    url: str
    auth: str
    project: str
    free: int = 0
    active: dict[str, int] = field(default_factory=dict)

    def look(self, slots: int) -> None:
        """Request the state of the node. Raises NodeFailed."""
        status = self._call("daemonstatus", {})
        jobs = self._call("listjobs", {"project": self.project})
        try:
            self.free = max(0, slots - int(status["running"]) - int(status["pending"]))
            spiders = [job["spider"] for state in ("pending", "running") for job in jobs[state]]
        except (KeyError, TypeError, ValueError) as fault:
            raise NodeFailed(f"{self.url} is not a Scrapyd: its answer lacks {fault}") from fault
        self.active = {spider: spiders.count(spider) for spider in spiders}

    def start(self, spider: str, urls: Sequence[str]) -> str:
        """Start a job over those of the followed sites ``urls`` that are due. Returns its id. Raises NodeFailed."""
        named = ",".join(map(in_a_list, urls))
        given = {"project": self.project, "spider": spider, "sites": "archive", "due": "1", "site": named}
        job = self._call("schedule", given, posts=True).get("jobid")
        self.free -= 1
        return str(job)

    def _call(self, action: str, given: Mapping[str, str], *, posts: bool = False) -> dict[str, Any]:
        query = urllib.parse.urlencode(given)
        url = f"{self.url.rstrip('/')}/{action}.json" + (f"?{query}" if query and not posts else "")
        request = urllib.request.Request(url, data=query.encode() if posts else None)  # noqa: S310 (checked by node_of)
        if self.auth:
            request.add_header("Authorization", f"Basic {base64.b64encode(self.auth.encode()).decode()}")
        try:
            with _OPENER.open(request, timeout=SECONDS) as answer:
                reply = json.loads(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise NodeFailed(f"{self.url} answers {error.code}{_what_to_do(error.code)}") from error
        except (OSError, ValueError) as error:
            raise NodeFailed(f"{self.url} does not answer as a Scrapyd: {_one_line(error)}") from error
        if not isinstance(reply, dict) or reply.get("status") != "ok":
            raise NodeFailed(f"{self.url} refuses {action}: {_one_line(_message(reply))}")
        return reply


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow no redirect, since it would send the password to another host."""


_OPENER = urllib.request.build_opener(_NoRedirect)


@dataclass(frozen=True, slots=True)
class Started:
    """The result of a call: the ``lines`` to print, and the number of nodes that ``failed``."""

    lines: list[str]
    failed: int


def node_of(url: str, *, auth: str, project: str) -> Node:
    """The node at a URL. Raises BadArgument."""
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
    except ValueError as fault:
        raise BadArgument(f"--scrapyd takes a URL, not {url!r}: {fault}") from fault
    if parts.scheme not in ("http", "https") or not host:
        raise BadArgument(f"--scrapyd takes a URL such as http://127.0.0.1:6800, not {url!r}")
    if parts.username or parts.password:
        raise BadArgument("--scrapyd takes no user name or password; they stand in NEWSBOT_SCRAPYD_AUTH")
    if auth and parts.scheme == "http" and host not in _LOOPBACK:
        raise BadArgument(f"a password is sent over https or to this machine only, not to {url}")
    return Node(url=url, auth=auth, project=project)


def jobs_wanted(due: int, active: int, *, sites_a_job: int, nodes: int) -> int:
    """How many more jobs a spider needs for its ``due`` sites, besides its ``active`` jobs: one for each
    ``sites_a_job`` sites, and one for each of the ``nodes``, so that a few sites do not wait for each other on one
    node."""
    return max(0, max(ceil(due / sites_a_job), min(due, nodes)) - active)


def parts_of(urls: Sequence[str], *, jobs: int) -> list[list[str]]:
    """The sites of each of the ``jobs``: equal parts, each with its longest overdue sites first. Sites that do not fit
    into a job's command line wait for the next call. No job gets an empty list, since it would crawl all sites."""
    parts = [list(urls[job::jobs]) for job in range(jobs)]
    return [part[: _fitting(part)] for part in parts if _fitting(part)]


def fits(url: str) -> bool:
    """Whether the URL fits into one argument of a command line."""
    return _length(url) <= MOST_NAMED


def _fitting(urls: Sequence[str]) -> int:
    """How many of the first ``urls`` fit into one argument of a command line."""
    lengths = accumulate(map(_length, urls))
    return min(MOST_SITES, sum(length <= MOST_NAMED for length in lengths))


def _length(url: str) -> int:
    return len(in_a_list(url).encode()) + 1


def schedule(nodes: Sequence[Node], *, archive: str, slots: int, sites_a_job: int, now: datetime) -> Started:
    """Start jobs for the sites of ``archive`` that are due, on the nodes with the most free slots first.

    ``slots`` is the number of jobs that a node runs at once (Scrapyd's ``max_proc``); ``sites_a_job``: the number of
    sites for one job. Raises ArchiveError.
    """
    database = open_database(archive, create=False)
    try:
        table = DueSites(database)
        due = {spider: table.counts(now, spider).due for spider in table.spiders()}
        most = MOST_SITES * slots * len(nodes)
        urls = {spider: [site.url for site in table.due(spider, now, limit=most)] for spider in due}
    finally:
        database.close()
    lines = [
        f"{spider}: the address {url[:60]}... is too long for a job; scrapy crawl {spider} -a sites=archive crawls it"
        for spider in urls
        for url in urls[spider]
        if not fits(url)
    ]
    answering, failures = _look_at(nodes, slots)
    lines += failures
    for spider, sites in due.items():
        active = sum(node.active.get(spider, 0) for node in answering)
        open_nodes = sum(node.free > 0 for node in answering)
        wanted = jobs_wanted(sites, active, sites_a_job=sites_a_job, nodes=open_nodes)
        lines.append(f"{spider}: {counted(sites, 'site')} due, {counted(active, 'job')} at work, {wanted} more wanted")
        jobs = min(wanted, sum(node.free for node in answering))
        lines += _start(answering, spider, parts_of([url for url in urls[spider] if fits(url)], jobs=jobs))
    free = sum(node.free for node in answering)
    failed = len(nodes) - len(answering)
    not_used = f", {counted(failed, 'node')} failed" if failed else ""
    lines.append(f"{counted(len(answering), 'node')} with {counted(free, 'slot')} free{not_used}")
    return Started(lines, failed)


def _look_at(nodes: Sequence[Node], slots: int) -> tuple[list[Node], list[str]]:
    """The nodes that answer, and a line for each of the others."""
    answering, failures = [], []
    for node in nodes:
        try:
            node.look(slots)
        except NodeFailed as fault:
            failures.append(str(fault))
        else:
            answering.append(node)
    return answering, failures


def _start(nodes: list[Node], spider: str, parts: Sequence[Sequence[str]]) -> list[str]:
    lines = []
    for part in parts:
        node = max(nodes, key=lambda node: node.free, default=None)
        if node is None or node.free < 1:
            break
        try:
            lines.append(f"{spider}: job {node.start(spider, part)} on {node.url}, {counted(len(part), 'site')}")
        except NodeFailed as fault:
            node.free = 0
            lines.append(str(fault))
    return lines


def _what_to_do(status: int) -> str:
    if status == 401:
        return ": set NEWSBOT_SCRAPYD_AUTH=USER:PASSWORD"
    return ": is that a Scrapyd?" if status == 404 else ""


def _message(reply: Any) -> str:
    return str(reply.get("message", reply)) if isinstance(reply, dict) else str(reply)


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
