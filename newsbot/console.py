"""The command ``newsbot``: Scrapy's commands and newsbot's, from any folder, without a scrapy.cfg."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path

# Large modules are imported where they are used: until ``settings`` handles signals, Ctrl-C shows a traceback.
from newsbot import __version__
from newsbot.settings import NEWSBOT_ARCHIVE, NEWSBOT_DATA, act_as_project
from newsbot.terminal import show, speak_as, tell

_PASSWORD = re.compile(r"(://[^:/@]*):[^@]*@")


def main() -> None:
    """Run a command. ``newsbot crawl`` first prints the places of the archive and the files."""
    arguments = sys.argv[1:]
    speak_as("newsbot")
    if arguments == ["--version"]:
        show(f"newsbot {__version__}")
        return
    if (unused := act_as_project()) is not None:
        tell(
            f"newsbot: SCRAPY_SETTINGS_MODULE={unused} is not used, since the command newsbot has its own settings: "
            "give yours with -s or NEWSBOT_*, or start scrapy in place of newsbot"
        )
    if arguments[:1] == ["crawl"] and not {"-h", "--help"} & set(arguments):
        tell(f"newsbot crawl: {places(arguments, Path.cwd())}")
    # Imported here, since --version and the line above do not need this module.
    from scrapy.cmdline import execute

    if arguments in ([], ["-h"], ["--help"]):
        # Scrapy's list of commands contains the name of Scrapy's own program.
        said = io.StringIO()
        with suppress(SystemExit), redirect_stdout(said):
            execute()
        show(said.getvalue().replace("scrapy <command>", "newsbot <command>").rstrip())
        return
    if (unknown := unknown_command(arguments)) is not None:
        tell(unknown)
        sys.exit(2)
    execute()


def unknown_command(arguments: Sequence[str]) -> str | None:
    """The error if the command line names no command, else None. Scrapy's own message would name Scrapy's program."""
    import scrapy.commands

    named = next((word for word in arguments if not word.startswith("-")), None)
    folders = [Path(__file__).parent / "commands", *map(Path, scrapy.commands.__path__)]
    # Each start needs one command, so only the module of this command is searched.
    if named is None or (named.isidentifier() and any(is_command(folder / f"{named}.py") for folder in folders)):
        return None
    import difflib
    from importlib.metadata import entry_points

    modules = [module for folder in folders for module in folder.glob("*.py")]
    known = {module.stem for module in modules if is_command(module)}
    known.update(entry_points(group="scrapy.commands").names)
    if named in known:
        return None
    near = difflib.get_close_matches(named, sorted(known), 1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"newsbot: there is no command {named!r}: {hint}newsbot --help lists all commands"


def is_command(module: Path) -> bool:
    """Whether a module in a folder of commands is a command, and not a module that commands share."""
    return module.is_file() and "class Command(" in module.read_text(encoding="utf-8")


def places(arguments: Sequence[str], folder: Path) -> str:
    """The places of the archive and the files, from the command line and the environment. ``folder``: the current
    folder."""
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
