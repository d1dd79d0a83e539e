"""Log lines that text from a site can neither forge nor hide."""

from __future__ import annotations

import errno
import io
import logging
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot import screen_log
from newsbot.archive.outbox import Recovered
from newsbot.items import Author, Post
from newsbot.safe_logs import LogFormatter, SafeLogRecord, escaped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\rb", "a\\x0db"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("safe\u202efdp.exe", "safe\\u202efdp.exe"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("Żółć – 中文 😀\t", "Żółć – 中文 😀\t"),
    ],
)
def test_control_characters_are_escaped_and_letters_are_kept(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(st.text(st.characters()))
def test_escaped_text_cannot_start_a_line_or_break_an_encoding(text: str) -> None:
    shown = escaped(text)
    shown.encode()
    assert all(line.startswith("    ") for line in shown.splitlines()[1:])


def write(message: str, *args: object, error: BaseException | None = None) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    info = None if error is None else (type(error), error, error.__traceback__)
    handler.handle(SafeLogRecord("x", logging.ERROR, __file__, 1, message, args, info))
    return stream.getvalue()


def test_site_cannot_forge_a_log_line() -> None:
    assert write("title: %s", "x\nERROR: forged") == "ERROR: title: x\n    ERROR: forged\n"


def test_log_line_holds_no_password() -> None:
    lines = write("stored in ftp://ann:secret@files.example/a.csv", error=ValueError("ftp://ann:secret@files.example/"))
    assert "secret" not in lines
    assert lines.startswith("ERROR: stored in ftp://ann:***@files.example/a.csv\n")


def test_traceback_cannot_forge_a_log_line() -> None:
    lines = write("failed", error=ValueError("x\nERROR: forged \x1b[1m")).splitlines()
    assert lines[0] == "ERROR: failed"
    assert all(line.startswith("    ") for line in lines[1:])
    assert any("forged \\x1b[1m" in line for line in lines)


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError("the connection is gone")


@pytest.fixture
def reported_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.StreamHandler, "handleError", logging.StreamHandler.handleError)
    monkeypatch.setattr(logging.FileHandler, "close", logging.FileHandler.close)
    monkeypatch.setattr(logging.FileHandler, "emit", logging.FileHandler.emit)
    monkeypatch.setattr(screen_log, "_told", False)
    screen_log.tell_log_failures()


@pytest.mark.usefixtures("reported_failures")
def test_repeated_failure_of_a_log_is_reported_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.FileHandler(tmp_path / "a.log")
    whole: Any = handler.stream
    streams: list[Any] = [FullDisk(), FullDisk(), whole, Gone(), Gone()]
    for stream in streams:
        handler.setStream(stream)
        handler.handle(SafeLogRecord("x", logging.ERROR, __file__, 1, "message", (), None))
    handler.setStream(whole)
    handler.close()
    message = "The log cannot be written: {}. The crawl goes on; lines of its log are lost"
    assert capsys.readouterr().err.splitlines() == [
        message.format("No space left on device"),
        message.format("the connection is gone"),
    ]


@pytest.mark.usefixtures("reported_failures")
def test_log_on_a_full_disk_is_reported_once_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler(FullDisk())
    for _ in range(3):
        handler.handle(SafeLogRecord("x", logging.ERROR, __file__, 1, "message", (), None))
    if Path("/dev/full").exists():
        file = logging.FileHandler("/dev/full")
        file.handle(SafeLogRecord("x", logging.ERROR, __file__, 1, "message", (), None))
        file.close()  # Scrapy does so for each crawler
    said = capsys.readouterr().err
    assert said == "The log cannot be written: No space left on device. The crawl goes on; lines of its log are lost\n"
    handler.handle(SafeLogRecord("x", logging.ERROR, __file__, 1, "%d", ("no number",), None))
    assert "TypeError" in capsys.readouterr().err, "a fault of newsbot is told as ever"


def test_every_dropped_item_has_a_log_line() -> None:
    post = Post(site="https://a.example", type="post", id=7, title="T", author=Author(id=1))
    for item in (post, Recovered(record=post)):
        line = LogFormatter().dropped(item, ValueError("the archive failed"))
        assert line is not None
        assert line["args"] == {"row": "https://a.example post 7", "why": ANY}
    assert LogFormatter().dropped({"of": "another spider"}, ValueError("no row")) is not None
