"""Run ``scrapy`` like a user: in a separate process and in a separate folder."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import fork_server

ROOT = Path(__file__).parents[2]
AUTHORITIES = os.environ.get("SSL_CERT_FILE")
"""The file of authorities that this machine sets. A crawl of the newsroom needs none, and reading it takes a tenth of
the crawl's time; the tests of certificates name files of their own."""
STEADY: fork_server.Constants = [
    ("newsbot.politeness.pace", "SLOW_SECONDS", 1e9),
    ("newsbot.politeness.pace", "PENALTY_FIRST", 0.01),
]
"""The pace does not slow down: no answer counts as slow, since on a loaded machine every answer is slow, and a first
failure adds a hundredth of a second, not a whole second. tests/crawl/test_politeness.py and
tests/unit/test_politeness_pace.py keep the true values.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """The results of a crawl: its exit status, its output, its rows and its receipt."""

    status: int
    said: str
    folder: Path

    def rows(self, name: str = "out.jsonl") -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text(encoding="utf-8").split("\n") if line]

    def receipt(self) -> dict[str, Any]:
        latest = max((self.folder / "data" / "receipts").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        found: dict[str, Any] = json.loads(latest.read_text(encoding="utf-8"))
        return found


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """This process's environment, with a private archive and data folder, and permission to crawl this machine without
    delay."""
    ours = {
        "NEWSBOT_DATA": str(folder / "data"),
        "NEWSBOT_ARCHIVE": f"sqlite:///{folder / 'newsbot.db'}",
        "NEWSBOT_ALLOW_PRIVATE": "1",
        "NEWSBOT_DELAY": "0",
        "NEWSBOT_CONTACT": "https://newsbot.invalid/contact",
        "PYTHONPATH": str(ROOT),
        "SCRAPY_SETTINGS_MODULE": "newsbot.settings",
    }
    inherited = {name: value for name, value in os.environ.items() if (name, value) != ("SSL_CERT_FILE", AUTHORITIES)}
    return {**inherited, **ours, **settings}


def command(spider: str, *args: str, output: str | None = "out.jsonl", **arguments: str) -> list[str]:
    """The command line of a crawl. Its file holds the news: the rows that are new, edited or deleted since the last
    run.

    The log goes to standard error, where tests read it; in tests/crawl/test_progress.py the log goes to its own file.
    """
    line = [sys.executable, "-m", "scrapy", "crawl", spider, "-s", "LOG_LEVEL=INFO", *args]
    for name, value in arguments.items():
        line += ["-a", f"{name}={value}"]
    return line + (["-o", output] if output else [])


def start(line: list[str], folder: Path, *, env: dict[str, str] | None = None, **options: Any) -> fork_server.Running:
    """Start a command line in ``folder``, and return at once. ``options`` are those of ``fork_server.start``."""
    options.setdefault("constants", STEADY)
    return fork_server.start(line, cwd=folder, env=environment(folder, **(env or {})), **options)


def crawl(
    folder: Path, spider: str, *args: str, output: str | None = "out.jsonl", env: dict[str, str] | None = None,
    real: bool | None = None, **arguments: str,
) -> Run:  # fmt: skip
    """Crawl, and wait for the end. ``real``: in a new interpreter, not in a fork (``fork_server.start``)."""
    folder.mkdir(parents=True, exist_ok=True)
    if output:
        (folder / output).unlink(missing_ok=True)
    done = fork_server.run(
        command(spider, *args, output=output, **arguments),
        cwd=folder,
        env=environment(folder, **(env or {})),
        capture_output=True,
        text=True,
        real=real,
        constants=STEADY,
    )
    return Run(status=done.returncode, said=done.stderr + done.stdout, folder=folder)
