"""The example of docs/receipt.md is the receipt of a crawl of the newsroom. The crawl's stats and log lines are
documented."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.crawl.scrapy_crawl import ROOT, crawl
from tests.newsroom import Newsroom
from tests.unit.documents import documents

DOCUMENT = ROOT / "docs" / "receipt.md"
EXAMPLE = re.compile(r"(?<=```json\n).*?(?=```)", re.DOTALL)

OF_THE_MOMENT: dict[str, Any] = {
    "run": "20261123T101500Z-ab12",
    "started": "2026-11-23T10:15:00Z",
    "ended": "2026-11-23T10:16:10Z",
    "proven": "2026-11-23T10:15:02Z",
    "dates_proven": "2026-11-23T10:15:02Z",
    "waited": 58.2,
    "total_waited": 60.1,
    "bytes": 518157,
    "total_bytes": 580999,
}
"""Keys whose values differ from run to run, with the values that the example shows."""


def with_fixed_values(value: Any, site: str) -> Any:
    """A receipt without the values that differ from run to run."""
    if isinstance(value, dict):
        found = {key: with_fixed_values(part, site) for key, part in value.items()}
        assert all(type(found[key]) is type(OF_THE_MOMENT[key]) for key in found.keys() & OF_THE_MOMENT.keys())
        return found | {key: OF_THE_MOMENT[key] for key in found.keys() & OF_THE_MOMENT.keys()}
    if isinstance(value, list):
        return [with_fixed_values(part, site) for part in value]
    return value.replace(site, "https://gazette.example") if isinstance(value, str) else value


def undocumented(said: str) -> list[str]:
    """The stats and the lines of WARNING and above that a crawl wrote and docs/ does not describe."""
    stats = [pattern(name) for row in documents().rows("stats.md", "stat") for name in row.names]
    lines = [pattern(name) for row in documents().rows("logs.md", "line") for name in row.names]
    counted = re.findall(r"'(newsbot/[^']+)':", said)
    logged = re.findall(r"\[newsbot[\w.]*\] (?:WARNING|ERROR|CRITICAL): (.+)", said)
    assert len(counted) > 10, "the stats are no longer in what the crawl says"
    return [one for one in counted if not any(stat.fullmatch(one) for stat in stats)] + [
        one for one in logged if not any(line.fullmatch(one) for line in lines)
    ]


def pattern(name: str) -> re.Pattern[str]:
    """A pattern for a documented name, in which ``<...>`` is any text."""
    return re.compile(".+".join(re.escape(part) for part in re.split("<[^<>]*>", name)))


def test_documented_receipt_equals_the_receipt_of_a_crawl(tmp_path: Path) -> None:
    with Newsroom(posts=60, pages=4) as room:
        room.order("post-kills-page", ids=[1030])
        room.order("unauthorized", "/wp/v2/users")
        env = {"NEWSBOT_CONTACT": ""}
        run = crawl(tmp_path, "wp_posts", env=env, site=room.url, types="post,page")
        made = with_fixed_values(run.receipt(), room.url.rstrip("/"))
    assert run.status == 1
    assert undocumented(run.said) == []
    example = EXAMPLE.search(DOCUMENT.read_text(encoding="utf-8"))
    assert example is not None
    assert json.loads(example[0]) == made, f"docs/receipt.md: the example should be\n{json.dumps(made, indent=2)}"
