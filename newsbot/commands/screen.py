"""Where the log of a crawl is written, and what the screen shows. This module is not a command."""

from __future__ import annotations

import logging
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from newsbot import json_logs
from newsbot.terminal import has_standard_output, short_path


def prepare_screen(settings: BaseSettings) -> None:
    """Write the log to a file, and show only important lines on the screen; on a terminal the progress is a table.

    If the user sets an option of the log, Scrapy's own rules decide where the log is written.
    """
    from newsbot.extras import missing

    if json_logs.is_on():
        return
    if settings["LOG_FILE"] is None and settings.getbool("LOG_ENABLED") and not _log_to_file(settings):
        return
    rows_there = sys.stdout.isatty() and has_standard_output(settings.getdict("FEEDS"))
    if not sys.stderr.isatty() or rows_there or not settings.getfloat("NEWSBOT_PROGRESS"):
        return
    if missing("progress", "NEWSBOT_PROGRESS") is None:
        settings.set("NEWSBOT_LIVE", True, priority="cmdline")


def _log_to_file(settings: BaseSettings) -> bool:
    """Write the log to its own file, unless the user set an option of the log or the log has no folder."""
    data, given = settings["NEWSBOT_DATA"], SETTINGS_PRIORITIES["cmdline"]
    if not data or any((settings.getpriority(name) or 0) >= given for name in ("LOG_ENABLED", "LOG_LEVEL")):
        return False
    file = log_file(settings, Path(data).expanduser())
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    except OSError:
        return False  # the receipt will report the same error
    settings.set("LOG_FILE", str(file), priority="cmdline")
    from newsbot.screen_log import ScreenLog

    logging.root.addHandler(ScreenLog(short_path(file)))
    return True


def log_file(settings: BaseSettings, data: Path) -> Path:
    """The file of a run's log. This also names the run."""
    from newsbot.feeds.defaults import run_id

    if not settings["NEWSBOT_RUN"]:
        settings.set("NEWSBOT_RUN", run_id(datetime.now(UTC), secrets.token_hex(2)), priority="cmdline")
    return data / "logs" / f"{settings['NEWSBOT_RUN']}.log"
