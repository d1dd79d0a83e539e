"""When a run counts as complete, and how its receipt accounts for each row."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.extension import ExtensionManager
from scrapy.utils.test import get_crawler

from newsbot.extensions.receipt import VERDICT_STAT, ReceiptExtension
from newsbot.items import Checkpoint, Post
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts, Verdict

SITE = "https://news.example"
RUN = "20261123T101500Z-ab12"


class Reported(Spider):
    name = "wp_posts"

    def __init__(self, sites: list[SiteFacts], *, not_due: int = 0) -> None:
        super().__init__()
        self.facts = [(None, facts) for facts in sites]
        self.not_due = not_due


def site(*, sent: int = 0) -> SiteFacts:
    """A site whose crawl brought every post."""
    facts = SiteFacts(asked="news.example", site=SITE, verdict="complete")
    facts.collections["post"] = CollectionFacts(type="post", verdict="complete", why="all came", sent=sent)
    return facts


def post(number: int, **fields: Any) -> Post:
    return Post(site=SITE, type="post", id=number, **fields)


class Run:
    """The receipt of a run. ``stats`` are the counts of the other components."""

    def __init__(self, folder: Path, *sites: SiteFacts, not_due: int = 0, settings: Any = None, **stats: Any) -> None:
        self.path = folder / "receipts" / f"{RUN}.json"
        self.crawler: Crawler = get_crawler(
            settings_dict={"NEWSBOT_RUN": RUN, "NEWSBOT_DATA": str(folder), **(settings or {})}
        )
        assert self.crawler.stats is not None
        for name, value in stats.items():
            self.crawler.stats.set_value(f"newsbot/{name}", value)
        self.spider = Reported(list(sites), not_due=not_due)
        self.extension = ReceiptExtension(self.crawler)
        self.extension.spider_opened(self.spider)

    def end(self, *rows: Any) -> dict[str, Any]:
        for row in rows:
            self.extension.item_scraped(row)
        self.extension.spider_closed(self.spider, "finished")
        written: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return written

    @property
    def complete(self) -> Any:
        assert self.crawler.stats is not None
        return self.crawler.stats.get_value(VERDICT_STAT)


def test_run_is_complete_when_every_sent_row_was_delivered(tmp_path: Path) -> None:
    run = Run(tmp_path, site(sent=2))
    receipt = run.end(post(1), Checkpoint(site=SITE, type="post", sequence=2), post(2))
    assert (receipt["complete"], receipt["reason"], run.complete) == (True, "finished", True)
    assert receipt["sites"][0]["collections"]["post"]["delivered"] == 2


def test_lost_row_makes_a_run_incomplete(tmp_path: Path) -> None:
    run = Run(tmp_path, site(sent=2))
    receipt = run.end(post(1))
    assert (receipt["complete"], run.complete) == (False, False)
    assert receipt["sites"][0]["verdict"] == "incomplete"
    assert receipt["sites"][0]["why"] == "post: rows that were lost between the site and the feed: 1"


def test_failed_feed_in_a_storage_of_the_user_makes_a_run_incomplete(tmp_path: Path) -> None:
    run = Run(tmp_path, site(sent=1))
    assert run.crawler.stats is not None
    run.crawler.stats.set_value("feedexport/failed_count/FTPFeedStorage", 1)
    receipt = run.end(post(1))
    assert (receipt["complete"], receipt["failures"]) == (False, 1)


def test_run_whose_feeds_scrapy_disabled_is_incomplete(tmp_path: Path) -> None:
    run = Run(tmp_path, site(sent=1), settings={"FEEDS": {"s3://bucket/x.jsonl": {"format": "jsonl"}}})
    run.crawler.extensions = ExtensionManager(crawler=run.crawler)
    assert run.end(post(1))["failures"] == 1


def test_recovered_row_that_the_site_lists_again_counts_once() -> None:
    facts = CollectionFacts(type="post", mode="window", delivered=3, recovered=2, unchanged=2, new=1)
    facts.count_answer()
    assert facts.answer == 3


def test_dropped_and_counted_rows_are_not_lost(tmp_path: Path) -> None:
    drops = {(SITE, "posts", "post"): {"again": 1, "unchanged": 2}}
    receipt = Run(tmp_path, site(sent=4), counted_drops=drops).end(post(1))
    counted = receipt["sites"][0]["collections"]["post"]
    assert (receipt["complete"], counted["unchanged"], counted["duplicates"]) == (True, 2, 1)


def test_recovered_rows_do_not_replace_lost_rows(tmp_path: Path) -> None:
    recovered = {(SITE, "posts", "post"): 1}
    receipt = Run(tmp_path, site(sent=1), recovered_rows=recovered).end(post(1))
    assert receipt["complete"] is False
    receipt = Run(tmp_path, site(sent=1), recovered_rows=recovered).end(post(1), post(2))
    assert receipt["complete"] is True
    assert receipt["sites"][0]["collections"]["post"]["recovered"] == 1


def test_delivered_rows_are_counted_by_their_change(tmp_path: Path) -> None:
    changes = [post(number, change=change) for number, change in enumerate(("new", "edited", "edited", "deleted"))]
    receipt = Run(tmp_path, site(sent=4)).end(*changes)
    counted = receipt["sites"][0]["collections"]["post"]
    assert [counted[name] for name in ("new", "edited", "deleted")] == [1, 2, 1]


@pytest.mark.parametrize(("not_due", "complete"), [(0, False), (3, True)])
def test_run_without_a_site_is_complete_only_when_no_site_was_due(tmp_path: Path, not_due: int, complete: bool) -> None:
    run = Run(tmp_path, not_due=not_due)
    assert (run.end()["complete"], run.complete) == (complete, complete)


def test_one_incomplete_site_makes_the_run_incomplete(tmp_path: Path) -> None:
    closed = SiteFacts(asked="other.example", verdict="closed", why="no API")
    assert Run(tmp_path, site(), closed).end()["complete"] is False


@pytest.mark.parametrize("gravest", ["payment", "blocked", "closed", "incomplete"])
def test_verdict_of_a_site_is_that_of_its_worst_collection(gravest: Verdict) -> None:
    verdicts: list[Verdict] = ["complete", "incomplete", "closed", "blocked", "payment"]
    facts = SiteFacts(asked="news.example", site=SITE)
    for number, verdict in enumerate(verdicts[: verdicts.index(gravest) + 1][::-1]):
        facts.collections[f"type{number}"] = CollectionFacts(type=f"type{number}", verdict=verdict, why="why")
    facts.conclude()
    assert (facts.verdict, facts.why) == (gravest, "type0: why")


def test_site_that_was_never_started_is_in_the_receipt(tmp_path: Path) -> None:
    receipt = Run(tmp_path, SiteFacts(asked="news.example")).end()
    assert [
        (crawled_site["asked"], crawled_site["verdict"], crawled_site["why"]) for crawled_site in receipt["sites"]
    ] == [("news.example", "incomplete", "not started")]


@pytest.mark.parametrize(
    "failure", ["feeds/failed", "archive/holes", "archive/failed", "archive/unsealed", "driver/broken"]
)
def test_failure_outside_of_the_sites_makes_the_run_incomplete(tmp_path: Path, failure: str) -> None:
    run = Run(tmp_path, site(), **{failure: 1})
    receipt = run.end()
    assert (receipt["complete"], receipt["failures"], run.complete) == (False, 1, False)


@pytest.mark.parametrize(("failed", "stored", "undelivered"), [(2, 0, True), (1, 1, False), (0, 0, False)])
def test_a_run_whose_feeds_all_failed_is_undelivered(
    tmp_path: Path, failed: int, stored: int, undelivered: bool
) -> None:
    run = Run(tmp_path, site(), **{"feeds/failed": failed})
    for number in range(stored):
        run.extension.feed_stored(tmp_path / f"{number}.jsonl", {})
    run.end()
    assert run.extension._ended("wp_posts").undelivered is undelivered


def test_a_run_with_a_feed_in_another_storage_is_not_undelivered(tmp_path: Path) -> None:
    run = Run(tmp_path, site(), **{"feeds/failed": 1})
    assert run.crawler.stats is not None
    run.crawler.stats.set_value("feedexport/failed_count/FileStorage", 1)
    run.crawler.stats.set_value("feedexport/success_count/StdoutStorage", 1)
    run.end()
    assert run.extension._ended("wp_posts").undelivered is False


def test_run_whose_receipt_cannot_be_written_is_not_complete(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "receipts").write_text("a file where the folder belongs")
    run = Run(tmp_path, site())
    run.extension.spider_closed(run.spider, "finished")
    assert run.complete is False
    run.extension._conclude("wp_posts")
    assert run.complete is False
    assert caplog.text.count("cannot be written") == 1


def test_receipt_is_written_by_a_second_try(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    obstacle = tmp_path / "receipts"
    obstacle.write_text("a file where the folder belongs")
    run = Run(tmp_path, site())
    run.extension.spider_closed(run.spider, "finished")
    obstacle.unlink()
    run.extension._conclude("wp_posts")
    receipt = json.loads(run.path.read_text(encoding="utf-8"))
    assert (receipt["complete"], receipt["failures"], run.complete) == (True, 0, True)
    assert run.extension._ended("wp_posts").receipt == str(run.path)
    assert f"The receipt {run.path} is written now" in caplog.text


def test_receipt_is_synchronised_to_disk_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path, site())
    synced: list[tuple[bytes, bool]] = []

    def note(descriptor: int) -> None:
        synced.append((Path(f"/proc/self/fd/{descriptor}").read_bytes(), run.path.exists()))

    monkeypatch.setattr(os, "fsync", note)
    run.end()
    assert synced == [(run.path.read_bytes(), False)]


def test_run_that_ended_before_its_spider_was_opened_has_a_receipt(tmp_path: Path) -> None:
    run = Run(tmp_path, SiteFacts(asked="news.example"))
    run.crawler.spider = run.spider
    run.extension.run_ended()
    receipt = json.loads(run.path.read_text(encoding="utf-8"))
    assert (receipt["reason"], receipt["complete"]) == ("shutdown", False)
    assert [site["why"] for site in receipt["sites"]] == ["not started"]
    run.path.unlink()
    run.extension.run_ended()
    assert not run.path.exists(), "the receipt is written once"
