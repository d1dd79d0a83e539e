"""Due sites for Scrapyd nodes: how many jobs start, where, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from newsbot.archive.database import open_database
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.errors import ArchiveError, BadArgument
from newsbot.fleet.scrapyd import Node, NodeFailed, jobs_wanted, node_of, parts_of, schedule

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@dataclass
class FakeNode(Node):
    """A node that answers without a network: ``running`` of its jobs are of wp_posts, ``others`` of other projects."""

    running: int = 0
    others: int = 0
    broken: bool = False
    given: list[list[str]] = field(default_factory=list)

    def _call(self, action: str, given: Any, *, posts: bool = False) -> dict[str, Any]:
        if self.broken:
            raise NodeFailed(f"{self.url} answers 500")
        if action == "daemonstatus":
            return {"running": self.running + self.others, "pending": 0}
        if action == "listjobs":
            return {"pending": [], "running": [{"spider": "wp_posts"}] * self.running}
        named = given.pop("site").split(",")
        assert given == {"project": "newsbot", "spider": "wp_posts", "sites": "archive", "due": "1"} and posts
        self.given.append(named)
        return {"jobid": f"job-{self.free}"}


@pytest.fixture
def archive(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'newsbot.db'}"
    database = open_database(url)
    site = FollowedSite(url="", spider="wp_posts")
    Followed(database).add([replace(site, url=f"{n}.example") for n in range(40)])
    Followed(database).keep(replace(site, url="0.example", next_due=NOW + timedelta(days=1)))
    database.close()
    return url


def node(url: str, **state: Any) -> FakeNode:
    return FakeNode(url=url, auth="", project="newsbot", **state)


@pytest.mark.parametrize(
    ("due", "active", "nodes", "jobs"),
    [(0, 0, 2, 0), (1, 0, 2, 1), (16, 0, 1, 1), (17, 0, 1, 2), (40, 2, 1, 1), (8, 0, 2, 2), (8, 1, 2, 1)],
)
def test_number_of_jobs_depends_on_due_sites_and_nodes(due: int, active: int, nodes: int, jobs: int) -> None:
    assert jobs_wanted(due, active, sites_a_job=16, nodes=nodes) == jobs


def test_jobs_get_equal_parts_that_fit_into_a_command_line() -> None:
    urls = [f"https://{number}.example/" for number in range(2_500)]
    parts = parts_of(urls[:8], jobs=3)
    assert [len(part) for part in parts] == [3, 3, 2]
    assert sorted(chain(*parts)) == urls[:8]
    assert parts[0][0] == urls[0], "the longest overdue site comes first"
    assert [len(part) for part in parts_of(urls, jobs=2)] == [1_000, 1_000]
    long = [f"https://{number}.example/{'x' * 2_000}" for number in range(100)]
    assert sum(map(len, parts_of(long, jobs=1)[0])) < 100_000 < sum(map(len, long))
    assert parts_of([], jobs=0) == []
    endless = f"https://0.example/{'x' * 100_000}"
    assert parts_of([endless], jobs=1) == [], "a job without a site would crawl all of them"


def test_too_long_address_is_reported_and_other_sites_are_scheduled(archive: str) -> None:
    endless = f"0.example/{'x' * 100_000}"
    database = open_database(archive)
    Followed(database).add([FollowedSite(url=endless, spider="wp_posts")])
    database.close()
    idle = node("http://b")
    done = schedule([idle], archive=archive, slots=4, sites_a_job=100, now=NOW)
    assert done.lines[0] == (
        f"wp_posts: the address {endless[:60]}... is too long for a job; "
        "scrapy crawl wp_posts -a sites=archive crawls it"
    )
    assert [len(part) for part in idle.given] == [39]


def test_jobs_are_sent_to_nodes_with_free_slots(archive: str) -> None:
    busy, idle, broken = node("http://a", running=1, others=2), node("http://b"), node("http://c", broken=True)
    done = schedule([busy, idle, broken], archive=archive, slots=4, sites_a_job=10, now=NOW)
    assert done.failed == 1
    assert done.lines == [
        "http://c answers 500",
        "wp_posts: 39 sites due, 1 job at work, 3 more wanted",
        "wp_posts: job job-4 on http://b, 13 sites",
        "wp_posts: job job-3 on http://b, 13 sites",
        "wp_posts: job job-2 on http://b, 13 sites",
        "2 nodes with 2 slots free, 1 node failed",
    ]
    assert sorted(chain(*idle.given)) == sorted(f"{n}.example" for n in range(1, 40)), "each due site once"
    full = schedule([node("http://a", others=4)], archive=archive, slots=4, sites_a_job=10, now=NOW)
    assert full.lines[1:] == ["1 node with 0 slots free"]


@pytest.mark.parametrize(
    ("url", "auth", "said"),
    [
        ("127.0.0.1:6800", "", "takes a URL such as"),
        ("ftp://127.0.0.1", "", "takes a URL such as"),
        ("http://me:secret@127.0.0.1:6800", "", "NEWSBOT_SCRAPYD_AUTH"),
        ("http://crawler.example:6800", "me:secret", "over https or to this machine only"),
    ],
)
def test_unusable_node_is_refused(url: str, auth: str, said: str) -> None:
    with pytest.raises(BadArgument, match=said):
        node_of(url, auth=auth, project="newsbot")


def test_node_on_loopback_or_behind_https_is_accepted() -> None:
    for url in ("http://127.0.0.1:6800", "http://[::1]:6800/", "https://crawler.example"):
        assert node_of(url, auth="me:secret", project="newsbot").url == url


def test_node_that_does_not_answer_is_reported() -> None:
    with pytest.raises(NodeFailed, match="does not answer as a Scrapyd"):
        node_of("http://127.0.0.1:9", auth="", project="newsbot").look(4)


def test_missing_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no archive"):
        schedule([], archive=f"sqlite:///{tmp_path / 'none.db'}", slots=1, sites_a_job=1, now=NOW)
