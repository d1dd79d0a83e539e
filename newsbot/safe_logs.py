"""Log lines that nothing from a site can forge or hide: control characters are spelled out."""

from __future__ import annotations

import logging
import re
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.logformatter import LogFormatter as ScrapyLogFormatter
from scrapy.logformatter import LogFormatterResult

from newsbot.items import Checkpoint

# C0 but tab and line feed, DEL and C1, the bidirectional controls, line and paragraph separators, lone surrogates.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(text: str) -> str:
    """``text`` with its control characters spelled out (``\\x1b``); lines after the first are indented.

    An indented line cannot pass for a line of the log, whatever it says.
    """
    if _CONTROLS.search(text):
        text = _CONTROLS.sub(_spell, text)
    return text.replace("\n", "\n    ") if "\n" in text else text


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class SafeLogRecord(logging.LogRecord):
    """A record whose message and traceback are escaped, whoever formats it."""

    _exc_text: str | None = None

    def getMessage(self) -> str:  # noqa: N802
        return escaped(super().getMessage())

    @property
    def exc_text(self) -> str | None:
        return self._exc_text

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        # A formatter stores the traceback here before it writes it.
        self._exc_text = None if text is None else "    " + escaped(text)


class SafeLogs:
    """A Scrapy extension: every record of the process is a SafeLogRecord from now on."""

    @classmethod
    def from_crawler(cls, _crawler: Crawler) -> Self:
        install()
        return cls()


def install() -> None:
    """Make records safe, process-wide. Harmless when done twice."""
    logging.setLogRecordFactory(SafeLogRecord)


class LogFormatter(ScrapyLogFormatter):
    """No line for each item and answer: a whole article in the log helps nobody, and formatting it costs.

    Scrapy takes None for no line, though its own signatures do not say so.
    """

    def scraped(self, *_: Any, **__: Any) -> None:  # type: ignore[override]
        return None

    def crawled(self, *args: Any, **kwargs: Any) -> LogFormatterResult | None:  # type: ignore[override]
        if not logging.getLogger("scrapy.core.engine").isEnabledFor(logging.DEBUG):
            return None
        return super().crawled(*args, **kwargs)

    def dropped(  # type: ignore[override]
        self, item: Any, exception: BaseException, *_: Any, **__: Any
    ) -> LogFormatterResult | None:
        if isinstance(item, Checkpoint):
            return None
        what = f"{item.site} {item.type} {item.id}"
        return {"level": logging.DEBUG, "msg": "Dropped %(what)s: %(why)s", "args": {"what": what, "why": exception}}
