"""Every fault of the newsroom, a whole crawl for each: ``python -m tests.crawl.faults_table [FAULT...]``.

A row may read ``whole`` (every post came once), ``told`` (receipt and exit status report the missing posts) or
``counted`` (no listing showed some posts; the receipt says how many the site counts beyond those it shows, which is not
a fault of the crawl). A row ``LOST, NOT TOLD`` ends the command with status 1.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crawl.scrapy_crawl import Run, crawl
from tests.newsroom import Newsroom
from tests.newsroom.faults import FAULTS

POSTS = 120
LISTS = "/wp/v2/posts"
PATIENCE = {"NEWSBOT_MAX_WAIT": "5", "NEWSBOT_GIVE_UP": "8", "NEWSBOT_ROBOTS_TRIES": "2"}

Ids = list[int]


@dataclass(frozen=True, slots=True)
class Case:
    """``how`` may be a function of the ids of the newsroom's posts."""

    fault: str
    match: str = LISTS
    times: int | None = None
    how: dict[str, Any] = field(default_factory=dict)
    by_ids: Callable[[Ids], dict[str, Any]] | None = None

    def options(self, ids: Ids) -> dict[str, Any]:
        return self.how | (self.by_ids(ids) if self.by_ids else {})


CASES = [
    Case("bom"),
    Case("challenge"),
    Case("challenge", how={"header": False, "status": 200}),
    Case("challenge", match="*"),
    Case("cache-nodes"),
    Case("cut-body", times=2),
    Case("cut-body"),
    Case("deep-json"),
    Case("doubled-rows"),
    Case("dropped", times=2),
    Case("dropped"),
    Case("empty-200", times=1),
    Case("empty-200"),
    Case("flaky"),
    Case("flaky", match="", how={"chance": 0.4}),
    Case("forced-page-size"),
    Case("gzip-bomb"),
    Case("hidden-rows", match="", by_ids=lambda ids: {"ids": ids[10:13]}),
    Case("html-200", times=1),
    Case("html-200"),
    Case("html-200", match=""),
    Case("html-comment"),
    Case("huge-numbers"),
    Case("include-poison", match="/wp/v2/media", by_ids=lambda ids: {"id": ids[4] + 1}),
    Case("include-refused", match=""),
    Case("login-wall"),
    Case("login-wall", how={"status": 302}),
    Case("lone-surrogates"),
    Case("maintenance", times=1, how={"retry_after": 1}),
    Case("maintenance"),
    Case("maintenance", match="*"),
    Case("missing-totals"),
    Case("no-content"),
    Case("objects-for-lists"),
    Case("param-ignored", how={"names": ["after", "offset"]}),
    Case("param-ignored", how={"names": ["after", "exclude"]}),
    Case("param-ignored", how={"names": ["orderby", "order"]}),
    Case("param-refused"),
    Case("param-refused", how={"name": "orderby"}),
    Case("per-page-cap"),
    Case("per-page-cap", how={"silent": True}),
    Case("per-page-cap", how={"told": False}),
    Case("php-notice", match=""),
    Case("pinned-row", by_ids=lambda ids: {"id": ids[-1]}),
    Case("post-kills-page", by_ids=lambda ids: {"ids": [ids[7], ids[70]]}),
    Case("post-kills-page", by_ids=lambda ids: {"ids": ids[30:42], "bare": 502}),
    Case("shuffled-rows"),
    Case("rate-limit-headers", how={"reset": 1}, times=3),
    Case("rate-limited", times=2, how={"retry_after": 1}),
    Case("rate-limited", times=1, how={"retry_after": 2, "as_date": True}),
    Case("rate-limited", how={"retry_after": 600}),
    Case("redirect", how={"to": "/elsewhere{url}"}),
    Case("redirect", match="", how={"to": "http://169.254.169.254{url}"}),
    Case("redirect-loop"),
    Case("slow", times=2),
    Case("slow-drip", times=1, how={"bytes": 4096, "every": 0.05}),
    Case("slow-drip"),
    Case("stale-cache"),
    Case("stale-cache", how={"by_path": True}),
    Case("stalled-body", times=1, how={"seconds": 20}),
    Case("status", times=2, how={"status": 520}),
    Case("status", how={"status": 500}),
    Case("status", match="/wp/v2/users", how={"status": 500, "json": True}),
    Case("status", match="robots.txt", how={"status": 503}),
    Case("truncated-json", times=2),
    Case("truncated-json"),
    Case("truncated-gzip"),
    Case("truncated-gzip", times=2, how={"always": True}),
    Case("truncated-gzip", how={"always": True}),
    Case("unauthorized"),
    Case("unauthorized", match=""),
    Case("unauthorized", match="/wp/v2/users"),
    Case("uri-too-long", match="", how={"bytes": 400}),
    Case("wrong-charset"),
    Case("wrong-totals"),
    Case("wrong-totals", how={"total": 9_000, "pages": 90}),
    Case("zero-totals"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The result of a case."""

    order: str
    server: str
    delivered: str
    said: str
    status: int
    came: str

    def text(self) -> str:
        return f"| {self.order} | {self.server} | {self.delivered} | {self.said} | {self.status} | {self.came} |"


HEAD = (
    "| fault, as ordered | what the server did | delivered | what the receipt said | exit | so |\n" + "|---" * 6 + "|"
)


def play(case: Case, folder: Path) -> Row:
    """One crawl of a newsroom with the fault."""
    with Newsroom(posts=POSTS, ties=30) as room:
        live = room.ids("post")
        how = case.options(live)
        room.order(case.fault, case.match, times=case.times, **how)
        run = crawl(folder, "wp_posts", "-s", "DOWNLOAD_TIMEOUT=4", site=room.url, env=PATIENCE)
        met = Counter(name for request in room.requests for name in request.faults)
        asked = len(room.requests)
    given = ", ".join(f"{name}={value}" for name, value in how.items())
    where = {LISTS: "posts", "": "all of REST", "*": "everything"}.get(case.match, case.match)
    often = "" if case.times is None else f", {case.times} times"
    return Row(
        order=f"{case.fault}({given}) on {where}{often}",
        server=f"{met[case.fault]} of {asked} answers",
        delivered=_delivered(run, live),
        said=_said(run),
        status=run.status,
        came=judge(run, live) if met[case.fault] else "NEVER TOOK PART",
    )


def _delivered(run: Run, live: Ids) -> str:
    ids = [row["id"] for row in run.rows()]
    named = sum(bool((row["author"] or {}).get("name")) for row in run.rows())
    lost, doubled = len(set(live) - set(ids)), len(ids) - len(set(ids))
    unnamed = f", {len(ids) - named} without the author's name" if named < len(ids) else ""
    return f"{len(set(ids) & set(live))} of {len(live)}: {lost} lost, {doubled} doubled{unnamed}"


def _said(run: Run) -> str:
    (site,) = run.receipt()["sites"]
    return f"{site['verdict']}: {site['why']}".replace("|", "/")


def judge(run: Run, live: Ids) -> str:
    """``whole``, ``told``, ``counted`` or ``LOST, NOT TOLD``."""
    ids = [row["id"] for row in run.rows()]
    if "Traceback" in run.said:
        return "TRACEBACK"
    if len(ids) > len(set(ids)):
        return "DOUBLED"
    (site,) = run.receipt()["sites"]
    quiet = run.status == 0 or site["verdict"] == "complete"
    if set(ids) == set(live):
        return "whole" if quiet else "whole, and doubted"
    shown = site["collections"].get("post", {}).get("unexplained") == len(set(live) - set(ids))
    return "told" if not quiet else "counted" if shown and len(ids) > 0.9 * len(live) else "LOST, NOT TOLD"


def rows(chosen: list[str]) -> Iterator[Row]:
    for case in CASES:
        if not chosen or case.fault in chosen:
            with tempfile.TemporaryDirectory() as folder:
                yield play(case, Path(folder))


def main() -> int:
    assert {case.fault for case in CASES} == set(FAULTS), "a fault without a case"
    print(HEAD)
    bad = 0
    for row in rows(sys.argv[1:]):
        print(row.text(), flush=True)
        bad += row.came.isupper()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
