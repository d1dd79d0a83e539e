"""Pipelines and scripts of a user: one line says what is wrong with them."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler

from newsbot.commands.ending import log_failure
from newsbot.items import Checkpoint, Post
from newsbot.pipelines.items_only import ItemsOnly, NotARow
from newsbot.safe_logs import LogFormatter
from newsbot.spiders.wp_posts import WpPostSpider

ROW = Post(site="https://a.example", type="post", id=7, title="T")


class ReturnsRow:
    def process_item(self, item: Any) -> Any:
        return item


class ReturnsNothing:
    async def process_item(self, item: Any) -> None:
        pass


def passed(pipeline: type, item: Any) -> Any:
    crawler = get_crawler(settings_dict={"ITEM_PIPELINES": {pipeline: 1}})
    return asyncio.run(ItemsOnly.from_crawler(crawler).process_item_async(item))


def test_error_names_the_pipeline_that_returns_no_row() -> None:
    assert passed(ReturnsRow, ROW) is ROW
    with pytest.raises(NotARow, match=r"\.ReturnsNothing returned NoneType and not the row: it must end with"):
        passed(ReturnsNothing, ROW)
    checkpoint = Checkpoint.__new__(Checkpoint)
    assert passed(ReturnsNothing, checkpoint) is checkpoint, "a pipeline of a user meets rows only"


def test_the_line_of_a_failed_pipeline_names_the_row_and_holds_no_article() -> None:
    line = LogFormatter().item_error(ROW, ValueError("no"), None, None)
    assert line["msg"] % line["args"] == "A pipeline failed on https://a.example post 7"


def test_crawl_that_cannot_start_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def crawl() -> None:
        raise NameError("Module 'own' doesn't define any object named 'Missing'")

    async def run() -> None:
        task = asyncio.create_task(crawl())
        task.add_done_callback(log_failure)
        await asyncio.wait([task])

    asyncio.run(run())
    (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert record.message == "The crawl failed"
    assert record.exc_info is not None and "Missing" in str(record.exc_info[1])


def test_a_script_without_newsbots_settings_crawls_nothing(caplog: pytest.LogCaptureFixture) -> None:
    crawler = get_crawler(WpPostSpider)
    crawler.settings = Settings()
    spider = WpPostSpider.from_crawler(crawler, site="https://a.example")
    assert spider.facts == []
    assert "the settings are not those of newsbot: set SCRAPY_SETTINGS_MODULE=newsbot.settings" in caplog.text
