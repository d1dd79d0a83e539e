"""Scrapy's commands that look at one page write no receipt and touch no archive, also with a spider of newsbot."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import pytest
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings, Settings

from newsbot import terminal
from newsbot.commands.one_page import look_only, without_site
from newsbot.spiders.wp_posts import WpPostSpider


def project() -> Settings:
    settings = Settings()
    settings.setmodule("newsbot.settings")
    return settings


def extensions(settings: BaseSettings) -> set[str]:
    return {str(path).rpartition(".")[2] for path in settings.get_component_priority_dict_with_base("EXTENSIONS")}


def started(command: str, monkeypatch: pytest.MonkeyPatch, *addresses: str, **options: Any) -> Settings:
    """The settings of a command after it read its options."""
    made = import_module(f"newsbot.commands.{command}").Command()
    assert made.long_desc()
    monkeypatch.setattr(f"scrapy.commands.{command}.Command.process_options", lambda *_: None)
    made.settings = project()
    made.process_options(
        list(addresses or ("https://news.example/a-post/",)),
        Namespace(**{"spider": "wp_posts", "callback": None, "rules": False, "set": [], **options}),
    )
    assert isinstance(made.settings, Settings)
    return made.settings


@pytest.mark.parametrize("command", ["fetch", "shell", "view"])
def test_command_for_one_page_runs_without_receipt_and_progress(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"ReceiptExtension", "ProgressExtension", "HistoryExtension", "FollowedExtension"} <= extensions(project())
    crawler = Crawler(without_site(WpPostSpider), started(command, monkeypatch))
    crawler.addons.load_settings(crawler.settings)
    crawler.settings.freeze()
    on = extensions(crawler.settings)
    assert "FeedExporter" in on
    assert not {"ReceiptExtension", "ProgressExtension", "HistoryExtension", "FollowedExtension"} & on
    assert (crawler.settings["NEWSBOT_ARCHIVE"], crawler.settings["FEEDS"]) == ("", {})
    # The shell makes its spider after the settings were frozen, and gives it no argument.
    spider = crawler._create_spider()
    assert (spider.name, type(spider).__name__, spider.crawler) == ("wp_posts", "WpPostSpider", crawler)
    # Scrapy reads every attribute for the names in the URI of a feed.
    assert {name: getattr(spider, name) for name in dir(spider)}["kinds"] == ("posts",)


@pytest.mark.parametrize(
    ("command", "options", "line"),
    [
        ("fetch", {"spider": "posts"}, "scrapy fetch: there is no spider 'posts'; the spiders are wp_comments, "),
        ("parse", {}, "scrapy parse: the spider wp_posts has no callback parse for a page, since it crawls whole"),
        ("parse", {"callback": "parse_site"}, "has no callback parse_site for a page"),
        ("parse", {"spider": None}, "scrapy parse: names no spider: add --spider NAME"),
    ],
)
def test_bad_arguments_give_one_line(
    command: str,
    options: dict[str, Any],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        started(command, monkeypatch, **options)
    assert ended.value.code == 2
    assert line in capsys.readouterr().err


@pytest.mark.parametrize("command", ["fetch", "parse", "view"])
@pytest.mark.parametrize("addresses", [("a-post",), ("https://news.example/", "https://news.example/a-post/")], ids=str)
def test_invalid_address_of_a_page_gives_one_line(
    command: str, addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        started(command, monkeypatch, *addresses, spider=None)
    assert ended.value.code == 2
    monkeypatch.setattr(terminal, "_program", "newsbot")
    terminal.tell(capsys.readouterr().err.rstrip())
    line = f"newsbot {command}: takes the address of one page, with http:// or https://\n"
    assert capsys.readouterr().err == line
    assert started("shell", monkeypatch, "page.html", spider=None)["NEWSBOT_DATA"] == ""


def test_callback_of_a_spider_of_the_user_parses_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(WpPostSpider):
        name = "own"

        def parse(self, response: Any) -> None:
            """Read a page."""

    class Loader:
        def list(self) -> Iterable[str]:
            return ["own"]

        def load(self, _name: str) -> type[Spider]:
            return Own

    monkeypatch.setattr("newsbot.commands.one_page.get_spider_loader", lambda _settings: Loader())
    assert started("parse", monkeypatch, spider="own")["NEWSBOT_DATA"] == ""


def test_setting_of_the_user_does_not_enable_a_receipt_for_one_page() -> None:
    settings = project()
    settings.set("NEWSBOT_DATA", "data", priority="cmdline")
    settings.set("NEWSBOT_METRICS_PORT", "9464", priority="cmdline")
    look_only(settings)
    assert (settings["NEWSBOT_DATA"], settings["NEWSBOT_METRICS_PORT"]) == ("", "0")
