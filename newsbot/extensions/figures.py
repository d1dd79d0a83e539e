"""The metrics of a run as plain numbers: the list of metrics, and their values from stats and receipts.

Pure: no Scrapy, no clock, no prometheus-client. Metrics have few labels, and no label names a site: a separate series
for each of thousands of sites would cost more than the crawl.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from newsbot.extensions.receipt import FAILURES
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts, SiteVerdict

NAMESPACE = "newsbot"
"""Every metric is ``newsbot_<name>``."""

Figures = dict[tuple[str, tuple[str, ...]], float]
"""(metric without its prefix, values of its labels) -> number."""


def add(total: Figures, more: Figures) -> None:
    """Add the numbers of ``more`` to those of ``total``."""
    for key, value in more.items():
        total[key] = total.get(key, 0) + value


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric without its prefix. ``known``: values of its label that are shown as 0 from the start.

    If a series begins with 1, Prometheus sees no increase, so an alert needs the 0 before it.
    """

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    labels: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


_VERDICTS = get_args(SiteVerdict)
_CHANGES = ("new", "edited", "deleted", "unchanged")
STOPPED = "stopped"
"""Replaces the verdict of a crawl that was stopped before its end. The site is crawled again later."""

_OF_AWAY = ("archive/failed", "archive/unsealed", "feeds/failed")
"""The failures of a run whose archive does not answer any more."""

METRICS = (
    Metric("requests", "counter", "Requests, by purpose, and by HTTP status or fault.", ("kind", "status")),
    Metric("rows", "counter", "Rows of sites, by what changed since the last run.", ("change",), _CHANGES),
    Metric("sites", "counter", "Crawls of sites that ended, by verdict.", ("verdict",), (*_VERDICTS, STOPPED)),
    Metric("holes", "counter", "Rows that a site has and that did not come."),
    Metric("deletions_held_back", "counter", "Rows that seem deleted, and that are too many at once to accept."),
    Metric("faults", "counter", "Requests that failed, and answers that could not be used.", ("fault",)),
    Metric("failures", "counter", "Failures of newsbot or of its machine, by stat.", ("stat",), FAILURES),
    Metric("waited_seconds", "counter", "Seconds that requests waited for their turn."),
    Metric("holds", "counter", "Times a host asked for a pause and got it."),
    Metric("backoffs", "counter", "Times the delay of a host was raised after a failure."),
    Metric("hosts_given_up", "counter", "Hosts that were given up for a run."),
    Metric("runs", "counter", "Runs that ended.", ("complete",), ("true", "false")),
    Metric("sites_open", "gauge", "Sites that are being crawled now."),
    Metric("last_answer_timestamp_seconds", "gauge", "When the last answer of a site came."),
    Metric("run_complete", "gauge", "Whether every site of the last run that ended was complete."),
    Metric("run_ended_timestamp_seconds", "gauge", "When the last run ended."),
    Metric("heartbeat_timestamp_seconds", "gauge", "When this worker of a fleet last wrote its heartbeat."),
    Metric("queue_age_seconds", "gauge", "How long the longest overdue followed site is overdue."),
)
"""Every metric but ``answer_seconds`` (a histogram) and ``process_*``, which prometheus-client makes."""

_STATS = {
    "newsbot/politeness/waited_seconds": "waited_seconds",
    "newsbot/politeness/held": "holds",
    "newsbot/politeness/backed_off": "backoffs",
    "newsbot/politeness/given_up": "hosts_given_up",
}
"""Stat -> the counter without labels that shows the stat."""

_ANSWER = re.compile(r"newsbot/answers/(?P<kind>.+)/(?P<status>[^/]+)")
_ROBOTS = "robotstxt/response_status_count/"


def figures_of_stats(stats: Mapping[str, Any], *, resumes: bool = False) -> Figures:
    """The figures in the stats of one crawler so far. ``resumes``: the crawl belongs to a worker. A worker continues by
    itself as soon as the archive answers again, so a restart of the database is not a failure of the worker."""
    away = resumes and "newsbot/archive/away" in stats
    return {
        (name, labels): value
        for (name, labels), value in _of_stats(stats)
        if not (away and name == "failures" and labels[0] in _OF_AWAY)
    }


def _of_stats(stats: Mapping[str, Any]) -> Iterator[tuple[tuple[str, tuple[str, ...]], float]]:
    for name, value in stats.items():
        if found := _ANSWER.fullmatch(name):
            yield ("requests", (found["kind"], found["status"])), value
        elif name.startswith(_ROBOTS):
            yield ("requests", ("robots_txt", name.removeprefix(_ROBOTS))), value
        elif name in _STATS:
            yield (_STATS[name], ()), value
        elif name.startswith("newsbot/"):
            part = name.removeprefix("newsbot/")
            change = part.removeprefix("archive/")
            if part in FAILURES:
                yield ("failures", (part,)), value
            elif change != part and change in _CHANGES:
                yield ("rows", (change,)), value


def figures_of_site(facts: SiteFacts, *, stopped: bool = False) -> Figures:
    """The figures in the receipt of a site at the end of its crawl. ``stopped``: the run is being stopped."""
    verdict = STOPPED if stopped and facts.verdict == "incomplete" else facts.verdict
    collections = facts.collections.values()
    faults = sum((collection.faults for collection in collections), facts.faults)
    return {
        ("sites", (verdict,)): 1,
        ("holes", ()): sum(map(holes_of, collections)),
        ("deletions_held_back", ()): sum(collection.held_back for collection in collections),
        **{("faults", (fault,)): count for fault, count in faults.items()},
    }


def holes_of(facts: CollectionFacts) -> int:
    """The number of rows of a collection that the site has and that were not received."""
    return len(facts.missing) + len(facts.unreadable) + len(facts.missing_urls) + facts.unexplained


def series(figures: Figures, metric: Metric) -> Iterable[tuple[tuple[str, ...], float]]:
    """The series of a metric: the values of its labels, and its number. A gauge without a number has no series."""
    found: dict[tuple[str, ...], float] = {}
    if metric.kind == "counter":
        found |= dict.fromkeys([(value,) for value in metric.known] if metric.labels else [()], 0)
    found |= {labels: value for (name, labels), value in figures.items() if name == metric.name}
    return found.items()
