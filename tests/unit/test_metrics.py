"""Metrics: what stats and receipts say, the sums of a process, and the names that deploy/ uses."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from scrapy.crawler import Crawler
from scrapy.settings import Settings

from newsbot.arguments.settings import check_settings
from newsbot.errors import BadArgument
from newsbot.extensions.figures import METRICS, Figures, add, figures_of_site, figures_of_stats, series
from newsbot.extensions.metrics import HEARTBEAT, MetricsExtension, ProcessMetrics
from newsbot.extensions.receipt import FAILURES
from newsbot.spiders.wp_posts import WpPostSpider
from newsbot.wordpress.receipt import SiteFacts, SiteVerdict
from tests.unit.documents import documents

ROOT = Path(__file__).parents[2]


def metric(name: str) -> Any:
    return next(metric for metric in METRICS if metric.name == name)


def test_stats_are_converted_to_metrics() -> None:
    stats = {
        "newsbot/answers/join-users/200": 3,
        "newsbot/answers/list/timeout": 1,
        "robotstxt/response_status_count/404": 1,
        "newsbot/archive/new": 7,
        "newsbot/archive/holes": 1,
        "newsbot/archive/recovered": 5,
        "newsbot/politeness/waited_seconds": 1.5,
        "newsbot/clean/ads": 9,
        "newsbot/counted_drops": {("a", "post"): {"touched": 1}},
        "item_scraped_count": 7,
    }
    assert figures_of_stats(stats) == {
        ("requests", ("join-users", "200")): 3,
        ("requests", ("list", "timeout")): 1,
        ("requests", ("robots_txt", "404")): 1,
        ("rows", ("new",)): 7,
        ("failures", ("archive/holes",)): 1,
        ("waited_seconds", ()): 1.5,
    }


def test_restart_of_the_database_is_no_failure_of_a_resuming_worker() -> None:
    restart = {"newsbot/archive/failed": 1, "newsbot/archive/unsealed": 1, "newsbot/feeds/failed": 2}
    away = restart | {"newsbot/archive/away": 1, "newsbot/driver/broken": 1}
    assert figures_of_stats(away, resumes=True) == {("failures", ("driver/broken",)): 1}
    assert len(figures_of_stats(restart, resumes=True)) == 3, "a full disk"
    assert len(figures_of_stats(away)) == 4, "a crawl that a timer starts does not go on by itself"


def site(verdict: Any = "incomplete") -> SiteFacts:
    facts = SiteFacts(asked="https://a.example/", faults=Counter(dns=1))
    post = facts.collection("post")
    post.missing, post.unreadable, post.missing_urls = [1, 2], [3], {"https://a.example/x": "404"}
    post.unexplained, post.held_back, post.faults = 10, 4, Counter(dns=2, timeout=1)
    facts.end(verdict, "")
    return facts


def test_receipt_of_a_site_is_converted_to_metrics() -> None:
    assert figures_of_site(site()) == {
        ("sites", ("incomplete",)): 1,
        ("holes", ()): 14,
        ("deletions_held_back", ()): 4,
        ("faults", ("dns",)): 3,
        ("faults", ("timeout",)): 1,
    }


def test_counter_starts_at_zero_and_unknown_gauge_is_absent() -> None:
    verdicts = dict(series(figures_of_site(site("blocked"), stopped=True), metric("sites")))
    assert verdicts == {(verdict,): int(verdict == "blocked") for verdict in (*get_args(SiteVerdict), "stopped")}
    assert dict(series({}, metric("holes"))) == {(): 0}
    assert list(series({}, metric("queue_age_seconds"))) == []


def test_metrics_are_added() -> None:
    total: Figures = {("rows", ("new",)): 1}
    add(total, {("rows", ("new",)): 2, ("holes", ()): 1})
    assert total == {("rows", ("new",)): 3, ("holes", ()): 1}


def crawler(tmp_path: Path, stats: dict[str, Any], *, stopping: bool = False, **settings: Any) -> Crawler:
    given = {"NEWSBOT_ARCHIVE": "", "NEWSBOT_RUN": "r", "NEWSBOT_METRICS_FILE": str(tmp_path / "%(name)s.prom")}
    made = SimpleNamespace(
        settings=Settings(given | settings),
        stats=SimpleNamespace(get_stats=lambda: stats, get_value=stats.get),
        spider=SimpleNamespace(name="wp_posts"),
        engine=SimpleNamespace(running=not stopping, _slot=SimpleNamespace(closing=None)),
    )
    return cast(Crawler, _Hashable(made))


class _Hashable:
    """An object that can be a key of a table, as a Crawler can."""

    def __init__(self, of: SimpleNamespace) -> None:
        self.__dict__.update(of.__dict__)


def read(text: str) -> dict[str, float]:
    """Sample as Prometheus writes it -> its value."""
    return {
        f"{sample.name}{json.dumps(sample.labels, sort_keys=True)}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_of_a_process_sum_ended_and_running_runs(tmp_path: Path) -> None:
    process = ProcessMetrics()
    stats: dict[str, Any] = {"newsbot/archive/new": 2}
    first = MetricsExtension(crawler(tmp_path, stats), process, now=lambda: 1000.0)
    second = MetricsExtension(crawler(tmp_path, {"newsbot/archive/new": 5}), process, now=lambda: 2000.0)
    process.live = {first.crawler: {}, second.crawler: {}}
    for extension in (first, second):
        extension.site_started()
    first.site_ended(site("closed"))
    stats |= {"newsbot/archive/new": 3, "newsbot/receipt/complete": False}
    first.engine_stopped()
    first.engine_stopped()
    found = read(process.text().decode())
    assert found['newsbot_rows_total{"change": "new"}'] == 8
    assert found['newsbot_sites_total{"verdict": "closed"}'] == 1
    assert found["newsbot_sites_open{}"] == 1
    assert found['newsbot_runs_total{"complete": "false"}'] == 1
    assert found["newsbot_run_complete{}"] == 0
    assert found["newsbot_run_ended_timestamp_seconds{}"] == 1000
    assert not any("_created" in name for name in found)


def test_stopped_run_reports_no_failed_and_no_open_site(tmp_path: Path) -> None:
    process = ProcessMetrics()
    for resumes in (True, False):
        stats = {"newsbot/receipt/complete": False}
        extension = MetricsExtension(crawler(tmp_path, stats, stopping=True), process, now=lambda: 1000.0)
        cast(Any, extension.crawler.spider).resumes = resumes
        process.live = {extension.crawler: {}}
        for _ in range(2):
            extension.site_started()
        extension.site_ended(site())
        extension.engine_stopped()
        found = read(process.text().decode())
        assert found['newsbot_sites_total{"verdict": "incomplete"}'] == 0
        assert found["newsbot_sites_open{}"] == 0, "the second site never began"
        assert ("newsbot_run_complete{}" in found) is not resumes, "a worker crawls the sites again by itself"
    assert found['newsbot_sites_total{"verdict": "stopped"}'] == 2
    assert found["newsbot_run_complete{}"] == 0


def test_metrics_file_is_replaced_at_once_and_names_its_spider(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    extension = MetricsExtension(crawler(tmp_path, {}), ProcessMetrics())
    process = extension.process
    process.constant = {"spider": "wp_posts"}
    process.path = tmp_path / "below" / "wp_posts.prom"
    extension.refreshed()
    found = read(process.path.read_text(encoding="utf-8"))
    assert all('"spider": "wp_posts"' in name for name in found)
    assert [path.name for path in process.path.parent.iterdir()] == ["wp_posts.prom"]
    process.path = tmp_path / "below" / "wp_posts.prom" / "no folder"
    process.write()
    process.write()
    assert [record.message for record in caplog.records] == [
        f"The metrics file {process.path} cannot be written: File exists"
    ]


def test_metrics_file_has_no_heartbeat(tmp_path: Path) -> None:
    process = ProcessMetrics()
    process.path = tmp_path / "worker.prom"
    process.gauges[HEARTBEAT] = 1_000.0
    process.write()
    name = "newsbot_heartbeat_timestamp_seconds{}"
    assert name not in read(process.path.read_text(encoding="utf-8"))
    assert read(process.text().decode())[name] == 1_000, "the port tells it while the worker lives"


def test_queue_age_is_exposed_while_it_is_known() -> None:
    process = ProcessMetrics()
    process.show_queue_age(90.0)
    assert read(process.text().decode())["newsbot_queue_age_seconds{}"] == 90
    process.show_queue_age(None)
    assert "newsbot_queue_age_seconds{}" not in read(process.text().decode())


def exposed() -> set[str]:
    """The names of all samples that a process gives."""
    families = text_string_to_metric_families(ProcessMetrics().text().decode())
    samples = {sample.name for family in families for sample in family.samples}
    return samples | {f"newsbot_{metric.name}{'_total' * (metric.kind == 'counter')}" for metric in METRICS}


def used(text: str) -> set[str]:
    return set(re.findall(r"\bnewsbot_[a-z_]+", text))


@pytest.mark.parametrize("name", ["prometheus-rules.yml", "grafana-dashboard.json"])
def test_metrics_named_in_deploy_are_exposed(name: str) -> None:
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    if name.endswith(".json"):
        asked = [target["expr"] for panel in json.loads(text)["panels"] for target in panel["targets"]]
        assert len({panel["id"] for panel in json.loads(text)["panels"]}) == len(json.loads(text)["panels"])
    else:
        asked = [rule["expr"] for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    assert [used(expression) - exposed() for expression in asked] == [set()] * len(asked)
    # The labels that the expressions compare exist too, and so do their values.
    labels = {label for metric in METRICS for label in metric.labels} | {"job", "le", "alertname"}
    known = {value for one in METRICS for value in one.known} | {"200", "newsbot", "$job"}
    for label, values in re.findall(r'(\w+)=~?"([^"]+)"', " ".join(asked)):
        assert label in labels
        assert set(values.split("|")) <= known


def test_the_metrics_are_documented() -> None:
    documented = {name for row in documents().rows("monitoring.md", "metric") for name in row.names}
    assert documented == {
        *(f"newsbot_{metric.name}{'_total' * (metric.kind == 'counter')}" for metric in METRICS),
        "newsbot_answer_seconds",
        "newsbot_process_*",
    }


def test_every_alert_is_documented() -> None:
    rules = yaml.safe_load((ROOT / "deploy/prometheus-rules.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    documented = [name for row in documents().rows("monitoring.md", "alert") for name in row.names]
    assert documented == [rule["alert"] for rule in rules]


def test_failures_are_those_that_make_a_run_incomplete() -> None:
    assert metric("failures").known == FAILURES


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"NEWSBOT_METRICS_PORT": "http"}, "NEWSBOT_METRICS_PORT takes a whole number, 0 or more, not 'http'"),
        ({"NEWSBOT_METRICS_PORT": "70000"}, "NEWSBOT_METRICS_PORT takes a port, 65535 at most, not 70000"),
        (
            {"NEWSBOT_METRICS_ADDRESS": "everywhere"},
            "NEWSBOT_METRICS_ADDRESS takes an IP address of this machine, not 'everywhere'",
        ),
        (
            {"NEWSBOT_METRICS_FILE": "/tmp/%(site)s"},
            "NEWSBOT_METRICS_FILE may use %(name)s and no other name; it is '/tmp/%(site)s'",
        ),
    ],
)
def test_unusable_setting_is_refused(settings: dict[str, str], message: str) -> None:
    found = Settings()
    found.setmodule("newsbot.settings")
    found.update(settings, priority="cmdline")
    with pytest.raises(BadArgument) as refused:
        check_settings(found, WpPostSpider)
    assert str(refused.value) == message
