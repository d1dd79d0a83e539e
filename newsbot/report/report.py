"""Reads the archive for a report, and writes the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from newsbot.archive import Archive
from newsbot.archive.overview import HeldRows, held_rows, latest_receipts, latest_runs, posts_a_day, site_names
from newsbot.archive.reader import is_same_site
from newsbot.errors import BadArgument
from newsbot.feeds.files import PartFile, check_target
from newsbot.report.attention import Attention, attention_to_damage, attention_to_gaps, attention_to_receipts, in_order
from newsbot.report.contents import contents_of
from newsbot.report.gaps import holes
from newsbot.report.page import DETAILED, SiteReport, page, run_facts
from newsbot.timestamps import compact_utc


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report shows: the sites, their posts, the runs, and how much needs attention."""

    sites: int
    posts: int
    runs: int
    attention: int


def write_report(path: Path, *, archive: str, site: str | None, runs: int, now: datetime) -> Reported:
    """Write the report on the archive at an SQLAlchemy URL. The file appears under its name when it is complete.

    Raises BadArgument, ArchiveError and OSError.
    """
    check_target(path)
    opened = Archive.open(archive, create=False)
    try:
        html, reported = _report(opened, site=site, runs=runs, now=now)
    finally:
        opened.close()
    part = PartFile(path.resolve(), run=f"{compact_utc(now)}-0000")
    try:
        part.file.write(html.encode("utf-8", "replace"))
        part.seal()
    except BaseException:
        part.discard()
        raise
    part.rename(path.resolve())
    return reported


def _report(archive: Archive, *, site: str | None, runs: int, now: datetime) -> tuple[str, Reported]:
    database = archive.database
    receipts = [latest for latest in latest_receipts(database) if site is None or is_same_site(latest[1].site, site)]
    by_site: dict[str, list[HeldRows]] = {}
    for held in held_rows(database):
        if site is None or is_same_site(held.site, site):
            by_site.setdefault(held.site, []).append(held)
    for _, receipt in receipts:
        by_site.setdefault(receipt.site, [])
    if site is not None and not by_site:
        raise BadArgument(f"the archive has no rows and no receipt of the site {site}")
    names = site_names(database)
    broken: list[str] = []
    attention: list[Attention] = []
    found: list[SiteReport] = []
    for place, key in enumerate(_largest_first(by_site)):
        days = posts_a_day(database, key)
        gaps = holes(days)
        latest = [receipt for receipt in receipts if receipt[1].site == key]
        attention += attention_to_gaps(key, gaps, f"scrapy crawl wp_posts -a site={key}")
        facts = SiteReport(
            key=key,
            name=names.get(key),
            held=by_site[key],
            days=days,
            gaps=gaps,
            contents=contents_of(database, key, broken) if place < DETAILED else None,
            latest=latest,
        )
        found.append(facts)
    attention = in_order([*attention, *attention_to_receipts(receipts, now), *attention_to_damage(broken)])
    run_rows = [run_facts(run) for run in latest_runs(database, runs)]
    html = page(place=database.place, now=now, sites=found, runs=run_rows, attention=attention)
    return html, Reported(len(found), sum(facts.posts for facts in found), len(run_rows), len(attention))


def _largest_first(by_site: Mapping[str, Sequence[HeldRows]]) -> list[str]:
    """The keys of the sites, those with the most live posts first."""
    return sorted(by_site, key=lambda key: -sum(held.live for held in by_site[key] if held.kind == "posts"))
