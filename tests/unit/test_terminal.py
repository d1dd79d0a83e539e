"""No control character of a site reaches a terminal."""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from newsbot import terminal
from newsbot.extensions.summary import Ended, summary, table
from newsbot.terminal import ask, in_one_line, in_users_words, show, tell, visible, without_passwords, write_out
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts
from tests.unit.code_tree import last_name
from tests.unit.test_repository import MODULES, nodes

HOSTILE = "a\x1b[2J\x9b31m\x07\x00\r\u202e\u2066\u200f\u061c\u2028b"
ESCAPED = "a\\x1b[2J\\x9b31m\\x07\\x00\\x0d\\u202e\\u2066\\u200f\\u061c\\u2028b"


def test_control_characters_become_escapes_and_line_ends_are_kept() -> None:
    assert visible(HOSTILE) == ESCAPED
    assert visible("two\nlines\tand 日本 עברית é") == "two\nlines\tand 日本 עברית é"
    assert in_one_line("two\nlines") == "two\\nlines"


def test_control_characters_in_lines_for_the_user_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    tell(HOSTILE)
    show(HOSTILE)
    out, err = capsys.readouterr()
    assert (out, err) == (f"{ESCAPED}\n", f"{ESCAPED}\n")


def test_a_question_shows_no_password(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" yes\n"))
    assert ask("Remove https://ann:secret@news.example/?") == "yes"
    assert capsys.readouterr().err == "Remove https://ann:***@news.example/? "


def test_lines_for_the_user_hold_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    tell("the feed ftp://ann:secret@files.example/a.csv has no storage")
    show("https://ann:secret@news.example/a/: no")
    out, err = capsys.readouterr()
    assert err == "the feed ftp://ann:***@files.example/a.csv has no storage\n"
    assert out == "https://ann:***@news.example/a/: no\n"


@pytest.mark.parametrize(
    "url", ["ftp://ann:se@cret@files.example/", "ftp://ann@b.example:secret@files.example/", "ftp://:secret@a.example"]
)
def test_password_with_an_at_sign_is_hidden_completely(url: str) -> None:
    """``urlsplit``, by which feeds are stored, takes the last at sign before the host."""
    hidden = without_passwords(url)
    assert ("cret" not in hidden, urlsplit(hidden)) == (
        True,
        urlsplit(url.replace(urlsplit(url).password or "", "***")),
    )


@pytest.mark.parametrize(
    "text",
    [
        *("https://news.example:8443/@ann/a/", "a@b.example", "https://ann@news.example/", "https://a@b.example:8443/"),
        *("https://news.example:8443?mail=a@b.example", "https://news.example:8443#a@b.example"),
    ],
)
def test_text_without_a_password_is_unchanged(text: str) -> None:
    assert without_passwords(text) == text


@pytest.mark.parametrize(("is_terminal", "written"), [(True, ESCAPED), (False, HOSTILE)])
def test_result_is_escaped_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch, is_terminal: bool, written: str) -> None:
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: is_terminal)
    monkeypatch.setattr(sys, "stdout", out)
    write_out(HOSTILE)
    assert out.getvalue() == f"{written}\n"


def test_table_of_the_receipt_has_one_line_a_collection_with_any_site_name() -> None:
    facts = SiteFacts(asked=f"http://x.example/\n{HOSTILE}", site=f"http://x.example/\n{HOSTILE}")
    collection = CollectionFacts(type=f"post\n{HOSTILE}", mode="update")
    collection.why = f"403\n{HOSTILE}"
    facts.collections["post"] = collection
    lines = table([facts])
    assert len(lines) == 2
    assert lines[1].count("\\x1b") == 3
    assert visible(lines[1]) == lines[1]
    assert not any("\n" in line or visible(line) != line for line in summary([facts], Ended(spider="wp_posts")))


def test_lines_name_the_command_that_the_user_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "_program", "scrapy")
    line = "rows that came before: scrapy export FILE writes them; Scrapy 2.13, scrapy startproject"
    assert in_users_words(line) == line
    terminal.speak_as("newsbot")
    show(line)
    tell("scrapy doctor: takes URLs of sites")
    said = capsys.readouterr()
    assert said.out == "rows that came before: newsbot export FILE writes them; Scrapy 2.13, scrapy startproject\n"
    assert said.err == "newsbot doctor: takes URLs of sites\n"


def test_closed_pipe_is_no_failure() -> None:
    """``scrapy sites list | head -1``: the exit status is 0, and Python writes no error either when it ends."""
    read, write = os.pipe()
    os.close(read)
    lines = "from newsbot.terminal import show, write_out; show('5 rows in a.jsonl'); write_out('again')"
    with os.fdopen(write) as closed:
        done = subprocess.run([sys.executable, "-c", lines], stdout=closed, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.xdist_group("code")  # one worker reads the code of the package
def test_only_one_module_writes_to_the_terminal() -> None:
    """A line written past ``terminal`` would show a site's control characters."""
    found = [
        f"{module}: {ast.unparse(node)}"
        for module in MODULES
        for node in nodes(module)[ast.Call]
        if last_name(node.func) in ("print", "write")
        and ast.unparse(node.func) in ("print", "sys.stdout.write", "sys.stderr.write")
        and module.name != "terminal.py"
    ]
    assert found == []
