"""Update runs of a real WordPress: what changed since the last run, and nothing else, on both databases."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from scrapy import signals

from tests.crawl.scrapy_crawl import Run, command, crawl, start
from tests.real import truth
from tests.real.postgresql import PostgreSQL
from tests.real.spread import spread
from tests.real.wordpress import WordPress

pytestmark = pytest.mark.real

KILLS = int(os.environ.get("NEWSBOT_KILLS", "5"))
"""How often a crawl is killed; ``make soak`` kills 50."""


@pytest.fixture(params=["sqlite", "postgresql"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The setting that chooses the database: an empty one."""
    if request.param == "sqlite":
        return {"NEWSBOT_ARCHIVE": f"sqlite:///{tmp_path / 'newsbot.db'}"}
    postgresql: PostgreSQL = request.getfixturevalue("postgresql")
    return {"NEWSBOT_ARCHIVE": postgresql.new_database()}


class DiesAtAnswer:
    """An extension that kills its process when the answer number TEST_DIES_AT of the site has come."""

    def __init__(self, number: int) -> None:
        self.left = number

    @classmethod
    def from_crawler(cls, crawler: Any) -> DiesAtAnswer:
        extension = cls(crawler.settings.getint("TEST_DIES_AT"))
        crawler.signals.connect(extension.answered, signals.response_received)
        return extension

    def answered(self, response: Any) -> None:
        self.left -= response.url.startswith("http")
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


DIES = json.dumps({f"{__name__}.{DiesAtAnswer.__name__}": 1})


def changes_in(run: Run, name: str) -> dict[int, str]:
    return {row["id"]: row["change"] for row in run.rows(name)}


def exported(folder: Path, archive: dict[str, str]) -> dict[int, dict[str, object]]:
    """The archive's live posts, as ``scrapy export`` writes them."""
    line = [*command("wp_posts", output=None)[:3], "export", "all.jsonl", "--type", "post"]
    done = start(line, folder, env=archive, stderr=subprocess.PIPE, text=True)
    _, said = done.communicate()
    assert done.returncode == 0, said
    rows = [orjson.loads(line) for line in (folder / "all.jsonl").read_bytes().splitlines()]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row for row in rows if row["change"] != "deleted"}


@spread("wordpress,archive", ("wordpress_61", "sqlite"), ("wordpress_68", "postgresql"))
def test_update_delivers_only_changed_rows(wordpress: WordPress, archive: dict[str, str], tmp_path: Path) -> None:
    with wordpress.kept():
        # The post is scheduled before the first crawl and published after it. Its dates do not show when.
        late = wordpress.schedule(post_title="Late", post_content="Text")
        wordpress.forget_requests()
        first = crawl(tmp_path, "wp_posts", site=wordpress.url, env=archive)
        assert first.status == 0, first.said
        assert [one.uri for one in wordpress.requests()].index("/robots.txt") == 0
        wordpress.forget_requests()
        still = crawl(tmp_path, "wp_posts", site=wordpress.url, output="still.jsonl", env=archive)
        asked = wordpress.requests()
        assert (still.status, still.rows("still.jsonl")) == (0, []), still.said
        # The archive keeps robots.txt for a day.
        assert len(asked) == 3
        assert all("_fields=id" in request.uri and "content" not in request.uri for request in asked)

        live = sorted(truth.posts(wordpress))
        expected = {}
        for number in range(5):
            expected[wordpress.insert_post(post_title=f"New {number}", post_content="Text")] = "new"
        expected[wordpress.insert_post(post_title="Old", post_content="Text", post_date="2019-05-05 10:00:00")] = "new"
        for post in live[100:400:100]:
            wordpress.update_post(post, post_content=f"Anew {post}")
            expected[post] = "edited"
        # The numbers of deleted and of late rows differ in each span of time. Only a sweep would find equal numbers
        # (docs/archive.md).
        for post in (live[150], live[160], live[250]):
            wordpress.delete(post)
            expected[post] = "deleted"
        wordpress.trash(live[-50])
        expected[live[-50]] = "deleted"
        wordpress.publish_late(late, date="2021-01-10 09:00:00", date_gmt="2021-01-10 08:00:00")
        expected[late] = "new"
        run = crawl(tmp_path, "wp_posts", site=wordpress.url, output="changed.jsonl", env=archive)
        assert (run.status, changes_in(run, "changed.jsonl")) == (0, expected), run.said
        assert len(run.rows("changed.jsonl")) == len(expected)
        assert "7 new, 3 edited, 4 deleted since" in run.said
        rows, true = exported(tmp_path, archive), truth.posts(wordpress)
        assert rows.keys() == true.keys()
        again = crawl(tmp_path, "wp_posts", site=wordpress.url, output="again.jsonl", env=archive)
        assert (again.status, again.rows("again.jsonl")) == (0, [])


def test_site_is_found_again_after_its_permalinks_change(wordpress_68: WordPress, tmp_path: Path) -> None:
    with wordpress_68.kept():
        assert crawl(tmp_path, "wp_posts", site=wordpress_68.url).status == 0
        wordpress_68.set_permalinks("plain")
        new = wordpress_68.insert_post(post_title="New", post_content="Text")
        run = crawl(tmp_path, "wp_posts", site=wordpress_68.url, output="plain.jsonl")
        assert (run.status, changes_in(run, "plain.jsonl")) == (0, {new: "new"}), run.said


@spread("archive", "sqlite")
def test_closed_api_and_mass_deletion_deliver_no_deleted_row(
    wordpress_68: WordPress, archive: dict[str, str], tmp_path: Path
) -> None:
    crawl(tmp_path, "wp_posts", site=wordpress_68.url, env=archive)
    closed = "add_filter('rest_authentication_errors', fn() => new WP_Error('closed', 'No.', ['status' => 401]));"
    with wordpress_68.mu_plugin("closed", closed):
        run = crawl(tmp_path, "wp_posts", site=wordpress_68.url, output="closed.jsonl", env=archive)
    assert run.status == 1
    assert "deleted" not in changes_in(run, "closed.jsonl").values()
    with wordpress_68.kept():
        # A tenth of the newsroom at once is more likely a fault than a decision.
        gone = sorted(truth.posts(wordpress_68))[::10]
        wordpress_68.sql(f"UPDATE wp_posts SET post_status = 'draft' WHERE ID IN ({','.join(map(str, gone))})")
        held = crawl(tmp_path, "wp_posts", site=wordpress_68.url, output="held.jsonl", env=archive)
        assert (held.status, held.rows("held.jsonl")) == (1, []), held.said
        assert f"{len(gone)} seem deleted" in held.said
        let = crawl(tmp_path, "wp_posts", site=wordpress_68.url, output="let.jsonl", env=archive, confirm_deletions="1")
        assert (let.status, changes_in(let, "let.jsonl")) == (0, dict.fromkeys(gone, "deleted")), let.said


@spread("archive", "postgresql")
def test_killed_crawls_deliver_every_row_once(wordpress_68: WordPress, archive: dict[str, str], tmp_path: Path) -> None:
    chance, kills = random.Random(3), 0
    true = truth.posts(wordpress_68)
    for number in range(KILLS):
        line = command("wp_posts", output=f"{number}.jsonl", site=wordpress_68.url)
        if number % 2 == 0:
            # A crawl that finds nothing changed gets three answers, so every other crawl is killed for certain.
            line += ["-s", f"EXTENSIONS={DIES}", "-s", f"TEST_DIES_AT={chance.randint(1, 3)}"]
        wordpress_68.forget_requests()
        with start(line, tmp_path, env=archive, stderr=subprocess.DEVNULL) as process:
            if number % 2:
                enough = chance.randint(5, 9)
                while process.poll() is None and wordpress_68.answered() < enough:
                    time.sleep(0.005)
                # Anywhere between two requests, or in the middle of one.
                time.sleep(chance.uniform(0, 0.2))
                process.kill()
        kills += process.returncode == -signal.SIGKILL
    last = crawl(tmp_path, "wp_posts", site=wordpress_68.url, output="last.jsonl", env=archive)
    assert last.status == 0, last.said
    rows = [orjson.loads(line)["id"] for path in tmp_path.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert kills > KILLS // 2
    assert sorted(rows) == sorted(true)
    assert exported(tmp_path, archive).keys() == true.keys()
