"""Text on a terminal. A site's strings cannot move the cursor, forge a line or reverse letters."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, cast

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0 except tab and line feed, DEL and C1, bidirectional controls, line and paragraph separators, lone surrogates."""

_PASSWORD = re.compile(r"(://[^\s/:?#]*):[^\s/?#]*@")
"""A name and a password before a host. As in ``urlsplit``, the last at sign before a path or a query ends them."""

_COMMAND = re.compile(
    r"\bscrapy (crawl|export|doctor|sites|report|forget|article|clean|fleet|verify|fetch|view|shell|parse)\b"
)
_program = "scrapy"


class OutputFailed(SystemExit):
    """Standard output cannot be written. A line says so, and the command ends with status 1."""


def visible(text: str) -> str:
    """``text`` with its control characters as escapes (``\\x1b``). Tabs and line feeds stay."""
    return _CONTROLS.sub(_as_escape, text) if _CONTROLS.search(text) else text


def without_passwords(text: str) -> str:
    """``text`` in which ``***`` replaces each password in a URL. A port, or an at sign in a path or a query, is no
    password."""
    return _PASSWORD.sub(r"\1:***@", text) if "@" in text else text


def in_one_line(text: str) -> str:
    """The same as ``visible``, for a string that must stay on its line."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def counted(number: int, what: str) -> str:
    """A number of things: ``1 site``, ``2,000 sites``."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def is_standard_output(uri: object) -> bool:
    """Whether the URI of a feed is standard output."""
    return str(uri).startswith("stdout:")


def has_standard_output(feeds: Iterable[object]) -> bool:
    """Whether one of the feeds uses standard output. Then no other text may be written there."""
    return any(map(is_standard_output, feeds))


def short_path(path: Path) -> str:
    """The path as a user would type it: relative, where the file is below the working directory."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def speak_as(program: str) -> None:
    """Make later lines for the user name the commands of ``program``, such as ``newsbot export``."""
    global _program
    _program = program


def program() -> str:
    """The name of the program that the user started."""
    return _program


def in_users_words(text: str) -> str:
    """``text`` in which commands begin with the program that the user started: an installed wheel has no ``scrapy``."""
    return text if _program == "scrapy" else _COMMAND.sub(rf"{_program} \1", text)


def _for_user(text: str) -> str:
    return visible(without_passwords(in_users_words(text)))


def tell(text: str) -> None:
    """Write lines for the user to standard error, or where ``tell_by`` says."""
    _tell(text)


def _to_standard_error(text: str) -> None:
    sys.stderr.write(f"{_for_user(text)}\n")


_tell: Callable[[str], None] = _to_standard_error


def tell_by(teller: Callable[[str], None]) -> None:
    """Let ``teller`` write the lines of ``tell`` from here on: the log, where the log is JSON."""
    global _tell
    _tell = teller


def show(text: str) -> None:
    """Write lines for the user to standard output."""
    _to_standard_output(_for_user(text))


def ask(question: str) -> str:
    """Ask on standard error, and return the line of the answer without white space around it."""
    sys.stderr.write(f"{_for_user(question)} ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def write_out(text: str) -> None:
    """Write a result to standard output: as it is where a file or a program reads it, else as ``show`` does."""
    _to_standard_output(visible(text) if sys.stdout.isatty() else text)


class _Screen:
    """A terminal: the control characters of a row are written as escapes. Every write is a whole number of rows."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        return self._file.write(visible(data.decode("utf-8", "replace")).encode("utf-8", "replace"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def output_of_rows() -> IO[bytes]:
    """Standard output for rows. On a terminal they are written by ``show``, for a file or a program unchanged."""
    return cast("IO[bytes]", _Screen(sys.stdout.buffer)) if sys.stdout.isatty() else sys.stdout.buffer


def discard_output() -> None:
    """Connect standard output to the null device: its reader has closed it, and Python would fail at its end when it
    flushes the output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _to_standard_output(text: str) -> None:
    """Write lines. If the reader has closed standard output (``| head``), the lines are dropped, and the command still
    succeeds.

    Raises OutputFailed where the output cannot be written, for example because the disk is full.
    """
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError as error:
        # At its end, Python tries again to write the rest of the buffer.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - open until Python ends
        if not isinstance(error, BrokenPipeError):
            tell(f"{_program}: standard output cannot be written: {error.strerror}")
            raise OutputFailed(1) from None


def _as_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
