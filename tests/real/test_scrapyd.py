"""newsbot under a real Scrapyd: deployed as an egg, scheduled, cancelled."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsbot.archive.database import open_database
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.fleet.scrapyd import node_of, schedule
from tests.newsroom import Newsroom
from tests.real import truth
from tests.real.scrapyd import ROOT, Scrapyd, deploy, wait_for
from tests.real.test_crawl import differences
from tests.real.wordpress import WordPress

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is deployed: building an egg writes into the project's folder."""
    folder = tmp_path_factory.mktemp("project")
    read_by_setup = ("requirements.txt", "requirements-extras.txt")
    for name in ("scrapy.cfg", "setup.py", "pyproject.toml", "MANIFEST.in", *read_by_setup):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "newsbot", folder / "newsbot", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def scrapyd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scrapyd]:
    running = Scrapyd(tmp_path_factory.mktemp("scrapyd"))
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def deployed(project: Path, scrapyd: Scrapyd) -> Scrapyd:
    done = deploy(project, scrapyd, password=scrapyd.password)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["spiders"] == 6
    return scrapyd


@pytest.fixture(scope="module")
def newsroom() -> Iterator[str]:
    """The look-alike's address."""
    with Newsroom() as room:
        yield room.url


@pytest.fixture(scope="module")
def refused_job(deployed: Scrapyd) -> str:
    """A job with a bad argument, which has ended."""
    before = set((deployed.data / "receipts").glob("*"))
    job = deployed.schedule("wp_posts", site="https://a.example", sitte="x")
    deployed.ended(job)
    assert set((deployed.data / "receipts").glob("*")) == before, "the job made a request"
    return job


def only(paths: Iterator[Path]) -> Path:
    (path,) = paths
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def local(delay: float) -> list[str]:
    return ["NEWSBOT_ALLOW_PRIVATE=1", f"NEWSBOT_DELAY={delay}", f"DOWNLOAD_DELAY={delay}"]


def test_egg_contains_every_file_of_the_package(deployed: Scrapyd, project: Path) -> None:
    egg = only((deployed.home / "eggs/newsbot").glob("*.egg"))
    carried = {name for name in zipfile.ZipFile(egg).namelist() if name.startswith("newsbot/")}
    ours = {str(path.relative_to(project)) for path in (project / "newsbot").rglob("*") if path.is_file()}
    assert any(name.endswith(".toml") for name in ours)
    assert sorted(ours - carried) == []


IN_THE_EGG = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import newsbot
assert newsbot.__file__.startswith(sys.argv[1]), newsbot.__file__
"""


def in_the_egg(scrapyd: Scrapyd, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    egg = only((scrapyd.home / "eggs/newsbot").glob("*.egg"))
    return subprocess.run(
        [sys.executable, "-c", IN_THE_EGG + code, str(egg), *arguments],
        cwd=scrapyd.home,
        env=scrapyd.environment(),
        capture_output=True,
        text=True,
    )


def test_code_in_the_egg_cleans_articles(deployed: Scrapyd) -> None:
    code = "from newsbot.article.cleaning.clean import clean\nprint(clean('<p>told</p>', base_url='https://a.example').text)"
    done = in_the_egg(deployed, code)
    assert done.stdout.strip() == "told", done.stderr


def test_code_in_the_egg_creates_an_archive(deployed: Scrapyd, tmp_path: Path) -> None:
    code = "from newsbot.archive.database import open_database\nopen_database(sys.argv[2]).close()\n"
    done = in_the_egg(deployed, code, f"sqlite:///{tmp_path}/newsbot.db")
    assert done.returncode == 0, done.stderr


def test_a_wrong_password_is_refused(deployed: Scrapyd, project: Path) -> None:
    assert deployed.call("daemonstatus", password="wrong")[0] == 401
    assert deployed.call("daemonstatus", password="CHANGE-ME")[0] == 401
    assert deployed.call("daemonstatus")[0] == 200
    egg = only((deployed.home / "eggs/newsbot").glob("*.egg"))
    refused = deploy(project, deployed, password="wrong", version="never", egg=egg)
    assert refused.returncode != 0
    assert "401" in refused.stdout + refused.stderr


def test_scheduled_feed_and_receipt_are_outside_of_the_folders_that_scrapyd_deletes(
    deployed: Scrapyd, newsroom: str
) -> None:
    job = deployed.schedule("wp_posts", site=newsroom, limit="40", setting=local(0))
    deployed.ended(job)
    log = deployed.job_log("wp_posts", job)
    assert list((deployed.data / "receipts").glob("*.json")), log
    receipt_path = only((deployed.data / "receipts").glob("*.json"))
    lines, table = (
        only((deployed.data / "wp_posts").glob(f"*-{receipt_path.stem}.{form}")) for form in ("jsonl", "csv")
    )
    assert len(rows(lines)) == 40, log
    assert [row["id"] for row in rows(table)] == [str(row["id"]) for row in rows(lines)]
    receipt = json.loads(receipt_path.read_text())
    assert receipt["complete"] is True
    assert not (deployed.home / "items").exists()
    assert not deployed.data.is_relative_to(deployed.home / "logs")


def test_scheduled_feed_equals_the_database_of_wordpress(deployed: Scrapyd, wordpress_68: WordPress) -> None:
    wordpress_68.set_permalinks("pretty")
    before = set((deployed.data / "wp_posts").glob("*.jsonl"))
    job = deployed.schedule("wp_posts", site=wordpress_68.url, types="post,page", setting=local(0))
    deployed.ended(job)
    (feed,) = set((deployed.data / "wp_posts").glob("*.jsonl")) - before
    true = truth.posts(wordpress_68) | truth.posts(wordpress_68, "page")
    came = rows(feed)
    assert sorted(row["id"] for row in came) == sorted(true), deployed.job_log("wp_posts", job)
    wrong = [line for row in came for line in differences(row, true[row["id"]])]
    assert not wrong, wrong


def test_bad_argument_is_reported_without_a_request(deployed: Scrapyd, refused_job: str) -> None:
    assert "unknown argument sitte=" in (deployed.home / "scrapyd.log").read_text()
    assert "unknown argument sitte=" in deployed.job_log("wp_posts", refused_job)


def test_archive_that_cannot_be_opened_is_reported_without_a_request(deployed: Scrapyd) -> None:
    before = set((deployed.data / "receipts").glob("*"))
    job = deployed.schedule("wp_posts", site="https://a.example", setting="NEWSBOT_ARCHIVE=postgresql://127.0.0.1:9/x")
    deployed.ended(job)
    assert set((deployed.data / "receipts").glob("*")) == before
    said = (deployed.home / "scrapyd.log").read_text()
    assert "scrapy crawl: the archive postgresql+psycopg://127.0.0.1:9/x does not answer" in said
    assert "Traceback" not in said


def test_cancelled_job_leaves_whole_files_and_a_receipt_that_says_stopped(deployed: Scrapyd, newsroom: str) -> None:
    before = set((deployed.data / "wp_posts").glob("*"))
    job = deployed.schedule("wp_posts", site=newsroom, full="1", setting=local(0.5))

    def writing() -> bool:
        assert deployed.state(job) != "finished", deployed.job_log("wp_posts", job)
        return any((deployed.data / "wp_posts").glob(".*.part"))

    wait_for(writing, "the first row is written", pause=0.2)
    status, answer = deployed.call("cancel", project="newsbot", job=job)
    assert (status, answer["prevstate"]) == (200, "running")
    deployed.ended(job)
    log = deployed.job_log("wp_posts", job)
    new = sorted(set((deployed.data / "wp_posts").glob("*")) - before)
    assert [path.suffix for path in new] == [".csv", ".jsonl"], log
    assert not list((deployed.data / "wp_posts").glob(".*.part"))
    assert len(rows(new[0])) == len(rows(new[1])) > 0
    run = "-".join(new[0].stem.rsplit("-", 2)[1:])
    receipt = json.loads((deployed.data / f"receipts/{run}.json").read_text())
    assert receipt["complete"] is False
    assert receipt["reason"] == "shutdown"
    assert re.search("stopp(ed|ing)", receipt["sites"][0]["why"])
    assert receipt["sites"][0]["verdict"] == "incomplete"
    assert "The receipt:" in log
    assert re.search(r"ERROR: \S+: incomplete: post: the crawl is stopping", log)


def test_due_sites_are_scheduled_once(deployed: Scrapyd, newsroom: str) -> None:
    archive = f"sqlite:///{deployed.home}/newsbot.db"
    database = open_database(archive)
    Followed(database).add([FollowedSite(url=newsroom, spider="wp_users", entry={"url": newsroom})])
    database.close()
    auth = f"newsbot:{deployed.password}"
    line = [sys.executable, "-m", "scrapy", "fleet", "schedule", "--scrapyd", deployed.url]
    env = deployed.environment(NEWSBOT_ARCHIVE=archive, NEWSBOT_SCRAPYD_AUTH=auth)
    first = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True)
    assert (first.returncode, first.stderr) == (0, "")
    assert "wp_users: 1 site due, 0 jobs at work, 1 more wanted" in first.stdout
    (job,) = re.findall(r"wp_users: job (\w+) on ", first.stdout)
    deployed.ended(job)
    # The job may make no request to this machine, so the site comes back by back-off.
    assert "1 of 1 sites are due" in deployed.job_log("wp_users", job)
    node = node_of(deployed.url, auth=auth, project="newsbot")
    again = schedule([node], archive=archive, slots=4, sites_a_job=1, now=datetime.now(UTC))
    assert (again.failed, again.lines) == (
        0,
        ["wp_users: 0 sites due, 0 jobs at work, 0 more wanted", "1 node with 4 slots free"],
    )


def test_jobs_are_remembered_after_a_restart(deployed: Scrapyd, refused_job: str) -> None:
    deployed.close()
    deployed.start()
    assert deployed.state(refused_job) == "finished"
