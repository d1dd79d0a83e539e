"""Crawls of a site list: only the sites that are due by the archive, and each site with its own limits."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from tests.crawl.scrapy_crawl import Run, crawl
from tests.newsroom import Newsroom


def age(path: Path, hours: int) -> None:
    """Change the archive so that all sites count as crawled this long ago."""
    then = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    with sqlite3.connect(path) as raw:
        for site, facts in raw.execute("SELECT site, facts FROM sites").fetchall():
            kept = orjson.loads(facts)
            kept["crawled"] = dict.fromkeys(kept["crawled"], then)
            raw.execute("UPDATE sites SET facts = ? WHERE site = ?", (orjson.dumps(kept), site))
    raw.close()


def requested_sites(run: Run) -> tuple[int, list[str], int]:
    receipt = run.receipt()
    return run.status, [site["asked"] for site in receipt["sites"]], receipt["not_due"]


def test_only_due_sites_are_requested(tmp_path: Path) -> None:
    with Newsroom(posts=12) as often, Newsroom(posts=12) as seldom, Newsroom(posts=12) as closed:
        closed.order("unauthorized", "*")
        listed = tmp_path / "sites.csv"
        # The URL of the feed, so that the listed URL differs from the key of the site.
        feed = f"{often.url.rstrip('/')}/feed/"
        lines = [f"{feed},6h", f"{seldom.url},1w", f"{closed.url},1w"]
        listed.write_text("url,every\n" + "\n".join(lines) + "\n", encoding="utf-8")

        def due(spider: str = "wp_posts", *more: str) -> Run:
            for room in (often, seldom, closed):
                room.forget()
            return crawl(tmp_path, spider, *more, sites=str(listed), due="1")

        assert requested_sites(due("wp_posts", "-a", "limit=3")) == (1, [feed, seldom.url, closed.url], 0)
        assert requested_sites(due()) == (1, [feed, seldom.url, closed.url], 0), "a limited run is no whole one"
        assert requested_sites(due()) == (1, [closed.url], 2), "what was closed was not crawled"
        assert (often.requests, seldom.requests) == ([], [])
        age(tmp_path / "newsbot.db", hours=7)
        assert requested_sites(due()) == (1, [closed.url, feed], 1)
        listed.write_text(f"url,every\n{feed},6h\n{seldom.url},1w\n", encoding="utf-8")
        nothing = due()
        assert requested_sites(nothing) == (0, [], 2), "nothing is due: nothing is wrong"
        assert "0 of 2 sites are due" in nothing.said
        assert due("wp_terms").receipt()["not_due"] == 0, "another spider"
    with sqlite3.connect(tmp_path / "newsbot.db") as raw:
        kept = raw.execute("SELECT verdict, count(*) FROM receipts GROUP BY verdict").fetchall()
    raw.close()
    assert dict(kept)["closed"] == 4


def test_due_without_an_archive_gives_status_2(tmp_path: Path) -> None:
    (tmp_path / "sites.txt").write_text("a.example\n", encoding="utf-8")
    run = crawl(tmp_path, "wp_posts", sites=str(tmp_path / "sites.txt"), due="1", env={"NEWSBOT_ARCHIVE": ""})
    assert (run.status, run.said.count("\n")) == (2, 1)
    assert "due= needs the archive" in run.said


def test_site_list_sets_max_wait_of_one_site(tmp_path: Path) -> None:
    with Newsroom(posts=12) as room:
        room.order("rate-limited", "/wp/v2/posts", retry_after=100)
        (tmp_path / "s.csv").write_text(f"url,max_wait,editor\n{room.url},1,Ann\n", encoding="utf-8")
        run = crawl(tmp_path, "wp_posts", sites=str(tmp_path / "s.csv"))
        host = room.url.removeprefix("http://").rstrip("/")
    assert run.status == 1
    assert f"{host}: given up for this run: it asks to wait 100 s, until " in run.said
    assert "s.csv: columns that newsbot does not know: editor" in run.said
