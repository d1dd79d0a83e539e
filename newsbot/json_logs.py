"""The log as JSON, one object a line (``NEWSBOT_LOG_JSON=1``), for programs that collect logs."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from newsbot import terminal
from newsbot.safe_json import json_bytes
from newsbot.terminal import visible, without_passwords

logger = logging.getLogger(__name__)

_handler: logging.Handler | None = None


def is_on() -> bool:
    """Whether this process writes its log as JSON."""
    return _handler is not None


def prepare(settings: BaseSettings) -> None:
    """Write the log as JSON from here on, if the settings say so. A second call changes nothing.

    A command calls this before it makes its CrawlerProcess, which logs at once. The handler of Scrapy is left out.
    """
    global _handler
    if not _asked_for(settings):
        return
    if _handler is None:
        _handler = _made(settings)
        logging.root.setLevel(logging.NOTSET)
        logging.root.addHandler(_handler)
        terminal.tell_by(_tell)
        sys.excepthook = _log_uncaught
    # Scrapy installs its own handler again for each crawler, by these settings.
    for name, value in (("LOG_INSTALL_ROOT_HANDLER", False), ("LOG_ENABLED", False), ("LOG_FILE", None)):
        settings.set(name, value, priority="cmdline")
    settings.set("STATS_DUMP", False, priority="cmdline")  # the extension JsonReceipt logs the stats as a field


class JsonLogs:
    """Add-on. Writes the log of a script as JSON too, and adds the name of the run to each line."""

    @classmethod
    def from_crawler(cls, _crawler: Crawler) -> Self:
        return cls()

    def update_settings(self, settings: BaseSettings) -> None:
        prepare(settings)
        if _handler is not None and isinstance(_handler.formatter, JsonFormatter):
            _handler.formatter.run = settings["NEWSBOT_RUN"]


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: ``time``, ``level``, ``logger``, ``message``, the values of ``extra=``,
    ``traceback``.

    Control characters that a site sent are written as escapes, as in a log of text.
    """

    run: str | None = None

    def format(self, record: logging.LogRecord) -> str:
        # SafeLogRecord.getMessage() indents the second and later lines of a message. JSON does not need that.
        line: dict[str, Any] = {
            "time": _time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": logging.LogRecord.getMessage(record),
        }
        if run := _run_of(record) or self.run:
            line["run"] = run
        for name, value in record.__dict__.items():
            if name not in _STANDARD:
                line[name] = getattr(value, "name", value) if name == "spider" else value
        if record.exc_info:
            line["traceback"] = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        if record.stack_info:
            line["stack"] = record.stack_info
        return as_line(line)


def _run_of(record: logging.LogRecord) -> str | None:
    """The run of the record's spider. A process of a fleet has several runs."""
    crawler = getattr(getattr(record, "spider", None), "crawler", None)
    return None if crawler is None else crawler.settings["NEWSBOT_RUN"]


def as_line(values: Mapping[str, Any]) -> str:
    """One line of the log: JSON without a line feed, a control character or a character that reverses letters."""
    return json_bytes(_shown(values))[0].decode()


_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {
    *("message", "asctime", "taskName", "_exc_text"),
    "crawler",  # Scrapy passes the object, whose text is of no use
}


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return visible(without_passwords(value))
    if isinstance(value, Mapping):
        return {visible(name if isinstance(name, str) else _joined(name)): _shown(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(part) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return visible(value.isoformat() if isinstance(value, datetime) else str(value))


def _joined(name: Any) -> str:
    """A key of several parts, such as (site, type) of a stat, as one text."""
    return " ".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _asked_for(settings: BaseSettings) -> bool:
    try:
        return settings.getbool("NEWSBOT_LOG_JSON")
    except ValueError:
        return False  # the check of the settings refuses the value with one line


def _made(settings: BaseSettings) -> logging.Handler:
    """The handler that Scrapy would install by the same settings, with another formatter."""
    handler: logging.Handler
    if path := settings.get("LOG_FILE"):
        mode = "a" if settings.getbool("LOG_FILE_APPEND") else "w"
        handler = logging.FileHandler(path, mode=mode, encoding=settings.get("LOG_ENCODING"))
    else:
        handler = logging.StreamHandler() if settings.getbool("LOG_ENABLED") else logging.NullHandler()
    handler.setFormatter(JsonFormatter())
    handler.setLevel(settings.get("LOG_LEVEL"))
    return handler


def _tell(text: str) -> None:
    """Write a line for the user as a line of the log. No level of the log hides the line."""
    level = logging.ERROR
    record = logging.LogRecord("newsbot", level, __file__, 0, "%s", (text,), None)
    assert _handler is not None
    _handler.handle(record)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger.critical("newsbot ends: an error that nothing caught", exc_info=(kind, error, trace))
