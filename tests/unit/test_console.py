"""What the command ``newsbot`` says before Scrapy reads the command line."""

from __future__ import annotations

import os
import sys

import pytest

from newsbot import console


@pytest.mark.parametrize(("word", "hint"), [("crawll", "did you mean crawl? "), ("frobnicate", "")])
def test_unknown_command_gives_a_message_of_newsbot(
    word: str, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["newsbot", word])
    monkeypatch.setattr(console, "act_as_project", lambda: None)
    monkeypatch.setattr(console, "speak_as", lambda _: None)
    with pytest.raises(SystemExit) as ended:
        console.main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.strip() == f"newsbot: there is no command {word!r}: {hint}newsbot --help lists all commands"


@pytest.mark.parametrize("line", [["crawl", "wp_posts"], ["doctor"], ["list"], ["-h"], ["fetch", "https://a.example"]])
def test_a_command_of_newsbot_or_of_scrapy_is_known(line: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        message = "one module is read, and no list of commands"
        patched.setattr("importlib.metadata.entry_points", lambda **_: pytest.fail(message))
        assert console.unknown_command(line) is None


def test_large_modules_are_not_imported_before_signals_are_handled() -> None:
    assert not {"difflib", "entry_points", "execute"} & vars(console).keys()


def test_other_settings_module_in_the_environment_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["newsbot", "frobnicate"])
    monkeypatch.setattr(console, "speak_as", lambda _: None)
    for module, lines in (("no.such.module", 2), ("newsbot.settings", 1)):
        monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", module)
        with pytest.raises(SystemExit):
            console.main()
        assert os.environ["SCRAPY_SETTINGS_MODULE"] == "newsbot.settings"
        output = capsys.readouterr().err.splitlines()
        assert len(output) == lines
        assert ("SCRAPY_SETTINGS_MODULE=no.such.module is not used" in output[0]) == (lines == 2)
