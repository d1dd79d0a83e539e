"""Settings of Scrapy that a user changed: what is refused in one line, before Scrapy ends with a traceback."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import Settings

from newsbot import settings as module
from newsbot.arguments.scrapy_settings import REACTOR, check_given, check_scrapy_settings
from newsbot.commands.crawl import in_our_words, no_folder, not_one_spider
from newsbot.errors import BadArgument


def given(**settings: Any) -> Settings:
    shipped = Settings({name: value for name, value in vars(module).items() if name.isupper()})
    shipped.setdict(settings, priority="cmdline")
    return shipped


def test_settings_of_newsbot_and_valid_settings_of_scrapy_are_accepted(tmp_path: Path) -> None:
    check_scrapy_settings(given())
    check_scrapy_settings(
        given(
            DOWNLOAD_DELAY="0.5",
            LOG_LEVEL="DEBUG",
            LOG_FILE=str(tmp_path / "a.log"),
            LOG_FORMAT="%(asctime)s %(message)s",
            LOG_DATEFORMAT="%H:%M",
            LOG_ENCODING="latin-1",
            TWISTED_REACTOR=REACTOR,
            EXTENSIONS={"scrapy.extensions.closespider.CloseSpider": 1, "gone.away.Extension": None},
            SCHEDULER="scrapy.core.scheduler.Scheduler",
            DOWNLOAD_HANDLERS='{"ftp": null}',
        )
    )


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("FEEDS=[1]", "FEEDS takes JSON, not '[1]'"),
        ("FEEDS=no", "FEEDS takes JSON, not 'no'"),
        ("=3", "-s takes NAME=VALUE, not '=3'"),
        ("FEEDS", "-s takes NAME=VALUE, not 'FEEDS'"),
    ],
)
def test_setting_that_scrapy_cannot_read_is_refused_with_its_name(word: str, line: str) -> None:
    with pytest.raises(BadArgument) as refused:
        check_given(given(), ["LOG_LEVEL=INFO", word])
    assert str(refused.value) == line


def test_log_format_can_use_fields_of_the_log_records_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    class Numbered(logging.LogRecord):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.job = 7

    monkeypatch.setattr(logging, "_logRecordFactory", Numbered)
    check_scrapy_settings(given(LOG_FORMAT="%(job)s %(message)s"))


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("DOWNLOAD_TIMEOUT", "-1", "DOWNLOAD_TIMEOUT takes a number, 0 or more, not '-1'"),
        ("DOWNLOAD_TIMEOUT", "nan", "DOWNLOAD_TIMEOUT takes a number, 0 or more, not 'nan'"),
        ("LOGSTATS_INTERVAL", "inf", "LOGSTATS_INTERVAL takes a number, 0 or more, not 'inf'"),
        ("DOWNLOAD_TIMEOUT", "soon", "DOWNLOAD_TIMEOUT takes a number, not 'soon'"),
        ("COOKIES_ENABLED", "maybe", "COOKIES_ENABLED takes 1 or 0, not 'maybe'"),
        ("LOG_LEVEL", "info", "LOG_LEVEL takes one of CRITICAL, DEBUG, ERROR, FATAL, INFO, "),
        ("LOG_FILE", "/nowhere/a.log", "LOG_FILE /nowhere/a.log cannot be written: No such file or directory"),
        ("LOG_FORMAT", "line", "LOG_FORMAT takes a format of Python's logging, not 'line'"),
        ("LOG_FORMAT", "%(nosuch)s", "LOG_FORMAT takes a format of Python's logging, not '%(nosuch)s'"),
        ("LOG_FORMAT", "%(message)d", "LOG_FORMAT takes a format of Python's logging, not '%(message)d'"),
        ("LOG_DATEFORMAT", "%Y\0", "LOG_DATEFORMAT takes a format of Python's logging, not '%Y\\x00'"),
        ("LOG_ENCODING", "utf-99", "LOG_ENCODING takes the name of an encoding, not 'utf-99'"),
        ("LOG_ENCODING", "base64", "LOG_ENCODING takes the name of an encoding, not 'base64'"),
        ("TWISTED_REACTOR", "x", "TWISTED_REACTOR must be twisted.internet.asyncioreactor"),
        ("CONCURRENT_ITEMS", "0", "CONCURRENT_ITEMS must be 1, since rows come in their order"),
        ("CONCURRENT_ITEMS", "100", "CONCURRENT_ITEMS must be 1, since rows come in their order"),
        ("CONCURRENT_REQUESTS_PER_DOMAIN", "0", "CONCURRENT_REQUESTS_PER_DOMAIN must be 1 or more; remove"),
        (
            "EXTENSIONS",
            {"no.such.Extension": 1},
            "EXTENSIONS names no.such.Extension, and there is no module 'no.such'",
        ),
        ("ITEM_PIPELINES", {"Mine": 1}, "ITEM_PIPELINES names Mine, and there is no module 'Mine'"),
        ("SCHEDULER", "scrapy.core.none.Scheduler", "SCHEDULER names scrapy.core.none.Scheduler, and there is no"),
    ],
)
def test_setting_of_a_wrong_type_gives_one_line(name: str, value: object, line: str) -> None:
    with pytest.raises(BadArgument) as refused:
        check_scrapy_settings(given(**{name: value}))
    assert str(refused.value).startswith(line)


def test_component_is_checked_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_of_q.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    check_scrapy_settings(given(ITEM_PIPELINES={"mine_of_q.Pipeline": 300}))
    assert "mine_of_q" not in sys.modules


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "takes one spider of wp_posts, not none"),
        (["posts"], "takes one spider of wp_posts, not posts"),
        (["wp_posts", "site=a.example"], "site=a.example has no -a in front: write -a site=a.example"),
        (["wp_posts", "--color"], "there is no option --color; scrapy crawl --help shows the options"),
        (
            ["https://a.example"],
            "takes a spider in front of the site: write scrapy crawl wp_posts -a site=https://a.ex",
        ),
        (["wp_posts", "a.example"], "takes one spider, and a.example stands after wp_posts; write -a site=a.example"),
    ],
)
def test_extra_words_after_the_spider_are_refused(words: list[str], line: str) -> None:
    assert not_one_spider(words, ["wp_posts"]).startswith(line)


def test_message_of_scrapy_about_a_format_is_reworded() -> None:
    formats = ["jsonl", "jl", "csv", "xlsx"]
    message = "Unrecognized output format '{}'. Set a supported one (...)"
    endings = "The endings are .jsonl, .csv, .xlsx; FILE:FORMAT takes any name"
    what, unknown = "the file of -o or -O", "which is no known format"
    assert in_our_words(message.format("docx"), formats) == f"{what} ends in .docx, {unknown}. {endings}"
    assert in_our_words(message.format("cvs"), formats).startswith(
        f"{what} ends in .cvs, which is no known format, did you"
    )
    assert in_our_words(message.format(""), formats) == f"{what} names no known format. {endings}"
    assert in_our_words("Invalid -a value, use -a NAME=VALUE", formats) == "Invalid -a value, use -a NAME=VALUE"


def test_unwritable_data_folder_is_reported_before_the_crawl(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere = {"NEWSBOT_DATA": str(tmp_path / "file" / "data")}
    assert "cannot be written: Not a directory" in str(no_folder(Settings(nowhere)))
    assert no_folder(Settings({**nowhere, "FEEDS": {"a.csv": {}}})) is None
    assert no_folder(Settings({"NEWSBOT_DATA": str(tmp_path / "data")})) is None
