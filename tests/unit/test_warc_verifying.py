"""``scrapy verify`` reports a changed package in its lines, whatever a value holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from newsbot.export.descriptor import faults_of
from newsbot.export.package_texts import PRIMARY_KEY
from newsbot.export.verified import Verified
from newsbot.export.warc_verifying import check_package

KEPT = {"file": "newsbot-run-00001.warc.gz", "offset": 0, "record": "urn:uuid:1"}


@pytest.mark.parametrize("warc", [{**KEPT, "file": []}, {**KEPT, "file": {}}, {**KEPT, "offset": []}, {}])
def test_row_with_an_invalid_record_is_reported(tmp_path: Path, warc: dict[str, Any]) -> None:
    rows, found = tmp_path / "posts.jsonl", Verified()
    rows.write_bytes(orjson.dumps({"site": "https://news.example", "warc": warc}))
    check_package(tmp_path, [rows], found, absent=["newsbot-other-00001.warc.gz"])
    assert found.faults == ["posts.jsonl, row 1: its columns are not those of a row of newsbot"]


@pytest.mark.parametrize("type_", [["x"], {}, None, 1])
def test_column_with_an_invalid_type_is_reported(tmp_path: Path, type_: object) -> None:
    schema = {"fields": [{"name": "id", "type": type_}], "primaryKey": list(PRIMARY_KEY)}
    fault = "posts.jsonl: the descriptor does not describe the columns of these rows"
    assert fault in list(faults_of(tmp_path, [{"path": "posts.jsonl", "schema": schema}]))
