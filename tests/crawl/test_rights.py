"""What sites declare on the use of their content, from robots.txt to the export, and a site that asks for payment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests import fork_server
from tests.crawl.scrapy_crawl import crawl, environment
from tests.newsroom import Newsroom

DECLARED = """License: https://a.example/license.xml
User-agent: *
Content-Signal: search=yes
Content-Usage: /2024/ search=n
"""


def export(folder: Path, use: str) -> tuple[list[dict[str, str]], str]:
    line = [sys.executable, "-m", "scrapy", "export", f"{use}.jsonl", f"--for={use}"]
    done: subprocess.CompletedProcess[str] = fork_server.run(
        line, cwd=folder, env=environment(folder), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    written = (folder / f"{use}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row) for row in written], done.stderr


def test_receipt_and_export_hold_declared_rights_and_the_receipt_reports_required_payment(tmp_path: Path) -> None:
    with Newsroom(posts=40, robots=DECLARED) as room, Newsroom(posts=5) as paid:
        paid.order("status", status=402)
        run = crawl(tmp_path, "wp_posts", site=f"{room.url},{paid.url}")
        # The first answer of the API asks for payment. newsbot makes no further request to this site.
        assert [request.url.partition("?")[0] for request in paid.requests] == ["/robots.txt", "/wp-json/"]
        # newsbot requests robots.txt once: it reads the rules and the rights from the same answer.
        assert [request.url for request in room.requests].count("/robots.txt") == 1
    assert run.status == 1
    open_site, paying = run.receipt()["sites"]
    assert open_site["verdict"] == "complete"
    assert open_site["rights"] == {
        "rules": [
            {"path": "", "content_signal": {"search": "yes"}},
            {"path": "/2024/", "content_usage": {"search": "n"}},
        ],
        "rsl": ["https://a.example/license.xml"],
    }
    assert (paying["verdict"], paying["rights"]) == ("payment", {})
    assert paying["why"] == "HTTP 402: the site asks for payment, and newsbot does not pay"
    rows = run.rows()
    assert {str(row["rights"]) for row in rows} == {"{}"}
    own = [row for row in rows if "/2024/" not in row["url"]]
    assert 0 < len(own) < len(rows)
    found, said = export(tmp_path, "search")
    assert {row["url"] for row in found} == {row["url"] for row in own}
    assert f"left out {len(rows) - len(own)} of {len(rows)} rows: " in said
    assert "by Content-Usage search=n of http://127.0.0.1" in said
    assert export(tmp_path, "train")[0] == []
    found, said = export(tmp_path, "archive")
    assert (len(found), said.strip()) == (
        len(rows),
        f"scrapy export: {len(rows)} of {len(rows)} rows declare nothing on the use for archive",
    )
