"""Rows that came before are dropped and counted, and do not count as lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.utils.test import get_crawler

from newsbot.archive import Archive
from newsbot.items import Checkpoint, Post
from newsbot.pipelines.dedupe import DedupePipeline, MetBefore

SITE, OTHER = "https://news.example", "https://other.example"


def post(number: int, site: str = SITE, **fields: Any) -> Post:
    return Post(site=site, type="post", id=number, **({"guid": f"{SITE}/?p={number}"} | fields))


@pytest.fixture
def crawler() -> Crawler:
    return get_crawler()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    archive = Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}", run="run-1")
    yield archive
    archive.close()


@pytest.fixture
def pipeline(crawler: Crawler, archive: Archive) -> DedupePipeline:
    return DedupePipeline(crawler, archive)


def stat(crawler: Crawler, name: str) -> Any:
    assert crawler.stats is not None
    return crawler.stats.get_value(name)


def test_row_that_came_before_is_dropped_and_counted(
    pipeline: DedupePipeline, crawler: Crawler, archive: Archive
) -> None:
    first = post(1)
    assert pipeline.process_item(first) is first
    archive.add(first)
    with pytest.raises(MetBefore):
        pipeline.process_item(post(1))
    assert stat(crawler, "newsbot/counted_drops") == {(SITE, "post"): {"again": 1}}
    # The listing sent two rows. The pipeline delivered or counted both of them.
    archive.commit(Checkpoint(site=SITE, type="post", sequence=2, cursor={"date": "x"}))


def test_ids_of_other_types_and_sites_are_other_rows(pipeline: DedupePipeline) -> None:
    rows = [post(1), post(1, OTHER, guid=None), Post(site=SITE, type="page", id=1)]
    assert [pipeline.process_item(row) for row in rows] == rows


def test_second_pass_over_a_collection_meets_every_row_again(pipeline: DedupePipeline) -> None:
    pipeline.process_item(post(1))
    # The checkpoint of a page does not end the walk.
    pipeline.process_item(Checkpoint(site=SITE, type="post", sequence=1))
    with pytest.raises(MetBefore):
        pipeline.process_item(post(1))
    pipeline.process_item(Checkpoint(site=SITE, type="post", sequence=1, done=True))
    again = post(1)
    assert pipeline.process_item(again) is again


def test_deletion_of_a_row_that_came_in_this_run_passes(pipeline: DedupePipeline) -> None:
    pipeline.process_item(post(1))
    gone = post(1)
    gone.change = "deleted"
    assert pipeline.process_item(gone) is gone


def test_guid_of_another_site_is_dropped_and_kept_as_its_copy(
    pipeline: DedupePipeline, crawler: Crawler, archive: Archive
) -> None:
    pipeline.process_item(post(1))
    with pytest.raises(MetBefore):
        pipeline.process_item(post(7, OTHER, guid=post(1).guid))
    assert stat(crawler, "newsbot/counted_drops") == {(OTHER, "post"): {"other_site": 1}}
    archive.commit(Checkpoint(site=OTHER, type="post", sequence=1, cursor={"date": "x"}))
    assert archive.state(OTHER, "post").live == 1


def test_guid_that_two_rows_of_a_site_share_is_flagged_and_delivered(pipeline: DedupePipeline) -> None:
    pipeline.process_item(post(1))
    second = post(2, guid=post(1).guid)
    assert pipeline.process_item(second) is second
    assert second.guid_collision is True


def test_row_keeps_its_own_guid_in_the_next_run(tmp_path: Path, crawler: Crawler, archive: Archive) -> None:
    archive.add(post(1))
    archive.commit(Checkpoint(site=SITE, type="post", sequence=1, cursor={"date": "x"}))
    second = Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}", run="run-2")
    pipeline = DedupePipeline(crawler, second)
    own = post(1)
    assert pipeline.process_item(own) is own
    assert own.guid_collision is False
    copied = post(5, OTHER, guid=post(1).guid)
    with pytest.raises(MetBefore, match="its guid came from"):
        pipeline.process_item(copied)
    second.close()


def test_rows_are_dropped_once_the_archive_failed(pipeline: DedupePipeline, crawler: Crawler) -> None:
    assert crawler.stats is not None
    crawler.stats.inc_value("newsbot/archive/failed")
    with pytest.raises(DropItem):
        pipeline.process_item(post(1))
