"""Crawls of the followed sites of the archive."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsbot.archive.database import open_database
from newsbot.archive.followed import Followed, FollowedSite
from tests.arrival import longest_pace
from tests.crawl.scrapy_crawl import Run, command, crawl, start
from tests.newsroom import Newsroom, Request


def follow(path: Path, *urls: str) -> None:
    database = open_database(f"sqlite:///{path}")
    Followed(database).add([FollowedSite(url=url, spider="wp_posts", entry={"url": url}) for url in urls])
    database.close()


def followed(path: Path) -> dict[str, FollowedSite]:
    database = open_database(f"sqlite:///{path}")
    sites = {site.url: site for site in Followed(database).sites()}
    database.close()
    return sites


def make_due(path: Path, site: FollowedSite) -> None:
    database = open_database(f"sqlite:///{path}")
    Followed(database).keep(replace(site, next_due=None))
    database.close()


def requested_sites(run: Run) -> tuple[int, list[str], int]:
    receipt = run.receipt()
    return run.status, [site["asked"] for site in receipt["sites"]], receipt["not_due"]


def test_due_sites_of_the_archive_are_crawled_and_get_their_next_due_time(tmp_path: Path) -> None:
    archive = tmp_path / "newsbot.db"
    with Newsroom(posts=30) as healthy, Newsroom(posts=12) as closed:
        closed.order("unauthorized", "*")
        refused = crawl(tmp_path, "wp_posts", sites="archive")
        assert (refused.status, "follows no site for wp_posts" in refused.said) == (2, True)
        follow(archive, healthy.url, closed.url)
        unknown = crawl(tmp_path, "wp_posts", sites="archive", due="1", site="unknown.example")
        assert (unknown.status, "not followed by wp_posts: unknown.example" in unknown.said) == (2, True)
        began = datetime.now(UTC) - timedelta(seconds=1)
        status, urls, not_due = requested_sites(crawl(tmp_path, "wp_posts", sites="archive", due="1"))
        assert (status, sorted(urls), not_due) == (1, sorted([healthy.url, closed.url]), 0)
        sites = followed(archive)
        well, ill = sites[healthy.url], sites[closed.url]
        assert (well.verdict, well.failures, well.site) == ("complete", 0, healthy.url.rstrip("/"))
        assert well.checked is not None and well.next_due is not None and well.checked >= began
        assert well.next_due >= well.checked + timedelta(minutes=5)
        assert well.habit is not None and well.habit["days"] > 50
        assert well.cost == 4.0, "a walk says nothing about the cost of a check"
        assert (ill.verdict, ill.failures) == ("closed", 1)
        assert ill.next_due is not None and ill.next_due >= began + timedelta(minutes=15)

        healthy.forget()
        nothing = crawl(tmp_path, "wp_posts", sites="archive", due="1")
        assert requested_sites(nothing) == (0, [], 2)
        assert "0 of 2 sites are due" in nothing.said
        assert healthy.requests == []
        make_due(archive, well)
        spelled = healthy.url.rstrip("/").replace("http", "HTTP")
        quick = crawl(tmp_path, "wp_posts", sites="archive", due="1", site=spelled)
        assert requested_sites(quick) == (0, [healthy.url], 0)
        assert quick.receipt()["sites"][0]["collections"]["post"]["check"] == "quick"
        assert [(request.route, request.params["orderby"]) for request in healthy.requests] == [
            ("/wp/v2/posts", "modified")
        ]
        assert followed(archive)[healthy.url].full_check == well.full_check

        status, urls, not_due = requested_sites(crawl(tmp_path, "wp_posts", sites="archive"))
        assert sorted(urls) == sorted([healthy.url, closed.url])
        again = followed(archive)
        assert again[healthy.url].cost != 4.0
        assert again[closed.url].failures == 2


def test_two_parallel_runs_share_the_due_sites_and_both_succeed(tmp_path: Path) -> None:
    came, answers = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        if request.route == "/wp/v2/posts":
            came.set()
            answers.wait()

    with Newsroom(posts=40) as slow, Newsroom(posts=6) as quick:
        follow(tmp_path / "newsbot.db", slow.url)
        slow.on_request(hold)
        first = start(command("wp_posts", "-a", "sites=archive", "-a", "due=1", output="first.jsonl"), tmp_path)
        assert came.wait()
        follow(tmp_path / "newsbot.db", quick.url)
        second = crawl(tmp_path, "wp_posts", sites="archive", due="1")
        answers.set()
        verdicts = {site["asked"]: site["verdict"] for site in second.receipt()["sites"]}
        assert verdicts == {slow.url: "elsewhere", quick.url: "complete"}
        assert (second.status, second.receipt()["complete"], len(second.rows())) == (0, True, 6)
        assert first.wait() == 0
        assert {site.verdict for site in followed(tmp_path / "newsbot.db").values()} == {"complete"}
        alone = crawl(tmp_path, "wp_posts", site=slow.url, limit="1")
        assert alone.status == 0, "the lease of a run that has ended is free"


def test_site_that_sends_retry_after_is_due_after_this_time(tmp_path: Path) -> None:
    with Newsroom(posts=6) as room:
        room.order("rate-limited", "*", retry_after=7200)
        follow(tmp_path / "newsbot.db", room.url)
        began = datetime.now(UTC)
        assert crawl(tmp_path, "wp_posts", sites="archive", due="1").status == 1
        site = followed(tmp_path / "newsbot.db")[room.url]
        assert site.checked is not None and site.next_due is not None and site.blocked_until is not None
        assert site.next_due >= site.blocked_until >= began + timedelta(seconds=7200)


def test_two_kinds_of_one_site_are_crawled_in_parallel_at_one_pace(tmp_path: Path) -> None:
    with Newsroom(posts=12, latency=0.1) as room:
        env = {"NEWSBOT_DELAY": "0.2"}
        first = start(command("wp_posts", "-a", f"site={room.url}", output="posts.jsonl"), tmp_path, env=env)
        while not room.requests:
            time.sleep(0.05)
        second = crawl(tmp_path, "wp_comments", site=room.url, env=env)
        assert (second.status, first.wait()) == (0, 0)
        starts = sorted(request.time for request in room.requests)
        # A pace for each run would give half of the delay.
        assert longest_pace(starts) >= 0.2 * 0.8
