"""Rows that came before are dropped and counted, and do not count as lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.utils.test import get_crawler

from newsbot.archive import Archive
from newsbot.items import Checkpoint, Media, Post
from newsbot.pipelines.dedupe import DedupePipeline, MetBefore

SITE, OTHER = "https://news.press", "https://other.press"
TEXT = "The council voted on Monday to open the old harbour to boats again after eleven years of work on its walls."


def post(number: int, site: str = SITE, **fields: Any) -> Post:
    return Post(site=site, type="post", id=number, **({"guid": f"{SITE}/?p={number}", "content_text": TEXT} | fields))


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


def test_repeated_row_is_dropped_and_counted(pipeline: DedupePipeline, crawler: Crawler, archive: Archive) -> None:
    first = post(1)
    assert pipeline.process_item(first) is first
    archive.add(first)
    with pytest.raises(MetBefore):
        pipeline.process_item(post(1))
    assert stat(crawler, "newsbot/counted_drops") == {(SITE, "posts", "post"): {"again": 1}}
    # The listing sent two rows. The pipeline delivered or counted both of them.
    archive.commit(Checkpoint(site=SITE, type="post", sequence=2, cursor={"date": "x"}))


def test_ids_of_other_types_and_sites_are_other_rows(pipeline: DedupePipeline) -> None:
    rows = [post(1), post(1, OTHER, guid=None), Post(site=SITE, type="page", id=1)]
    assert [pipeline.process_item(row) for row in rows] == rows


def test_second_pass_over_a_collection_accepts_every_row_again(pipeline: DedupePipeline) -> None:
    pipeline.process_item(post(1))
    # The checkpoint of a page does not end the walk.
    pipeline.process_item(Checkpoint(site=SITE, type="post", sequence=1))
    with pytest.raises(MetBefore):
        pipeline.process_item(post(1))
    pipeline.process_item(Checkpoint(site=SITE, type="post", sequence=1, done=True))
    again = post(1)
    assert pipeline.process_item(again) is again


def test_deletion_of_a_row_of_this_run_is_not_dropped(pipeline: DedupePipeline) -> None:
    pipeline.process_item(post(1))
    gone = post(1)
    gone.change = "deleted"
    assert pipeline.process_item(gone) is gone


def originals_of(pipeline: DedupePipeline, archive: Archive, *rows: Post) -> list[str | None]:
    """``duplicate_of`` of rows that come one after the other. Every row passes."""
    found = []
    for row in rows:
        assert pipeline.process_item(row) is row
        archive.add(row)
        found.append(row.duplicate_of)
    return found


def test_copy_of_a_post_of_another_site_is_marked_and_delivered(
    pipeline: DedupePipeline, crawler: Crawler, archive: Archive
) -> None:
    edited = TEXT + " The first boats came in the evening."
    copy = post(7, OTHER, guid="http://news.press/?p=1&#038;x=2", content_text=edited)
    assert originals_of(pipeline, archive, post(1, guid=f"{SITE}/?p=1&x=2"), copy) == [None, f"{SITE} post 1"]
    assert stat(crawler, "newsbot/dedupe/other_site") == 1
    assert stat(crawler, "newsbot/counted_drops") is None


def test_copies_of_rows_of_the_first_site_are_marked(pipeline: DedupePipeline, archive: Archive) -> None:
    originals = [post(number) for number in range(1, 30)]
    copies = [post(number, OTHER) for number in range(1, 30)]
    assert originals_of(pipeline, archive, *originals, *copies) == [None] * 29 + [
        f"{SITE} post {n}" for n in range(1, 30)
    ]


def test_row_of_the_site_named_in_the_guid_is_the_original(pipeline: DedupePipeline, archive: Archive) -> None:
    claimed = post(1001, OTHER, guid=f"{SITE}/?p=1")
    assert originals_of(pipeline, archive, claimed, post(1)) == [None, None]
    assert originals_of(pipeline, archive, post(8, "https://third.press", guid=f"{SITE}/?p=1")) == [f"{SITE} post 1"]


def test_guid_with_another_text_makes_no_copy(pipeline: DedupePipeline, archive: Archive) -> None:
    other = post(7, OTHER, guid=f"{SITE}/?p=1", content_text="Nonsense of a site that claims the guids of another one.")
    gallery = [post(2, content_text=None, title="Boats"), post(9, OTHER, guid=f"{SITE}/?p=2", content_text=None)]
    assert originals_of(pipeline, archive, post(1), other, *gallery) == [None, None, None, None]


@pytest.mark.parametrize("guid", ["http://localhost/wordpress/?p=1", "http://10.0.0.5/?p=1", "?p=1"])
def test_guid_of_a_private_host_makes_no_copy(pipeline: DedupePipeline, archive: Archive, guid: str) -> None:
    assert originals_of(pipeline, archive, post(1, guid=guid), post(1, OTHER, guid=guid)) == [None, None]


def test_post_without_text_is_a_copy_by_its_title(pipeline: DedupePipeline, archive: Archive) -> None:
    one = post(1, content_text=None, title="Boats in the harbour")
    assert originals_of(pipeline, archive, one, replace(one, site=OTHER)) == [None, f"{SITE} post 1"]


def test_file_of_another_site_is_a_copy_by_its_name_and_size(pipeline: DedupePipeline, archive: Archive) -> None:
    file = Media(site=SITE, type="attachment", id=3, guid=f"{SITE}/a/boat.jpg", file_url=f"{SITE}/a/boat.jpg", width=9)
    copy = replace(file, site=OTHER, file_url=f"{OTHER}/b/boat.jpg")
    smaller = replace(copy, id=4, width=8)
    for row in (file, copy, smaller):
        pipeline.process_item(row)
        archive.add(row)
    assert [row.duplicate_of for row in (file, copy, smaller)] == [None, f"{SITE} attachment 3", None]


def test_edited_row_is_accepted_a_second_time_in_a_run(pipeline: DedupePipeline, archive: Archive) -> None:
    first = post(1, modified="2026-01-01T00:00:00Z")
    assert originals_of(pipeline, archive, first, post(1, modified="2026-01-02T00:00:00Z")) == [None, None]
    with pytest.raises(MetBefore):
        pipeline.process_item(post(1, modified="2026-01-02T00:00:00Z"))


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
    assert originals_of(pipeline, second, post(5, OTHER, guid=post(1).guid)) == [f"{SITE} post 1"]
    second.close()


def test_rows_are_dropped_once_the_archive_failed(pipeline: DedupePipeline, crawler: Crawler) -> None:
    assert crawler.stats is not None
    crawler.stats.inc_value("newsbot/archive/failed")
    with pytest.raises(DropItem):
        pipeline.process_item(post(1))
