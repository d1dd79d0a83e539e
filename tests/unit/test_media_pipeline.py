"""The decisions of the media pipeline: which files it downloads, at which pace, and what it does after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError, NotConfigured
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from newsbot import signals
from newsbot.arguments.site_list import Target
from newsbot.items import Checkpoint, Comment, FeaturedImage, Image, Media, Post
from newsbot.net.refusals import CrawlStopping, RobotsDisallowed
from newsbot.pipelines.media import MediaDownloadPipeline, NotKept, checked_kind, reason_of, urls_of
from newsbot.wordpress.receipt import SiteFacts

SITE = "https://a.test"
JPEG = b"\xff\xd8\xff\xe0 picture"


class Engine:
    """Answers each request with what the test set for its URL: a body, a status or an exception."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[Request] = []

    async def download_async(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.answers.get(request.url, JPEG + request.url.encode())
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return Response(request.url, status=answer, body=b"x", request=request)
        return Response(request.url, body=answer, headers={"Content-Type": "image/jpeg"}, request=request)


@pytest.fixture
def crawler(tmp_path: Path) -> Crawler:
    made = get_crawler(settings_dict={
        "NEWSBOT_MEDIA": "download", "NEWSBOT_DATA": str(tmp_path), "NEWSBOT_MEDIA_MAX": 1_000,
        "MEDIA_ALLOW_REDIRECTS": True,
    })  # fmt: skip
    made.spider = made._create_spider("wp_posts")
    made.engine = Engine()  # type: ignore[assignment]
    return made


@pytest.fixture
def pipeline(crawler: Crawler) -> Iterator[MediaDownloadPipeline]:
    made = MediaDownloadPipeline.from_crawler(crawler)
    made.open_spider()
    yield made
    made.close_spider()


def engine(crawler: Crawler) -> Engine:
    assert isinstance(crawler.engine, Engine)
    return crawler.engine


def post(*names: str, row: int = 1) -> Post:
    return Post(site=SITE, type="post", id=row, images=[Image(url=f"{SITE}/{name}") for name in names])


def process(pipeline: MediaDownloadPipeline, *items: Any) -> None:
    async def run() -> None:
        for item in items:
            assert await pipeline.process_item(item) is item

    asyncio.run(run())


def stats(crawler: Crawler) -> dict[str, Any]:
    assert crawler.stats is not None
    found = crawler.stats.get_stats()
    return {name.removeprefix("newsbot/media/"): n for name, n in found.items() if name.startswith("newsbot/media/")}


def test_pipeline_is_disabled_without_the_setting() -> None:
    with pytest.raises(NotConfigured):
        MediaDownloadPipeline.from_crawler(get_crawler())


def test_each_file_of_a_row_is_listed_once() -> None:
    item = post("a.jpg", "b.jpg#x", "a.jpg")
    item.image = FeaturedImage(url=f"{SITE}/b.jpg")
    item.images.append(Image(url="data:image/gif;base64,R0lG"))
    item.images.append(Image(url=f"{SITE}/half-an-emoji-\ud83d.jpg"))
    assert urls_of(item) == [f"{SITE}/b.jpg", f"{SITE}/a.jpg"]
    assert urls_of(Media(site=SITE, type="attachment", id=1, file_url=f"{SITE}/c.mp3")) == [f"{SITE}/c.mp3"]
    assert urls_of(Media(site=SITE, type="attachment", id=1)) == []


def test_other_items_pass_without_a_request(pipeline: MediaDownloadPipeline, crawler: Crawler) -> None:
    gone = post("a.jpg")
    gone.change = "deleted"
    process(
        pipeline, gone, Comment(site=SITE, type="comment", id=1), Checkpoint(site=SITE, type="post", sequence=0), {}
    )
    assert engine(crawler).asked == []


def test_file_of_two_rows_is_requested_once(pipeline: MediaDownloadPipeline, crawler: Crawler) -> None:
    process(pipeline, post("a.jpg"), post("a.jpg", row=2))
    assert [request.url for request in engine(crawler).asked] == [f"{SITE}/a.jpg"]
    assert stats(crawler) == {"requests": 1, "kept": 1, "known": 1, "bytes": len(JPEG) + len(f"{SITE}/a.jpg")}


def test_delay_of_the_site_list_applies_to_files_of_its_host(pipeline: MediaDownloadPipeline, crawler: Crawler) -> None:
    target = Target(url=SITE, delay=7.0)
    facts = SiteFacts(asked=SITE, site=SITE)
    crawler.signals.send_catch_log(signals.site_started, facts=facts, target=target)
    process(pipeline, post("a.jpg"))
    (request,) = engine(crawler).asked
    assert (request.meta["newsbot_delay"], request.meta["newsbot_delay_host"]) == (7.0, "a.test")
    assert (request.meta["download_maxsize"], request.meta["dont_retry"]) == (1_000, True)


def test_only_temporary_failures_are_retried(pipeline: MediaDownloadPipeline, crawler: Crawler) -> None:
    answers = {
        "a.jpg": 503,
        "b.jpg": 404,
        "c.jpg": 403,
        "d.jpg": RobotsDisallowed("no"),
        "e.jpg": b"<svg/>",
        "f.jpg": b"",
    }
    engine(crawler).answers = {f"{SITE}/{name}": answer for name, answer in answers.items()}
    process(pipeline, post(*answers), post(*answers, row=2))
    times = [sum(request.url.endswith(name) for request in engine(crawler).asked) for name in answers]
    assert times == [2, 1, 1, 1, 1, 1]
    assert {name: n for name, n in stats(crawler).items() if name.startswith("failed/")} == {
        "failed/status-503": 1,
        "failed/status-404": 1,
        "failed/status-403": 1,
        "failed/robots": 1,
        "failed/kind": 1,
        "failed/empty": 1,
    }


def test_files_of_a_silent_host_are_not_requested_and_are_owed(
    pipeline: MediaDownloadPipeline, crawler: Crawler
) -> None:
    names = [f"{number}.jpg" for number in range(6)]
    engine(crawler).answers = {f"{SITE}/{name}": DownloadTimeoutError("60 s") for name in names}
    process(pipeline, *(post(name, row=row) for row, name in enumerate(names, 1)))
    assert len(engine(crawler).asked) == 3
    assert stats(crawler)["failed/host-silent"] == 3
    later = MediaDownloadPipeline.from_crawler(crawler)
    later.open_spider()
    engine(crawler).answers = {}
    process(later, Checkpoint(site=SITE, type="post", sequence=0))
    assert stats(crawler)["kept"] == 6
    later.close_spider()


def test_stop_does_not_count_as_a_try(pipeline: MediaDownloadPipeline, crawler: Crawler, tmp_path: Path) -> None:
    engine(crawler).answers = {f"{SITE}/a.jpg": CrawlStopping("stopping")}
    process(pipeline, post("a.jpg"))
    assert '"tries":0' in (tmp_path / "media/manifest.jsonl").read_text()


def test_each_failure_has_a_reason_name() -> None:
    assert reason_of(RobotsDisallowed("x")) == "robots"
    assert reason_of(DownloadTimeoutError("x")) == "timeout"
    assert reason_of(ConnectionResetError("x")) == "dropped"
    for status in (200, 500):
        with pytest.raises(NotKept, match=f"^{'kind' if status == 200 else 'status-500'}$"):
            checked_kind(Response(SITE, status=status, body=b"<html>"))
