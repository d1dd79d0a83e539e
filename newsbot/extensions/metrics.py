"""Metrics for Prometheus: served on a port (``NEWSBOT_METRICS_PORT``), or in a file (``NEWSBOT_METRICS_FILE``)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from scrapy import signals as scrapy_signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call
from twisted.internet.task import LoopingCall

from newsbot import signals
from newsbot.archive import archive_of
from newsbot.archive.due_sites import DueSites
from newsbot.errors import ArchiveError
from newsbot.extensions.figures import METRICS, NAMESPACE, Figures, add, figures_of_site, figures_of_stats, series
from newsbot.extensions.metrics_page import serve
from newsbot.extensions.receipt import VERDICT_STAT
from newsbot.net.stopping import is_stopping, resumes
from newsbot.wordpress.receipt import SiteFacts

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 15.0
"""Seconds between two writes of the file, and between two queries of the archive for overdue sites."""

HEARTBEAT = ("heartbeat_timestamp_seconds", ())
"""The figure of the last heartbeat of a worker."""

_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class ProcessMetrics(Collector):
    """What all crawlers of this process counted: a worker of a fleet runs one crawler after another."""

    def __init__(self) -> None:
        self.ended: Figures = {}
        self.gauges: Figures = {("sites_open", ()): 0}
        self.live: dict[Crawler, Figures] = {}
        self.constant: dict[str, str] = {}
        self.port: int | None = None
        self.path: Path | None = None
        self.reported = False
        self.of_worker: AsyncioLoopingCall | LoopingCall | None = None
        self.answer_seconds = Histogram(
            "answer_seconds",
            "Seconds from a request until its answer was whole.",
            namespace=NAMESPACE,
            buckets=_BUCKETS,
            registry=None,
        )
        self.process = ProcessCollector(namespace=NAMESPACE, registry=None)
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def collect(self) -> Iterator[Family]:
        figures = self.figures()
        for metric in METRICS:
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            made = kind(f"{NAMESPACE}_{metric.name}", metric.help, labels=(*self.constant, *metric.labels))
            for labels, value in series(figures, metric):
                made.add_metric((*self.constant.values(), *labels), value)
            yield made
        for family in (*self.answer_seconds.collect(), *self.process.collect()):
            kept = [sample for sample in family.samples if not sample.name.endswith("_created")]
            family.samples = [sample._replace(labels={**self.constant, **sample.labels}) for sample in kept]
            yield family

    def figures(self) -> Figures:
        """The sums over the ended and the active runs."""
        total = dict(self.ended)
        for crawler, figures in self.live.items():
            add(total, figures)
            add(total, figures_of_stats(stats_of(crawler), resumes=resumes(crawler)))
        return total | self.gauges

    def text(self) -> bytes:
        return bytes(generate_latest(self.registry))

    def serve(self, settings: BaseSettings) -> None:
        """Serve the metrics once for each process, if the settings ask for it."""
        port = settings.getint("NEWSBOT_METRICS_PORT")
        if port and self.port is None:
            self.port = serve(self.text, settings["NEWSBOT_METRICS_ADDRESS"], port)

    def show_queue_age(self, seconds: float | None) -> None:
        """``seconds``: how long the longest overdue followed site is overdue; None where no site is followed."""
        self.gauges.pop(("queue_age_seconds", ()), None)
        if seconds is not None:
            self.gauges["queue_age_seconds", ()] = seconds

    def write(self) -> None:
        """Write the file whole: node_exporter never reads half a file.

        The file does not contain the heartbeat of a worker. The file stays after the worker has ended, so an alert on
        the heartbeat would never end.
        """
        if self.path is None:
            return
        part = self.path.with_name(f".{self.path.name}.part")
        heartbeat = self.gauges.pop(HEARTBEAT, None)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(self.text())
            part.replace(self.path)
        except OSError as error:
            if not self.reported:
                logger.error("The metrics file %s cannot be written: %s", self.path, error.strerror)
            self.reported = True
        finally:
            if heartbeat is not None:
                self.gauges[HEARTBEAT] = heartbeat


_process: ProcessMetrics | None = None


def process_metrics() -> ProcessMetrics:
    global _process
    if _process is None:
        _process = ProcessMetrics()
    return _process


class MetricsExtension:
    """Counts for one crawler into the metrics of the process. ``now`` is the clock, in seconds since 1970."""

    def __init__(self, crawler: Crawler, process: ProcessMetrics, *, now: Callable[[], float] = time.time) -> None:
        self.crawler = crawler
        self.process = process
        self.now = now
        self.refresh: AsyncioLoopingCall | LoopingCall | None = None
        self.open = 0
        self.interrupted = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler, process_metrics())
        connect = crawler.signals.connect
        connect(extension.spider_opened, scrapy_signals.spider_opened)
        connect(extension.response_received, scrapy_signals.response_received)
        connect(extension.engine_stopped, scrapy_signals.engine_stopped)
        connect(extension.site_started, signals.site_started)
        connect(extension.site_ended, signals.site_ended)
        return extension

    def spider_opened(self) -> None:
        settings, process = self.crawler.settings, self.process
        assert self.crawler.spider is not None
        process.live[self.crawler] = {}
        if (name := settings["NEWSBOT_METRICS_FILE"]) and process.path is None:
            # For Prometheus, several files on one machine are one target, so a label must distinguish their series.
            process.constant = {"spider": self.crawler.spider.name}
            process.path = Path(name % {"name": self.crawler.spider.name}).expanduser()
        process.serve(settings)
        self.refresh = create_looping_call(self.refreshed)
        self.refresh.start(REFRESH_SECONDS, now=True)

    def site_started(self) -> None:
        self._opened(1)

    def site_ended(self, facts: SiteFacts) -> None:
        self._opened(-1)
        stopped = is_stopping(self.crawler)
        self.interrupted |= stopped and facts.verdict == "incomplete"
        add(self.process.live.get(self.crawler, self.process.ended), figures_of_site(facts, stopped=stopped))

    def _opened(self, sites: int) -> None:
        self.open += sites
        self.process.gauges["sites_open", ()] += sites

    def response_received(self, response: Response) -> None:
        seconds = response.meta.get("download_latency")
        if seconds is not None:
            self.process.answer_seconds.observe(seconds)
            self.process.gauges["last_answer_timestamp_seconds", ()] = self.now()

    def engine_stopped(self) -> None:
        figures = self.process.live.pop(self.crawler, None)
        if figures is None:
            return
        if self.refresh is not None and self.refresh.running:
            self.refresh.stop()
        stats = stats_of(self.crawler)
        interrupted = self.interrupted or self.open > 0 or "newsbot/archive/away" in stats
        self._opened(-self.open)  # a crawl that is stopped before its first request does not send the signal of its end
        complete = bool(stats.get(VERDICT_STAT))
        add(self.process.ended, figures)
        add(self.process.ended, figures_of_stats(stats, resumes=resumes(self.crawler)))
        add(self.process.ended, {("runs", (str(complete).lower(),)): 1})
        if not (resumes(self.crawler) and interrupted):
            self.process.gauges["run_complete", ()] = int(complete)
        self.process.gauges["run_ended_timestamp_seconds", ()] = self.now()
        self.refreshed()

    def refreshed(self) -> None:
        if self.process.of_worker is None:
            self.process.show_queue_age(self.queue_age())
        self.process.write()

    def queue_age(self) -> float | None:
        settings = self.crawler.settings
        try:
            archive = archive_of(self.crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"])
            if archive is None:
                return None
            now = datetime.fromtimestamp(self.now(), UTC)
            return DueSites(archive.database).overdue_seconds(now)
        except ArchiveError:
            return None  # the archive pipeline reports the same error


def watch_worker(settings: BaseSettings, overdue: Callable[[], float | None], beaten: Callable[[], float]) -> None:
    """Serve the metrics of a worker from its start, also while it crawls nothing.

    ``overdue()``: seconds for which the longest overdue followed site is overdue; None where no site is followed. It
    may raise ArchiveError. ``beaten()``: when the last heartbeat was written, in seconds since 1970.
    """
    process = process_metrics()
    process.serve(settings)

    def refresh() -> None:
        process.gauges[HEARTBEAT] = beaten()
        try:
            process.show_queue_age(overdue())
        except ArchiveError:
            process.show_queue_age(None)  # the worker reports the same error

    process.of_worker = create_looping_call(refresh)
    process.of_worker.start(REFRESH_SECONDS, now=True)


def stats_of(crawler: Crawler) -> Mapping[str, Any]:
    assert crawler.stats is not None
    return crawler.stats.get_stats()
