"""Whole crawls of the newsroom, as a user runs them: the rows, the receipt, and the exit status."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from tests.crawl.scrapy_crawl import command, crawl, start
from tests.fork_server import Running
from tests.newsroom import Newsroom, Request


def facts(run: Any) -> dict[str, Any]:
    found: dict[str, Any] = run.receipt()["sites"][0]["collections"]["post"]
    return found


@pytest.mark.parametrize("style", [{}, {"plain": True}, {"folder": "/news"}, {"prefix": "api-rest"}, {"core": "4.5"}])
def test_every_style_of_site_is_crawled_completely(style: dict[str, Any], tmp_path: Path) -> None:
    with Newsroom(posts=260, **style) as room:
        # The first style in a new interpreter: `python -m scrapy crawl` as a user runs it, imports and all.
        run = crawl(tmp_path, "wp_posts", site=room.url, real=None if style else True)
        assert (run.status, facts(run)["verdict"]) == (0, "complete")
        assert sorted(row["id"] for row in run.rows()) == sorted(room.ids("post"))
        assert any(row["author"] and row["author"]["name"] for row in run.rows())
        assert any(row["categories"] for row in run.rows())


def test_site_is_discovered_from_a_feed_address_and_from_the_api_address(tmp_path: Path) -> None:
    with Newsroom(posts=20) as room:
        for number, url in enumerate([f"{room.url}/feed/", room.api, room.url.removeprefix("http://")]):
            # newsbot first tries https for an address without a scheme. Nothing answers there, so one try is enough.
            env = {"NEWSBOT_ROBOTS_TRIES": "1"}
            run = crawl(tmp_path / str(number), "wp_posts", site=url, limit="3", env=env)
            assert (run.status, len(run.rows())) == (0, 3), url


def test_receipt_holds_the_name_that_the_site_list_gives_a_site(tmp_path: Path) -> None:
    with Newsroom(posts=20) as room:
        (tmp_path / "sites.csv").write_text(f"url,name,delay\n{room.url},Our own word,0\n", encoding="utf-8")
        run = crawl(tmp_path, "wp_posts", sites=str(tmp_path / "sites.csv"))
    assert (run.status, run.receipt()["sites"][0]["name"]) == (0, "Our own word")


def test_crawl_follows_redirects_to_the_new_site(tmp_path: Path) -> None:
    with Newsroom(posts=20) as room, Newsroom(posts=1) as old:
        old.order("redirect", "*", to=f"{room.url}/wp-json/", status=301)
        run = crawl(tmp_path, "wp_posts", site=old.url)
        assert (run.status, {row["site"] for row in run.rows()}) == (0, {room.url.rstrip("/")})
        assert {row["id"] for row in run.rows()} == set(room.ids("post"))


def test_second_run_delivers_no_unchanged_row_and_a_full_run_delivers_all(tmp_path: Path) -> None:
    with Newsroom(posts=50) as room:
        first = crawl(tmp_path, "wp_posts", site=room.url)
        again = crawl(tmp_path, "wp_posts", site=room.url, output="again.jsonl")
        collection = facts(again)
        full = crawl(tmp_path, "wp_posts", site=room.url, output="full.jsonl", full="1")
    assert (again.status, again.rows("again.jsonl"), collection["mode"], collection["live"]) == (
        0,
        [],
        "update",
        len(first.rows()),
    )
    assert len(full.rows("full.jsonl")) == len(first.rows())
    # Scrapy counts the end of a page as a dropped item. The reason says that no row was dropped.
    assert "item_dropped_reasons_count/PageEnd" in first.said
    assert "item_dropped_reasons_count/DropItem" not in first.said


def test_default_feeds_are_csv_with_the_documented_columns_and_jsonl(tmp_path: Path) -> None:
    with Newsroom(posts=30) as room:
        run = crawl(tmp_path, "wp_posts", site=room.url, output=None)
    assert run.status == 0
    (table,) = (tmp_path / "data" / "wp_posts").glob("*.csv")
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    (lines,) = (tmp_path / "data" / "wp_posts").glob("*.jsonl")
    assert {table.stem, lines.stem} == {f"{room.url[7:].strip('/').replace(':', '-')}-{run.receipt()['run']}"}
    assert len(rows) == len(lines.read_text(encoding="utf-8").rstrip("\n").split("\n"))
    assert {"site", "author_name", "image_url", "categories", "linked"} <= set(rows[0])
    assert isinstance(json.loads(rows[0]["categories"]), list)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"site": "x.example", "colour": "red"}, "unknown argument colour=: The arguments are site, sites, limit"),
        ({"site": "x.example", "limits": "5"}, "unknown argument limits=: did you mean limit=? The arguments are"),
        ({"site": "x.example", "since": "yesterday"}, "since= takes an ISO date"),
        ({"site": "x.example", "until": "9999-12-31"}, "until= takes an ISO date"),
        ({"site": "x.example", "since": "0001-01-01"}, "since= takes an ISO date"),
        ({"site": "x.example", "follow": "friends"}, "follow= takes author, terms"),
        ({"site": "x.example", "limit": "0"}, "limit= takes 1 or more, not '0'"),
        ({}, "no site is named: add -a site=URL or -a sites=FILE"),
        ({"sites": "/nowhere.txt"}, "cannot be read"),
        ({"site": "ftp://x.example"}, "not a web address"),
        ({"site": "http://x.example:99999/"}, "not a web address"),
    ],
)
def test_bad_arguments_give_one_line_and_status_2(arguments: dict[str, Any], said: str, tmp_path: Path) -> None:
    # One of the cases runs in a new interpreter, where a warning of an import would be a second line. A fork has
    # imported everything before.
    run = crawl(tmp_path, "wp_posts", output=None, real=None if arguments else True, **arguments)
    assert (run.status, run.said.count("\n")) == (2, 1)
    assert said in run.said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-a", "limit"], "Invalid -a value"),
        (["site=x.example"], "site=x.example has no -a in front: write -a site=x.example"),
        (
            ["-O", "rows.jsn"],
            "ends in .jsn, which is no known format, did you mean .json?",
        ),
        (
            ["-O", "s3://bucket/rows.csv"],
            "the feed s3://bucket/rows.csv has no storage for s3: use one of file, stdout",
        ),
        (["-O", "%(time)d.csv"], "the feed %(time)d.csv cannot fill in %(time)d: write %(time)s"),
        (["-O", "a.csv", "-o", "./a.csv"], "two feeds would be written to "),
        (["-O", "%(town)s.csv"], "the feed %(town)s.csv uses unknown names: town; the names are name, run, time"),
        (
            ["-o", "%(batch_id)d.csv", "-s", "FEED_EXPORT_BATCH_ITEM_COUNT=9"],
            "is written in batches, and batches cannot append",
        ),
        (["-o", "rows.xlsx"], "rows.xlsx cannot be appended to, since it is a closed xlsx file: use -O"),
        (
            ["-s", 'FEEDS={"rows": {"format": "pickle"}}'],
            "the feed rows has an unknown format: it must be one of csv, ",
        ),
        (["-s", "NEWSBOT_RUN=../mine"], "NEWSBOT_RUN must not contain /"),
        (
            ["-s", "NEWSBOT_ALLOW_PRIVATE=10.0.0.0/8"],
            "takes 1, or hosts as host or host:port with commas, not ",
        ),
        (["-s", "NEWSBOT_AUTH=secret"], "NEWSBOT_AUTH: entry 1 is not host=user:password"),
        (["-s", "NEWSBOT_DELAY=nan"], "NEWSBOT_DELAY takes a number, 0 or more, not 'nan'"),
        (["-s", "NEWSBOT_SITES_AT_ONCE=0"], "NEWSBOT_SITES_AT_ONCE takes a whole number, 1 or more, not '0'"),
        (["-s", "NEWSBOT_CSV_RAW=maybe"], "NEWSBOT_CSV_RAW takes 1 or 0, not 'maybe'"),
    ],
    ids=lambda value: value[1] if isinstance(value, list) and len(value) > 1 else "",
)
def test_bad_options_and_settings_give_one_line_and_status_2(options: list[str], said: str, tmp_path: Path) -> None:
    run = crawl(tmp_path, "wp_posts", *options, output=None, site="x.example")
    assert (run.status, run.said.count("\n")) == (2, 1), run.said
    assert said in run.said
    assert not (tmp_path / "data").exists()


def test_environment_setting_that_is_no_number_gives_status_2(tmp_path: Path) -> None:
    run = crawl(tmp_path, "wp_posts", output=None, site="x.example", env={"NEWSBOT_MAX_WAIT": "an hour"})
    assert (run.status, run.said) == (2, "scrapy crawl: NEWSBOT_MAX_WAIT takes a number, 0 or more, not 'an hour'\n")


def test_exit_status_is_the_same_without_a_data_folder(tmp_path: Path) -> None:
    with Newsroom(posts=12) as room:
        run = crawl(tmp_path, "wp_posts", site=room.url, env={"NEWSBOT_DATA": ""})
        assert (run.status, len(run.rows())) == (0, 12), run.said
        room.order("login-wall", "/wp/v2/posts")
        assert crawl(tmp_path, "wp_posts", site=room.url, full="1", env={"NEWSBOT_DATA": ""}).status == 1
    assert not (tmp_path / "data").exists()
    assert "receipt: " not in run.said


def test_receipt_that_cannot_be_written_gives_one_line_and_status_1(tmp_path: Path) -> None:
    with Newsroom(posts=12) as room:
        run = crawl(tmp_path, "wp_posts", site=room.url, env={"NEWSBOT_DATA": "/proc/none"})
    assert (run.status, len(run.rows()), run.said.count("cannot be written: ")) == (1, 12, 1), run.said
    assert "Traceback" not in run.said


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("bom", {}, "complete"),
    ("php-notice", {}, "complete"),
    ("html-comment", {}, "complete"),
    ("objects-for-lists", {}, "complete"),
    ("lone-surrogates", {}, "complete"),
    ("missing-totals", {}, "complete"),
    ("zero-totals", {}, "complete"),
    ("wrong-totals", {"total": 9000, "pages": 90}, "incomplete"),
    ("doubled-rows", {}, "complete"),
    ("flaky", {"chance": 0.2}, "complete"),
    ("dropped", {"times": 1}, "complete"),
    ("cut-body", {"times": 1}, "complete"),
    ("truncated-json", {"times": 2}, "complete"),
    ("html-200", {"times": 1}, "complete"),
    ("empty-200", {"times": 1}, "complete"),
    ("per-page-cap", {"maximum": 20}, "complete"),
    ("forced-page-size", {"size": 10}, "complete"),
    ("param-refused", {"name": "exclude"}, "complete"),
    ("login-wall", {}, "incomplete"),
    ("maintenance", {"retry_after": 1}, "incomplete"),
    ("challenge", {}, "blocked"),
    ("unauthorized", {}, "complete"),  # by feed and sitemap
    ("deep-json", {}, "incomplete"),
    ("stale-cache", {"by_path": True}, "incomplete"),
]


@pytest.mark.parametrize(("name", "options", "verdict"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_no_fault_loses_a_post_silently(name: str, options: dict[str, Any], verdict: str, tmp_path: Path) -> None:
    with Newsroom(posts=120, ties=30) as room:
        room.order(name, "/wp/v2/posts", **options)
        run = crawl(tmp_path, "wp_posts", site=room.url, env={"NEWSBOT_MAX_WAIT": "5", "NEWSBOT_GIVE_UP": "20"})
        ids, live = [row["id"] for row in run.rows()], set(room.ids("post"))
    found = facts(run)
    assert len(ids) == len(set(ids)), "doubled"
    assert "Traceback" not in run.said
    assert (run.status, found["verdict"]) == (0 if verdict == "complete" else 1, verdict), found["why"]
    # The promise: the receipt names what is missing.
    assert set(ids) == live or verdict != "complete"


def test_post_whose_rendering_fails_is_named_and_all_others_come(tmp_path: Path) -> None:
    with Newsroom(posts=150) as room:
        victim = room.ids("post")[70]
        room.order("post-kills-page", "/wp/v2/posts", ids=[victim])
        run = crawl(tmp_path, "wp_posts", site=room.url)
        live = set(room.ids("post"))
    assert (run.status, facts(run)["unreadable"]) == (1, [victim])
    assert {row["id"] for row in run.rows()} == live - {victim}


def test_linked_objects_of_posts_are_joined_and_failed_requests_are_reported(tmp_path: Path) -> None:
    with Newsroom(posts=130) as room:
        run = crawl(tmp_path, "wp_posts", site=room.url, follow="replies,attachments,revisions,about")
        assert (run.status, facts(run)["verdict"]) == (0, "complete")
        linked = [row["linked"] for row in run.rows()]
        assert all(list(joined) == ["about", "replies", "revisions", "attachments"] for joined in linked)
        assert all(one["about"]["slug"] == "post" for one in linked)
        assert any(one["replies"] for one in linked)
        assert any(one["attachments"] for one in linked)
        assert [row["comment_count"] for row in run.rows()] == [
            None if one["replies"] is None else len(one["replies"]) for one in linked
        ]
        assert len([request for request in room.requests if "/wp/v2/types" in request.url]) == 1
        room.order("status", "/wp/v2/comments", status=500)
        failing = crawl(tmp_path, "wp_posts", site=room.url, follow="replies", full="1", output="failing.jsonl")
    assert (failing.status, len(failing.rows("failing.jsonl"))) == (1, 130)
    assert facts(failing)["why"] == "130 links could not be fetched"


def test_failing_sites_do_not_affect_the_other_sites(tmp_path: Path) -> None:
    with Newsroom(posts=40) as room, Newsroom(posts=30) as closed:
        closed.order("unauthorized", "*")
        sites = f"{room.url},{closed.url},http://127.0.0.1:9,http://no-such-host.invalid"
        run = crawl(tmp_path, "wp_posts", site=sites)
        verdicts = [site["verdict"] for site in run.receipt()["sites"]]
        assert (run.status, verdicts) == (1, ["complete", "closed", "incomplete", "incomplete"])
        assert {row["id"] for row in run.rows()} == set(room.ids("post"))
        assert "Traceback" not in run.said


def test_two_signals_leave_a_receipt_entry_for_each_site_and_whole_files(tmp_path: Path) -> None:
    came, answers = threading.Event(), threading.Event()

    def hold(_: Request) -> None:
        if len(room.requests) >= 6:
            came.set()
            answers.wait()

    with Newsroom(posts=3_000) as room, Newsroom(posts=3_000, latency=0.05) as other:
        room.on_request(hold)
        line = command("wp_posts", site=f"{room.url},{other.url}")
        # The crawl runs in a new interpreter, where the signal meets the handlers that `python -m scrapy` installs.
        process = start(line, tmp_path, stderr=subprocess.PIPE, text=True, real=True)
        assert came.wait()
        with paused(process):
            # Without the pause the crawl may end after the first signal, before this process sends the second one.
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)
        answers.set()
        said = process.communicate()[1]
    assert "again: the crawl still completes its files. A third signal ends the crawl at once" in said
    assert "Traceback" not in said
    (path,) = (tmp_path / "data" / "receipts").glob("*.json")
    receipt = json.loads(path.read_text(encoding="utf-8"))
    assert (process.returncode, receipt["reason"]) == (1, "shutdown")
    assert [site["verdict"] for site in receipt["sites"]] == ["incomplete", "incomplete"]
    assert all(json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").split("\n") if line)


@contextlib.contextmanager
def paused(process: Running) -> Iterator[None]:
    """Pause the process during the block. When the process continues, it gets all signals of the block at once."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    yield
    process.send_signal(signal.SIGCONT)


def rows_kept(folder: Path) -> int:
    with contextlib.closing(sqlite3.connect(folder / "newsbot.db")) as archive:
        return int(archive.execute("SELECT count(*) FROM rows").fetchone()[0])


def killed_at(request: int, line: list[str], folder: Path, room: Newsroom, *, more_than: int = -1) -> int:
    """Kill a crawl at one of its requests, before the answer is sent, and after the archive has ``more_than`` rows. The
    number of requests that came."""
    pids: Queue[int] = Queue()
    room.forget()

    def kill(_: Request) -> None:
        if len(room.requests) == request:
            while more_than >= 0 and rows_kept(folder) <= more_than:
                time.sleep(0.02)
            os.kill(pids.get(), signal.SIGKILL)

    room.on_request(kill)
    with start(line, folder, stderr=subprocess.DEVNULL) as process:
        pids.put(process.pid)
    room.site.hooks.remove(kill)
    assert process.returncode == -signal.SIGKILL
    return len(room.requests)


def test_crawls_killed_at_any_moment_deliver_every_row_once(tmp_path: Path) -> None:
    # Without joins, the rows of a page are stored before the next page is requested, or while its answer is awaited.
    moments = [(2, "author"), (20, "author"), (12, "none"), (9, "none"), (13, "none"), (8, "none")]
    kept: list[int] = []
    with Newsroom(posts=600) as room:
        room.order("per-page-cap", "/wp/v2/posts", maximum=25)
        live = sorted(room.ids("post"))
        for number, (moment, follow) in enumerate(moments):
            line = command("wp_posts", output=f"{number}.jsonl", site=room.url, follow=follow)
            more_than = kept[-1] if number in (2, 5) else -1
            assert killed_at(moment, line, tmp_path, room, more_than=more_than) == moment
            kept.append(rows_kept(tmp_path))
        last = crawl(tmp_path, "wp_posts", site=room.url, output="last.jsonl", follow="none")
    assert last.status == 0
    # The runs were killed in the middle: some had delivered rows, and the last run had more to fetch.
    assert kept[0] == 0 < kept[2] < kept[-1] < len(live)
    rows = [
        json.loads(line)["id"]
        for path in tmp_path.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").split("\n")
        if line
    ]
    assert sorted(rows) == live


def test_second_crawl_of_a_busy_site_makes_no_request(tmp_path: Path) -> None:
    with Newsroom(posts=20) as room:
        # The first crawl waits for this answer until it is killed.
        room.order("slow", "/wp/v2/posts", seconds=600)
        line = command("wp_posts", output="first.jsonl", site=room.url)
        with start(line, tmp_path, stderr=subprocess.DEVNULL) as first:
            while len(room.requests) < 3 and first.poll() is None:
                time.sleep(0.02)
            second = crawl(tmp_path, "wp_posts", site=room.url.removeprefix("http://"))
            crawled_site = second.receipt()["sites"][0]
            first.kill()
    assert first.returncode == -signal.SIGKILL
    assert (second.status, second.rows(), crawled_site["total_requests"]) == (1, [], 0)
    assert "busy" in crawled_site["why"]
    assert len([request for request in room.requests if request.url.endswith("/robots.txt")]) == 1


def test_equal_guids_of_two_private_hosts_drop_no_row(tmp_path: Path) -> None:
    with Newsroom(posts=25) as room:
        port = room.url.rsplit(":", 1)[1]
        sites = f"http://127.0.0.1:{port},http://localhost:{port}"
        run = crawl(tmp_path, "wp_posts", site=sites)
        guids = [row["guid"] for row in run.rows() if row["guid"] and not row["guid_collision"]]
    assert (len(guids), len(set(guids))) == (50, 25)
    assert run.status == 0


@pytest.mark.parametrize("stop", ["CLOSESPIDER_ITEMCOUNT=5", "CLOSESPIDER_TIMEOUT=1"])
def test_receipt_names_the_sites_that_had_not_started_when_the_crawl_closed(stop: str, tmp_path: Path) -> None:
    latency = 0.5 if "TIMEOUT" in stop else 0.0
    with Newsroom(posts=200, latency=latency) as room, Newsroom(posts=5) as second, Newsroom(posts=5) as third:
        sites = f"{room.url},{second.url},{third.url}"
        run = crawl(tmp_path, "wp_posts", "-s", stop, site=sites, env={"NEWSBOT_SITES_AT_ONCE": "1"})
        assert (second.requests, third.requests) == ([], [])
    verdicts = [(site["verdict"], site["why"]) for site in run.receipt()["sites"]]
    assert run.status == 1
    assert verdicts[1:] == [("incomplete", "not started")] * 2
