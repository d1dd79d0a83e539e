"""``scrapy fetch``: Scrapy's own command, which is not a run."""

from __future__ import annotations

import sys

from scrapy.commands.fetch import Command as ScrapyFetch

from newsbot.commands.one_page import OnePage
from newsbot.terminal import discard_output, tell


class Command(OnePage, ScrapyFetch):
    __doc__ = ScrapyFetch.__doc__

    def _print_bytes(self, bytes_: bytes) -> None:
        # Without this check Scrapy would not notice that the output is closed or full.
        try:
            sys.stdout.buffer.write(bytes_ + b"\n")
            sys.stdout.buffer.flush()
        except OSError as error:
            discard_output()
            if not isinstance(error, BrokenPipeError):
                tell(f"scrapy: standard output cannot be written: {error.strerror}")
                self.exitcode = 1
