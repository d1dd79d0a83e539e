"""The page of ``scrapy report``: the facts of an archive, arranged, and the template filled with them."""

from __future__ import annotations

import importlib.resources
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from jinja2 import Environment

from newsbot.archive.overview import HeldRows, PastRun, SiteReceipt
from newsbot.report.attention import Attention
from newsbot.report.charts import Chart, posts_over_time
from newsbot.report.contents import Contents
from newsbot.report.gaps import Gap
from newsbot.rights import words
from newsbot.rights.robots_txt import robots_for
from newsbot.terminal import in_one_line, in_users_words

DETAILED = 50
"""The most sites that have their own section."""

LISTED = 500
"""The most sites in the table."""

RANKED = 10
"""Languages, authors or sections in the ranking of a site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReport:
    """A site of the archive. ``contents`` is None for a site that has no section of its own."""

    key: str
    name: str | None
    held: Sequence[HeldRows]
    days: Sequence[tuple[str, int]]
    gaps: Sequence[Gap]
    contents: Contents | None
    latest: Sequence[tuple[str, SiteReceipt]]

    @property
    def posts(self) -> int:
        return sum(held.live for held in self.held if held.kind == "posts")

    @property
    def rights(self) -> Mapping[str, list[str]] | None:
        """What robots.txt declared when it was last read: the statements, and what they mean for each use. None where
        no run read it."""
        read = [receipt for _, receipt in self.latest if isinstance(receipt.facts.get("rights"), dict)]
        if not read:
            return None
        statements = robots_for(max(read, key=lambda receipt: receipt.at).facts["rights"], None)
        return {
            "declared": words.lines(statements),
            "uses": [f"{use}: {answer}" for use, answer in words.meanings(statements).items()] if statements else [],
        }

    @property
    def first(self) -> str | None:
        return min((held.first for held in self.held if held.kind == "posts" and held.first), default=None)

    @property
    def last(self) -> str | None:
        return max((held.last for held in self.held if held.kind == "posts" and held.last), default=None)

    @property
    def chart(self) -> Chart | None:
        return posts_over_time(self.days, self.gaps)

    @property
    def verdicts(self) -> Sequence[tuple[str, SiteReceipt]]:
        return self.latest


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The facts of a run for the table. ``seconds`` is None while it runs; ``waited`` is in seconds, summed over
    sites."""

    run: PastRun
    verdicts: Mapping[str, int]
    new: int
    edited: int
    deleted: int
    requests: int
    megabytes: float
    waited: float
    seconds: float | None
    witnesses: Mapping[str, int]

    @property
    def rows_a_second(self) -> float | None:
        rows = self.new + self.edited
        return rows / self.seconds if self.seconds and rows else None


def run_facts(run: PastRun) -> RunFacts:
    """The sums of a run's receipts."""
    collections = [
        facts
        for receipt in run.receipts
        for facts in _objects(receipt.facts.get("collections"))
        if isinstance(facts, dict)
    ]
    heard: Counter[str] = Counter()
    for facts in collections:
        heard.update(name for name in facts.get("witnesses") or {} if name != "missing")
    return RunFacts(
        run=run,
        verdicts=Counter(receipt.verdict for receipt in run.receipts),
        new=_sum(collections, "new"),
        edited=_sum(collections, "edited"),
        deleted=_sum(collections, "deleted"),
        requests=sum(int(receipt.facts.get("total_requests") or 0) for receipt in run.receipts),
        megabytes=sum(float(receipt.facts.get("total_bytes") or 0) for receipt in run.receipts) / 1e6,
        waited=sum(float(receipt.facts.get("total_waited") or 0) for receipt in run.receipts),
        seconds=_seconds(run),
        witnesses=heard,
    )


def _objects(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


def _sum(collections: Sequence[Mapping[str, Any]], name: str) -> int:
    return sum(int(facts.get(name) or 0) for facts in collections)


def _seconds(run: PastRun) -> float | None:
    ended = run.finished or max((receipt.at for receipt in run.receipts), default=None)
    if ended is None:
        return None
    return max(0.0, (datetime.fromisoformat(ended) - datetime.fromisoformat(run.started)).total_seconds())


def page(
    *,
    place: str,
    now: datetime,
    sites: Sequence[SiteReport],
    runs: Sequence[RunFacts],
    attention: Sequence[Attention],
) -> str:
    """The page as HTML. The template escapes every string of a site."""
    # Scripts cannot be in a site's strings: everything is escaped, and the page forbids them too.
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"number": _number, "seconds": _time, "line": in_one_line, "day": _day, "link": _link}
    template = importlib.resources.files("newsbot.report").joinpath("template.html").read_text(encoding="utf-8")
    # A site without rows has a line in the table and no section.
    detailed = [site for site in sites if site.contents is not None and site.held]
    totals = {
        kind: sum(held.live for site in sites for held in site.held if held.kind == kind)
        for kind in ("posts", "comments", "media", "terms", "users")
    }
    return environment.from_string(template).render(
        place=place,
        now=now,
        sites=sites[:LISTED],
        left_out=max(0, len(sites) - LISTED),
        site_count=len(sites),
        detailed=detailed,
        places={site.key: number for number, site in enumerate(detailed, 1)},
        totals={kind: number for kind, number in totals.items() if number or kind == "posts"},
        deleted=sum(held.deleted for site in sites for held in site.held),
        runs=runs,
        attention=[replace(found, step=in_users_words(found.step)) for found in attention],
        ranked=RANKED,
    )


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _day(moment: str | None) -> str:
    return (moment or "–")[:10]


def _link(address: str | None) -> str | None:
    """An address that a browser opens as a page; None for any other, such as ``javascript:``."""
    return address if address is not None and address.startswith(("https://", "http://")) else None
