"""Prometheus reads newsbot's metrics, and the alerts of ``deploy/`` fire when they should and not otherwise."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from tests.crawl.scrapy_crawl import command, start
from tests.newsroom import Newsroom
from tests.real.ports import free_port
from tests.real.prometheus import Prometheus
from tests.real.scrapyd import ROOT, wait_for

pytestmark = pytest.mark.real
DEPLOY = ROOT / "deploy"


LONGEST = 100.0
"""Seconds. The crawl waits for an answer a little longer (DOWNLOAD_TIMEOUT)."""


def hold(answer: threading.Event) -> None:
    answer.wait(LONGEST)


def promtool(programs: Path, *arguments: str | Path) -> None:
    done = subprocess.run([programs / "promtool", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_the_rules_and_each_alert_fires_on_its_series(prometheus: Path, tmp_path: Path) -> None:
    promtool(prometheus, "check", "config", DEPLOY / "prometheus.yml")
    figures = tmp_path / "rules.yml"
    text = (ROOT / "tests/real/prometheus_rules.yml").read_text(encoding="utf-8")
    figures.write_text(text.replace("RULES", str(DEPLOY / "prometheus-rules.yml")), encoding="utf-8")
    promtool(prometheus, "test", "rules", figures)


def test_prometheus_scrapes_a_crawl_and_alerts_on_a_blocked_site(prometheus: Path, tmp_path: Path) -> None:
    port = free_port()
    shut_off = "User-agent: *\nDisallow: /\n"
    with Newsroom(posts=30) as room, Newsroom(posts=3, robots=shut_off) as shut, Newsroom(posts=30) as last:
        sites = tmp_path / "sites.txt"
        # One site after the other. The second site is not refused before Prometheus has figures, and the crawl does not
        # end before the alert fires.
        scraped, over = threading.Event(), threading.Event()
        shut.on_request(lambda _: hold(scraped))
        last.on_request(lambda request: hold(over) if request.route == "/wp/v2/posts" else None)
        sites.write_text(f"{room.url}\n{shut.url}\n{last.url}\n", encoding="utf-8")
        server = Prometheus(prometheus, tmp_path, port)
        crawl = start(
            command("wp_posts", sites=str(sites)),
            tmp_path,
            env={"NEWSBOT_METRICS_PORT": str(port), "NEWSBOT_SITES_AT_ONCE": "1", "NEWSBOT_DELAY": "0.4"},
        )
        try:
            wait_for(lambda: server.query('newsbot_rows_total{change="new"}'), "Prometheus reads the figures", LONGEST)
            scraped.set()
            fired = wait_for(lambda: server.alerts().get("NewsbotSiteBlocked"), "the alert fires", LONGEST)
            alerts = server.alerts()
            (up,) = server.query('up{job="newsbot"}')
            requests = server.query('sum by (status) (newsbot_requests_total{kind="list"})')
            (new,) = server.query('newsbot_rows_total{change="new"}')
        finally:
            crawl.terminate()
            scraped.set()
            over.set()
            crawl.wait()
            server.close()
    assert fired == "firing"
    assert "NewsbotDeletions" not in alerts
    assert "NewsbotMemory" not in alerts
    assert (up["metric"]["instance"], up["value"][1]) == (f"127.0.0.1:{port}", "1")
    assert [one["metric"]["status"] for one in requests] == ["200"]
    assert int(requests[0]["value"][1]) >= 1
    assert int(new["value"][1]) == 30
