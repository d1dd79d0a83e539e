"""What the archive stores about runs and sites."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsbot.archive import Archive, Crawled, last_crawled
from newsbot.archive.schema import receipts
from newsbot.items import Checkpoint, Post
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.site_json import site_as_json, site_from_json

SITE = "https://news.example"
BEGAN = datetime(2026, 11, 23, 10, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = BEGAN

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'newsbot.db'}"


@pytest.fixture
def archive(url: str, clock: Clock) -> Iterator[Archive]:
    archive = Archive.open(url, run="run-1", clock=clock)
    yield archive
    archive.close()


def crawled(**fields: object) -> Crawled:
    values = {"site": SITE, "name": "News", "asked": ("news.example",), "verdict": "complete", "whole": True}
    return Crawled(facts={}, **(values | fields))  # type: ignore[arg-type]


def test_time_of_the_last_crawl_is_the_start_of_its_run(archive: Archive, url: str, clock: Clock) -> None:
    archive.runs.start("wp_posts")
    clock.now += timedelta(hours=3)
    archive.runs.conclude("wp_posts", [crawled()])
    assert last_crawled(url, "wp_posts", ["news.example", "other.example"]) == {"news.example": BEGAN}
    assert last_crawled(url, "wp_terms", ["news.example"]) == {}


def test_incomplete_crawl_does_not_count_as_last_crawl(archive: Archive, url: str, clock: Clock) -> None:
    archive.runs.start("wp_posts")
    archive.runs.conclude("wp_posts", [crawled(verdict="incomplete", whole=False)])
    assert last_crawled(url, "wp_posts", ["news.example", "other.example"]) == {}
    with archive.database.reading() as connection:
        assert connection.execute(sa.select(receipts.c.site, receipts.c.verdict)).all() == [(SITE, "incomplete")]


def test_url_of_a_site_that_is_down_keeps_its_last_crawl(archive: Archive, url: str) -> None:
    archive.runs.start("wp_posts")
    archive.runs.conclude("wp_posts", [crawled(site="news.example", whole=False)])
    archive.runs.conclude("wp_posts", [crawled()])
    archive.runs.conclude("wp_posts", [crawled(site="news.example", whole=False)])
    assert last_crawled(url, "wp_posts", ["news.example"]) == {"news.example": BEGAN}


def test_url_that_leads_to_another_site_is_updated(archive: Archive) -> None:
    archive.runs.keep_site("news.example", {"key": SITE, "name": "News"})
    archive.runs.keep_site("news.example", {"key": "https://moved.example", "name": "News"})
    found = archive.runs.site_behind("news.example")
    assert found is not None and found["key"] == "https://moved.example"


def test_discovered_facts_of_a_site_are_used_for_a_week(archive: Archive, clock: Clock) -> None:
    site = {"key": SITE, "name": "News"}
    archive.runs.keep_site("news.example", site)
    assert archive.runs.site_behind("news.example") == site
    assert archive.runs.site_behind("other.example") is None
    clock.now += timedelta(days=7)
    assert archive.runs.site_behind("news.example") == site
    learnt = site | {"named": {"/wp/v2/posts": {"de": True}}}
    archive.runs.keep_site("news.example", learnt)
    assert (archive.runs.site_behind("news.example") or {})["named"] == learnt["named"]
    clock.now += timedelta(seconds=1)
    assert archive.runs.site_behind("news.example") is None, "what a run learns makes the discovery no younger"
    archive.runs.keep_site("news.example", learnt, discovered=True)
    assert archive.runs.site_behind("news.example") is not None


def test_rows_of_an_earlier_try_of_the_same_run_are_recovered(archive: Archive, url: str, clock: Clock) -> None:
    archive.runs.start("wp_posts")
    archive.add(Post(site=SITE, type="post", id=1))
    archive.commit(Checkpoint(site=SITE, type="post", sequence=1, cursor={"date": "x"}))
    archive.close()
    again = Archive.open(url, run="run-1", clock=clock)
    clock.now += timedelta(seconds=1)
    again.runs.start("wp_posts")
    assert [row.record.id for row in again.outbox.recover(SITE, "posts")] == [1]
    again.close()


def test_two_targets_of_one_run_do_not_confirm_a_refusal(archive: Archive, url: str, clock: Clock) -> None:
    here = Site(key=SITE, api=Api(root=f"{SITE}/wp-json/"), home=SITE)
    later = Archive.open(url, run="run-2", clock=clock)
    for opened, confirmed in ((archive, False), (archive, False), (later, True)):
        here.leave("/wp/v2/posts", "include")
        here.api = here.api.without_fields()
        opened.runs.keep_site("news.example", site_as_json(here))
        kept = site_from_json(opened.runs.site_behind("news.example") or {})
        assert kept is not None
        here = kept
        assert (here.accepted("/wp/v2/posts").takes("include"), here.api.takes_fields) == (not confirmed, not confirmed)
    later.close()
