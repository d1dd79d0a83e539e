"""A stop in the first moments of ``scrapy crawl``, before Scrapy listens to signals: a receipt, a line, and the end.

While the imports still run, SIGTERM would end Python without a message, and SIGINT with a traceback. ``settings.py`` is
the first module of newsbot that a command imports, and it imports this one first. This module imports only what Scrapy
has loaded by then: a handler that imports a module could find it half imported.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from newsbot import interrupted

WHY = "stopped before its first request"

STATUS = 1
"""The exit status: no site is complete."""

COMMANDS = ("export", "verify", "report", "sites", "forget", "doctor", "article", "clean", "fleet")
"""The commands beside ``scrapy crawl``."""

_TAKES_A_VALUE = ("-o", "-O", "--output", "--overwrite-output", "-L", "--loglevel", "--profile", "--pidfile")
"""Options of ``scrapy crawl`` whose next word is not the spider."""

_given: _Given | None = None


class _Given:
    """The contents of the command line of a crawl: the spider, its arguments, and settings."""

    def __init__(self, words: Sequence[str]) -> None:
        self.spider = ""
        self.arguments: dict[str, str] = {}
        self.settings: dict[str, str] = {}
        options = {"-a": self.arguments, "-s": self.settings, "--set": self.settings}
        before = ""
        for word in words:
            if before in options:
                name, _, value = word.partition("=")
                options[before][name] = value
            elif before == "--logfile":
                self.settings["LOG_FILE"] = word
            elif before not in _TAKES_A_VALUE and not word.startswith("-") and not self.spider:
                self.spider = word
            before = word


def open_closed_streams() -> None:
    """Connect each standard stream that the caller closed (``>&-``) to the null device, before a file of the run is
    opened.

    For a closed stream, Python has None, so a command would fail at its first line for the user. A file that is opened
    later would also get the number of the stream, and a line for the user would be written into the archive.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the system gives the lowest free number
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def install(*, data: str, json_log: str) -> None:
    """Handle SIGTERM and SIGINT until Scrapy does, if this process is a crawl. ``data`` is NEWSBOT_DATA."""
    global _given
    words = sys.argv[1:]
    if words[:1] and words[0] in COMMANDS:
        interrupted.install()
    if words[:1] != ["crawl"] or _given is not None:
        return
    try:
        # If SIGTERM has a handler already, other code handles the two signals.
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            return
        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGINT, _stop)
    except ValueError:
        return  # not the main thread
    _given = _Given(words[1:])
    _given.settings = {"NEWSBOT_DATA": data, "NEWSBOT_LOG_JSON": json_log} | _given.settings


def _stop(number: int, _frame: object) -> None:
    """The handler of a signal. No work has begun that must be finished: the archive undoes uncommitted changes."""
    assert _given is not None
    for handled in (signal.SIGTERM, signal.SIGINT):
        signal.signal(handled, signal.SIG_IGN)
    name, now = signal.Signals(number).name, time.time()
    line = f"The crawl is {WHY} by {name}"
    try:
        if (path := write(_given.settings["NEWSBOT_DATA"], receipt(_given, now), now)) is not None:
            line += f"; receipt: {path}"
    except OSError as error:
        line += f"; its receipt cannot be written: {error.strerror}"
    tell(line, _given.settings, now)
    os._exit(STATUS)


def receipt(given: _Given, now: float) -> dict[str, Any]:
    """The receipt of a crawl that made no request, with a line for each site that its command line names."""
    began = now - time.process_time()
    urls = [url.strip() for url in given.arguments.get("site", "").split(",")]
    return {
        "run": "",
        "spider": given.spider,
        "started": _iso(began),
        "ended": _iso(now),
        "reason": "shutdown",
        "complete": False,
        "failures": 0,
        "not_due": 0,
        "sites": [site(url) for url in urls if url],
    }


def site(url: str) -> dict[str, Any]:
    """The part of a site to which no request was made."""
    sums = {"total_requests": 0, "total_bytes": 0, "total_waited": 0.0}
    counts: dict[str, Any] = {"collections": {}, "requests": 0, "bytes": 0, "waited": 0.0, "faults": {}}
    end: dict[str, Any] = {"verdict": "incomplete", "why": WHY, "cause": "stopped", "moved_from": None, "part": None}
    return {"asked": url, "site": None, "name": None, **counts, **end, "not_public": [], "rights": None, **sums}


def write(data: str, facts: Mapping[str, Any], now: float) -> Path | None:
    """Write a receipt into the folder ``data``, and return its path; None where the user wants no files."""
    if not data:
        return None
    folder = Path(data).expanduser() / "receipts"
    folder.mkdir(parents=True, exist_ok=True)
    run = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}-{os.urandom(2).hex()}"
    path, part = folder / f"{run}.json", folder / f".{run}.json.part"
    with part.open("w", encoding="utf-8") as file:
        file.write(json.dumps({**facts, "run": run}, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return path


def tell(line: str, settings: Mapping[str, str], now: float) -> None:
    """Write a line to standard error, and into the log of the job (LOG_FILE), which Scrapyd shows."""
    is_json = settings.get("NEWSBOT_LOG_JSON", "").lower() in ("1", "true")
    as_json = json.dumps({"time": _iso(now), "level": "ERROR", "logger": "newsbot", "message": line})
    # sys.stderr is not used, since the signal may have come while its buffer is locked.
    text = as_json if is_json else f"{interrupted.program()} crawl: {line}"
    os.write(2, f"{text}\n".encode("utf-8", "backslashreplace"))
    if log := settings.get("LOG_FILE"):
        append(log, as_json if is_json else in_log(line, now))


def in_log(line: str, now: float) -> str:
    """A line as Scrapy writes it into a log."""
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(now))} [newsbot] ERROR: {line}"


def append(log: str, line: str) -> None:
    """Append a line to a log. A log that cannot be written must not stop the end of a run."""
    with suppress(OSError):
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        with Path(log).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{line}\n")


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
