"""The feeds of a crawl whose user names none, and the rows that reach them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from scrapy import Spider
from scrapy.extensions.feedexport import ItemFilter
from scrapy.settings import Settings
from scrapy.utils.test import get_crawler

from newsbot.arguments.models import SiteArguments
from newsbot.feeds.defaults import WHOLE, FeedDefaults, RowFilter, a_feed_a_kind
from newsbot.feeds.names import LONGEST, label
from newsbot.items import Checkpoint, Comment, Post, Term


class PostSpider(Spider):
    name = "wp_posts"
    item_class = Post


class PlainSpider(Spider):
    name = "shell"


def updated(folder: Path, spider: type[Spider] = PostSpider, **given: Any) -> Settings:
    settings = Settings({"NEWSBOT_DATA": str(folder), "NEWSBOT_RUN": ""} | given)
    FeedDefaults.from_crawler(get_crawler(spider)).update_settings(settings)
    return settings


def test_crawl_without_named_feeds_writes_two_dated_files(tmp_path: Path) -> None:
    settings = updated(tmp_path)
    run = settings["NEWSBOT_RUN"]
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{4}", run)
    feeds = settings.getdict("FEEDS")
    assert list(feeds) == [str(tmp_path / "wp_posts" / f"{run}.{form}") for form in ("jsonl", "csv")]
    assert all(options["overwrite"] is True and options["item_filter"] is RowFilter for options in feeds.values())


@pytest.mark.parametrize("given", [{"FEEDS": {"out.json": {"format": "json"}}}, {"FEED_URI": "out.json"}])
def test_crawl_with_a_named_feed_writes_only_this_feed(tmp_path: Path, given: dict[str, Any]) -> None:
    assert list(updated(tmp_path, **given).getdict("FEEDS")) == list(given.get("FEEDS", {}))


def test_no_file_is_written_without_a_data_folder_or_rows(tmp_path: Path) -> None:
    assert not updated(tmp_path, NEWSBOT_DATA="").getdict("FEEDS")
    assert not updated(tmp_path, PlainSpider).getdict("FEEDS")


def test_runs_with_one_run_id_write_to_different_files(tmp_path: Path) -> None:
    run = "20261123T101500Z-ab12"
    (tmp_path / "wp_posts").mkdir()
    (tmp_path / "wp_posts" / f"{run}.csv").touch()
    stems = {Path(next(iter(updated(tmp_path, NEWSBOT_RUN=run).getdict("FEEDS")))).stem for _ in range(2)}
    assert stems == {f"{run}-2", f"{run}-3"}


@pytest.mark.parametrize(
    ("sites", "name"),
    [
        (("news.example",), "news.example"),
        (("https://www.News.example/",), "news.example"),
        (("http://127.0.0.1:8000/blog/",), "127.0.0.1-8000-blog"),
        (("http://[::1]:8000",), "1-8000"),
        (("https://news.example/category/politics/?s=a b&x='$(rm)",), "news.example-category-politics-s-a-b-x-rm"),
        (("https://zeitung-österreich.example",), "xn--zeitung-sterreich-6zb.example"),
        (("https://news.example/%D0%BF%D0%BE%D0%BB%D0%B8%D1%82%D0%B8%D0%BA%D0%B0/",), "news.example"),
        (("https://news.example/../../etc/passwd",), "news.example-..-..-etc-passwd"),
        (("https://news.example/100%/%(run)s",), "news.example-100-run-s"),
        (("a.example", "b.example", "c.example"), "a.example-and-2-more"),
        ((f"https://news.example/{'long/' * 90}",), f"news.example-{'long-' * 13}lo"),
    ],
)
def test_a_file_is_named_after_its_site(sites: tuple[str, ...], name: str) -> None:
    assert label(sites) == name
    assert len(name) <= LONGEST or len(sites) > 1
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name)


@pytest.mark.parametrize(
    ("listing", "due", "name"),
    [
        ("lists/my sites.txt", False, "my-sites"),
        ("sites.2026.toml", True, "sites.2026-due"),
        ("archive", True, "archive-due"),
        ("новости.csv", False, "list"),
        ("--all.txt", False, "all"),
    ],
)
def test_file_is_named_after_its_site_list(listing: str, due: bool, name: str) -> None:
    assert label((), listing, due=due) == name


def test_name_of_a_dated_file_holds_the_site_and_the_run(tmp_path: Path) -> None:
    crawler = get_crawler(PostSpider)
    crawler.spider = PostSpider()
    crawler.spider.arguments = SiteArguments(site=("https://www.news.example/politics/",))  # type: ignore[attr-defined]
    settings = Settings({"NEWSBOT_DATA": str(tmp_path / "100%"), "NEWSBOT_RUN": "nightly"})
    FeedDefaults.from_crawler(crawler).update_settings(settings)
    # Scrapy replaces %(name)s in the URI of a feed. A per cent sign of the path is therefore written twice.
    names = [uri % {} for uri in settings.getdict("FEEDS")]
    folder = tmp_path / "100%" / "wp_posts"
    assert names == [str(folder / f"news.example-politics-nightly.{form}") for form in ("jsonl", "csv")]


@pytest.mark.parametrize(
    ("options", "whole"),
    [
        ({"format": "json", "overwrite": True}, True),
        ({"format": "json"}, False),
        ({"format": "json", "overwrite": False}, False),
        ({"format": "json", "overwrite": True, "batch_item_count": 5}, False),
    ],
)
def test_only_an_overwritten_file_holds_all_rows(options: dict[str, Any], whole: bool, tmp_path: Path) -> None:
    (feed,) = updated(tmp_path, FEEDS={"out.json": options}).getdict("FEEDS").values()
    assert feed.get(WHOLE, False) is whole
    gone = Post(site="https://news.example", type="post", id=1, change="deleted")
    assert feed["item_filter"]({}).accepts(gone) is not whole


class TakesAll(ItemFilter):
    def accepts(self, item: Any) -> bool:
        return True


@pytest.mark.parametrize("whole", [True, False])
def test_item_filter_of_a_user_is_applied_to_rows_of_the_file(whole: bool, tmp_path: Path) -> None:
    feed = {"format": "json", "overwrite": whole, "item_filter": TakesAll, "item_classes": [Post]}
    (updated_feed,) = updated(tmp_path, FEEDS={"out.json": feed}).getdict("FEEDS").values()
    rows = updated_feed["item_filter"](updated_feed)
    assert rows.accepts(Post(site="https://news.example", type="post", id=1)) is True
    assert rows.accepts(Post(site="https://news.example", type="post", id=2, change="deleted")) is not whole
    assert rows.accepts(Comment(site="https://news.example", type="comment", id=3)) is False
    assert rows.accepts(Checkpoint(site="https://news.example", type="post", sequence=1)) is False


def test_dated_files_hold_changed_rows_and_are_not_written_empty(tmp_path: Path) -> None:
    feeds = updated(tmp_path).getdict("FEEDS")
    assert feeds
    for options in feeds.values():
        assert (options.get(WHOLE, False), options["store_empty"]) == (False, False)


def test_feeds_hold_rows_and_no_checkpoints() -> None:
    rows = RowFilter({})
    assert rows.accepts(Post(site="https://news.example", type="post", id=1)) is True
    assert rows.accepts(Checkpoint(site="https://news.example", type="post", sequence=1)) is False


@pytest.mark.parametrize(
    ("uri", "posts"),
    [
        ("copy.jsonl", "copy.posts.jsonl"),
        ("/data/x/20261127T230459Z-5fb4.csv", "/data/x/20261127T230459Z-5fb4.posts.csv"),
        ("a.b/copy.v2.jsonl.gz", "a.b/copy.v2.posts.jsonl.gz"),
        ("s3://bucket/%(kind)s/%(run)s.jsonl", "s3://bucket/posts/%(run)s.jsonl"),
        ("stdout:", "stdout:"),
    ],
)
def test_each_kind_of_rows_has_its_own_file(uri: str, posts: str) -> None:
    feeds = a_feed_a_kind({uri: {"format": "csv"}}, {"posts": Post, "terms": Term})
    assert next(iter(feeds)) == posts
    if uri != "stdout:":
        assert [options["item_classes"] for options in feeds.values()] == [[Post], [Term]]
        assert feeds[posts]["item_export_kwargs"] == {"item_class": Post}
