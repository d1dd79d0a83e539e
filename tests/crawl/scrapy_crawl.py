"""Run ``scrapy crawl`` as a user would: a process of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Run:
    """What a crawl left: its exit status, what it said, its rows and its receipt."""

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
    """The process's own, with a private archive and data folder, and leave to ask this machine without delay."""
    ours = {
        "NEWSBOT_DATA": str(folder / "data"),
        "NEWSBOT_ARCHIVE": f"sqlite:///{folder / 'newsbot.db'}",
        "NEWSBOT_ALLOW_PRIVATE": "1",
        "NEWSBOT_DELAY": "0",
        "NEWSBOT_CONTACT": "https://newsbot.invalid/contact",
        "PYTHONPATH": str(ROOT),
        "SCRAPY_SETTINGS_MODULE": "newsbot.settings",
    }
    return {**os.environ, **ours, **settings}


def command(spider: str, *args: str, output: str | None = "out.jsonl", **arguments: str) -> list[str]:
    """The command line of a crawl."""
    line = [sys.executable, "-m", "scrapy", "crawl", spider, *args]
    for name, value in arguments.items():
        line += ["-a", f"{name}={value}"]
    return line + (["-O", output] if output else [])


def crawl(
    folder: Path, spider: str, *args: str, output: str | None = "out.jsonl", env: dict[str, str] | None = None,
    timeout: float = 240, **arguments: str,
) -> Run:  # fmt: skip
    """Crawl, and wait for the end."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command(spider, *args, output=output, **arguments),
        cwd=folder,
        env=environment(folder, **(env or {})),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Run(status=done.returncode, said=done.stderr + done.stdout, folder=folder)
