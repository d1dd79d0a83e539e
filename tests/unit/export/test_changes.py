"""Feeds of changes: RSS and JSON Feed, the latest change first."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from newsbot.errors import BadArgument
from newsbot.items import Author
from tests.unit.export.exporting import HOSTILE, SITE, archive_of, deleted, exported, post


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    first = post(1, content_text="The quick brown fox", excerpt="A fox", categories=["News"])
    archive_of(tmp_path, first, post(2, title=HOSTILE, content_text="x" * 400, author=None))
    archive_of(
        tmp_path, replace(first, content_text="The slow brown fox", author=Author(id=1, name="Ann Ünal", slug="ann"))
    )
    archive_of(tmp_path, post(2, title="Renamed", content_text="x" * 400, author=None))
    deleted(tmp_path, 1)
    return tmp_path


def test_rss_lists_the_latest_changes_first(folder: Path) -> None:
    assert exported(folder, "changes.rss") == 5
    [channel] = etree.fromstring((folder / "changes.rss").read_bytes())
    assert channel.findtext("link") == SITE
    titles = [item.findtext("title") for item in channel.iter("item")]
    assert titles[:3] == ["Deleted: Title 1", "Edited: Renamed", "Edited: Title 1"]
    assert titles[4] == "New: Title 1"
    items = list(channel.iter("item"))
    assert [item.findtext("description") for item in items[1:3]] == [
        "Changed: title",
        "The [-quick-] {+slow+} brown fox",
    ]
    assert items[4].findtext("description") == "A fox"
    assert len({item.findtext("guid") for item in items}) == 5
    assert items[0].findtext("pubDate") == "Mon, 23 Nov 2026 10:00:00 +0000"
    assert "<script>" not in (folder / "changes.rss").read_text(encoding="utf-8")


def test_json_feed_names_the_row_and_the_revision(folder: Path) -> None:
    assert exported(folder, "changes.feed.json", latest="3") == 3
    feed = json.loads((folder / "changes.feed.json").read_text(encoding="utf-8"))
    assert (feed["version"], feed["home_page_url"]) == ("https://jsonfeed.org/version/1.1", SITE)
    assert [item["_newsbot"]["change"] for item in feed["items"]] == ["deleted", "edited", "edited"]
    edited = feed["items"][2]
    assert edited["id"] == f"{SITE} post 1 2"
    assert (edited["tags"], edited["authors"]) == (["edited", "News"], [{"name": "Ann Ünal"}])
    assert edited["_newsbot"]["changed"] == ["text"]


def test_changes_are_limited_to_the_selected_rows(folder: Path) -> None:
    assert exported(folder, "changes.rss", search="fox", latest="2") == 2
    assert exported(folder, "part.db", search="fox", kind="posts", deleted=True) == 1
    with sqlite3.connect(folder / "part.db") as database:
        assert database.execute("SELECT DISTINCT id FROM changes").fetchall() == [(1,)]
    database.close()


@pytest.mark.parametrize("latest", ["0", "x", "1000000"])
def test_invalid_number_of_changes_is_refused(folder: Path, latest: str) -> None:
    with pytest.raises(BadArgument, match="--latest takes a number from 1 to 10000"):
        exported(folder, "changes.rss", latest=latest)
