"""The effect of Ctrl-C and SIGTERM on a running crawl. This module is not a command.

Scrapy ends uncleanly at the second signal. A crawl whose user presses Ctrl-C twice would then lose its files and its
summary, although the clean end takes only some seconds.
"""

from __future__ import annotations

import logging
import signal
from types import FrameType

from scrapy.crawler import CrawlerProcessBase
from scrapy.utils.ossignal import install_shutdown_handlers

logger = logging.getLogger(__name__)

FIRST = "Received %s: the crawl ends. It completes its files first, which takes some seconds"
SECOND = "Received %s again: the crawl still completes its files. A third signal ends the crawl at once"
THIRD = "Received %s a third time: the crawl ends at once. The same command completes the files and continues"


def end_at_third_signal(process: CrawlerProcessBase) -> None:
    """Let the first signal end the crawl, the second signal only repeat the message, and the third signal end the
    process."""
    kill = process._signal_kill

    def second(number: int, _frame: FrameType | None) -> None:
        from twisted.internet import reactor

        install_shutdown_handlers(kill)
        # A handler may have interrupted the code that writes a log line, so the line is written later.
        reactor.callFromThread(_log, SECOND, number)

    setattr(process, "_signal_kill", second)  # noqa: B010 - a method of Scrapy
    setattr(process, "_log_shutdown", lambda number: _log(FIRST, number))  # noqa: B010
    setattr(process, "_log_kill", lambda number: _log(THIRD, number))  # noqa: B010


def _log(line: str, number: int) -> None:
    logger.info(line, signal.Signals(number).name)
