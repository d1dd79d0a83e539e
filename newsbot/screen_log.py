"""The part of the log that the screen shows while the log goes to a file: progress, warnings and errors."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress

from newsbot.terminal import in_one_line, tell

MOST_WARNINGS = 20
"""The most warnings and errors that are shown. A list of 5,000 sites may have thousands, and the end of the run sums
them up."""

PROGRESS = "newsbot.extensions.progress"
_SIGNAL = "Received SIG"


class ScreenLog(logging.Handler):
    """Writes to standard error: lines of progress, a signal that ends the run, warnings and errors.

    Tracebacks are in the file only. So are records with the attribute ``told``: the end of the run reports these in
    other words.
    """

    def __init__(self, file: str) -> None:
        super().__init__(logging.INFO)
        self._file = file
        self._warnings = 0

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(record, "told") or record.name == "py.warnings":
            return
        try:
            self._show(record)
        except Exception:  # noqa: BLE001 - as every handler: a closed screen or a wrong record must not end the crawl
            self.handleError(record)

    def _show(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self._warn(record)
        elif record.name == PROGRESS or record.getMessage().startswith(_SIGNAL):
            tell(record.getMessage())

    def _warn(self, record: logging.LogRecord) -> None:
        self._warnings += 1
        if self._warnings <= MOST_WARNINGS:
            # ``safe_logs`` indents all lines but the first; the screen shows one line.
            line = in_one_line(record.getMessage().replace("\n    ", "\n"))
            if record.exc_info and record.exc_info[1] is not None:
                error = record.exc_info[1]
                # asyncio describes its task after the first line.
                first = record.getMessage().partition("\n")[0]
                line = f"{first}: {type(error).__name__}: {in_one_line(str(error))}"
                line += f" (the traceback stands in {self._file})"
            tell(f"{record.levelname}: {line}")
        elif self._warnings == MOST_WARNINGS + 1:
            tell(f"There are more warnings and errors: {self._file} has them all")


_python_tells, _python_closes = logging.Handler.handleError, logging.FileHandler.close
_python_emits = logging.FileHandler.emit
_told = False
"""Whether the newest line of the log could not be written, and this was reported."""
_failed = False
"""Whether the line that is being written to a log file failed."""


def tell_log_failures() -> None:
    """Report a log that cannot be written in one line. On a full disk Python writes a traceback for each line of the
    log, and the close of the file raises. A log that fails again, after lines that were written, is reported again.

    This applies to all handlers of the process, since Scrapy makes a new one, and closes the old one, for each crawler.
    """
    logging.StreamHandler.handleError = _tell_failure  # type: ignore[assignment, method-assign]
    logging.FileHandler.close = _close  # type: ignore[assignment, method-assign]
    logging.FileHandler.emit = _emit  # type: ignore[assignment, method-assign]


def _emit(handler: logging.FileHandler, record: logging.LogRecord) -> None:
    global _failed, _told
    _failed = False
    _python_emits(handler, record)
    _told = _told and _failed


def _close(handler: logging.FileHandler) -> None:
    try:
        _python_closes(handler)
    except OSError as error:
        _tell_once(error)


def _tell_failure(handler: logging.Handler, record: logging.LogRecord) -> None:
    global _failed
    _failed = True
    error = sys.exc_info()[1]
    if isinstance(error, OSError):
        _tell_once(error)
    else:
        _python_tells(handler, record)


def _tell_once(error: OSError) -> None:
    global _told
    if not _told:
        _told = True
        with suppress(OSError):  # standard error may be the log itself
            tell(f"The log cannot be written: {error.strerror or error}. The crawl goes on; lines of its log are lost")
