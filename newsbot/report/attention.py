"""What needs attention, the worst first, each with the next step. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from newsbot.archive.overview import SiteReceipt
from newsbot.next_steps import next_step
from newsbot.report.gaps import Gap

Level = Literal["broken", "incomplete", "look"]

STALE = timedelta(days=30)
"""After this time without a crawl a site is reported as old."""

_ORDER: dict[Level, int] = {"broken": 0, "incomplete": 1, "look": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """``what`` happened to ``site``, how serious that is (``level``), and what to do (``step``)."""

    level: Level
    site: str
    what: str
    step: str


def attention_to_receipts(latest: Iterable[tuple[str, SiteReceipt]], now: datetime) -> list[Attention]:
    """The entries from the newest receipts of the sites."""
    found = []
    for spider, receipt in latest:
        asked = receipt.facts.get("asked") or receipt.site
        command = f"scrapy crawl {spider} -a site={asked}"
        if receipt.verdict != "complete":
            level: Level = "broken" if receipt.verdict in ("blocked", "closed", "payment") else "incomplete"
            why = str(receipt.facts.get("why") or "")
            found.append(
                Attention(
                    level=level,
                    site=receipt.site,
                    what=f"{spider}: {receipt.verdict}" + (f", {why}" if why else ""),
                    step=_sentence(next_step(receipt.verdict, receipt.facts.get("cause"), command=command, url=asked)),
                )
            )
        found += _of_collections(spider, receipt, command)
        if now - datetime.fromisoformat(receipt.at) > STALE:
            found.append(
                Attention(
                    level="look",
                    site=receipt.site,
                    what=f"{spider}: not crawled since {receipt.at[:10]}",
                    step=f"Run {command}.",
                )
            )
    return found


def _of_collections(spider: str, receipt: SiteReceipt, command: str) -> list[Attention]:
    found = []
    for name, facts in _objects(receipt.facts.get("collections")).items():
        held_back = int(facts.get("held_back") or 0)
        if held_back:
            found.append(
                Attention(
                    level="incomplete",
                    site=receipt.site,
                    what=f"{spider}: {held_back} rows of {name} seem deleted, too many at once to believe",
                    step=f"Look at the site; if they are gone: {command} -a confirm_deletions=1.",
                )
            )
        lost = (
            len(facts.get("missing") or ()) + len(facts.get("missing_urls") or ()) + len(facts.get("unreadable") or ())
        )
        if lost and receipt.verdict == "complete":
            found.append(
                Attention(
                    level="look",
                    site=receipt.site,
                    what=f"{spider}: {lost} rows of {name} are listed and could not be read",
                    step="The receipt names them; the next runs ask again.",
                )
            )
    return found


def attention_to_gaps(site: str, gaps: Sequence[Gap], command: str) -> list[Attention]:
    """The gaps of a site as one entry."""
    if not gaps:
        return []
    worst = gaps[0]
    more = f", and {len(gaps) - 1} more" if len(gaps) > 1 else ""
    return [
        Attention(
            level="look",
            site=site,
            what=f"no posts from {worst.last + timedelta(days=1)} to {worst.next - timedelta(days=1)} "
            f"({worst.days} days, about {worst.expected} posts to expect){more}",
            step=f"Look at the site at that time. {command} -a full=1 compares everything again.",
        )
    ]


def attention_to_damage(broken: Sequence[str]) -> list[Attention]:
    """Rows of the archive whose content is damaged; ``SITE TYPE ID`` each."""
    if not broken:
        return []
    return [
        Attention(
            level="broken",
            site=broken[0].split(" ", 1)[0],
            what=f"{len(broken)} rows of the archive are damaged: {', '.join(broken[:3])}",
            step="Crawl their sites with -a full=1, which brings them again.",
        )
    ]


def in_order(found: Iterable[Attention]) -> list[Attention]:
    """The entries, the worst first, and then sorted by site."""
    return sorted(found, key=lambda entry: (_ORDER[entry.level], entry.site, entry.what))


def _sentence(step: str) -> str:
    return f"{step}." if step.startswith("scrapy ") else f"{step[:1].upper()}{step[1:]}."


def _objects(value: Any) -> Mapping[str, Mapping[str, Any]]:
    return {name: facts for name, facts in value.items() if isinstance(facts, dict)} if isinstance(value, dict) else {}
