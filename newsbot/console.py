"""The command ``newsbot``: Scrapy's commands and newsbot's, from any folder, without a scrapy.cfg."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path

from newsbot import __version__
from newsbot.settings import NEWSBOT_ARCHIVE, NEWSBOT_DATA, act_as_project
from newsbot.terminal import show, speak_as, tell

_PASSWORD = re.compile(r"(://[^:/@]*):[^@]*@")


def main() -> None:
    """Run a command. ``newsbot crawl`` first says where the archive and the files are."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        show(f"newsbot {__version__}")
        return
    act_as_project()
    speak_as("newsbot")
    if arguments[:1] == ["crawl"] and not {"-h", "--help"} & set(arguments):
        tell(f"newsbot crawl: {places(arguments, Path.cwd())}")
    # Imported here, since --version and the line above need nothing of it.
    from scrapy.cmdline import execute

    if arguments in ([], ["-h"], ["--help"]):
        # Scrapy lists the commands, and names its own program.
        said = io.StringIO()
        with suppress(SystemExit), redirect_stdout(said):
            execute()
        show(said.getvalue().replace("scrapy <command>", "newsbot <command>").rstrip())
        return
    execute()


def places(arguments: Sequence[str], folder: Path) -> str:
    """Where the archive and the files are, by the command line and the environment. ``folder`` is the current one."""
    given = dict(_settings(arguments))
    archive, data = given.get("NEWSBOT_ARCHIVE", NEWSBOT_ARCHIVE), given.get("NEWSBOT_DATA", NEWSBOT_DATA)
    return f"archive {_archive(archive, folder)}, files in {folder / Path(data).expanduser() if data else 'no folder'}"


def _archive(url: str, folder: Path) -> str:
    if not url:
        return "none"
    kind, _, path = url.partition(":///")
    return str(folder / path.partition("?")[0]) if kind == "sqlite" else _PASSWORD.sub(r"\1:***@", url)


def _settings(arguments: Sequence[str]) -> list[tuple[str, str]]:
    """The settings that a command line gives: ``-s NAME=VALUE``, ``--set NAME=VALUE``, ``--set=NAME=VALUE``."""
    found = []
    for place, word in enumerate(arguments):
        value = word.removeprefix("--set=")
        if place and arguments[place - 1] in ("-s", "--set"):
            value = word
        elif value == word:
            value = word[2:] if word.startswith("-s") and not word.startswith("--") else ""
        name, sign, setting = value.partition("=")
        if sign:
            found.append((name, setting))
    return found
