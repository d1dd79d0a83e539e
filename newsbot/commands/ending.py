"""How a command that cannot do its work ends: with one line and an exit status."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scrapy.settings import BaseSettings

from newsbot.errors import ArchiveError, BadArgument
from newsbot.terminal import in_users_words, tell

logger = logging.getLogger(__name__)


def log_failure(task: asyncio.Task[None]) -> None:
    """Log the error that ended a crawl, such as a component of the user that does not exist or fails when it starts."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("The crawl failed", exc_info=error)


class OneLineEnd:
    """A mixin for commands of Scrapy. The name of a command is the name of its module."""

    exitcode: int
    settings: Any

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)  # type: ignore[misc]
        parser.usage = in_users_words(parser.usage or "")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        from newsbot.arguments.scrapy_settings import check_given

        try:
            check_given(self.settings, opts.set)
        except BadArgument as fault:
            self._say(str(fault))
            sys.exit(2)
        super().process_options(args, opts)  # type: ignore[misc]

    def _say(self, line: str) -> None:
        command = type(self).__module__.rpartition(".")[2]
        tell(f"scrapy {command}: {line}")

    def _end(self, line: str, status: int) -> None:
        self._say(line)
        self.exitcode = status

    @contextmanager
    def _ends_with_one_line(self, file: str | None = None) -> Iterator[None]:
        """Bad use ends with status 2. A failure of the archive, or of the ``file`` to write, ends with status 1."""
        try:
            yield
        except BadArgument as fault:
            self._end(str(fault), 2)
        except ArchiveError as fault:
            self._end(str(fault), 1)
        except OSError as fault:
            # The error names the part file that is written first. The message names the file that the user gave.
            what = f"{file} cannot be written" if file else fault.filename
            # An error of a connection has no file name.
            self._end(": ".join(map(str, filter(None, (what, fault.strerror or fault)))), 1)

    def _check_scrapy(self, settings: BaseSettings) -> None:
        """End the command before anything starts if Scrapy could not start its log, or would end with a traceback."""
        from newsbot.arguments.scrapy_settings import check_scrapy_settings

        try:
            check_scrapy_settings(settings)
        except BadArgument as fault:
            self._say(str(fault))
            sys.exit(2)
