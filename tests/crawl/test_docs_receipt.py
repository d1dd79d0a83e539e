"""The example of docs/receipt.md is what a crawl of the newsroom gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.crawl.scrapy_crawl import ROOT, crawl
from tests.newsroom import Newsroom

DOCUMENT = ROOT / "docs" / "receipt.md"
EXAMPLE = re.compile(r"(?<=```json\n).*?(?=```)", re.DOTALL)

OF_THE_MOMENT: dict[str, Any] = {
    "run": "20261123T101500Z-ab12",
    "started": "2026-11-23T10:15:00Z",
    "ended": "2026-11-23T10:16:10Z",
    "waited": 58.2,
    "total_waited": 60.1,
    "bytes": 518157,
    "total_bytes": 580999,
}
"""Keys whose values differ from run to run, with the values that the example shows."""


def settled(value: Any, site: str) -> Any:
    """A receipt without what differs from run to run."""
    if isinstance(value, dict):
        found = {key: settled(part, site) for key, part in value.items()}
        assert all(type(found[key]) is type(OF_THE_MOMENT[key]) for key in found.keys() & OF_THE_MOMENT.keys())
        return found | {key: OF_THE_MOMENT[key] for key in found.keys() & OF_THE_MOMENT.keys()}
    if isinstance(value, list):
        return [settled(part, site) for part in value]
    return value.replace(site, "https://gazette.example") if isinstance(value, str) else value


def test_the_receipt_of_the_documents_is_a_crawls_own(tmp_path: Path) -> None:
    with Newsroom(posts=60, pages=4) as room:
        room.order("post-kills-page", ids=[1030])
        room.order("unauthorized", "/wp/v2/users")
        run = crawl(tmp_path, "wp_posts", site=room.url, types="post,page")
        made = settled(run.receipt(), room.url.rstrip("/"))
    assert run.status == 1
    example = EXAMPLE.search(DOCUMENT.read_text(encoding="utf-8"))
    assert example is not None
    assert json.loads(example[0]) == made, f"docs/receipt.md: the example should be\n{json.dumps(made, indent=2)}"
