"""The data of a crawl for programs that watch newsbot: its log as JSON, its metrics, and the alerts of its monitors."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.crawl.scrapy_crawl import ROOT, crawl
from tests.newsroom import Newsroom


class Broken:
    """An extension of a user that fails when the spider closes."""

    @classmethod
    def from_crawler(cls, crawler: Any) -> Broken:
        from scrapy import signals

        extension = cls()
        crawler.signals.connect(extension.spider_closed, signals.spider_closed)
        return extension

    def spider_closed(self) -> None:
        raise RuntimeError("a fault\n{}")


@contextmanager
def webhook() -> Iterator[tuple[str, list[str]]]:
    """The URL of a web server of this process, and what programs send to it."""
    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["content"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def documented_environment() -> dict[str, str]:
    """The example of docs/monitoring.md that switches the monitors on."""
    text = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^    (SPIDERMON_\w+)=(.*)$", text, re.MULTILINE))


def test_broken_extension_is_reported_in_the_json_log_in_metrics_and_by_alerts(tmp_path: Path) -> None:
    broken = json.dumps({f"{__name__}.Broken": 1})
    sites = tmp_path / "sites.txt"
    metrics = tmp_path / "wp_posts.prom"
    name = "News\x1b[2J\n{}"
    with (
        Newsroom(posts=5, name=name) as room,
        socket.create_server(("127.0.0.1", 0)) as taken,
        webhook() as (url, received),
    ):
        port = str(taken.getsockname()[1])
        sites.write_text(f"{room.url}\nhttp://127.0.0.1:1/\n", encoding="utf-8")
        run = crawl(
            *(tmp_path, "wp_posts", "-s", f"EXTENSIONS={broken}"),
            env={
                **documented_environment(),
                "SPIDERMON_DISCORD_WEBHOOK_URL": url,
                "SPIDERMON_EMAIL_FAKE": "1",
                "SPIDERMON_SENTRY_FAKE": "1",
                "NEWSBOT_LOG_JSON": "1",
                "NEWSBOT_METRICS_PORT": port,
                "NEWSBOT_METRICS_FILE": str(tmp_path / "%(name)s.prom"),
            },
            sites=str(sites),
        )
    assert run.status == 1, run.said
    lines = [json.loads(line) for line in run.said.splitlines()]
    assert all(line["time"] and line["level"] and line["message"] for line in lines)

    receipts = [line["receipt"] for line in lines if "receipt" in line]
    assert [(receipt["type"], receipt["verdict"], receipt["requests"] > 0) for receipt in receipts] == [
        ("post", "complete", True),
        (None, "incomplete", True),
    ]
    assert (receipts[0]["delivered"], receipts[0]["missing"], receipts[0]["missing_urls"]) == (5, 0, 0)
    (whole,) = [line["run_receipt"] for line in lines if "run_receipt" in line]
    assert (whole["complete"], whole["sites"]) == (False, {"complete": 1, "incomplete": 1})
    assert json.loads(Path(whole["file"]).read_bytes())["complete"] is False
    (stats,) = [line["stats"] for line in lines if "stats" in line]
    assert stats["newsbot/archive/new"] == 5
    (fault,) = [line for line in lines if "traceback" in line]
    assert "RuntimeError: a fault\n{}" in fault["traceback"]
    # The lines of the crawl itself name its run.
    assert {line["run"] for line in lines[3:]} == {run.receipt()["run"]}

    messages = [line["message"] for line in lines if line["message"].startswith("Metrics ")]
    assert messages == [
        f"Metrics are not served on 127.0.0.1:{port}: Address already in use. Give each process its own port"
    ]
    figures = metrics.read_text(encoding="utf-8")
    assert 'newsbot_rows_total{change="new",spider="wp_posts"} 5.0' in figures
    assert 'newsbot_sites_total{spider="wp_posts",verdict="incomplete"} 1.0' in figures
    assert 'newsbot_run_complete{spider="wp_posts"} 0.0' in figures

    # The monitors read the final receipt, and mail, webhook and Sentry get only the failures.
    (alert,) = received
    assert "IncompleteSites" in alert
    assert "http://127.0.0.1:1/: " in alert
    assert "BlockedSites" not in alert
    (mail,) = [line["message"] for line in lines if "Subject: newsbot: wp_posts needs attention" in line["message"]]
    assert "To: newsroom@example.org" in mail
    assert any("monitor" in line["message"] for line in lines if line["logger"].endswith("actions.sentry"))
