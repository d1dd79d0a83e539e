"""The receipt: for each site and type, which rows were expected, delivered and missing, and why."""

from __future__ import annotations

import logging
import os
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import orjson
from scrapy import Spider
from scrapy import signals as scrapy_signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.extensions.feedexport import FeedExporter
from scrapy.statscollectors import StatsCollector

from newsbot import json_logs, signals
from newsbot.extensions.row_counts import RowCounts, rows_of
from newsbot.extensions.summary import Ended, requests_sent, summary, table, update_lines
from newsbot.extensions.switched_off import PROMISES, unproven
from newsbot.items import Record
from newsbot.safe_json import json_bytes
from newsbot.terminal import OutputFailed, has_standard_output, short_path, show, tell
from newsbot.timestamps import iso_utc
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts, SiteVerdict

logger = logging.getLogger(__name__)

FAILURES = (
    *("feeds/failed", "archive/holes", "archive/damaged", "archive/failed", "archive/unsealed", "driver/broken"),
    *("warc/failed", "receipt/failed"),
)
"""A run in which one of these stats is above 0 is incomplete, whatever the verdicts of its sites are."""

GOOD: frozenset[SiteVerdict] = frozenset({"complete", "elsewhere"})
"""The verdicts of sites that miss nothing in this run."""

VERDICT_STAT = "newsbot/receipt/complete"
"""Set at the end of the run: whether every site is complete."""


class ReceiptExtension:
    """Writes ``<NEWSBOT_DATA>/receipts/<run>.json``, and prints the summary of the run.

    With an empty ``NEWSBOT_DATA`` there is no file; the exit status is the same. The summary goes to standard output,
    and to standard error where a feed has standard output.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run: str = crawler.settings["NEWSBOT_RUN"]
        data = crawler.settings["NEWSBOT_DATA"]
        self.path = Path(data) / "receipts" / f"{self.run}.json" if data else None
        self.started = datetime.now(UTC)
        self.counts = RowCounts(self._stats, with_ids=bool(crawler.settings["NEWSBOT_WARC"]))
        self.sites: list[SiteFacts] = []
        self.not_due = self.failures = 0
        self.reason = "died"
        self.files: list[str] = []
        self.feeds: list[str] = []
        self.chosen: list[tuple[str, dict[str, Any]]] = []
        self.warc: dict[str, Any] | None = None
        if crawler.settings["NEWSBOT_WARC"]:
            self.warc = {"folder": self._from_receipt(Path(crawler.settings["NEWSBOT_WARC"])), "files": []}
        settings = crawler.settings
        self.unproven = unproven({name: settings.get_component_priority_dict_with_base(name) for name in PROMISES})

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if getattr(crawler.spidercls, "item_class", None) is None:
            raise NotConfigured  # `scrapy parse`, `fetch`, `view` and `shell` crawl no site
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_opened, scrapy_signals.spider_opened)
        crawler.signals.connect(extension.item_scraped, scrapy_signals.item_scraped)
        crawler.signals.connect(extension.spider_closed, scrapy_signals.spider_closed)
        crawler.signals.connect(extension.engine_stopped, scrapy_signals.engine_stopped)
        crawler.signals.connect(extension.site_started, signals.site_started)
        crawler.signals.connect(extension.site_ended, signals.site_ended)
        crawler.signals.connect(extension.part_began, signals.part_began)
        crawler.signals.connect(extension.run_ended, signals.run_ended)
        crawler.signals.connect(extension.feed_stored, signals.feed_stored)
        crawler.signals.connect(extension.warc_stored, signals.warc_stored)
        return extension

    def warc_stored(self, folder: Path, stored: Any) -> None:
        assert self.warc is not None
        self.warc["folder"] = self._from_receipt(folder)
        self.warc["files"].append(stored)

    def feed_stored(self, target: Path, options: dict[str, Any]) -> None:
        self.files.append(short_path(target))
        self.feeds.append(self._from_receipt(target))
        # left_out: newsbot.feeds.left_out.LEFT_OUT
        if options.get("fields") or options.get("batch_item_count") or "left_out" in options:
            self.chosen.append((self.feeds[-1], options))

    def _from_receipt(self, path: Path) -> str:
        """The path relative to the folder of the receipt, so that the path stays right if the whole data folder
        moves."""
        if self.path is None:
            return str(path)
        return os.path.relpath(path.expanduser().resolve(), self.path.parent.resolve())

    def spider_opened(self, spider: Spider) -> None:
        # All sites of the list are included, since a site whose crawl never begins needs a line too.
        self.sites = [facts for _, facts in getattr(spider, "facts", [])]
        self.not_due = getattr(spider, "not_due", 0)

    def site_started(self, facts: SiteFacts) -> None:
        if all(listed is not facts for listed in self.sites):
            self.sites.append(facts)

    def part_began(self, facts: SiteFacts) -> None:
        self.counts.begin_part(facts)

    def site_ended(self, facts: SiteFacts) -> None:
        self.counts.end_part(facts)

    def item_scraped(self, item: Any) -> None:
        if isinstance(item, Record):
            self.counts.add(item)

    def spider_closed(self, spider: Spider, reason: str) -> None:
        for site in self.sites:
            self.counts.compare(site)
        # The receipt is written now, in case the process is killed while it stores its feeds. It is written again when
        # the feeds are stored.
        self.reason = reason
        self._conclude(spider.name)

    def run_ended(self) -> None:
        """Write the receipt of a run that was stopped before its spider was opened."""
        if self.crawler.spider is not None and self._stats.get_value(VERDICT_STAT) is None:
            self.spider_opened(self.crawler.spider)
            self.reason = "shutdown"
            self.engine_stopped()

    def engine_stopped(self) -> None:
        if self.crawler.spider is not None:
            self._conclude(self.crawler.spider.name)
            for line in update_lines(self.sites):
                logger.info("%s", line)
            if json_logs.is_on():
                return  # the extension JsonReceipt logs the receipt
            text = "\n".join([*table(self.sites), *summary(self.sites, self._ended(self.crawler.spider.name))])
            if self.crawler.settings.get("LOG_FILE"):
                # The log of the job gets the receipt, because Scrapyd shows this log. Standard output and error go to
                # Scrapyd's own log.
                logger.info("The receipt:\n%s", text)
                for site in self.sites:
                    if site.verdict not in GOOD:
                        logger.error(
                            "%s: %s: %s", site.site or site.asked, site.verdict, site.why, extra={"told": True}
                        )
            say = tell if has_standard_output(self.crawler.settings.getdict("FEEDS")) else show
            try:
                say(text)
            except OutputFailed:
                tell(text)

    def _ended(self, spider_name: str) -> Ended:
        log, written = self.crawler.settings["LOG_FILE"], self.path is not None and not self._stat("receipt/failed")
        return Ended(
            spider=spider_name,
            files=self.files,
            receipt=short_path(self.path) if written and self.path is not None else None,
            log=short_path(Path(log)) if log else None,
            not_due=self.not_due,
            failures=self.failures,
            requests=requests_sent(self._stats.get_stats()),
            unproven=self.unproven,
            stopped=self.reason == "shutdown",
            undelivered=not self._feeds_succeeded() and bool(self._stat("feeds/failed") or self._other_feeds_failed()),
        )

    def _conclude(self, spider_name: str) -> None:
        failed_before = self._stat("receipt/failed")
        if failed_before:
            # The feeds are stored by now. If the feeds failed too, their parts are removed, so the disk may have room
            # again.
            self._stats.set_value("newsbot/receipt/failed", 0)
        try:
            self._write(self._receipt(spider_name))
            if failed_before:
                logger.warning("The receipt %s is written now", self.path)
        except OSError as error:
            if not failed_before:
                logger.error("The receipt %s cannot be written: %s", self.path, error.strerror)
            self._stats.set_value("newsbot/receipt/failed", 1)
            self._receipt(spider_name)  # this updates the verdict of the run, which is not complete without its receipt

    def _receipt(self, spider_name: str) -> bytes:
        """The text of the receipt. This also writes the verdict of the run into the stats."""
        for collection in (collection for site in self.sites for collection in site.collections.values()):
            collection.count_answer()
        self.failures = failed = sum(self._stat(stat) for stat in FAILURES) + self._other_feeds_failed()
        asked = bool(self.sites or self.not_due)
        complete = asked and all(site.verdict in GOOD for site in self.sites) and not failed and not self.unproven
        self._stats.set_value(VERDICT_STAT, complete)
        receipt = {
            "run": self.run,
            "spider": spider_name,
            "started": iso_utc(self.started),
            "ended": iso_utc(datetime.now(UTC)),
            "reason": self.reason,
            "complete": complete,
            "failures": failed,
            "unproven": self.unproven,
            "not_due": self.not_due,
            "feeds": self.feeds,
            "warc": self.warc and self.warc | {"rows": rows_of(self.counts.ids), "chosen": self._chosen()},
            "sites": [site_receipt(site) for site in self.sites],
        }
        return json_bytes(receipt, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)[0]

    def _chosen(self) -> list[dict[str, Any]]:
        """The files for which the user chose columns, batches or rows, and the rows that were left out of each."""
        return [
            {
                "file": file,
                "columns": bool(options.get("fields")),
                "batch": bool(options.get("batch_item_count")),
                "left_out": rows_of(options.get("left_out", {})),
            }
            for file, options in self.chosen
        ]

    @property
    def _stats(self) -> StatsCollector:
        assert self.crawler.stats is not None
        return self.crawler.stats

    def _stat(self, name: str) -> int:
        return int(self._stats.get_value(f"newsbot/{name}", 0))

    def _other_feeds_failed(self) -> int:
        """The number of failed feeds that no storage of newsbot counted: the feeds of a user's storage, or all feeds if
        Scrapy switched its exporter off."""
        if self.crawler.settings.getdict("FEEDS") and self.crawler.get_extension(FeedExporter) is None:
            return 1
        stats = self._stats.get_stats()
        failed = sum(stats[name] for name in stats if name.startswith("feedexport/failed_count/"))
        return max(0, int(failed) - self._stat("feeds/failed"))

    def _feeds_succeeded(self) -> bool:
        """Whether at least one feed received its rows: a file of newsbot, standard output, or a storage of the user."""
        stats = self._stats.get_stats()
        return bool(self.files) or any(stats[name] for name in stats if name.startswith("feedexport/success_count/"))

    def _write(self, body: bytes) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f".{self.path.name}.part")
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)


def site_receipt(site: SiteFacts) -> dict[str, Any]:
    """The facts of a site and their sums, in a form that orjson accepts."""
    # asdict() is not used, since it cannot copy a Counter. orjson writes the dataclasses of the collections itself.
    receipt = {field.name: getattr(site, field.name) for field in fields(site) if field.name != "kind"}
    every: list[SiteFacts | CollectionFacts] = [site, *site.collections.values()]
    receipt["total_requests"] = sum(facts.requests for facts in every)
    receipt["total_bytes"] = sum(facts.bytes for facts in every)
    receipt["total_waited"] = round(sum(facts.waited for facts in every), 1)
    return receipt
