"""What a crawl says while it runs and at its end."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import get_args

import pytest

from newsbot.errors import DiscoveryError, NoApi, NoSuchPart, Refused
from newsbot.extensions.progress_lines import Progress, Sums, Wait, cells, duration, measure, sum_line, time_left
from newsbot.extensions.summary import MOST_LINES, Ended, summary, table
from newsbot.next_steps import STEPS, next_step
from newsbot.screen_log import MOST_WARNINGS, PROGRESS, ScreenLog
from newsbot.terminal import has_standard_output
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.receipt import Cause, CollectionFacts, SiteFacts, SiteVerdict, cause_of
from newsbot.wordpress.replies import Unanswered
from newsbot.wordpress.scope import Scope


def site(number: int = 1, verdict: SiteVerdict = "complete", why: str = "all came", **counts: int) -> SiteFacts:
    facts = SiteFacts(asked=f"s{number}.example", site=f"https://s{number}.example")
    facts.end(verdict, why, "robots" if "robots" in why else None)
    facts.collections["post"] = CollectionFacts(type="post", **counts)  # type: ignore[arg-type]
    facts.collections["post"].count_answer()
    return facts


def test_summary_of_five_thousand_sites_has_fifteen_lines_with_the_worst_first() -> None:
    sites = [site(number, delivered=10, new=10) for number in range(4_900)]
    sites += [site(4_900 + number, "incomplete", f"after {number} rows: no answer came") for number in range(90)]
    sites += [
        site(4_990 + number, "blocked", f"s{4_990 + number}.example: robots.txt forbids it") for number in range(9)
    ]
    sites.append(site(4_999, "closed", "the site keeps its REST API closed (401)"))
    lines = summary(sites, Ended(spider="wp_posts", files=["posts.csv"], receipt="data/receipts/r.json", not_due=3))
    assert len(lines) <= MOST_LINES
    assert lines[0] == "wp_posts: 5,000 sites: 4,900 complete, 1 closed, 90 incomplete, 9 blocked, 3 not due"
    assert lines[1].startswith("rows: 49,000 in the whole answer; this run: 49,000 new")
    worst = lines.index("needs attention: 100 sites")
    assert lines[worst + 1].startswith("  blocked: 9 sites, such as https://s4990.example: ")
    assert lines[worst + 1].endswith(" -> ask the site for permission")
    assert lines[worst + 2].startswith("  incomplete: 90 sites, such as https://s4900.example: ")
    assert lines[-1] == "receipt: data/receipts/r.json"
    assert table(sites) == []


def test_every_verdict_is_in_the_summary() -> None:
    verdicts = get_args(SiteVerdict)
    sites = [SiteFacts(asked=f"https://{verdict}.example", verdict=verdict, why="why") for verdict in verdicts]
    lines = summary(sites, Ended(spider="wp_posts"))
    assert lines[0] == ("wp_posts: 6 sites: 1 complete, 1 elsewhere, 1 closed, 1 incomplete, 1 blocked, 1 payment")
    assert [line.split(":")[0].strip() for line in lines if " -> " in line] == [
        "payment",
        "blocked",
        "incomplete",
        "closed",
    ]


def test_more_reasons_than_lines_are_counted() -> None:
    sites = [site(number, "incomplete", "word " * number) for number in range(1, 40)]
    lines = summary(sites, Ended(spider="wp_posts", files=["a", "b", "c", "d"], receipt="r", log="l", stopped=True))
    assert len(lines) == MOST_LINES
    assert any("more reasons: the receipt lists every site" in line for line in lines)
    assert "files: a, b, c, 1 more" in lines


def test_summary_has_the_rows_of_the_run_and_of_the_whole_answer() -> None:
    update = site(delivered=3, new=1, edited=1, deleted=1, unchanged=2, live=900)
    update.collections["post"].mode, update.collections["post"].since = "update", "2026-11-23T10:15:00Z"
    update.collections["post"].count_answer()
    window = site(2, delivered=3, new=3, unchanged=4)
    window.collections["post"].mode = "window"
    window.collections["post"].count_answer()
    window.part = Scope(told="the category Politics")
    assert "rows: 900 in the whole answer; this run: 1 new, 1 edited, 1 deleted since 2026-11-23T10:15:00Z" in summary(
        [update], Ended(spider="wp_posts")
    )
    assert window.collections["post"].answer == 7
    assert "of https://s2.example: the category Politics" in summary([window], Ended(spider="wp_posts"))
    overwritten = site(3, delivered=3, new=2, deleted=1, earlier=40)
    assert overwritten.collections["post"].answer == 42
    full = site(4, delivered=3)
    again = "rows: 3 in the whole answer; this run: 0 new, 0 edited, 0 deleted, 3 delivered again"
    assert again in summary([full], Ended(spider="wp_posts"))
    before = "rows that came before: scrapy export FILE writes them, -a full=1 delivers them again"
    shown = {facts.asked: before in summary([facts], Ended(spider="wp_posts")) for facts in (update, overwritten, full)}
    assert shown == {update.asked: True, overwritten.asked: False, full.asked: False}


def test_summary_reports_rows_that_are_in_no_file() -> None:
    line = "the rows of this run are in no file, since its feeds failed; the next run delivers them"
    come, nothing = site(delivered=3, new=3), site(2)
    assert line in summary([come], Ended(spider="wp_posts", undelivered=True))
    assert line not in summary([come], Ended(spider="wp_posts"))
    assert line not in summary([nothing], Ended(spider="wp_posts", undelivered=True))


def test_feed_on_standard_output_is_recognised() -> None:
    assert has_standard_output({"stdout:": {}})
    assert not has_standard_output({"a.csv": {}})


@pytest.mark.parametrize(
    ("verdict", "cause", "step"),
    [
        ("incomplete", None, "the same command tries again"),
        ("incomplete", "a cause of a later version", "the same command tries again"),
        ("incomplete", "address", "correct the address"),
        ("closed", None, "NEWSBOT_AUTH, if you have an account there"),
        ("payment", "robots", "ask the owner for access, since newsbot pays nothing"),
        ("blocked", "robots", "ask the site for permission"),
        ("incomplete", "stopped", "the same command goes on"),
    ],
)
def test_every_verdict_has_a_next_step(verdict: str, cause: str | None, step: str) -> None:
    assert next_step(verdict, cause) == step


def test_next_step_of_one_site_names_its_address() -> None:
    lost = SiteFacts(asked="https://a.example/x")
    lost.end("closed", "no WordPress REST API was found", "no-api")
    lines = summary([lost], Ended(spider="wp_posts"))
    assert any(line.endswith(" -> scrapy doctor https://a.example/x tells what the site is") for line in lines)


def test_every_cause_has_a_next_step() -> None:
    assert set(STEPS) == set(get_args(Cause))


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Unanswered(Reply(status=0, url="https://a.example/", error="refused")), "unreachable"),
        (Refused("rest_forbidden", status=401, text="no"), None),
        (Halt("a bot check came", verdict="blocked", fault="challenge"), "challenge"),
        (NoApi("no WordPress REST API was found", verdict="closed"), "no-api"),
        (DiscoveryError("the host name does not resolve", verdict="incomplete", fault="dns"), "address"),
        (NoSuchPart("has no category 'x'"), "part"),
        (None, None),
    ],
)
def test_fault_has_a_cause(fault: Exception | None, cause: str | None) -> None:
    assert cause_of(fault) == cause


def test_rows_outside_the_window_are_not_counted() -> None:
    facts = site(expected_before=149, seen=150, outside_window=2, sent=147)
    progress = measure(facts, seconds=10, now=0, wait=None, limit=None)
    assert (progress.done, progress.total) == (148, 148)
    assert table([facts])[1].split()[2:4] == ["147", "148"]
    # A post appeared while the crawl ran.
    assert cells(measure(site(expected_before=149, seen=150), seconds=1, now=0, wait=None, limit=None))[0] == (
        "150 of 150 rows"
    )
    assert measure(site(expected_before=149, seen=150), seconds=1, now=0, wait=None, limit=500).total == 150
    assert cells(measure(site(expected_before=149, seen=6), seconds=1, now=0, wait=None, limit=5))[0] == "5 of 5 rows"


def test_reason_of_a_stop_is_not_repeated() -> None:
    stopped = Reply(status=0, url="https://a.example/", error="stopped")
    assert stopped.reason == "the crawl is stopping"
    spent = replace(stopped, detail="the 12 requests of this examination are used")
    assert spent.reason == "the 12 requests of this examination are used"


def test_files_that_differ_only_in_their_suffix_are_named_together() -> None:
    down = SiteFacts(asked="127.0.0.1:9", verdict="incomplete", cause="unreachable")
    down.why = "127.0.0.1:9: the connection was refused (errno)"
    lines = summary([down], Ended(spider="wp_posts", files=["data/a-1.csv", "data/a-1.jsonl", "b.xlsx"]))
    assert "files: data/a-1.csv and .jsonl, b.xlsx" in lines
    step = "check the address and its port; if both are right, the same command tries again"
    assert f"  incomplete: 127.0.0.1:9: the connection was refused (errno) -> {step}" in lines


def test_the_screen_shows_progress_and_warnings_while_the_log_goes_to_a_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = ScreenLog("data/logs/r.log")

    def log(level: int, text: str, name: str = "newsbot.spiders.base", **extra: object) -> None:
        record = logging.makeLogRecord({"name": name, "levelno": level, "levelname": logging.getLevelName(level)})
        record.__dict__.update(msg=text, **extra)
        screen.handle(record)

    log(logging.INFO, "Overridden settings: ...", "scrapy.crawler")
    log(logging.INFO, "0 of 3 sites ended, 10 rows", PROGRESS)
    stop = "Received %(signame)s, shutting down gracefully. Send again to force "
    log(logging.INFO, stop, "scrapy.crawler", args={"signame": "SIGINT"})
    log(logging.ERROR, "https://a.example: blocked: robots.txt forbids it", told=True)
    log(logging.ERROR, "https://a.example: the crawl broke off", exc_info=(ValueError, ValueError("x"), None))
    for number in range(MOST_WARNINGS + 5):
        log(logging.WARNING, f"b{number}.example: given up\nfor this run")
    lines = capsys.readouterr().err.splitlines()
    assert lines[:4] == [
        "0 of 3 sites ended, 10 rows",
        "Received SIGINT, shutting down gracefully. Send again to force ",
        "ERROR: https://a.example: the crawl broke off: ValueError: x (the traceback stands in data/logs/r.log)",
        "WARNING: b0.example: given up\\nfor this run",
    ]
    assert len(lines) == 2 + MOST_WARNINGS + 1
    assert lines[-1] == "There are more warnings and errors: data/logs/r.log has them all"


def test_log_record_that_cannot_be_formatted_does_not_end_the_crawl(capsys: pytest.CaptureFixture[str]) -> None:
    screen = ScreenLog("data/logs/r.log")
    wrong = {"name": "a.pipeline", "levelno": logging.WARNING, "levelname": "WARNING", "msg": "%d rows", "args": ("x",)}
    screen.handle(logging.makeLogRecord(wrong))
    empty = {"levelno": logging.ERROR, "levelname": "ERROR", "msg": "", "exc_info": (ValueError, ValueError("x"), None)}
    screen.handle(logging.makeLogRecord(empty))
    output = capsys.readouterr().err
    assert "--- Logging error ---" in output
    assert "ERROR: : ValueError: x" in output


def test_progress_line_has_rows_total_speed_time_left_and_reason_of_a_wait() -> None:
    facts = site(seen=300, expected_before=1_000, requests=7)
    wait = Wait(until=112.0, why="the host asks for it")
    measured = measure(facts, seconds=60, now=100.0, wait=wait, limit=None)
    assert cells(measured) == (
        "300 of 1,000 rows",
        "300 rows/min",
        "3 min left",
        "waits 12 s: the host asks for it",
    )
    sums = Sums(listed=1, ended=0, rows=300, requests=9, seconds=60)
    reason = "waits 12 s: the host asks for it"
    assert sum_line(sums, [measured]) == (
        f"0 of 1 site ended, 300 rows, 9 requests, 300 rows/min, 3 min left, 1 waiting (https://s1.example {reason})"
    )
    assert measure(facts, seconds=1, now=100, wait=None, limit=20).total == 20
    done = measure(site(seen=9, expected_before=9), seconds=60, now=0, wait=None, limit=None)
    assert (done.left, done.kind) == (None, "comparing post")
    assert measure(SiteFacts(asked="a.example"), seconds=9, now=0, wait=None, limit=None).kind == "finding the API"


def test_time_left_includes_sites_that_have_not_started() -> None:
    active = [Progress(name="a", kind="post", done=1, total=2, requests=1, per_minute=1.0, left=60.0)]
    assert time_left(Sums(listed=100, ended=20, rows=9, requests=9, seconds=600), active) == 2_400
    assert time_left(Sums(listed=100, ended=80, rows=9, requests=9, seconds=80), active) == 60, "a site needs longer"
    for unknown in ([], [replace(active[0], left=None)]):
        assert time_left(Sums(listed=100, ended=20, rows=9, requests=9, seconds=600), unknown) == 2_400
    assert time_left(Sums(listed=1, ended=0, rows=9, requests=9, seconds=600), active) == 60.0
    assert time_left(Sums(listed=9, ended=0, rows=9, requests=9, seconds=600), active) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(59.4, "59 s"), (61, "1 min"), (12_000, "3 h 20 min"), (187_200, "2 d 4 h")]
)
def test_durations_are_printed_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words
