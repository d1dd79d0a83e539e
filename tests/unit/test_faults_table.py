"""The table of faults lists every fault, and detects a loss."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.crawl.faults_table import CASES, judge
from tests.crawl.scrapy_crawl import Run
from tests.newsroom.faults import FAULTS


def test_every_fault_has_a_case() -> None:
    assert {case.fault for case in CASES} == set(FAULTS)


@pytest.mark.parametrize(
    ("ids", "status", "verdict", "unexplained", "came"),
    [
        ([1, 2, 3], 0, "complete", 0, "whole"),
        ([1, 2, 3], 1, "incomplete", 0, "whole, and doubted"),
        ([1, 2], 1, "incomplete", 0, "told"),
        ([1, 2], 0, "complete", 0, "LOST, NOT TOLD"),
        ([1], 0, "complete", 2, "LOST, NOT TOLD"),
        ([1, 2], 0, "incomplete", 0, "LOST, NOT TOLD"),
        ([1, 2, 2], 1, "incomplete", 0, "DOUBLED"),
    ],
)
def test_lost_row_is_detected(
    ids: list[int], status: int, verdict: str, unexplained: int, came: str, tmp_path: Path
) -> None:
    (tmp_path / "out.jsonl").write_bytes(b"".join(orjson.dumps({"id": row_id}) + b"\n" for row_id in ids))
    (tmp_path / "data" / "receipts").mkdir(parents=True)
    receipt = {"sites": [{"verdict": verdict, "collections": {"post": {"unexplained": unexplained}}}]}
    (tmp_path / "data" / "receipts" / "run.json").write_bytes(orjson.dumps(receipt))
    assert judge(Run(status=status, said="", folder=tmp_path), [1, 2, 3]) == came
