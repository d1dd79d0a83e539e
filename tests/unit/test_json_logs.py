"""The log as JSON: one object a line, whatever a site, a traceback or a stat holds."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings

from newsbot import json_logs, terminal
from newsbot.extensions.json_receipt import lines_of
from newsbot.json_logs import JsonFormatter, as_line, prepare
from newsbot.safe_logs import SafeLogRecord
from newsbot.wordpress.receipt import SiteFacts

HOSTILE = 'x\n{"level":"ERROR"}\x1b[2J\u202e\u2028\ud800\x9b'


def formatted(message: str = "%s", *args: object, info: Any = None, **extra: Any) -> tuple[str, dict[str, Any]]:
    """The line of a record, as the process writes records once SafeLogs runs, and what the line holds."""
    record = SafeLogRecord("newsbot.x", logging.ERROR, __file__, 1, message, args, info)
    record.__dict__.update(extra)
    line = JsonFormatter().format(record)
    return line, json.loads(line)


def test_line_has_time_level_logger_and_message() -> None:
    _, values = formatted("%d rows", 3)
    assert values.pop("time").endswith("Z")
    assert values == {"level": "ERROR", "logger": "newsbot.x", "message": "3 rows"}


def test_text_of_a_site_is_one_line_without_control_characters() -> None:
    line, values = formatted("title: %s", HOSTILE, site={"name": HOSTILE, HOSTILE: [HOSTILE]})
    assert line.splitlines() == [line]
    assert line == terminal.visible(line)
    assert values["message"] == 'title: x\n{"level":"ERROR"}\\x1b[2J\\u202e\\u2028\\ud800\\x9b'
    assert values["site"]["name"] in values["site"]


def test_log_line_holds_no_password() -> None:
    line, values = formatted("ftp://ann:%s@files.example/", "secret", site={"name": "http://ann:secret@news.example/"})
    assert "secret" not in line
    assert values["message"] == "ftp://ann:***@files.example/"


@given(st.text(st.characters()))
def test_any_text_stays_in_one_log_line(text: str) -> None:
    line = as_line({"message": text})
    assert line.splitlines() == [line]
    json.loads(line)


def test_a_traceback_is_a_field_of_its_line() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        line, values = formatted("it failed", info=sys.exc_info())
    assert values["message"] == "it failed"
    assert values["traceback"].startswith("Traceback (most recent call last):\n")
    assert "ValueError: x" in values["traceback"]
    assert line.splitlines() == [line]


def test_stats_with_tuple_keys_and_any_values_are_written() -> None:
    _, values = formatted("stats", stats={("https://a.example", "post"): {"touched": 1}, "nan": float("nan"), "o": set})
    assert values["stats"] == {"https://a.example post": {"touched": 1}, "nan": None, "o": "<class 'set'>"}


def test_site_without_collections_gives_one_line() -> None:
    facts = SiteFacts(asked="https://a.example/")
    facts.end("blocked", "robots.txt")
    (line,) = lines_of(facts)
    assert (line["site"], line["type"], line["verdict"], line["why"]) == (
        "https://a.example/",
        None,
        "blocked",
        "robots.txt",
    )


@pytest.fixture
def own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``prepare`` changes in the process is put back."""
    monkeypatch.setattr(json_logs, "_handler", None)
    monkeypatch.setattr(logging.root, "handlers", list(logging.root.handlers))
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    monkeypatch.setattr(terminal, "_tell", terminal._tell)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


@pytest.mark.usefixtures("own_process")
def test_json_log_obeys_log_file_and_level_like_a_text_log(tmp_path: Any) -> None:
    path = tmp_path / "run.log"
    settings = Settings({"NEWSBOT_LOG_JSON": "1", "LOG_FILE": str(path), "LOG_LEVEL": "ERROR"})
    prepare(settings)
    prepare(settings)
    assert json_logs.is_on()
    logging.getLogger("newsbot.test").warning("not this line")
    logging.getLogger("newsbot.test").error("this line")
    terminal.tell("scrapy crawl: bad use")
    sys.excepthook(KeyError, KeyError("x"), None)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["message"] for line in lines] == [
        "this line",
        "scrapy crawl: bad use",
        "newsbot ends: an error that nothing caught",
    ]
    assert lines[2]["traceback"] == "KeyError: 'x'"
    # Scrapy installs a handler of its own again for each crawler; it must write nothing.
    assert (settings.getbool("LOG_ENABLED"), settings["LOG_FILE"], settings.getbool("LOG_INSTALL_ROOT_HANDLER")) == (
        False,
        None,
        False,
    )


@pytest.mark.usefixtures("own_process")
@pytest.mark.parametrize("value", ["0", "", "perhaps"])
def test_log_stays_text_without_the_setting(value: str) -> None:
    settings = Settings({"NEWSBOT_LOG_JSON": value})
    prepare(settings)
    assert not json_logs.is_on()
    assert settings.getbool("LOG_ENABLED")
