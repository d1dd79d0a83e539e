"""What a crawl says at its end: sums first, then what needs attention, then the files. Pure.

A text of a site cannot break a line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from newsbot.net.hosts import host_of_url
from newsbot.next_steps import next_step
from newsbot.terminal import counted, in_one_line
from newsbot.urls import as_url
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts, SiteVerdict

MOST_LINES = 15
"""The most lines of a summary."""

MOST_SITES = 20
"""The most sites that the table shows. With more sites there is no table."""

MOST_FILES = 3
LONGEST_REASON = 160
_WORST_FIRST: tuple[SiteVerdict, ...] = ("payment", "blocked", "incomplete", "closed", "elsewhere", "complete")
_HEADS = ("site", "type", "expected", "seen", "delivered", "unchanged", "missing", "requests", "verdict", "why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The facts of a run besides its sites. ``log`` is the log's file, if the log has one. ``stopped``: a signal ended
    the run. ``failures`` are failures of newsbot or its machine. ``requests``: how many were sent, those for robots.txt
    and redirects included. ``undelivered``: feeds failed, and no file holds the rows of the run."""

    spider: str
    files: Sequence[str] = ()
    receipt: str | None = None
    log: str | None = None
    not_due: int = 0
    failures: int = 0
    requests: int = 0
    stopped: bool = False
    undelivered: bool = False
    unproven: Sequence[str] = ()


@dataclass(slots=True)
class Rows:
    """Rows of all sites: those of the whole answer, and those of this run.

    ``again`` came before and are delivered again (``full=1``); ``earlier`` were written from the archive (``-O``).
    """

    answer: int = 0
    new: int = 0
    edited: int = 0
    deleted: int = 0
    filtered: int = 0
    again: int = 0
    earlier: int = 0
    since: set[str] = field(default_factory=set)


def requests_sent(stats: Mapping[str, Any]) -> int:
    """The number of requests that were sent, from the stats of a run. Scrapy also counts the seed request of each site,
    which goes to no server."""
    return int(max(0, stats.get("downloader/request_count", 0) - stats.get("newsbot/driver/begun", 0)))


def rows_of(sites: Iterable[SiteFacts]) -> Rows:
    """The sums of the rows of all collections."""
    found = Rows()
    for facts in (collection for site in sites for collection in site.collections.values()):
        found.answer += facts.answer
        found.new += facts.new
        found.edited += facts.edited
        found.deleted += facts.deleted
        found.filtered += facts.filtered
        found.again += max(0, facts.delivered - facts.new - facts.edited - facts.deleted)
        found.earlier += facts.earlier
        if facts.mode == "update" and facts.since is not None:
            found.since.add(facts.since)
    return found


def summary(sites: Sequence[SiteFacts], ended: Ended) -> list[str]:
    """The lines of the summary, ``MOST_LINES`` of them at most."""
    files = _file_lines(ended)
    sums = _sum_lines(sites, ended)
    return [in_one_line(line) for line in (*sums, *attention(sites, most=MOST_LINES - len(sums) - len(files)), *files)]


def _sum_lines(sites: Sequence[SiteFacts], ended: Ended) -> list[str]:
    verdicts = Counter(site.verdict for site in sites)
    counts = [f"{verdicts[verdict]:,} {verdict}" for verdict in reversed(_WORST_FIRST) if verdicts[verdict]]
    not_due = f", {ended.not_due:,} not due" if ended.not_due else ""
    lines = [f"{ended.spider}: {counted(len(sites), 'site')}: {', '.join(counts) or 'none'}{not_due}"]
    if len(sites) == 1 and sites[0].part is not None:
        lines.append(f"of {sites[0].site}: {sites[0].part.told}")
    rows = rows_of(sites)
    since = f" since {min(rows.since)}" if rows.since else ""
    again = f", {rows.again:,} delivered again" if rows.again else ""
    left_out = f", {rows.filtered:,} left out by your pipelines" if rows.filtered else ""
    lines.append(
        f"rows: {rows.answer:,} in the whole answer; this run: {rows.new:,} new, {rows.edited:,} edited, "
        f"{rows.deleted:,} deleted{again}{since}{left_out}"
    )
    if ended.undelivered and rows.new + rows.edited + rows.deleted + rows.again + rows.earlier:
        lines.append("the rows of this run are in no file, since its feeds failed; the next run delivers them")
    if rows.answer > rows.new + rows.edited + rows.again + rows.earlier:
        lines.append("rows that came before: scrapy export FILE writes them, -a full=1 delivers them again")
    lines.append(f"requests: {ended.requests:,}")
    if ended.failures:
        lines.append(f"failures of this machine or of newsbot: {ended.failures:,}; the log names them")
    if ended.unproven:
        lines.append(f"not proven, since components are switched off: {', '.join(ended.unproven)}")
    if ended.stopped:
        lines.append("stopped before its end: what came is kept; the same command goes on")
    return lines


def attention(sites: Iterable[SiteFacts], *, most: int) -> list[str]:
    """Sites that are not complete, worst first, with the next step. Sites with the same reason share a line."""
    groups: dict[tuple[SiteVerdict, str], list[SiteFacts]] = {}
    for site in sites:
        if site.verdict not in ("complete", "elsewhere"):
            groups.setdefault((site.verdict, _reason(site)), []).append(site)
    if not groups:
        return []
    ordered = sorted(groups.items(), key=lambda group: (_WORST_FIRST.index(group[0][0]), -len(group[1])))
    number = sum(map(len, groups.values()))
    room = max(1, most - 1)
    shown = ordered if len(ordered) <= room else ordered[: room - 1]
    lines = [f"needs attention: {counted(number, 'site')}"]
    lines += [_group_line(verdict, found) for (verdict, _), found in shown]
    if hidden := len(ordered) - len(shown):
        lines.append(f"  {hidden} more reasons: the receipt lists every site")
    return lines


def _reason(site: SiteFacts) -> str:
    """The reason of a verdict without numbers and addresses, by which sites are grouped."""
    host = re.sub(r"^https?://|/.*$", "", site.site or site.asked)
    return re.sub(r"https?://\S+|\d[\d,.:]*(?:, \d+)*", "N", site.why.replace(host, "N"))


def _group_line(verdict: SiteVerdict, found: Sequence[SiteFacts]) -> str:
    first = found[0]
    site = first.site or first.asked
    which = f"{len(found):,} sites, such as {site}" if len(found) > 1 else site
    # A reason about a connection begins with its host. The line already names the host before the reason.
    why = first.why.removeprefix(f"{host_of_url(as_url(site))}: ")
    why = why if len(why) <= LONGEST_REASON else f"{why[: LONGEST_REASON - 3]}..."
    step = next_step(verdict, first.cause, url=first.asked if len(found) == 1 else "URL")
    return f"  {verdict}: {which}: {why} -> {step}"


def _file_lines(ended: Ended) -> list[str]:
    files = _named_once(ended.files)
    shown = files[:MOST_FILES]
    if len(files) > MOST_FILES:
        shown.append(f"{len(files) - MOST_FILES} more")
    lines = [f"files: {', '.join(shown)}"] if shown else []
    lines += [f"receipt: {ended.receipt}"] if ended.receipt else []
    return [*lines, *([f"log: {ended.log}"] if ended.log else [])]


def _named_once(files: Iterable[str]) -> list[str]:
    """The files; files that differ only in their suffix are named together: ``a.csv and .jsonl``."""
    suffixes: dict[str, list[str]] = {}
    for file in files:
        path = PurePath(file)
        suffixes.setdefault(str(path.with_suffix("")), []).append(path.suffix)
    return [stem + " and ".join(sorted(found)) for stem, found in suffixes.items()]


def update_lines(sites: list[SiteFacts]) -> list[str]:
    """A line for each collection of which only the changes were requested: the number of rows, and since when."""
    return [
        in_one_line(
            f"{site.site} {facts.type}: {facts.new} new, {facts.edited} edited, {facts.deleted} deleted "
            f"since {facts.since}; -a full=1 delivers everything again, scrapy export FILE writes the archive"
        )
        for site in sites
        for facts in site.collections.values()
        if facts.mode == "update"
    ]


def table(sites: Sequence[SiteFacts]) -> list[str]:
    """A line for each site and type, if there are not too many sites. The receipt has all sites."""
    if not sites or len(sites) > MOST_SITES:
        return []
    rows: list[tuple[str, ...]] = [_HEADS]
    for site in sites:
        name = _name(site, sites)
        if not site.collections:
            rows.append((name, "-", "-", "-", "-", "-", "-", str(site.requests), site.verdict, site.why))
        for facts in site.collections.values():
            rows.append((name, *_cells(facts)))
    # A line feed of a site must not begin a line of the table.
    rows = [tuple(in_one_line(cell) for cell in row) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADS) - 1)]
    lines = ["  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[-1]]) for row in rows]
    return [line.rstrip() for line in lines]


def _name(site: SiteFacts, sites: Sequence[SiteFacts]) -> str:
    """The site's key, or the address if the run crawled several parts of the site."""
    is_alone = sum(other.site == site.site for other in sites) == 1
    return (site.site if is_alone else None) or site.asked


def _cells(facts: CollectionFacts) -> tuple[str, ...]:
    missing = len(facts.missing) + len(facts.unreadable) + len(facts.missing_urls)
    expected, seen = facts.in_window(facts.expected), facts.in_window(facts.seen)
    numbers = (expected, seen, facts.delivered, facts.unchanged, missing, facts.requests)
    return (facts.type, *("?" if n is None else str(n) for n in numbers), facts.verdict, facts.why)
